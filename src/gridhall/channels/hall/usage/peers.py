"""A home beside others like it, none of which can be recognised."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from gridhall.channels.hall.usage import words
from gridhall.channels.hall.usage.shown import Shown
from gridhall.channels.web import formats
from gridhall.contexts.metering.types import PeerMonth
from gridhall.kernel.spans import DateSpan

#: The drawing is so many units wide.
_WIDE: Final = 320


@dataclass(frozen=True)
class Beside:
    """One month of a home beside the middle half of others.

    Attributes:
        lower, median, upper, own: places in the drawing, 0 to 320.
    """

    month: DateSpan
    peers: PeerMonth
    own_wh: int
    says: str
    lower: int
    median: int
    upper: int
    own: int

    @property
    def band(self) -> str:
        """How many persons live in the households compared with, as people write it."""
        return self.peers.household_band.replace("-", "–")

    @property
    def width(self) -> int:
        """How wide the middle half is drawn."""
        return max(self.upper - self.lower, 2)


def compared(home: Shown, month: DateSpan) -> Beside | None:
    """The home in a month beside others like it; None where there are not enough of them. One query."""
    own = home.month_total(month)
    found = home.peers(month).get(month.start)
    if own is None or found is None:
        return None
    most = max(own, found.upper_wh) * 1.15 or 1

    def place(wh: int) -> int:
        return round(_WIDE * wh / most)

    residential = home.home.usage_class == "residential"
    what = _("the middle one of homes like yours") if residential else _("the middle one of users like you")
    values = {"month": formats.month(month.start), "own": words.kwh(own)}
    says = words.sentence(_("In %(month)s you used %(own)s") % values, words.compared(own, found.median_wh, what))
    return Beside(
        month=month, peers=found, own_wh=own, says=says,
        lower=place(found.lower_wh), median=place(found.median_wh), upper=place(found.upper_wh), own=place(own),
    )  # fmt: skip
