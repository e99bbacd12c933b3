"""Rows that are whole days: a column for each slot, or one column with the curve."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.lake import curves
from gridhall.lake.formats import clock
from gridhall.lake.formats.layout import Layout
from gridhall.lake.formats.quantities import (
    MOST_WH,
    NO_VALUE,
    NOT_A_NUMBER,
    PER_WH,
    Whole,
    finest_of,
    kwh_text,
    rounded_along,
    whole_matrix,
)
from gridhall.lake.formats.rows import (
    Batch,
    Days,
    Int32s,
    Int64s,
    Limits,
    Mask,
    Original,
    Points,
    Rejected,
    Seen,
    digests,
)
from gridhall.lake.formats.rows import shown as shown_value

#: A normal day has its slots by the clock.
_NORMAL: Final = clock.MINUTES_PER_DAY
#: Said of a value that is out of bounds.
NEGATIVE: Final = (
    "negative",
    "Energy in this direction cannot be negative.",
    "Correct the value; energy fed in belongs into a file of its own, imported with --channel export.",
)


@dataclass
class DayRows:
    """Day rows of a piece of a file, before their days are looked at; all with the same number of values."""

    points: pa.DictionaryArray
    days: Int64s
    whole: Whole
    null: Mask | None
    lines: Int64s
    original: Original
    text: Callable[[int, int], str]  # the cell of a row and slot as it came
    mends: list[int | None] | None = None

    def pick(self, rows: Int64s) -> "DayRows":
        """These rows, in this order."""
        whole = Whole(
            self.whole.wh[rows],
            None if self.whole.bad is None else self.whole.bad[rows],
            None if self.whole.rounded is None else self.whole.rounded[rows],
        )
        original, text = self.original, self.text
        return DayRows(
            self.points.take(pa.array(rows)),
            self.days[rows],
            whole,
            None if self.null is None else self.null[rows],
            self.lines[rows],
            lambda row: original(int(rows[row])),
            lambda row, slot: text(int(rows[row]), slot),
            None if self.mends is None else [self.mends[row] for row in rows.tolist()],
        )


@dataclass
class DayPart:
    """What a worker made of a piece: groups of rows of equal slot count that fit their days, and what does not."""

    groups: list[tuple[DayRows, npt.NDArray[np.uint64]]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    read_rows: int = 0


def matrix(values: list[pa.Array]) -> tuple[npt.NDArray[np.float64], Mask | None]:
    """Columns as one matrix (rows, slots), and where it has no values."""
    rows = len(values[0])
    found = np.empty((rows, len(values)), dtype=np.float64)
    null: Mask | None = None
    for at, column in enumerate(values):
        if column.null_count:
            null = np.zeros(found.shape, dtype=np.bool_) if null is None else null
            null[:, at] = column.is_null().to_numpy(zero_copy_only=False)
            column = pc.fill_null(column, 0.0)
        found[:, at] = column.to_numpy(zero_copy_only=False)
    return found, null


def ragged(values: pa.Array, lengths: Int64s, layout: Layout) -> list[tuple[Int64s, Whole, Mask | None]]:
    """Curves of any lengths as matrices of one length each: the rows, their Wh, and where they have no value."""
    starts = np.concatenate([[0], np.cumsum(lengths)])
    found: list[tuple[Int64s, Whole, Mask | None]] = []
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        if length == 0:
            found.append((rows, Whole(np.empty((len(rows), 0), dtype=np.int32), None, None), None))
            continue
        if len(rows) == len(lengths):
            piece = values
        else:
            index = (starts[rows][:, None] + np.arange(length)).ravel()
            piece = values.take(pa.array(index))
        found.append((rows, *_whole(piece, length, layout)))
    return found


def _whole(values: pa.Array, slots: int, layout: Layout) -> tuple[Whole, Mask | None]:
    null: Mask | None = None
    if values.null_count:
        null = values.is_null().to_numpy(zero_copy_only=False).reshape(-1, slots)
    kind = values.type
    if pa.types.is_float32(kind) or pa.types.is_float64(kind):
        filled = pc.fill_null(values, 0.0) if null is not None else values
        return whole_matrix(filled.to_numpy(zero_copy_only=False).reshape(-1, slots), null, layout.unit), null
    if pa.types.is_integer(kind) and layout.unit.value == 0 and kind.bit_width <= 32 and kind != pa.uint32():
        plain = pc.fill_null(values, 0).cast(pa.int32()).to_numpy(zero_copy_only=False).reshape(-1, slots)
        wh = plain.copy() if null is not None else plain
        if null is not None:
            wh[null] = NO_VALUE
        return Whole(wh, None, None), null
    fine = finest_of(values, layout.unit).reshape(-1, slots)
    if null is not None:
        fine[null] = 0
    bad = (fine == NOT_A_NUMBER) | (np.abs(fine) > MOST_WH * PER_WH)
    fine[bad] = 0
    wh = rounded_along(fine)
    if null is not None:
        wh[null] = NO_VALUE
    finer = np.count_nonzero(fine % PER_WH, axis=1)
    return Whole(wh, bad if bad.any() else None, finer if finer.any() else None), null


class DayCheck:
    """Looks at rows of days: whether their values and days can be."""

    def __init__(self, layout: Layout, zone: str, limits: Limits) -> None:
        self._layout, self._zone, self._limits = layout, zone, limits

    def part(self, rows: DayRows, part: DayPart) -> None:
        """This will sort rows into a part: what can be, by its slot count, and what cannot."""
        good = self._values(rows, part) & self._believable_days(rows, part)
        slots = rows.whole.wh.shape[1]
        if good.any():
            first, last = int(rows.days[good].min()), int(rows.days[good].max())
            changes = curves.clock_changes(self._zone, clock.day_of(first), clock.day_of(last + 1))
        else:
            changes = []
        special = np.isin(rows.days, [clock.number_of(day) for day in changes])
        for row in np.flatnonzero(good & special).tolist():
            self._changed_day(rows, row, part)
        normal = good & ~special
        usual = slots
        if (slots and _NORMAL // slots not in curves.RESOLUTIONS) or (slots and _NORMAL % slots):
            usual = self._shorter(rows, normal)
        if not usual:
            for row in np.flatnonzero(normal).tolist():
                part.rejected.append(self._slot_count(rows, row, slots))
            return
        if normal.all() and usual == slots:
            self._add(rows, part)
        elif normal.any():
            picked = rows.pick(np.flatnonzero(normal))
            if usual < slots:
                spare = picked.whole.wh[:, usual:] != NO_VALUE
                for row in np.flatnonzero(spare.any(axis=1)).tolist():
                    part.rejected.append(self._slot_count(picked, row, slots))
                picked = picked.pick(np.flatnonzero(~spare.any(axis=1)))
                picked = _cut(picked, np.arange(usual))
            if len(picked.days):
                self._add(picked, part)

    def _shorter(self, rows: DayRows, normal: Mask) -> int:
        """Where the file has columns for a day of 25 hours: how many of them a day of 24 has."""
        slots = rows.whole.wh.shape[1]
        for minutes in curves.RESOLUTIONS:
            if slots * minutes == 25 * 60:
                return _NORMAL // minutes
        return 0

    def _add(self, rows: DayRows, part: DayPart) -> None:
        part.groups.append((rows, digests(rows.whole.wh)))

    def _changed_day(self, rows: DayRows, row: int, part: DayPart) -> None:
        """A day on which clocks change: its own number of slots, or a clock's columns with the missing hour empty."""
        day = clock.day_of(int(rows.days[row]))
        lasting = curves.day_minutes(self._zone, day)
        slots = rows.whole.wh.shape[1]
        one = rows.pick(np.array([row]))
        filled = one.whole.wh[0] != NO_VALUE
        if slots and lasting % slots == 0 and lasting // slots in curves.RESOLUTIONS:
            return self._add(one, part)
        step = next((minutes for minutes in curves.RESOLUTIONS if slots * minutes in {23 * 60, 24 * 60, 25 * 60}), 0)
        own = lasting // step if step else 0
        if step and own < slots:
            walls = curves.wall_minutes(self._zone, day, step)
            if not self._layout.starts and not filled[own:].any():
                return self._add(_cut(one, np.arange(own)), part)
            if slots * step == _NORMAL:
                shown = np.isin(np.arange(slots) * step, walls)
                if not filled[~shown].any():
                    return self._add(_cut(one, np.flatnonzero(shown)), part)
                if self._layout.starts:
                    at = int(np.flatnonzero(filled & ~shown)[0])
                    minute = at * step
                    part.rejected.append(
                        self._reject(
                            one, 0, at, "time_does_not_exist",
                            f"On {day} the clock in {self._zone} does not show {minute // 60}:{minute % 60:02}.",
                            "Leave the hour that is skipped empty.",
                        )
                    )  # fmt: skip
                    return None
        part.rejected.append(self._slot_count(one, 0, slots))
        return None

    def _values(self, rows: DayRows, part: DayPart) -> Mask:
        """The rows whose values can be; the others are rejected at their first bad value."""
        wh, slots = rows.whole.wh, rows.whole.wh.shape[1]
        good = np.ones(len(wh), dtype=np.bool_)
        if not slots or not len(wh):
            return good
        if rows.whole.bad is not None:
            for row in np.flatnonzero(rows.whole.bad.any(axis=1)).tolist():
                slot = int(np.flatnonzero(rows.whole.bad[row])[0])
                text = rows.text(row, slot)
                part.rejected.append(self._reject(rows, row, slot, *not_finite(text)))
                good[row] = False
        lowest = int(wh.min())
        if lowest < 0 and (rows.null is None or bool(((wh < 0) & (wh != NO_VALUE)).any())):
            negative = (wh < 0) & (wh != NO_VALUE)
            for row in np.flatnonzero(negative.any(axis=1) & good).tolist():
                part.rejected.append(self._reject(rows, row, int(np.flatnonzero(negative[row])[0]), *NEGATIVE))
                good[row] = False
        most = self._most(slots)
        if int(wh.max()) > most:
            for row in np.flatnonzero((wh > most).any(axis=1) & good).tolist():
                slot = int(np.flatnonzero(wh[row] > most)[0])
                part.rejected.append(self._reject(rows, row, slot, *absurd(most)))
                good[row] = False
        return good

    def _most(self, slots: int) -> int:
        if self._limits.most_w is None:
            return MOST_WH
        # Days of 23 and 25 hours have slots of the same length.
        minutes = min(curves.RESOLUTIONS, key=lambda each: abs(_NORMAL / each - slots))
        return min(MOST_WH, self._limits.most_w * minutes // 60)

    def _believable_days(self, rows: DayRows, part: DayPart) -> Mask:
        first, stop = clock.number_of(self._limits.first_day), clock.number_of(self._limits.stop_day)
        good: Mask = (rows.days >= first) & (rows.days < stop)
        field_ = self._layout.columns[self._layout.time].strip()
        for row in np.flatnonzero(~good).tolist():
            day = clock.day_of(int(rows.days[row]))
            part.rejected.append(
                Rejected(int(rows.lines[row]), field_, str(day), *out_of_time(self._limits, day), rows.original(row))
            )
        return good

    def _slot_count(self, rows: DayRows, row: int, slots: int) -> Rejected:
        day = clock.day_of(int(rows.days[row]))
        lasting = curves.day_minutes(self._zone, day)
        expected = ", ".join(str(lasting // minutes) for minutes in (60, 30, 15))
        column = self._layout.columns[self._layout.values[0]].strip() if len(self._layout.values) == 1 else ""
        filled = rows.whole.wh.shape[1]
        return Rejected(
            int(rows.lines[row]), column, f"{filled} values", "slot_count",
            f"The row has {slots} values, but {day} in {self._zone} lasts {lasting // 60} hours.",
            f"Give that day {expected} values in the order of time.", rows.original(row),
        )  # fmt: skip

    def _reject(self, rows: DayRows, row: int, slot: int, code: str, reason: str, remedy: str) -> Rejected:
        values = self._layout.values
        column = self._layout.columns[values[slot]].strip() if len(values) > 1 else f"{self._field()}[{slot + 1}]"
        value = shown_value(rows.text(row, slot))
        return Rejected(int(rows.lines[row]), column, value, code, reason, remedy, rows.original(row))

    def _field(self) -> str:
        return self._layout.columns[self._layout.values[0]].strip()


def _cut(rows: DayRows, slots: npt.NDArray[np.int64]) -> DayRows:
    wh: Int32s = np.ascontiguousarray(rows.whole.wh[:, slots])
    return replace(rows, whole=replace(rows.whole, wh=wh, bad=None), null=wh == NO_VALUE)


def not_finite(text: str) -> tuple[str, str, str]:
    """Code, reason and remedy for a number that is none, or beyond everything."""
    if text.strip().lower().lstrip("+-") in {"nan", "inf", "infinity"}:
        return (
            "not_finite",
            "This is no finite number.",
            "Give the energy, or leave the cell empty where it is missing.",
        )
    return "absurd", "The value is larger than any meter can count in a slot.", "Correct the value, or its unit."


def absurd(most_wh: int) -> tuple[str, str, str]:
    """Code, reason and remedy for a value above what is plausible."""
    return (
        "absurd",
        f"More than {kwh_text(most_wh)} kWh in one slot is beyond what can be believed.",
        "Correct the value; if the file is in Wh, say --unit wh; the limit stands in content/rules/validation.yaml.",
    )


def out_of_time(limits: Limits, day: Any) -> tuple[str, str, str]:
    """Code, reason and remedy for a day in the future or absurdly old."""
    if day >= limits.stop_day:
        return "future", "This day lies in the future.", "Correct the date; a reading comes after its day."
    return "too_old", f"This day is before {limits.first_day}.", "Correct the date."


class DayGather:
    """The part of reading that goes in the order of the file: whose rows they are, and whether they are told twice."""

    def __init__(self, layout: Layout, points: Points, seen: Seen) -> None:
        self._layout, self._points, self._seen = layout, points, seen

    def batch(self, part: DayPart) -> Batch:
        """This will make a batch of a part."""
        batch = Batch(rejected=list(part.rejected), read_rows=part.read_rows, names=self._points.names)
        for rows, digest in part.groups:
            codes = self._points.codes(rows.points)
            ids = self._points.ids(codes)
            known = ids >= 0
            if not known.all():
                for row in np.flatnonzero(~known).tolist():
                    batch.rejected.append(unknown(rows, row, self._points.names[int(codes[row])], self._layout))
                keep = np.flatnonzero(known)
                rows, digest, codes, ids = rows.pick(keep), digest[keep], codes[keep], ids[keep]
            days = rows.days.astype(np.int32)
            verdict = self._seen.add(codes, days, digest)
            if verdict.any():
                batch.duplicate_rows += int((verdict == 1).sum())
                for row in np.flatnonzero(verdict == 2).tolist():
                    batch.rejected.append(self._duplicate(rows, row))
                keep = np.flatnonzero(verdict == 0)
                rows, codes, ids, days = rows.pick(keep), codes[keep], ids[keep], days[keep]
            if len(days):
                batch.days.append(Days(ids, codes, days, rows.whole.wh, rows.lines))
                batch.rounded += 0 if rows.whole.rounded is None else int(rows.whole.rounded.sum())
                batch.mends += [each for each in rows.mends or [] if each is not None]
        return batch

    def _duplicate(self, rows: DayRows, row: int) -> Rejected:
        day = clock.day_of(int(rows.days[row]))
        return Rejected(
            int(rows.lines[row]), self._layout.columns[self._layout.time].strip(), str(day), "duplicate",
            "An earlier row of this file tells other values for this usage point and day; the earlier one counts.",
            "Keep the right one of the two; if it is this one, import it again.", rows.original(row),
        )  # fmt: skip


def unknown(rows: DayRows, row: int, number: str, layout: Layout) -> Rejected:
    """A row whose usage point nobody knows."""
    return unknown_point(int(rows.lines[row]), number, layout, rows.original(row))


def unknown_point(line: int, number: str, layout: Layout, original: tuple[str, ...]) -> Rejected:
    """A row whose usage point nobody knows, or that names none."""
    return Rejected(
        line, layout.columns[layout.usage_point].strip(), shown_value(number), "unknown_usage_point",
        "There is no usage point of this number." if number else "The row names no usage point.",
        "Correct the number, or open the usage point first; then import this row again.", original,
    )  # fmt: skip
