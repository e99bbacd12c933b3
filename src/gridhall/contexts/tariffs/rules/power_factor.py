"""The adjustment by monthly average power factor (力调电费), by the three tables of 1983."""

from collections.abc import Sequence
from functools import lru_cache
from math import isqrt
from typing import Final

import numpy as np

from gridhall.contexts.tariffs.rules.arithmetic import Integers

#: Adjustment rates are integers in hundredths of a percent: -75 is -0.75 %.
RATE_SCALE: Final = 4

#: (up to this power factor, rate per 0.01 above the step before); then the rate stays.
_REWARDS: Final = {
    90: ((95, -15),),
    85: ((90, -10), (94, -15)),
    80: ((90, -10), (92, -15)),
}
#: (down to this power factor, rate per 0.01 below); then 2 % for each 0.01.
_PENALTIES: Final = {
    90: ((70, 50), (65, 100)),
    85: ((65, 50), (60, 100)),
    80: ((60, 50), (55, 100)),
}
_FURTHER: Final = 200


@lru_cache(maxsize=8)
def table(standard: int) -> tuple[int, ...]:
    """The adjustment at each power factor from 0.00 to 1.00, in hundredths of a percent.

    Args:
        standard: 90, 85 or 80 (hundredths).

    >>> [table(90)[pf] for pf in (95, 90, 85, 70, 65, 60)]
    [-75, 0, 250, 1000, 1500, 2500]
    >>> table(85)[94], table(85)[90], table(80)[92], table(80)[90], table(80)[60], table(80)[55]
    (-110, -50, -130, -100, 1000, 1500)

    Raises:
        KeyError: for a standard that the rules do not know.
    """
    rates = [0] * 101
    rate, here = 0, standard
    for top, step in _REWARDS[standard]:
        for power_factor in range(here + 1, top + 1):
            rate += step
            rates[power_factor] = rate
        here = top
    rates[here + 1 :] = [rate] * (100 - here)
    rate, here = 0, standard
    for bottom, step in (*_PENALTIES[standard], (0, _FURTHER)):
        for power_factor in range(here - 1, bottom - 1, -1):
            rate += step
            rates[power_factor] = rate
        here = bottom
    return tuple(rates)


def power_factors(active: Integers, reactive: Integers) -> Integers:
    """The monthly average power factor in hundredths, P / √(P² + Q²) rounded half up; 100 where nothing flowed.

    Rounding is exact: near a half the squares are compared as integers.

    Args:
        active: Wh, not negative.
        reactive: varh, not negative.

    >>> power_factors(np.array([900, 0, 3, 0]), np.array([436, 0, 4, 5])).tolist()
    [90, 100, 60, 0]
    """
    apparent = np.hypot(active.astype(np.float64), reactive.astype(np.float64))
    nothing = apparent == 0
    value = np.where(nothing, 100.0, 100.0 * active / np.where(nothing, 1.0, apparent))
    found = np.floor(value + 0.5).astype(np.int64)
    for row in np.flatnonzero(np.abs(value + 0.5 - np.round(value + 0.5)) < 1e-6):
        found[row] = _exactly(int(active[row]), int(reactive[row]))
    return found


def _exactly(active: int, reactive: int) -> int:
    """floor(100 P / S + 1/2) in integers: 200 P ≥ t S exactly when 40000 P² ≥ t² S²."""
    square = active * active + reactive * reactive
    if square == 0:
        return 100
    doubled = isqrt(40000 * active * active // square)  # floor of 200 P / S
    return (doubled + 1) // 2


def adjustments(standards: Integers, factors: Integers) -> Integers:
    """The rate of each account, in hundredths of a percent; 0 where ``standards`` is 0 (not adjusted)."""
    rates = np.zeros(len(standards), dtype=np.int64)
    for standard in (90, 85, 80):
        chosen = standards == standard
        rates[chosen] = np.array(table(standard), dtype=np.int64)[factors[chosen]]
    return rates


def power_factor_from(active_wh: int, reactive_varh: int) -> int:
    """The power factor of one account in hundredths."""
    return int(power_factors(_column([active_wh]), _column([reactive_varh]))[0])


def _column(values: Sequence[int]) -> Integers:
    return np.array(values, dtype=np.int64)
