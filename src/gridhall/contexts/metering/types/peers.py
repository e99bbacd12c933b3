"""What similar homes used, as values."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class PeerMonth:
    """What similar homes used in a month: half of them between ``lower_wh`` and ``upper_wh``.

    Attributes:
        month: its first day.
        household_band: ``1-2``, ``3-4`` or ``5+`` persons; empty when households of all sizes are meant.
        homes: how many they are, never fewer than eleven.
    """

    month: date
    household_band: str
    homes: int
    lower_wh: int
    median_wh: int
    upper_wh: int
