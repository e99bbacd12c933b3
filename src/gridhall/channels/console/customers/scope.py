"""Whom a member of staff may see: customers of their units; elsewhere those whose number they were given, to accept."""

from collections.abc import Sequence
from dataclasses import dataclass

from gridhall.channels.console.access import ConsoleRequest
from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.accounts.queries import Portrait
from gridhall.contexts.identity.types import PERMISSIONS, Permission, Staff
from gridhall.kernel.errors import NotFound


@dataclass(frozen=True)
class Seen:
    """A customer as somebody may see them.

    Attributes:
        paths: the tops of the parts of the organisation whose agreements, bills and accounts may be shown.
        guest: belongs to none of the units of who looks, who may accept for others and change nothing.
    """

    customer: Portrait
    paths: tuple[str, ...]
    guest: bool


def may_accept(staff: Staff) -> bool:
    """Whether a position lets somebody accept customers of other units."""
    return any(
        held.accepts_elsewhere and Permission.CUSTOMERS_VIEW in PERMISSIONS[held.role] for held in staff.positions
    )


def seen(request: ConsoleRequest, number: str) -> Seen:
    """The customer of this number, as far as who asks may see. One query.

    Raises:
        NotFound: when there is none, or it is not theirs to see.
    """
    customer = accounts.portrait(number)
    paths = request.staff.paths(Permission.CUSTOMERS_VIEW)
    if within(customer.paths, paths):
        return Seen(customer, paths, guest=False)
    if may_accept(request.staff):
        return Seen(customer, ("/",), guest=True)
    raise NotFound("There is no such customer here.", path="customer")


def within(units: Sequence[str], paths: Sequence[str]) -> bool:
    """Whether any of these units stands in one of these parts of the organisation."""
    return any(unit.startswith(path) for unit in units for path in paths)
