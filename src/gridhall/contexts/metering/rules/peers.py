"""Similar homes: who is compared with whom, and what may be told so that nobody can be recognised in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

#: So many must stand behind a figure: whoever looks is one of them and is compared with at least ten others.
FEWEST: Final = 11
#: Figures are rounded to this many Wh, so that none is the figure of one home.
_ROUNDED: Final = 1_000

#: Unit, usage class, household band; an empty band is everybody of the class.
Group = tuple[int, str, str]


@dataclass(frozen=True)
class Spread:
    """How much a group used: its lower quartile, median and upper quartile, Wh, rounded to whole kWh."""

    homes: int
    lower_wh: int
    median_wh: int
    upper_wh: int


def household_band(persons: int | None) -> str:
    """The band of a household's registered size; empty where it is not known.

    >>> household_band(None), household_band(2), household_band(4), household_band(7)
    ('', '1-2', '3-4', '5+')
    """
    if persons is None:
        return ""
    return "1-2" if persons <= 2 else "3-4" if persons <= 4 else "5+"


def spreads(groups: Sequence[Group], wh: npt.NDArray[np.int64]) -> Iterator[tuple[Group, Spread]]:
    """The spread of each group with enough members, in order; each usage point with its group and what it used.

    A usage point with a known band counts in its band and in its class; one that used nothing stands empty and
    counts nowhere.
    """
    inside = wh > 0
    listed = [group for group, used in zip(groups, inside.tolist(), strict=True) if used]
    members: dict[Group, list[int]] = {}
    for (unit, usage_class, band), used in zip(listed, wh[inside].tolist(), strict=True):
        members.setdefault((unit, usage_class, ""), []).append(used)
        if band:
            members.setdefault((unit, usage_class, band), []).append(used)
    for group in sorted(members):
        figures = members[group]
        if len(figures) >= FEWEST:
            lower, median, upper = np.percentile(np.array(figures, dtype=np.float64), [25, 50, 75]).tolist()
            yield group, Spread(len(figures), _rounded(lower), _rounded(median), _rounded(upper))


def _rounded(value: float) -> int:
    return round(value / _ROUNDED) * _ROUNDED
