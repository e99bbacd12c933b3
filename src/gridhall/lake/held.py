"""Readings held in memory, for pricing the same accounts under many prices: no engine, no query to compile.

Most prices tell days apart by month and weekday. So the rows are summed once into *cells*: the energy of each slot on
the workdays and on the weekends of a month, added up over the slots before it, accounts side by side. What a register
of any price counts is then the difference of a few cells, and a further price costs next to nothing. What does not fit
the grid, such as gaps, days on which clocks change or members with days of their own, is left to the engine.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
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
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves
from gridhall.lake.engine import Session
from gridhall.lake.needs import Needs
from gridhall.lake.readings import Readings

Cells = npt.NDArray[np.int32]

_WEEK: Final = 7
_LARGEST: Final = 2**31 - 1
#: So many recipes are kept, each of one price over some spans.
_RECIPES: Final = 256


@dataclass(frozen=True)
class Held(Readings):
    """Lake rows in memory, with the session that measures what does not fit their grid."""

    grid: "Grid | None" = None

    @classmethod
    def of(cls, session: Session, rows: pa.Table) -> Self:
        """Rows in the form of `curves.SCHEMA`, each usage point and day once."""
        plain = Readings.of(session, rows)
        return cls(plain.session, plain.table, Grid.of(rows))

    def at_hand(self, segments: Sequence[Needs], zone: str | ZoneInfo, members: pa.Table) -> pa.Table | None:
        """See `Readings.at_hand`."""
        return None if self.grid is None else self.grid.measure(segments, zone, members)

    def prepare(self, spans: Sequence[DateSpan]) -> None:
        """Sum up, on all cores, what prices by workday and weekend will ask of some spans; later calls find it done."""
        if self.grid is not None:
            self.grid.prepare(spans)


@dataclass(frozen=True)
class Run:
    """Slots ``first`` up to ``stop`` of the days of one group of weekdays count in a register, on some segments."""

    register: int
    segments: slice
    group: int
    first: int
    stop: int


@dataclass(frozen=True)
class Recipe:
    """How the registers of some needs are made of cells.

    ``groups`` are weekdays (0 is Monday) that no segment tells apart.
    """

    needs: tuple[Needs, ...]
    bounds: tuple[tuple[int, int], ...]
    groups: tuple[tuple[int, ...], ...]
    runs: tuple[Run, ...]
    demands: tuple[tuple[Run, ...], ...]
    rest: int


@dataclass(frozen=True)
class Grid:
    """Complete curves: every usage point has every day, every day the same slots, nothing is missing.

    ``watt_hours`` is ``[usage point, day × slot]``; ``points`` ascend; ``missing`` and ``estimated`` are
    ``[usage point, day]``, or None where all are zero. ``sums`` and ``peaks`` keep cells by bounds and groups:
    ``[segment, group, slot, usage point]``, sums over the slots before, with one slot more.
    """

    points: npt.NDArray[np.int64]
    first: date
    slots: int
    watt_hours: npt.NDArray[np.int32]
    missing: npt.NDArray[np.int16] | None
    estimated: npt.NDArray[np.int16] | None
    sums: dict[object, Cells] = field(default_factory=dict, repr=False, compare=False)
    peaks: dict[object, Cells] = field(default_factory=dict, repr=False, compare=False)
    recipes: dict[object, Recipe | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, rows: pa.Table) -> "Grid | None":
        """The rows as a grid, without copying their values; None where they are not one."""
        if not len(rows):
            return None
        curve = rows["curve"]
        curve = curve.chunk(0) if curve.num_chunks == 1 else pa.concat_arrays(curve.chunks)
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

    @property
    def minutes(self) -> int:
        """The minutes of a slot."""
        return 1440 // self.slots

    @cached_property
    def largest(self) -> int:
        """The largest value without its sign: sums stay within 32 bits where it is small enough."""
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            high, low = workers.map(lambda find: int(find(self.watt_hours)), (np.max, np.min))
        return max(high, -low)

    def prepare(self, spans: Sequence[DateSpan]) -> None:
        """See `Held.prepare`."""
        bounds = tuple(self._days_of(span) for span in spans)
        if self._within(bounds):
            self._cells(bounds, _SPLIT, largest=False)
            self._cells(bounds, _SPLIT, largest=True)

    def measure(self, segments: Sequence[Needs], zone: str | ZoneInfo, members: pa.Table) -> pa.Table | None:
        """See `Readings.at_hand`."""
        chosen = self._rows_of(members)
        if chosen is None or not _cover(members, segments):
            return None
        recipe = self._recipe(segments, zone)
        if recipe is None:
            return None
        count, everybody = len(recipe.bounds), len(chosen) == len(self.points)

        def listed(columns: Cells) -> npt.NDArray[np.int64]:
            picked = columns if everybody else columns[:, chosen]
            return picked.astype(np.int64).reshape(-1)

        columns = {
            "usage_point": np.tile(self.points[chosen], count),
            "segment": np.repeat(np.arange(count, dtype=np.int16), len(chosen)),
        }
        columns |= {f"wh_{index}": listed(each) for index, each in enumerate(self._energies(recipe))}
        columns |= {
            f"w_{index}": listed(each) * (60 // self.minutes) for index, each in enumerate(self._demands(recipe))
        }
        columns["days"] = np.repeat(
            np.array([stop - start for start, stop in recipe.bounds], dtype=np.int64), len(chosen)
        )
        for name, counts in (("missing", self.missing), ("estimated", self.estimated)):
            columns[name] = (
                np.zeros(len(chosen) * count, dtype=np.int64)
                if counts is None
                else np.concatenate(
                    [counts[chosen, start:stop].sum(axis=1, dtype=np.int64) for start, stop in recipe.bounds]
                )
            )
        columns["member"] = np.tile(np.arange(len(chosen), dtype=np.int64), count)
        return pa.table(columns)

    def _recipe(self, segments: Sequence[Needs], zone: str | ZoneInfo) -> Recipe | None:
        """How to make the registers of segments; None where cells cannot."""
        # Needs are made once for a price; a recipe keeps its own, so that no other object takes their place.
        key = (str(zone), *(id(need) for need in segments))
        if key not in self.recipes or self.recipes[key] is None:
            if len(self.recipes) >= _RECIPES:
                self.recipes.clear()
            self.recipes[key] = self._make_recipe(segments, zone)
        return self.recipes[key]

    def _make_recipe(self, segments: Sequence[Needs], zone: str | ZoneInfo) -> Recipe | None:
        bounds = tuple(self._days_of(need.span) for need in segments)
        fits = (
            self.minutes in curves.RESOLUTIONS
            and all(demand.window <= self.minutes for demand in segments[0].demands)
            and len({need.registers for need in segments}) == 1
            and self._within(bounds)
            and not any(curves.clock_changes(zone, need.span.start, need.span.end or date.max) for need in segments)
        )
        if not fits:
            return None
        found = [_of_weekdays(need) for need in segments]
        patterns = [each for each in found if each is not None]
        if len(patterns) < len(found):
            return None
        groups = _groups(patterns)
        counted: dict[tuple[int, int, int, int], list[int]] = defaultdict(list)
        known: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
        within: list[dict[tuple[int, int, int], list[int]]] = [defaultdict(list) for _ in segments[0].demands]
        try:
            for segment, (need, pattern_of) in enumerate(zip(segments, patterns, strict=True)):
                for group, weekdays in enumerate(groups):
                    pattern = pattern_of[weekdays[0]]
                    if pattern is None:
                        continue
                    key = id(need.patterns), pattern
                    if key not in known:
                        registers = curves.registers_of_slots(
                            zone, need.span.start, self.minutes, need.patterns[pattern]
                        )
                        known[key] = list(_stretches(registers.tolist()))
                    for register, first, stop in known[key]:
                        counted[register, group, first, stop].append(segment)
                    for demand, runs in zip(need.demands, within, strict=True):
                        for first, stop in _joined(known[key], demand.registers):
                            runs[group, first, stop].append(segment)
        except GridhallError:
            return None  # the engine finds the row and says what is wrong with it
        weight = [0] * len(segments[0].registers)
        for register, *_ in counted:
            weight[register] += 1
        return Recipe(
            needs=tuple(segments),
            bounds=bounds,
            groups=groups,
            runs=tuple(
                Run(register, each, group, first, stop)
                for (register, group, first, stop), listed in counted.items()
                for each in _slices(listed)
            ),
            demands=tuple(
                tuple(
                    Run(0, each, group, first, stop)
                    for (group, first, stop), listed in runs.items()
                    for each in _slices(listed)
                )
                for runs in within
            ),
            rest=weight.index(max(weight)),
        )

    def _energies(self, recipe: Recipe) -> Cells:
        """Wh ``[register, segment, point]``; the register of the most runs is what the others leave of the total."""
        cells = self._cells(recipe.bounds, recipe.groups, largest=False)
        found = np.zeros((len(recipe.needs[0].registers), len(recipe.bounds), len(self.points)), dtype=np.int32)
        rest = found[recipe.rest]
        np.add.reduce(cells[:, :, self.slots], axis=1, out=rest)
        for run in recipe.runs:
            if run.register != recipe.rest:
                energy = found[run.register, run.segments]
                energy += cells[run.segments, run.group, run.stop]
                if run.first:
                    energy -= cells[run.segments, run.group, run.first]
        for register, energy in enumerate(found):
            if register != recipe.rest:
                rest -= energy
        return found

    def _demands(self, recipe: Recipe) -> Iterator[Cells]:
        """The largest Wh of a slot ``[segment, point]`` of each demand, 0 where no slot counts."""
        for runs in recipe.demands:
            cells = self._cells(recipe.bounds, recipe.groups, largest=True)
            found = np.full((len(recipe.bounds), len(self.points)), -_LARGEST - 1, dtype=np.int32)
            counted = np.zeros(len(recipe.bounds), dtype=np.bool_)
            for run in runs:
                highest = np.maximum.reduce(cells[run.segments, run.group, run.first : run.stop], axis=1)
                np.maximum(found[run.segments], highest, out=found[run.segments])
                counted[run.segments] = True
            found[~counted] = 0
            yield found

    def _cells(
        self, bounds: tuple[tuple[int, int], ...], groups: tuple[tuple[int, ...], ...], *, largest: bool
    ) -> Cells:
        kept = self.peaks if largest else self.sums
        if (bounds, groups) not in kept:
            more = 0 if largest else 1
            cells = np.zeros((len(bounds), len(groups), self.slots + more, len(self.points)), dtype=np.int32)

            workers = os.cpu_count() or 1

            def fill(worker: int) -> None:
                week = np.empty((len(self.points), _WEEK * self.slots), dtype=np.int32)
                for segment in range(worker, len(bounds), workers):
                    self._fill(cells[segment], *bounds[segment], groups, week, largest=largest)

            # numpy sums without holding the interpreter.
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(fill, range(workers)))
            kept[bounds, groups] = cells
        return kept[bounds, groups]

    def _fill(
        self,
        cells: Cells,
        start: int,
        stop: int,
        groups: tuple[tuple[int, ...], ...],
        week: npt.NDArray[np.int32],
        *,
        largest: bool,
    ) -> None:
        """Sum the days of each group, or take their largest values, and lay the accounts side by side.

        Args:
            week: room for a week of each account, used again and again.
        """
        combine = np.maximum if largest else np.add
        days = self.watt_hours[:, start * self.slots : stop * self.slots]
        width = _WEEK * self.slots
        if days.shape[1] <= width:
            week = days
        else:
            week[:] = days[:, :width]
            for first in range(width, days.shape[1], width):
                more = days[:, first : first + width]
                combine(week[:, : more.shape[1]], more, out=week[:, : more.shape[1]])
        by_day = week.reshape(len(self.points), -1, self.slots)
        monday = (self.first.weekday() + start) % _WEEK
        for group, weekdays in enumerate(groups):
            places = [place for place in range(by_day.shape[1]) if (monday + place) % _WEEK in weekdays]
            if not places:
                continue
            found = by_day[:, places[0]].copy()
            for place in places[1:]:
                combine(found, by_day[:, place], out=found)
            if largest:
                cells[group] = found.T
            else:
                np.add.accumulate(found.T, axis=0, out=cells[group, 1:])

    def _within(self, bounds: Sequence[tuple[int, int]]) -> bool:
        """Whether the days are there, and no sum over the slots of a segment leaves 32 bits."""
        if any(start < 0 or stop > self.days for start, stop in bounds):
            return False
        return self.largest * self.slots * max(stop - start for start, stop in bounds) <= _LARGEST

    def _rows_of(self, members: pa.Table) -> npt.NDArray[np.intp] | None:
        """The grid's row of each member, ascending; None unless members are distinct, known, and in order."""
        points = members["usage_point"].to_numpy()
        if len(points) == len(self.points) and bool((points == self.points).all()):
            return np.arange(len(points))
        place = np.minimum(np.searchsorted(self.points, points), len(self.points) - 1)
        known = bool((self.points[place] == points).all()) and bool((np.diff(place) > 0).all())
        return place if known and len(place) else None

    def _days_of(self, span: DateSpan) -> tuple[int, int]:
        start = (span.start - self.first).days
        return start, start + span.days


