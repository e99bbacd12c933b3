"""Which readings look wrong although they can be: spikes, stuck meters, gaps. Nothing is dropped here, only told.

A finding is a qualified code, a sentence, and the data that shows it; a finding is not a verdict. All functions work on
matrices of whole Wh, a row for each usage point and day, `NO_VALUE` where there is no reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gridhall.contexts.metering.rules.thresholds import Thresholds

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

NO_VALUE: Final = -(2**31)


@dataclass(frozen=True)
class Finding:
    """Something about an import that a person should know.

    Attributes:
        code: qualified and stable: ``metering.readings.spike``.
        message: one sentence.
        data: the numbers that show it.
    """

    code: str
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The form that is stored and printed."""
        return {"code": self.code, "message": self.message, "data": dict(self.data)}


@dataclass(frozen=True)
class DayFigures:
    """What each row shows at a glance; Wh, over the slots that have a value.

    Attributes:
        peak: the highest slot, 0 where there is none.
        total: their sum.
        known: how many slots have a value.
    """

    peak: Int32s
    total: Int64s
    known: Int64s
    lowest: Int32s


def figures(wh: Int32s) -> DayFigures:
    """The figures of each row."""
    slots = wh.shape[1]
    lowest = wh.min(axis=1)
    peak = wh.max(axis=1)
    total = wh.sum(axis=1, dtype=np.int64)
    known = np.full(len(wh), slots, dtype=np.int64)
    gappy = np.flatnonzero(lowest == NO_VALUE)
    if len(gappy):
        some = wh[gappy]
        missing = some == NO_VALUE
        count = missing.sum(axis=1)
        known[gappy] -= count
        total[gappy] -= count * NO_VALUE
        peak[gappy] = np.maximum(peak[gappy], 0)
        lowest[gappy] = np.where(missing, np.iinfo(np.int32).max, some).min(axis=1)
    return DayFigures(peak, total, known, lowest)


def worth_a_look(found: DayFigures, usual_peak: Int64s, slots: int, rules: Thresholds) -> Mask:
    """The rows that may hold a spike: a cheap first sieve, which lets through everything that `spikes` would flag.

    Args:
        usual_peak: of each row's usage point, Wh in a slot of this length; 0 where not known.
    """
    above = _per_slot(rules.spike_above_w, slots)
    alone = _per_slot(rules.spike_above_w_alone, slots)
    known = usual_peak > 0
    # Less than `spikes` asks, because the few latest days tell what is usual only roughly.
    peak = found.peak.astype(np.int64)
    beyond_usual = (peak * 5 > 3 * rules.spike_times_usual_peak * usual_peak) & (peak >= above)
    # A single slot stands out against the mean of its day as well.
    mean = found.total // np.maximum(found.known, 1)
    beyond_mean = (peak >= alone) & (peak > 6 * mean)
    return np.where(known, beyond_usual, beyond_mean)


def spikes(wh: Int32s, usual_peaks: Int64s, days_known: Int64s, rules: Thresholds) -> Mask:
    """The slots (rows, slots) that stand far above what the usage point usually reaches.

    Robust: *usual* is the median of the peaks of other days, so that one wild day does not hide the next.

    Args:
        usual_peaks: the median peak of other days of the same usage point, Wh.
        days_known: how many days it was told by.
    """
    slots = wh.shape[1]
    told = days_known >= rules.spike_least_days
    level = np.maximum(usual_peaks * rules.spike_times_usual_peak, _per_slot(rules.spike_above_w, slots))
    positive = np.where(wh > 0, wh.astype(np.float64), np.nan)
    own = np.zeros(len(wh), dtype=np.int64)
    some = (wh > 0).any(axis=1)
    if some.any():
        own[some] = np.nanmedian(positive[some], axis=1).astype(np.int64)
    alone = np.maximum(own * rules.spike_times_own_median, _per_slot(rules.spike_above_w_alone, slots))
    bound = np.where(told, level, alone)
    found: Mask = wh > bound[:, None]
    return found


def stuck(found: DayFigures, slots: int, rules: Thresholds) -> Mask:
    """The rows all of whose slots show one and the same value above the threshold."""
    least = max(1, _per_slot(rules.stuck_above_w, slots))
    same: Mask = (found.peak == found.lowest) & (found.known == slots) & (found.peak >= least)
    return same


def _per_slot(watts: int, slots: int) -> int:
    """Wh in a slot at that power; days of 23 and 25 hours have slots of the usual length."""
    return watts * minutes_of(slots) // 60


def minutes_of(slots: int) -> int:
    """The length of a slot in minutes, of a day of 23, 24 or 25 hours with so many.

    >>> minutes_of(96), minutes_of(100), minutes_of(23)
    (15, 15, 60)
    """
    return min((5, 10, 15, 20, 30, 60), key=lambda each: abs(1440 / each - slots))
