"""Rows that are single readings, put together into days: in memory while few, sorted by the engine when many."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.lake import curves
from gridhall.lake.formats import clock
from gridhall.lake.formats.daycurves import NEGATIVE, absurd, not_finite, out_of_time, unknown_point
from gridhall.lake.formats.layout import Layout
from gridhall.lake.formats.quantities import (
    MOST_WH,
    NO_VALUE,
    NOT_A_NUMBER,
    PER_WH,
    finest_of,
    kwh_text,
    rounded_along,
)
from gridhall.lake.formats.rows import Batch, Days, Int64s, Limits, Mask, Original, Points, Rejected
from gridhall.lake.formats.rows import shown as shown_value

#: So many readings are sorted in memory, some 250 MB; more go to disk.
IN_MEMORY: Final = 4_000_000
#: What the engine may use to sort the rest.
SORT_MEMORY: Final = "1GB"
#: Readings that are put together at a time.
PIECE: Final = 1_000_000

_SCHEMA: Final = pa.schema(
    [
        pa.field("code", pa.int32()),
        pa.field("day", pa.int32()),
        pa.field("elapsed", pa.int16()),
        pa.field("twice", pa.bool_()),
        pa.field("fine", pa.int64()),
        pa.field("line", pa.int64()),
    ]
)


@dataclass
class LongPart:
    """What a worker made of a piece: readings with their local day and minute, and what is none."""

    points: pa.DictionaryArray
    days: Int64s
    elapsed: Int64s
    twice: Mask
    fine: Int64s
    lines: Int64s
    original: Original
    mends: list[int | None] | None = None
    rejected: list[Rejected] = field(default_factory=list)
    read_rows: int = 0


class LongCheck:
    """Looks at single readings: whether their time and value can be."""

    def __init__(self, layout: Layout, zone: str, limits: Limits) -> None:
        self._layout, self._zone, self._limits = layout, zone, limits

    def part(
        self,
        points: pa.DictionaryArray,
        times: pa.Array,
        values: pa.Array,
        lines: Int64s,
        original: Original,
        mends: list[int | None] | None,
    ) -> LongPart:
        """This will make a part of columns; ``times`` is dictionary-encoded text or a timestamp."""
        part = LongPart(points, lines[:0], lines[:0], np.zeros(0, np.bool_), lines[:0], lines, original, mends)
        part.read_rows = len(lines)
        good = np.ones(len(lines), dtype=np.bool_)
        minutes, aware = self._minutes(times, part, good, original)
        days, elapsed, twice = self._placed(minutes, aware, part, good, original)
        first, stop = clock.number_of(self._limits.first_day), clock.number_of(self._limits.stop_day)
        untimely = good & ((days < first) | (days >= stop))
        for row in np.flatnonzero(untimely).tolist():
            day = clock.day_of(int(days[row]))
            part.rejected.append(self._of_time(lines, row, str(day), out_of_time(self._limits, day), original))
        good &= ~untimely
        fine = finest_of(values, self._layout.unit)
        self._values(fine, values, lines, part, good, original)
        keep = np.flatnonzero(good)
        if len(keep) < len(lines):
            part.points = points.take(pa.array(keep))
            part.original = lambda row: original(int(keep[row]))
            part.mends = None if mends is None else [mends[row] for row in keep.tolist()]
            part.lines = lines[keep]
            days, elapsed, twice, fine = days[keep], elapsed[keep], twice[keep], fine[keep]
        part.days, part.elapsed, part.twice, part.fine = days, elapsed, twice, fine
        return part

    def _minutes(self, times: pa.Array, part: LongPart, good: Mask, original: Original) -> tuple[Int64s, Mask]:
        """Minutes since 1970 of each row, and whether they are of UTC."""
        lines = part.lines
        kind = times.type
        if pa.types.is_timestamp(kind):
            zoned = kind.tz is not None
            step = {"s": 60, "ms": 60_000, "us": 60_000_000, "ns": 60_000_000_000}[kind.unit]
            raw = pc.fill_null(times.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
            minutes, rest = np.divmod(raw, step)
            wrong = (rest != 0) | times.is_null().to_numpy(zero_copy_only=False)
            for row in np.flatnonzero(wrong).tolist():
                text = "" if not times[row].is_valid else str(times[row])
                why = "A slot starts at a full minute." if text else "There is no time."
                part.rejected.append(self._of_time(lines, row, text, ("time_unclear", why, _TIME_REMEDY), original))
            good &= ~wrong
            return minutes, np.full(len(minutes), zoned or self._layout.utc)
        found = [_entry(text or "") for text in times.dictionary.to_pylist()]
        index = times.indices.fill_null(0).to_numpy(zero_copy_only=False)
        of_entry = np.array([each[0] for each in found] or [0], dtype=np.int64)
        aware_entry = np.array([each[1] or self._layout.utc for each in found] or [False], dtype=np.bool_)
        wrong_entry = np.array([bool(each[2]) for each in found] or [True], dtype=np.bool_)
        wrong = wrong_entry[index] | times.is_null().to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(wrong & good).tolist():
            why, text = found[index[row]][2] or "there is no time", times.dictionary[int(index[row])].as_py()
            fault = ("time_unclear", f"{why[0].upper()}{why[1:]}.", _TIME_REMEDY)
            part.rejected.append(self._of_time(lines, row, text or "", fault, original))
        good &= ~wrong
        return of_entry[index], aware_entry[index]

    def _placed(
        self, minutes: Int64s, aware: Mask, part: LongPart, good: Mask, original: Original
    ) -> tuple[Int64s, Int64s, Mask]:
        """Local days and minutes since midnight; rejects what is off the grid or was never shown by the clock."""
        off = good & (minutes % clock.GRID != 0)
        for row in np.flatnonzero(off).tolist():
            text = _stamp(int(minutes[row]))
            fault = ("off_grid", "A slot starts at a multiple of five minutes.", "Give the start of the slot.")
            part.rejected.append(self._of_time(part.lines, row, text, fault, original))
        good &= ~off
        far = good & ((minutes < _EARLIEST) | (minutes >= _LATEST))
        for row in np.flatnonzero(far).tolist():
            fault = ("too_old", "This time lies beyond all calendars of meters.", "Correct the date.")
            if minutes[row] > 0:
                fault = ("future", "This day lies in the future.", "Correct the date.")
            part.rejected.append(self._of_time(part.lines, row, _stamp(int(minutes[row])), fault, original))
        good &= ~far
        minutes = np.where(good, minutes, 0)
        if self._layout.ends:  # any minute inside the slot tells it
            minutes = minutes - clock.GRID
        days, elapsed = np.zeros_like(minutes), np.zeros_like(minutes)
        twice = np.zeros(len(minutes), dtype=np.bool_)
        wall = good & ~aware
        if wall.any():
            days[wall], elapsed[wall], twice[wall] = clock.place_wall(self._zone, minutes[wall])
        instants = good & aware
        if instants.any():
            days[instants], elapsed[instants] = clock.place_instants(self._zone, minutes[instants])
        never = good & (elapsed == clock.NEVER)
        for row in np.flatnonzero(never).tolist():
            text = _stamp(int(minutes[row]))
            fault = (
                "time_does_not_exist",
                f"The clock in {self._zone} never shows this time: clocks go forward over it.",
                "Correct the time, or give it with its offset from UTC.",
            )
            part.rejected.append(self._of_time(part.lines, row, text, fault, original))
        good &= ~never
        return days, elapsed, twice

    def _values(
        self, fine: Int64s, values: pa.Array, lines: Int64s, part: LongPart, good: Mask, original: Original
    ) -> None:
        at = self._layout.values[0]
        column = self._layout.columns[at].strip()
        most = MOST_WH if self._limits.most_w is None else min(MOST_WH, self._limits.most_w)
        none = fine == NOT_A_NUMBER
        for fault_rows, fault in (
            (none, None),
            (~none & (fine < 0), NEGATIVE),
            (~none & (fine > most * PER_WH), absurd(most)),
        ):
            for row in np.flatnonzero(fault_rows & good).tolist():
                cells = original(row)
                text = cells[at].strip() if len(cells) > at else ""
                because = fault or (_NO_VALUE if not values[row].is_valid else not_finite(text))
                part.rejected.append(Rejected(int(lines[row]), column, shown_value(text), *because, original=cells))
            good &= ~fault_rows

    def _of_time(self, lines: Int64s, row: int, text: str, fault: tuple[str, str, str], original: Original) -> Rejected:
        field_ = self._layout.columns[self._layout.time].strip()
        return Rejected(int(lines[row]), field_, shown_value(text), *fault, original=original(row))


_TIME_REMEDY: Final = "Write the time as YYYY-MM-DD HH:MM, hours from 00 to 23."
_NO_VALUE: Final = ("value_missing", "The row has no energy.", "Give the energy, or leave the row out.")
_EARLIEST: Final = clock.number_of(clock.EPOCH.replace(year=1900)) * clock.MINUTES_PER_DAY
_LATEST: Final = clock.number_of(clock.EPOCH.replace(year=2200)) * clock.MINUTES_PER_DAY


def _entry(text: str) -> tuple[int, bool, str]:
    try:
        minutes, aware = clock.parse_time(text)
    except clock.TimeUnclear as error:
        return 0, False, str(error)
    return minutes, aware, ""


def _stamp(minutes: int) -> str:
    try:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes):%Y-%m-%d %H:%M}"
    except OverflowError:
        return f"{minutes} minutes from 1970"


class LongGather:
    """Collects the readings of a file, in its order, and gives them back as days, usage point by usage point."""

    def __init__(
        self, layout: Layout, zone: str, limits: Limits, points: Points, interval: int | None, spill: Path | None
    ) -> None:
        self._layout, self._zone, self._limits, self._points = layout, zone, limits, points
        self._interval = interval
        self._spill = spill
        self._grid = np.full(1024, 60, dtype=np.int64)  # by code: the coarsest slots that all its times fit
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self._sorter: _Sorter | None = None

    def batch(self, part: LongPart) -> Batch:
        """This will keep a part's readings for later and give what it rejects."""
        codes = self._points.codes(part.points)
        batch = Batch(rejected=list(part.rejected), read_rows=part.read_rows, names=self._points.names)
        known = self._points.ids(codes) >= 0
        for row in np.flatnonzero(~known).tolist():
            name = self._points.names[int(codes[row])]
            batch.rejected.append(unknown_point(int(part.lines[row]), name, self._layout, part.original(row)))
        days, elapsed, twice, fine, lines = part.days, part.elapsed, part.twice, part.fine, part.lines
        if not known.all():
            codes, days, elapsed, fine, lines = (each[known] for each in (codes, days, elapsed, fine, lines))
            twice = twice[known]
        if part.mends is not None:
            kept = np.flatnonzero(known).tolist()
            batch.mends = [each for row in kept if (each := part.mends[row]) is not None]
        while len(self._grid) < len(self._points.names):
            self._grid = np.concatenate([self._grid, np.full_like(self._grid, 60)])
        edge = elapsed + clock.GRID if self._layout.ends else elapsed
        np.gcd.at(self._grid, codes, edge % 60)
        arrays = [
            pa.array(codes.astype(np.int32)), pa.array(days.astype(np.int32)), pa.array(elapsed.astype(np.int16)),
            pa.array(twice), pa.array(fine), pa.array(lines),
        ]  # fmt: skip
        if len(codes):
            self._waiting.append(pa.record_batch(arrays, schema=_SCHEMA))
            self._rows += len(codes)
        if self._rows >= IN_MEMORY:
            self._sorter = self._sorter or _Sorter(self._spill)
            self._sorter.add(self._waiting)
            self._waiting, self._rows = [], 0
        return batch

    def close(self) -> None:
        """This will remove what was spilled to disk."""
        if self._sorter:
            self._sorter.close()

    def batches(self) -> Iterator[Batch]:
        """The days, in order of usage point and day; to be asked for once everything is collected."""
        kept: pa.Table | None = None
        for piece in self._sorted():
            table = pa.concat_tables([kept, piece]) if kept is not None else piece
            code = table.column("code").to_numpy()
            # The last usage point may go on in the next piece.
            cut = int(np.searchsorted(code, code[-1], side="left"))
            day = table.column("day").to_numpy()
            if cut == 0:  # one usage point fills the piece: cut before its last day
                cut = int(np.searchsorted(day, day[-1], side="left"))
            if cut:
                yield self._days(table.slice(0, cut))
            kept = table.slice(cut)
        if kept is not None and kept.num_rows:
            yield self._days(kept)

    def _sorted(self) -> Iterator[pa.Table]:
        if self._sorter:
            self._sorter.add(self._waiting)
            self._waiting = []
            yield from self._sorter.pieces()
        elif self._waiting:
            table = pa.Table.from_batches(self._waiting).combine_chunks()
            self._waiting = []
            order = np.lexsort(tuple(table.column(name).to_numpy() for name in ("elapsed", "day", "code")))
            for start in range(0, len(order), PIECE):
                yield table.take(pa.array(order[start : start + PIECE]))

    def _days(self, table: pa.Table) -> Batch:
        """Whole days of whole usage points, sorted by code, day, minute and line."""
        batch = Batch(names=self._points.names)
        code, day, elapsed, fine, line = (
            table.column(name).to_numpy().astype(np.int64) for name in ("code", "day", "elapsed", "fine", "line")
        )
        twice = table.column("twice").to_numpy()
        minutes = np.full(len(code), self._interval) if self._interval else self._grid[code]
        slot = elapsed // minutes
        self._second_showings(code, day, elapsed, twice, slot, minutes)
        key_change = np.ones(len(code), dtype=np.bool_)
        key_change[1:] = (code[1:] != code[:-1]) | (day[1:] != day[:-1])
        good = self._misfits(batch, code, day, elapsed, fine, line, minutes)
        good &= self._duplicates(batch, code, day, slot, elapsed, fine, line, good)
        row = np.cumsum(key_change) - 1
        starts = np.flatnonzero(key_change)
        lengths = self._lengths(day[starts], minutes[starts])
        for length in np.unique(lengths).tolist():
            rows = np.flatnonzero(lengths == length)
            position = np.full(len(starts), -1, dtype=np.int64)
            position[rows] = np.arange(len(rows))
            mine = good & (position[row] >= 0)
            values = np.zeros((len(rows), length), dtype=np.int64)
            null = np.ones((len(rows), length), dtype=np.bool_)
            values[position[row[mine]], slot[mine]] = fine[mine]
            null[position[row[mine]], slot[mine]] = False
            wh = rounded_along(values)
            wh[null] = NO_VALUE
            some = ~null.all(axis=1)
            at = starts[rows][some]
            batch.rounded += int(np.count_nonzero(values % PER_WH))
            if len(at):
                codes = code[at]
                batch.days.append(
                    Days(self._points.ids(codes), codes, day[at].astype(np.int32), wh[some], line[at], sparse=True)
                )
        return batch

    def _second_showings(
        self, code: Int64s, day: Int64s, elapsed: Int64s, twice: Mask, slot: Int64s, minutes: Int64s
    ) -> None:
        """Of two readings at a time that the clock shows twice, the later in the file is of the second showing."""
        for at in np.flatnonzero(twice[1:]).tolist():
            now, before = at + 1, at
            if (code[now], day[now], elapsed[now]) != (code[before], day[before], elapsed[before]):
                continue
            first = now - 1
            if slot[first] == elapsed[first] // minutes[first]:
                second = clock.second_showing(self._zone, int(day[now]), int(elapsed[now]))
                slot[now] = second // minutes[now]

    def _lengths(self, days: Int64s, minutes: Int64s) -> Int64s:
        lengths = clock.MINUTES_PER_DAY // minutes
        if len(days):
            first, last = clock.day_of(int(days.min())), clock.day_of(int(days.max()) + 1)
            for change in curves.clock_changes(self._zone, first, last):
                rows = days == clock.number_of(change)
                lengths[rows] = curves.day_minutes(self._zone, change) // minutes[rows]
        return lengths

    def _misfits(
        self, batch: Batch, code: Int64s, day: Int64s, elapsed: Int64s, fine: Int64s, line: Int64s, minutes: Int64s
    ) -> Mask:
        """Readings above the limit for their slot's length, or off the grid that the user names."""
        good = np.ones(len(code), dtype=np.bool_)
        if self._limits.most_w is not None:
            most = np.minimum(MOST_WH, self._limits.most_w * minutes // 60)
            for at in np.flatnonzero(fine > most * PER_WH).tolist():
                good[at] = False
                batch.rejected.append(
                    self._reject(code, day, elapsed, fine, line, at, absurd(int(most[at])), of_value=True)
                )
        if self._interval and not self._layout.ends:
            for at in np.flatnonzero(good & (elapsed % self._interval != 0)).tolist():
                good[at] = False
                fault = (
                    "off_grid", f"This is no start of a slot of {self._interval} minutes.", "Leave --interval away.",
                )  # fmt: skip
                batch.rejected.append(self._reject(code, day, elapsed, fine, line, at, fault))
        return good

    def _duplicates(
        self, batch: Batch, code: Int64s, day: Int64s, slot: Int64s, elapsed: Int64s, fine: Int64s, line: Int64s,
        good: Mask,
    ) -> Mask:  # fmt: skip
        """The readings that are the first of their slot; a repeated one is dropped, a different one rejected."""
        keep = np.ones(len(code), dtype=np.bool_)
        same_key = (code[1:] == code[:-1]) & (day[1:] == day[:-1]) & (elapsed[1:] == elapsed[:-1])
        if not same_key.any():
            return keep
        kept: dict[tuple[int, int, int], int] = {}
        near = np.flatnonzero(np.append(False, same_key) | np.append(same_key, False) & good)
        for at in near.tolist():
            if not good[at]:
                continue
            key = (int(code[at]), int(day[at]), int(slot[at]))
            before = kept.setdefault(key, at)
            if before == at:
                continue
            keep[at] = False
            if fine[before] == fine[at]:
                batch.duplicate_rows += 1
            else:
                fault = (
                    "duplicate",
                    f"Line {line[before]} tells another value for this time; the earlier line counts.",
                    "Keep the right one of the two; if it is this one, import it again.",
                )
                batch.rejected.append(self._reject(code, day, elapsed, fine, line, at, fault))
        return keep

    def _reject(
        self, code: Int64s, day: Int64s, elapsed: Int64s, fine: Int64s, line: Int64s, at: int,
        fault: tuple[str, str, str], *, of_value: bool = False,
    ) -> Rejected:  # fmt: skip
        """A reading rejected after sorting: its row is written anew, in one clear form."""
        begin = datetime.combine(clock.day_of(int(day[at])), datetime.min.time(), ZoneInfo(self._zone)).astimezone(UTC)
        edge = int(elapsed[at]) + (clock.GRID if self._layout.ends else 0)
        moment = (begin + timedelta(minutes=edge)).astimezone(ZoneInfo(self._zone))
        text = moment.isoformat(sep=" ", timespec="minutes")
        units, rest = divmod(int(fine[at]), PER_WH)
        value = kwh_text(units) if not rest else f"{units / 1000 + rest / 1e9:.9f}"
        if self._layout.unit.value != 3:
            value = str(units) if self._layout.unit.value == 0 else f"{units / 1e6:.6f}"
        cells = [""] * len(self._layout.columns)
        cells[self._layout.usage_point] = self._points.names[int(code[at])]
        cells[self._layout.time], cells[self._layout.values[0]] = text, value
        column = self._layout.values[0] if of_value else self._layout.time
        return Rejected(
            int(line[at]), self._layout.columns[column].strip(), value if of_value else text, *fault, tuple(cells)
        )


class _Sorter:
    """Sorts more readings than memory holds, in files of a temporary folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gridhall-sort-", dir=folder)
        self._connection: Any = duckdb.connect(str(Path(self._folder.name) / "readings.duckdb"))
        self._connection.execute(f"SET memory_limit = '{SORT_MEMORY}'")
        self._connection.execute(f"SET temp_directory = '{self._folder.name}/spill'")
        self._connection.execute("SET preserve_insertion_order = false")
        self._connection.execute(
            "CREATE TABLE reading "
            "(code INTEGER, day INTEGER, elapsed SMALLINT, twice BOOLEAN, fine BIGINT, line BIGINT)"
        )

    def add(self, batches: list[pa.RecordBatch]) -> None:
        """This will put readings to disk."""
        if batches:
            rows = pa.Table.from_batches(batches)
            self._connection.register("arriving", rows)
            self._connection.execute("INSERT INTO reading SELECT * FROM arriving")
            self._connection.unregister("arriving")

    def pieces(self) -> Iterator[pa.Table]:
        """Everything, sorted."""
        found = self._connection.sql("SELECT * FROM reading ORDER BY code, day, elapsed, line")
        reader = found.to_arrow_reader(PIECE)
        for batch in reader:
            if batch.num_rows:
                yield pa.Table.from_batches([batch])

    def close(self) -> None:
        """This will remove the folder."""
        self._connection.close()
        self._folder.cleanup()
