"""Readings held in memory, for pricing the same accounts under many prices: no engine, no query to compile.

Most prices tell days apart by month and weekday. So the rows are summed once into *cells*, one for each slot of each
weekday of a month, accounts side by side; a register of any price is then a sum of some hundred cells. What does not
fit the grid, such as gaps, days on which clocks change or members with days of their own, is left to the engine.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Final, Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.kernel.errors import GridhallError
from gridhall.lake import curves
from gridhall.lake.engine import Session
from gridhall.lake.needs import Needs
from gridhall.lake.readings import Readings

Integers = npt.NDArray[np.int64]

_WEEK: Final = 7
_LARGEST: Final = 2**31 - 1


@dataclass(frozen=True)
class Held(Readings):
    """Lake rows in memory, with the session that measures what does not fit their grid."""

    grid: "Grid | None" = None

    @classmethod
    def of(cls, session: Session, rows: pa.Table) -> Self:
        """Rows in the form of `curves.SCHEMA`, each usage point and day once."""
        plain = Readings.of(session, rows)
        return cls(plain.session, plain.table, Grid.of(rows))

    def measure(self, segments: Sequence[Needs], zone: str | ZoneInfo, members: pa.Table) -> pa.Table | None:
        """What `gridhall.lake.measure.measure` returns for segments and members, or None where an engine is needed."""
        return None if self.grid is None else self.grid.measure(segments, zone, members)


@dataclass(frozen=True)
class Grid:
    """Complete curves: every usage point has every day, every day the same slots, nothing is missing.

    ``watt_hours`` is ``[usage point, day × slot]``; ``points`` ascend; ``missing`` and ``estimated`` are
    ``[usage point, day]``, or None where all are zero.
    """

    points: npt.NDArray[np.int64]
    first: date
    slots: int
    watt_hours: npt.NDArray[np.int32]
    missing: npt.NDArray[np.int16] | None
    estimated: npt.NDArray[np.int16] | None
    cells: dict[tuple[int, int, bool], npt.NDArray[np.int32]] = field(default_factory=dict, repr=False, compare=False)
    totals: dict[tuple[int, int], npt.NDArray[np.int32]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, rows: pa.Table) -> "Grid | None":
        """The rows as a grid, without copying their values; None where they are not one."""
        if not len(rows):
            return None
        curve = rows["curve"].combine_chunks()
        curve = curve.chunk(0) if isinstance(curve, pa.ChunkedArray) else curve
        values = curve.flatten()
        slots, rest = divmod(len(values), len(rows))
        if rest or not slots or values.null_count or curve.null_count or 1440 % slots:
            return None
        if not bool((np.diff(curve.offsets.to_numpy()) == slots).all()):
            return None
        points = rows["usage_point"].to_numpy()
        days = rows["day"].cast(pa.int32()).to_numpy()
        count = int(np.searchsorted(points != points[0], True)) or len(rows)
        if len(rows) % count:
            return None
        points = points.reshape(-1, count)
        complete = (points == points[:, :1]).all() and (np.diff(points[:, 0]) > 0).all()
        if not complete or not (days.reshape(-1, count) == days[0] + np.arange(count, dtype=np.int32)).all():
            return None
        return cls(
            points[:, 0].copy(),
            date(1970, 1, 1) + timedelta(days=int(days[0])),
            slots,
            values.to_numpy().reshape(len(points), count * slots),
            _counts(rows["missing"], count),
            _counts(rows["estimated"], count),
        )

    @property
    def days(self) -> int:
        """How many days each usage point has."""
        return int(self.watt_hours.shape[1]) // self.slots

    @cached_property
    def largest(self) -> int:
        """The largest value without its sign: sums stay within 32 bits where it is small enough."""
        return max(int(self.watt_hours.max()), int(-self.watt_hours.min().astype(np.int64)))

    def measure(self, segments: Sequence[Needs], zone: str | ZoneInfo, members: pa.Table) -> pa.Table | None:
        """See `Held.measure`."""
        chosen, minutes = self._rows_of(members), 1440 // self.slots
        bounds = [self._days_of(segment) for segment in segments]
        if chosen is None or not self._fits(segments, bounds, zone) or not _cover(members, segments):
            return None
        try:
            found = [
                self._segment(need, start, minutes, zone) for need, (start, _) in zip(segments, bounds, strict=True)
            ]
        except GridhallError:
            return None  # the engine finds the row and says what is wrong with it
        measured = [each for each in found if each is not None]
        if len(measured) < len(segments) or len({len(each) for each in measured}) > 1:
            return None
        columns = {
            "usage_point": np.tile(self.points[chosen], len(segments)),
            "segment": np.repeat(np.arange(len(segments), dtype=np.int16), len(chosen)),
        }
        demands = len(segments[0].demands)
        names = [f"wh_{each}" for each in range(len(measured[0]) - demands)] + [f"w_{each}" for each in range(demands)]
        for index, name in enumerate(names):
            columns[name] = np.concatenate([each[index][chosen] for each in measured])
        columns["days"] = np.repeat(np.array([stop - start for start, stop in bounds], dtype=np.int64), len(chosen))
        for name, counts in (("missing", self.missing), ("estimated", self.estimated)):
            columns[name] = (
                np.zeros(len(chosen) * len(segments), dtype=np.int64)
                if counts is None
                else np.concatenate([counts[chosen, start:stop].sum(axis=1, dtype=np.int64) for start, stop in bounds])
            )
        columns["member"] = np.tile(np.arange(len(chosen), dtype=np.int64), len(segments))
        return pa.table(columns)

    def _fits(self, segments: Sequence[Needs], bounds: Sequence[tuple[int, int]], zone: str | ZoneInfo) -> bool:
        minutes = 1440 // self.slots
        if minutes not in curves.RESOLUTIONS or any(demand.window > minutes for demand in segments[0].demands):
            return False
        if any(start < 0 or stop > self.days for start, stop in bounds):
            return False
        # Every sum below is one over the slots of a segment, and none may leave 32 bits.
        if self.largest * self.slots * max(need.span.days for need in segments) > _LARGEST:
            return False
        return all(curves.day_minutes(zone, day) == 1440 for need in segments for day in need.span)

    def _segment(self, need: Needs, start: int, minutes: int, zone: str | ZoneInfo) -> list[Integers] | None:
        """Energy per register, then demands, of one segment over all usage points; None where days differ in a way
        that cells cannot tell: two patterns on the same weekday."""
        stop = start + need.span.days
        registers = np.full((_WEEK, self.slots), -1, dtype=np.int32)
        pattern_of: dict[int, int] = {}
        for day, pattern in enumerate(need.pattern_of_day):
            weekday = (self.first.weekday() + start + day) % _WEEK
            if pattern_of.setdefault(weekday, pattern) != pattern:
                return None
        for weekday, pattern in pattern_of.items():
            registers[weekday] = curves.registers_of_slots(zone, need.span.start, minutes, need.patterns[pattern])
        counted = registers.ravel()
        edges = [0, *(np.flatnonzero(np.diff(counted)) + 1).tolist(), len(counted)]
        runs = [(int(counted[begin]), begin, end) for begin, end in pairwise(edges)]
        found = self._energies(start, stop, runs, len(need.registers))
        if need.demands:
            peaks = self._cells(start, stop, largest=True)
            highest = [
                np.maximum.reduce(peaks[begin:end], axis=0) if register >= 0 else None for register, begin, end in runs
            ]
            for demand in need.demands:
                within = [
                    high
                    for (register, _, _), high in zip(runs, highest, strict=True)
                    if high is not None and register in demand.registers
                ]
                watts = np.zeros(len(self.points), dtype=np.int64)
                for high in within:
                    np.maximum(watts, high, out=watts)
                found.append(watts * (60 // minutes))
        return found

    def _energies(self, start: int, stop: int, runs: Sequence[tuple[int, int, int]], count: int) -> list[Integers]:
        """Energy per register; that of the most cells is what the others leave of the total."""
        sums, total = self._cells(start, stop, largest=False), self._total(start, stop)
        sizes = [sum(end - begin for register, begin, end in runs if register == each) for each in range(count)]
        rest = sizes.index(max(sizes))
        found = [np.zeros(len(self.points), dtype=np.int64) for _ in range(count)]
        for register, begin, end in runs:
            if register >= 0 and register != rest:
                found[register] += np.add.reduce(sums[begin:end], axis=0)
        found[rest] += total
        for register in range(count):
            if register != rest and sizes[register]:
                found[rest] -= found[register]
        return found

    def _total(self, start: int, stop: int) -> npt.NDArray[np.int32]:
        if (start, stop) not in self.totals:
            self.totals[start, stop] = np.add.reduce(self._cells(start, stop, largest=False), axis=0)
        return self.totals[start, stop]

    def _cells(self, start: int, stop: int, *, largest: bool) -> npt.NDArray[np.int32]:
        """Sum, or largest value, of each slot of each weekday from Monday on over some days: ``[7 × slot, point]``."""
        key = (start, stop, largest)
        if key not in self.cells:
            self.cells[key] = self._summed(start, stop, np.maximum if largest else np.add)
        return self.cells[key]

    def _sum_at_once(self, bounds: Sequence[tuple[int, int]], *, peaks: bool) -> None:
        """Fill the cells of all segments, on all cores: numpy sums without holding the interpreter."""
        missing = [
            (start, stop, largest)
            for start, stop in bounds
            for largest in ((False, True) if peaks else (False,))
            if (start, stop, largest) not in self.cells
        ]
        if missing:
            with ThreadPoolExecutor(os.cpu_count()) as workers:
                list(workers.map(lambda each: self._cells(each[0], each[1], largest=each[2]), missing))

    def _summed(self, start: int, stop: int, combine: np.ufunc) -> npt.NDArray[np.int32]:
        week = _WEEK * self.slots
        days = self.watt_hours[:, start * self.slots : stop * self.slots]
        weeks, rest = divmod(days.shape[1], week)
        if weeks:
            whole = days[:, : weeks * week].reshape(len(self.points), weeks, week)
            found = combine.reduce(whole, axis=1, dtype=np.int32)
        else:
            found = np.zeros((len(self.points), week), dtype=np.int32)
        if rest:
            combine(found[:, :rest], days[:, weeks * week :], out=found[:, :rest])
        # From the first day's weekday to Monday first, and accounts side by side.
        shift = (self.first.weekday() + start) % _WEEK * self.slots
        cells = np.empty((week, len(self.points)), dtype=np.int32)
        cells[shift:] = found[:, : week - shift].T
        cells[:shift] = found[:, week - shift :].T
        return cells

    def _rows_of(self, members: pa.Table) -> npt.NDArray[np.intp] | None:
        """The grid's row of each member, ascending; None unless members are distinct, known, and in order."""
        points = members["usage_point"].to_numpy()
        if len(points) == len(self.points) and bool((points == self.points).all()):
            return np.arange(len(points))
        place = np.minimum(np.searchsorted(self.points, points), len(self.points) - 1)
        known = bool((self.points[place] == points).all()) and bool((np.diff(place) > 0).all())
        return place if known and len(place) else None

    def _days_of(self, need: Needs) -> tuple[int, int]:
        start = (need.span.start - self.first).days
        return start, start + need.span.days


def _counts(column: pa.ChunkedArray, days: int) -> npt.NDArray[np.int16] | None:
    counted = column.to_numpy()
    return counted.reshape(-1, days) if counted.any() else None


def _cover(members: pa.Table, segments: Sequence[Needs]) -> bool:
    """Whether every member is to be measured over all segments."""
    first = min(need.span.start for need in segments)
    last = max(need.span.start + timedelta(days=need.span.days) for need in segments)
    starts, ends = (np.asarray(members[name].to_numpy(), dtype="datetime64[D]") for name in ("start", "end"))
    return bool((starts <= np.datetime64(first)).all() and (ends >= np.datetime64(last)).all())