def _counts(column: pa.ChunkedArray, days: int) -> npt.NDArray[np.int16] | None:
    counted = column.to_numpy()
    return counted.reshape(-1, days) if counted.any() else None


def _cover(members: pa.Table, segments: Sequence[Needs]) -> bool:
    """Whether every member is to be measured over all segments."""
    first = min(need.span.start for need in segments)
    last = max(need.span.start + timedelta(days=need.span.days) for need in segments)
    starts, ends = (np.asarray(members[name].to_numpy(), dtype="datetime64[D]") for name in ("start", "end"))
    return bool((starts <= np.datetime64(first)).all() and (ends >= np.datetime64(last)).all())


#: Prices that do not tell workdays from weekends are served by the cells of those that do.
_SPLIT: Final = ((0, 1, 2, 3, 4), (5, 6))


def _of_weekdays(need: Needs) -> tuple[int | None, ...] | None:
    """The pattern of each weekday, None where there is no such day; None where days of one weekday differ."""
    found: list[int | None] = [None] * _WEEK
    weekday = need.span.start.weekday()
    for offset, pattern in enumerate(need.pattern_of_day):
        place = (weekday + offset) % _WEEK
        if found[place] is not None and found[place] != pattern:
            return None
        found[place] = pattern
    return tuple(found)


