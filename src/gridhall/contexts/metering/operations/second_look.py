"""Days that need their neighbours to be judged: gaps to fill and spikes to mark, a few usage points at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.contexts.metering.rules import estimation, validation
from gridhall.contexts.metering.rules.thresholds import Thresholds
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves
from gridhall.lake.curves import Quality
from gridhall.lake.engine import Session
from gridhall.lake.existing import Rows, keys, rows_in
from gridhall.lake.formats import NO_VALUE
from gridhall.lake.parts import LakeFile

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Int8s = npt.NDArray[np.int8]

#: Usage points × days that are held at a time; some 80 MB of quarter-hours.
_HELD: Final = 200_000
_EPOCH: Final = date(1970, 1, 1)
_SURE: Final = (Quality.MEASURED, Quality.EDITED)

#: Takes rows of equal slot count: usage points, days, Wh, quality, and which of them replace older rows.
Take = Callable[[Int64s, Int64s, Int32s, Int8s, npt.NDArray[np.bool_]], None]


@dataclass
class Looked:
    """What a second look counted, in slots, and for how many spikes it shows a few."""

    estimated: int = 0
    missing: int = 0
    suspects: int = 0
    absent_days: int = 0
    examples: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True)
class Absent:
    """Usage points of which a file tells some days and leaves out days in between: from when to when it tells."""

    usage_points: Int64s
    first: Int64s
    last: Int64s


class SecondLook:
    """Looks again at days, with what the lake and the file itself know of the weeks around them.

    Args:
        files: all files of the channel that count, those of the running import included.
        zone: of the days.
    """

    def __init__(
        self, session: Session, root: Path, files: Sequence[LakeFile], zone: str, rules: Thresholds, take: Take,
        holidays: frozenset[date] = frozenset(),
    ) -> None:  # fmt: skip
        self._session, self._root, self._files = session, root, files
        self._zone, self._rules, self._take, self._holidays = zone, rules, take, holidays
        self.counts = Looked()

    def at(self, waiting: pa.Table, absent: Absent) -> Looked:
        """This will judge all waiting rows, fill their gaps and the absent days, and hand them on."""
        points = waiting["usage_point"].to_numpy() if waiting.num_rows else np.empty(0, np.int64)
        days = waiting["day"].to_numpy().astype(np.int64) if waiting.num_rows else np.empty(0, np.int64)
        order = np.argsort(keys(points, days), kind="stable")
        points, days = points[order], days[order]
        wanted = np.union1d(points, absent.usage_points)
        if not len(wanted):
            return self.counts
        reach = self._rules.reach_days
        low = np.full(len(wanted), np.iinfo(np.int64).max)
        high = np.full(len(wanted), np.iinfo(np.int64).min)
        for some, first, last in ((points, days, days), (absent.usage_points, absent.first, absent.last)):
            at = np.searchsorted(wanted, some)
            np.minimum.at(low, at, first)
            np.maximum.at(high, at, last)
        start = 0
        while start < len(wanted):
            stop = start + 1
            first, last = int(low[start]), int(high[start])
            while stop < len(wanted):
                wider_first, wider_last = min(first, int(low[stop])), max(last, int(high[stop]))
                if (stop + 1 - start) * (wider_last - wider_first + 1 + 2 * reach) > _HELD:
                    break
                first, last, stop = wider_first, wider_last, stop + 1
            chosen = wanted[start:stop]
            rows = order[np.searchsorted(points, chosen[0]) : np.searchsorted(points, chosen[-1], side="right")]
            here = np.isin(absent.usage_points, chosen)
            self._some(
                chosen, first, last, waiting.take(pa.array(rows)) if len(rows) else waiting.slice(0, 0),
                Absent(absent.usage_points[here], absent.first[here], absent.last[here]),
            )  # fmt: skip
            start = stop
        return self.counts

    def _some(self, points: Int64s, first: int, last: int, waiting: pa.Table, absent: Absent) -> None:
        reach = self._rules.reach_days
        span = DateSpan(_EPOCH + timedelta(first - reach), _EPOCH + timedelta(last + reach + 1))
        around = rows_in(self._session, self._root, self._files, span, points)
        rows = _waiting_rows(waiting)
        lengths = np.concatenate([around.lengths, rows.lengths])
        all_points = np.concatenate([around.usage_points, rows.usage_points])
        all_days = np.concatenate([around.days, rows.days])
        minutes_of = self._minutes(all_days, lengths)
        for minutes in np.unique(minutes_of[minutes_of > 0]).tolist():
            cube = _Cube(points, first - reach, last + reach + 1, minutes, self._zone)
            cube.put(around, minutes_of[: len(around.days)] == minutes)
            cube.put(rows, minutes_of[len(around.days) :] == minutes)
            mine = np.flatnonzero(minutes_of[len(around.days) :] == minutes)
            for length in np.unique(rows.lengths[mine]).tolist():
                at = mine[rows.lengths[mine] == length]
                self._judge(cube, rows, at, int(length), waiting)
        self._fill_absent(points, all_points, all_days, minutes_of, around, rows, absent, first, last)

    def _minutes(self, days: Int64s, lengths: Int64s) -> Int64s:
        """Minutes per slot of rows, told by their day and length."""
        found = np.zeros(len(days), dtype=np.int64)
        if not len(days):
            return found
        lasting = np.full(len(days), curves.MINUTES_PER_DAY, dtype=np.int64)
        bounds = _EPOCH + timedelta(int(days.min())), _EPOCH + timedelta(int(days.max()) + 1)
        for change in curves.clock_changes(self._zone, *bounds):
            lasting[days == (change - _EPOCH).days] = curves.day_minutes(self._zone, change)
        some = lengths > 0
        found[some] = lasting[some] // lengths[some]
        return found

    def _judge(self, cube: "_Cube", rows: Rows, at: Int64s, slots: int, waiting: pa.Table) -> None:
        wh, quality = rows.matrix(at, slots)
        wh, quality = wh.copy(), quality.copy()
        place, day = cube.place(rows.usage_points[at]), rows.days[at] - cube.first
        look = waiting["look"].to_numpy()[at]
        revision = waiting["revision"].to_numpy()[at]
        if look.any():
            self._mark_spikes(cube, np.flatnonzero(look), place, day, wh, quality, rows, at)
        self._fill(cube, place, day, wh, quality)
        self.counts.missing += int((wh == NO_VALUE).sum())
        known = (wh != NO_VALUE).any(axis=1)
        self._take(rows.usage_points[at][known], rows.days[at][known], wh[known], quality[known], revision[known])

    def _mark_spikes(
        self, cube: "_Cube", look: Int64s, place: Int64s, day: Int64s, wh: Int32s, quality: Int8s, rows: Rows,
        at: Int64s,
    ) -> None:  # fmt: skip
        usual = np.zeros(len(look), dtype=np.int64)
        told = np.zeros(len(look), dtype=np.int64)
        for index, row in enumerate(look.tolist()):
            usual[index], told[index] = cube.usual_peak(
                int(place[row]), int(day[row]), self._rules.reach_days, self._rules.spike_least_days
            )
        found = validation.spikes(wh[look], usual, told, self._rules)
        for index in np.flatnonzero(found.any(axis=1)).tolist():
            row = int(look[index])
            quality[row][found[index]] = Quality.SUSPECT
            cube.forget(int(place[row]), int(day[row]), found[index])
            if len(self.counts.examples) < 20:
                slot = int(np.flatnonzero(found[index])[0])
                self.counts.examples.append(
                    {
                        "usage_point_id": int(rows.usage_points[at[row]]),
                        "day": str(_EPOCH + timedelta(int(rows.days[at[row]]))),
                        "slot": slot + 1,
                        "wh": int(wh[row, slot]),
                        "usual_peak_wh": int(usual[index]),
                    }
                )
        self.counts.suspects += int(found.sum())

    def _fill(self, cube: "_Cube", place: Int64s, day: Int64s, wh: Int32s, quality: Int8s) -> None:
        """Fill the gaps of rows of equal slot count, in place."""
        gappy = np.flatnonzero((wh == NO_VALUE).any(axis=1))
        if not len(gappy):
            return
        limit = self._rules.interpolate_minutes // cube.minutes
        edge = min(limit + 1, cube.slots)
        sure = np.where(np.isin(quality[gappy], _SURE), wh[gappy], NO_VALUE).astype(np.int32)
        # An older estimate is no ground to build on, but no gap either.
        filled = wh[gappy] != NO_VALUE
        before, after = cube.around(place[gappy], day[gappy], edge)
        line, made = estimation.interpolate(np.concatenate([before, sure, after], axis=1), limit)
        inside = slice(edge, edge + wh.shape[1])
        made = made[:, inside] & ~filled
        wh[gappy] = np.where(made, line[:, inside], wh[gappy])
        quality[gappy] = np.where(made, np.int8(Quality.INTERPOLATED), quality[gappy])
        self.counts.estimated += int(made.sum())
        longer = gappy[(wh[gappy] == NO_VALUE).any(axis=1)]
        for each in np.unique(day[longer]).tolist():
            rows = longer[day[longer] == each]
            values = cube.like(place[rows], each, wh.shape[1], self._rules, self._holidays)
            made = (wh[rows] == NO_VALUE) & (values != NO_VALUE)
            wh[rows] = np.where(made, values, wh[rows])
            quality[rows] = np.where(made, np.int8(Quality.LIKE_DAY), quality[rows])
            self.counts.estimated += int(made.sum())

    def _fill_absent(
        self, points: Int64s, all_points: Int64s, all_days: Int64s, minutes_of: Int64s, around: Rows, rows: Rows,
        absent: Absent, first: int, last: int,
    ) -> None:  # fmt: skip
        """Whole days that nobody told, between days that the file tells."""
        reach = self._rules.reach_days
        wanted: dict[int, list[tuple[int, int]]] = {}
        for point, begin, end in zip(absent.usage_points, absent.first, absent.last, strict=True):
            mine = all_points == point
            told = np.unique(all_days[mine & (all_days >= begin) & (all_days <= end)])
            minutes = np.unique(minutes_of[mine])
            if len(minutes) == 1 and minutes[0]:
                for day in estimation.runs_within(told, self._rules.whole_days).tolist():
                    wanted.setdefault(int(minutes[0]), []).append((int(point), int(day)))
        for minutes_per_slot, pairs in wanted.items():
            cube = _Cube(points, first - reach, last + reach + 1, minutes_per_slot, self._zone)
            cube.put(around, minutes_of[: len(around.days)] == minutes_per_slot)
            cube.put(rows, minutes_of[len(around.days) :] == minutes_per_slot)
            for day in sorted({day for _, day in pairs}):
                these = np.array([point for point, each in pairs if each == day], dtype=np.int64)
                slots = curves.slots(self._zone, _EPOCH + timedelta(day), minutes_per_slot)
                wh = np.full((len(these), slots), NO_VALUE, dtype=np.int32)
                quality = np.full(wh.shape, Quality.MISSING, dtype=np.int8)
                self._fill(cube, cube.place(these), np.full(len(these), day - cube.first), wh, quality)
                some = (wh != NO_VALUE).any(axis=1)
                self.counts.missing += int((wh[some] == NO_VALUE).sum())
                self.counts.absent_days += int(some.sum())
                count = int(some.sum())
                self._take(these[some], np.full(count, day), wh[some], quality[some], np.zeros(count, np.bool_))


class _Cube:
    """Sure readings of some usage points over some days, by the slots of a normal day; ``first`` is a day's number."""

    def __init__(self, points: Int64s, first: int, stop: int, minutes: int, zone: str) -> None:
        self._points, self.first, self.minutes, self._zone = points, first, minutes, zone
        self.slots = curves.MINUTES_PER_DAY // minutes
        self._wh = np.full((len(points), stop - first, self.slots), NO_VALUE, dtype=np.int32)

    def place(self, points: Int64s) -> Int64s:
        """Where usage points stand."""
        return np.searchsorted(self._points, points)

    def put(self, rows: Rows, chosen: npt.NDArray[np.bool_]) -> None:
        """This will enter the sure readings of rows; a day on which clocks change goes by the clock on the wall."""
        at = np.flatnonzero(chosen)
        lengths = rows.lengths[at]
        for length in np.unique(lengths).tolist():
            some = at[lengths == length]
            wh, quality = rows.matrix(some, int(length))
            sure = np.where(np.isin(quality, _SURE), wh, NO_VALUE).astype(np.int32)
            place, day = self.place(rows.usage_points[some]), rows.days[some] - self.first
            inside = (day >= 0) & (day < self._wh.shape[1])
            if length == self.slots:
                self._wh[place[inside], day[inside]] = sure[inside]
            else:
                for row in np.flatnonzero(inside).tolist():
                    self._wh[place[row], day[row], self._walls(int(day[row]))] = sure[row]

    def _walls(self, day: int) -> Int64s:
        wall = curves.wall_minutes(self._zone, _EPOCH + timedelta(self.first + day), self.minutes)
        return (wall // self.minutes).astype(np.int64)

    def forget(self, place: int, day: int, slots: npt.NDArray[np.bool_]) -> None:
        """This will make readings unsure."""
        if len(slots) == self.slots:
            self._wh[place, day, slots] = NO_VALUE
        else:
            self._wh[place, day, self._walls(day)[slots]] = NO_VALUE

    def around(self, place: Int64s, day: Int64s, edge: int) -> tuple[Int32s, Int32s]:
        """The last slots of the day before and the first of the day after."""
        return self._wh[place, day - 1, self.slots - edge :], self._wh[place, day + 1, :edge]

    def like(self, place: Int64s, day: int, slots: int, rules: Thresholds, holidays: frozenset[date]) -> Int32s:
        """What like days show in each slot of a day that has so many slots; `NO_VALUE` where too few do."""
        date_of = _EPOCH + timedelta(self.first + day)
        offsets = estimation.offsets_of_like_days(date_of, reach=rules.reach_days, holidays=holidays)
        days = np.array([day + each for each in offsets], dtype=np.int64)
        days = days[(days >= 0) & (days < self._wh.shape[1])]
        values, _ = estimation.like_days(
            self._wh[place[:, None], days[None, :]], most=rules.like_days_most, least=rules.like_days_least
        )
        return values if slots == self.slots else values[:, self._walls(day)]

    def usual_peak(self, place: int, day: int, reach: int, least: int) -> tuple[int, int]:
        """The median peak of the days before, or where they are few of all days near; and how many days told it."""
        peaks = self._wh[place].max(axis=1)
        peaks[day] = NO_VALUE
        for some in (peaks[max(0, day - reach) : day], peaks[max(0, day - reach) : day + reach + 1]):
            known = some[some != NO_VALUE]
            if len(known) >= least:
                return int(np.median(known)), len(known)
        return 0, 0


def _waiting_rows(table: pa.Table) -> Rows:
    """Waiting rows as flat arrays, in their order."""
    table = table.combine_chunks()
    none = np.empty(0, dtype=np.int64)
    if not table.num_rows:
        return Rows(none, none, np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int8))
    curve = _array(table["wh"])
    starts = np.concatenate([[0], np.cumsum(curve.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64))])
    return Rows(
        table["usage_point"].to_numpy(),
        table["day"].to_numpy().astype(np.int64),
        starts,
        curve.flatten().to_numpy(zero_copy_only=False),
        _array(table["quality"]).flatten().to_numpy(zero_copy_only=False),
    )


def _array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
