"""A home's readings as figures of days: energy, hours, periods of the day, what is missing and what was estimated."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.contexts.tariffs.types import Period, PeriodsOfDays
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves
from gridhall.lake.curves import IntervalTooCoarse
from gridhall.lake.daycurves import ESTIMATED
from gridhall.lake.existing import Rows, flat
from gridhall.lake.needs import DayPattern, Slice

Int64s = npt.NDArray[np.int64]
_EPOCH: Final = date(1970, 1, 1)
_NO_VALUE: Final = -(2**31)
#: The share of a month's slots from which its bar counts as estimated.
_MOSTLY: Final = 10


@dataclass(frozen=True)
class Share:
    """How much of some energy fell into a period of the day; no period: hours without one."""

    period: Period | None
    wh: int
    percent: float


class Days:
    """The days of one channel with readings, in order, each with its figures in Wh (varh).

    Args:
        table: rows in the form of `curves.SCHEMA`, each day once, in order.
        zone: of the days.
        periods: of the days, where the tariff tells hours apart.
    """

    def __init__(self, table: pa.Table, zone: str, periods: PeriodsOfDays | None = None) -> None:
        self.zone = zone
        self._rows: Rows = flat(table)
        self._periods = periods
        self.days: list[date] = [_EPOCH + timedelta(days=number) for number in self._rows.days.tolist()]
        self.place = {day: place for place, day in enumerate(self.days)}
        self._row_of_slot = np.repeat(np.arange(len(self.days)), self._rows.lengths)
        self._known = self._rows.wh != _NO_VALUE
        self._values = np.where(self._known, self._rows.wh, 0).astype(np.int64)
        self.missing = self._counted(~self._known)
        self._guessed = np.isin(self._rows.quality, [int(code) for code in ESTIMATED])
        self.estimated = self._counted(self._guessed)
        self.wh = self._summed(self._row_of_slot, len(self.days))

    def __len__(self) -> int:
        return len(self.days)

    def __contains__(self, day: date) -> bool:
        return day in self.place

    # -- single days ---------------------------------------------------------------------------------------------------

    def energy(self, day: date) -> int | None:
        """The energy of a day; None where it has no reading at all."""
        place = self.place.get(day)
        if place is None or self.missing[place] == self._rows.lengths[place]:
            return None
        return int(self.wh[place])

    def complete(self, day: date) -> bool:
        """Whether every reading of a day is there."""
        place = self.place.get(day)
        return place is not None and not self.missing[place]

    def slots(self, day: date) -> tuple[list[int | None], list[bool], list[int], int]:
        """A day's values in order of time, which of them are estimates, their wall-clock minutes, minutes of a slot."""
        place = self.place[day]
        first, stop = int(self._rows.starts[place]), int(self._rows.starts[place + 1])
        minutes = curves.resolution(self.zone, day, stop - first)
        values = [int(value) if known else None for value, known in zip(
            self._values[first:stop], self._known[first:stop], strict=True)]  # fmt: skip
        walls = curves.wall_minutes(self.zone, day, minutes)
        return values, self._guessed[first:stop].tolist(), walls.tolist(), minutes

    def period_of_slots(self, day: date) -> list[int | None]:
        """The place of the period that each slot of a day belongs to."""
        place = self.place[day]
        first, stop = int(self._rows.starts[place]), int(self._rows.starts[place + 1])
        return [None if code < 0 else int(code) for code in self._period_of_slot[first:stop]]

    # -- sums over days ------------------------------------------------------------------------------------------------

    @property
    def periods(self) -> tuple[Period, ...]:
        """The periods that the tariff tells apart; empty where it does not."""
        return () if self._periods is None else self._periods.periods

    @property
    def patterns(self) -> dict[date, DayPattern]:
        """The periods of each day's hours; days without periods are absent."""
        return {} if self._periods is None else self._periods.patterns

    def within(self, span: DateSpan) -> Int64s:
        """The places of the days of a span with an end."""
        assert span.end is not None
        return np.arange(bisect_left(self.days, span.start), bisect_left(self.days, span.end), dtype=np.int64)

    def total(self, places: Int64s) -> int:
        """The energy of some days."""
        return int(self.wh[places].sum())

    def split(self, places: Int64s) -> list[Share]:
        """The energy of some days by period of the day; empty where no hour has a period."""
        if not self.periods:
            return []
        sums = self.by_period[places].sum(axis=0).tolist()
        whole = sum(sums)
        named: list[Period | None] = [*self.periods, None]
        return [
            Share(period, wh, 100 * wh / whole if whole else 0.0)
            for period, wh in zip(named, sums, strict=True)
            if wh or period is not None
        ]

    def average_hours(self, places: Int64s) -> list[float | None]:
        """The mean energy, Wh, of each hour of the clock over some days; None where nothing is known."""
        sums, counts = self.by_hour[places].sum(axis=0), self._known_by_hour[places].sum(axis=0)
        return [float(wh / count) if count else None for wh, count in zip(sums, counts, strict=True)]

    def mean_day(self, places: Int64s) -> float | None:
        """The mean energy, Wh, of the complete days among some; None where there is none."""
        whole = places[self.missing[places] == 0]
        return float(self.wh[whole].mean()) if len(whole) else None

    def is_estimate(self, places: Int64s) -> bool:
        """Whether so much of some days is estimated that their sum should be shown as an estimate."""
        slots = int(self._rows.lengths[places].sum())
        return bool(slots) and _MOSTLY * int(self.estimated[places].sum()) >= slots

    @cached_property
    def by_period(self) -> Int64s:
        """Energy by day and period; the last column is of hours without one."""
        count = len(self.periods) + 1
        code = np.where(self._period_of_slot < 0, count - 1, self._period_of_slot)
        return self._summed(self._row_of_slot * count + code, len(self.days) * count).reshape(-1, count)

    @cached_property
    def by_hour(self) -> Int64s:
        """Energy by day and hour of the clock."""
        return self._summed(self._row_of_slot * 24 + self._hour_of_slot, len(self.days) * 24).reshape(-1, 24)

    @cached_property
    def _known_by_hour(self) -> npt.NDArray[np.float64]:
        """How many hours of each hour of the clock are known: 1 as a rule, 2 where the clock shows it twice."""
        index = self._row_of_slot * 24 + self._hour_of_slot
        minutes = np.repeat(self._minutes, self._rows.lengths)
        found = np.bincount(index, weights=self._known * minutes / 60.0, minlength=len(self.days) * 24)
        return np.asarray(found.reshape(-1, 24))

    @cached_property
    def _minutes(self) -> Int64s:
        return np.array(
            [
                curves.resolution(self.zone, day, length)
                for day, length in zip(self.days, self._rows.lengths.tolist(), strict=True)
            ],
            dtype=np.int64,
        )

    @cached_property
    def _hour_of_slot(self) -> Int64s:
        walls = [
            curves.wall_minutes(self.zone, day, minutes)
            for day, minutes in zip(self.days, self._minutes.tolist(), strict=True)
        ]
        return np.concatenate(walls).astype(np.int64) // 60 if walls else np.empty(0, dtype=np.int64)

    @cached_property
    def _period_of_slot(self) -> Int64s:
        """The place of each slot's period; -1 where it has none, or the readings are too coarse to say."""
        found = np.full(len(self._values), -1, dtype=np.int64)
        if self._periods is None:
            return found
        starts = self._rows.starts.tolist()
        for place, (day, minutes) in enumerate(zip(self.days, self._minutes.tolist(), strict=True)):
            pattern = self._periods.patterns.get(day)
            if pattern is None:
                continue
            try:
                codes = curves.registers_of_slots(self.zone, day, minutes, pattern)
            except IntervalTooCoarse:
                continue
            found[starts[place] : starts[place + 1]] = codes
        return found

    def _counted(self, flags: npt.NDArray[np.bool_]) -> Int64s:
        found = np.bincount(self._row_of_slot, weights=flags, minlength=len(self.days))
        return np.asarray(found, dtype=np.int64)

    def _summed(self, index: Int64s, length: int) -> Int64s:
        # Sums of doubles are exact here: no home uses 2^53 Wh.
        return np.asarray(np.rint(np.bincount(index, weights=self._values, minlength=length)), dtype=np.int64)


def joined(parts: Sequence[PeriodsOfDays]) -> PeriodsOfDays | None:
    """The periods of tariffs that followed each other, as one; None where none tells hours apart."""
    listed = [part for part in parts if part.periods]
    if not listed:
        return None
    if len(listed) == 1:
        return listed[0]
    names: dict[str, Period] = {}
    patterns: dict[date, DayPattern] = {}
    for part in listed:
        for period in part.periods:
            names.setdefault(period.code, period)
        places = [list(names).index(period.code) for period in part.periods]
        for day, pattern in part.patterns.items():
            slices = tuple(Slice(each.start, each.end, places[each.register]) for each in pattern.slices)
            patterns[day] = DayPattern(slices)
    return PeriodsOfDays(tuple(names.values()), patterns)
