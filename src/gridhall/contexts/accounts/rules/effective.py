"""How far from today a change may take effect."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final


@dataclass(frozen=True)
class Limits:
    """A utility's limits in days, both inclusive: how far back a change may reach, how far ahead it may be arranged."""

    back_days: int
    ahead_days: int


#: A year and a month back, so that a missed move is put right with the next yearly tier settlement; a year ahead.
DEFAULT_LIMITS: Final = Limits(back_days=396, ahead_days=366)


class Reach(Enum):
    """Whether an effective date is within reach."""

    WITHIN = "within"
    TOO_FAR_BACK = "too_far_back"
    TOO_FAR_AHEAD = "too_far_ahead"


def judge(effective: date, *, today: date, limits: Limits) -> Reach:
    """Whether a change may take effect on a day.

    >>> judge(date(2026, 3, 1), today=date(2026, 3, 11), limits=Limits(back_days=10, ahead_days=0)).value
    'within'
    >>> judge(date(2026, 2, 28), today=date(2026, 3, 11), limits=Limits(back_days=10, ahead_days=0)).value
    'too_far_back'
    """
    if effective < today - timedelta(days=limits.back_days):
        return Reach.TOO_FAR_BACK
    if effective > today + timedelta(days=limits.ahead_days):
        return Reach.TOO_FAR_AHEAD
    return Reach.WITHIN
