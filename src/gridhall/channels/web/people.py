"""Who acted, as people read it: staff by their names, everybody else by the way they came."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gridhall.contexts.identity import queries as identity

#: What the part of an actor before the colon is called.
_WAYS: Final[Mapping[str, str | Promise]] = {
    "cli": _("command line"), "gateway": _("the gateway"), "schedule": _("automatic"), "job": _("automatic"),
    "user": _("the customer"), "demo": _("demo data"),
}  # fmt: skip
#: Staff numbers and names as one page needs them; a page that names nobody asks for nothing.
_names: ContextVar[Mapping[str, str] | None] = ContextVar("staff_names", default=None)


def forget_names() -> None:
    """This will have names asked for anew when the next one is needed: somebody may have been given another."""
    _names.set(None)


def person(actor: str) -> str:
    """A member of staff by name, by number where there is none; others by the way they came. One query a page."""
    kind, colon, number = actor.partition(":")
    if kind != "staff" or not colon:
        return str(_WAYS.get(kind, actor))
    names = _names.get()
    if names is None:
        names = identity.staff_names()
        _names.set(names)
    return names.get(number) or number
