"""Words of codes on the pages of collection."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_Said = str | Promise

STEPS: Final[dict[str, _Said]] = {
    "message": _("Message"), "call": _("Call"), "visit": _("Visit"), "notice": _("Written notice"),
}  # fmt: skip
RESULTS: Final[dict[str, _Said]] = {
    "done": _("done"),
    "reached": _("reached"),
    "not_reached": _("not reached"),
    "promised": _("promised to pay"),
    "refused": _("will not pay"),
}
STATES: Final[dict[str, tuple[_Said, str]]] = {
    "kept": (_("kept"), "good"), "holds": (_("holds"), "info"), "broken": (_("broken"), "bad"),
    "ended": (_("ended"), "info"),
}  # fmt: skip