def _groups(patterns: Sequence[tuple[int | None, ...]]) -> tuple[tuple[int, ...], ...]:
    """The weekdays that no segment tells apart, workdays and weekends always by themselves."""
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for weekday in range(_WEEK):
        alike[weekday in _SPLIT[1], *(pattern[weekday] for pattern in patterns)].append(weekday)
    return tuple(tuple(each) for each in alike.values())


def _stretches(values: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """``(value, first, stop)`` of each stretch of equal values."""
    edges = [0, *(place for place in range(1, len(values)) if values[place] != values[place - 1]), len(values)]
    for first, stop in pairwise(edges):
        yield values[first], first, stop


def _joined(stretches: Sequence[tuple[int, int, int]], registers: frozenset[int]) -> Iterator[tuple[int, int]]:
    """``(first, stop)`` of each stretch of some registers together."""
    begun: int | None = None
    for register, first, _ in stretches:
        if register in registers and begun is None:
            begun = first
        if register not in registers and begun is not None:
            yield begun, first
            begun = None
    if begun is not None:
        yield begun, stretches[-1][2]


def _slices(numbers: Sequence[int]) -> Iterator[slice]:
    """Ascending numbers as slices."""
    first = before = numbers[0]
    for number in numbers[1:]:
        if number != before + 1:
            yield slice(first, before + 1)
            first = number
        before = number
    yield slice(first, before + 1)
