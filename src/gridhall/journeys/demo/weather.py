"""Daily mean temperatures of the demo's city: invented, in the climate of the Yangtze delta.

A day's normal lies on a line between the middles of the months; three waves of chance, drawn every nine days, every
three days and every day, move it by a few degrees, so that warm and cool spells last as they do. Integers throughout:
the same day has the same temperature on every machine, whatever the seed of the utility.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from gridhall.journeys.demo.draws import below
from gridhall.kernel.spans import DateSpan

#: What readers of a comparison are told.
SOURCE: Final = "为演示虚构的气温 · temperatures invented for the demo"
#: Means of the months in hundredths of °C, of no real place.
_NORMALS: Final = (480, 660, 1060, 1600, 2100, 2480, 2900, 2860, 2490, 1970, 1390, 760)
#: (days between draws, largest swing to either side in hundredths of °C).
_WAVES: Final = ((9, 320), (3, 210), (1, 90))


def means(span: DateSpan) -> Iterator[tuple[date, int]]:
    """The mean temperatures of days, in hundredths of °C."""
    for day in span:
        yield day, mean(day)


@lru_cache(maxsize=4096)
def mean(day: date) -> int:
    """The mean temperature of a day, in hundredths of °C."""
    return _normal(day) + sum(_wave(day.toordinal(), every, swing) for every, swing in _WAVES)


def _normal(day: date) -> int:
    middle = day.replace(day=15)
    other = (middle + timedelta(days=30)) if day >= middle else (middle - timedelta(days=30))
    here, there = _NORMALS[day.month - 1], _NORMALS[other.month - 1]
    return here + (there - here) * abs((day - middle).days) // 31


def _wave(ordinal: int, every: int, swing: int) -> int:
    """Chance that runs straight from one draw to the next."""
    first, step = divmod(ordinal, every)
    low, high = below(np.array([first, first + 1], np.uint64), 900 + every, 2 * swing + 1).tolist()
    return int(low * (every - step) + high * step) // every - swing
