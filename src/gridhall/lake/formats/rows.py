"""What reading a file yields: days of readings, and the rows that cannot be one, each with its place and reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.lake import curves
from gridhall.lake.curves import Quality
from gridhall.lake.formats.quantities import NO_VALUE

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

#: Gives the cells of a row of a part of the file, by its position in that part.
Original = Callable[[int], tuple[str, ...]]
#: Gives the internal id for each usage-point number, -1 for one that is unknown.
Resolve = Callable[[Sequence[str]], Sequence[int]]

#: Longer values are cut in messages; the row itself keeps them.
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not taken in.

    Attributes:
        line: its line in the file, counted from 1 (of a Parquet file: its row).
        field: the column at fault, as the file names it; empty where it is the whole row.
        original: its cells as they came.
    """

    line: int
    field: str
    value: str
    code: str
    reason: str
    remedy: str
    original: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What can be believed; None: no limit.

    Attributes:
        first_day: readings of earlier days are absurdly old.
        stop_day: readings of this day or later lie in the future.
        most_w: no usage point draws more than this on average over a slot, in W.
    """

    first_day: date = date(1970, 1, 1)
    stop_day: date = date(2200, 1, 1)
    most_w: int | None = None


@dataclass(frozen=True)
class Days:
    """Rows of one usage point and one local day each, all with the same number of slots.

    Attributes:
        usage_points: the id that ``resolve`` gave, otherwise a number that stands for the usage point in this file.
        codes: a number that stands for the usage point in this file, from 0.
        days: local days as numbers since 1970-01-01.
        wh: Wh (rows, slots), `NO_VALUE` where missing.
        lines: where each row stood; for rows put together from many, where the first of them stood.
        sparse: put together from single readings, so that a coarse grid may only be a lack of readings.
        quality: `Quality` codes (rows, slots), where the file tells them; None: measured where there is a value.
    """

    usage_points: Int64s
    codes: Int64s
    days: Int32s
    wh: Int32s
    lines: Int64s
    sparse: bool = False
    quality: npt.NDArray[np.int8] | None = None


@dataclass
class Batch:
    """A piece of the file.

    Attributes:
        days: what can be taken in, in groups of equal slot count.
        rejected: what cannot.
        read_rows: rows of the file that this piece looked at, the rejected ones included.
        duplicate_rows: rows (or single readings of a long file) that repeat an earlier one to the Wh.
        rounded: values finer than one Wh.
        mends: numbers of the quarantined rows that rows of this piece stand for.
        names: usage-point numbers by code; grows from piece to piece.
    """

    days: list[Days] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    read_rows: int = 0
    duplicate_rows: int = 0
    rounded: int = 0
    mends: list[int] = field(default_factory=list)
    names: Sequence[str] = ()

    def table(self) -> pa.Table:
        """The readings in the shape of the lake's rows, with the usage point's number as text."""
        pieces = [self._piece(days) for days in self.days]
        schema = curves.SCHEMA.set(0, pa.field("usage_point", pa.string(), nullable=False))
        return pa.concat_tables(pieces) if pieces else schema.empty_table()

    def _piece(self, days: Days) -> pa.Table:
        names = pa.array([self.names[code] for code in days.codes.tolist()], pa.string())
        return lake_table(names, days.days, days.wh, None)


def lake_table(
    usage_points: pa.Array | Int64s, days: Int32s, wh: Int32s, quality: npt.NDArray[np.int8] | None
) -> pa.Table:
    """Rows of equal slot count in the lake's shape; a slot without value has the quality `MISSING`.

    Args:
        quality: (rows, slots); None: measured where there is a value.
    """
    count, slots = wh.shape
    missing = wh == NO_VALUE
    gaps = missing.any(axis=1)
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * slots)
    any_gap = bool(gaps.any())
    values = pa.array(wh.ravel(), mask=missing.ravel()) if any_gap else pa.array(wh.ravel())
    curve = pa.ListArray.from_arrays(offsets, values)
    if quality is None:
        told = gaps
        quality_of = np.where(missing[told], np.int8(Quality.MISSING), np.int8(Quality.MEASURED))
        estimated = np.zeros(count, dtype=np.int16)
    else:
        told = (quality != Quality.MEASURED).any(axis=1)
        quality_of = quality[told]
        made = (quality == Quality.INTERPOLATED) | (quality == Quality.LIKE_DAY)
        estimated = made.sum(axis=1, dtype=np.int16)
    if told.any():
        starts = np.concatenate([[0], np.cumsum(told * slots)]).astype(np.int32)
        qualities = pa.ListArray.from_arrays(
            pa.array(starts, mask=np.append(~told, False)), pa.array(quality_of.astype(np.int8).ravel())
        )
    else:
        qualities = pa.nulls(count, pa.list_(pa.int8()))
    points = pa.array(usage_points) if isinstance(usage_points, np.ndarray) else usage_points
    columns = [
        points,
        pa.array(days.astype(np.int32)).cast(pa.date32()),
        curve,
        qualities,
        pa.array(missing.sum(axis=1, dtype=np.int16)),
        pa.array(estimated),
    ]
    return pa.table(columns, schema=curves.SCHEMA.set(0, pa.field("usage_point", points.type, nullable=False)))


def shown(value: str) -> str:
    """A value for a message: not too long, and without characters that hide."""
    text = "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in value[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


class Points:
    """The usage-point numbers of one file: a dense code for each, and the id that the utility knows it by."""

    def __init__(self, resolve: Resolve | None) -> None:
        self.names: list[str] = []
        self._codes: dict[str, int] = {}
        self._resolve = resolve
        self._ids = np.empty(1024, dtype=np.int64)

    def codes(self, column: pa.DictionaryArray) -> Int64s:
        """The code of each entry; new numbers are looked up, all at once."""
        spelled: list[str] = [(name or "").strip() for name in column.dictionary.to_pylist()]
        new = list(dict.fromkeys(name for name in spelled if name not in self._codes))
        if new:
            first = len(self.names)
            self._codes.update((name, first + at) for at, name in enumerate(new))
            self.names.extend(new)
            while len(self._ids) < len(self.names):
                self._ids = np.concatenate([self._ids, np.empty_like(self._ids)])
            found = self._resolve(new) if self._resolve else range(first, first + len(new))
            self._ids[first : first + len(new)] = list(found)
            if "" in self._codes:
                self._ids[self._codes[""]] = -1
        of_entry = np.array([self._codes[name] for name in spelled] or [0], dtype=np.int64)
        index = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
        codes: Int64s = of_entry[index]
        if column.null_count:
            codes = codes.copy()
            codes[column.is_null().to_numpy(zero_copy_only=False)] = self._blank()
        return codes

    def ids(self, codes: Int64s) -> Int64s:
        """The id of each code; -1 where the number is blank or unknown."""
        return self._ids[codes]

    def _blank(self) -> int:
        if "" not in self._codes:
            self.codes(pa.array([""]).dictionary_encode())
        return self._codes[""]


class Seen:
    """Which (usage point, day) a file has told already, and a digest of what it told."""

    def __init__(self) -> None:
        self._by_day: dict[int, npt.NDArray[np.uint64]] = {}

    def add(self, codes: Int64s, days: Int32s, digests: npt.NDArray[np.uint64]) -> npt.NDArray[np.int8]:
        """This will remember rows and tell of each: 0 new, 1 told before and the same, 2 told before and different."""
        verdicts = np.zeros(len(codes), dtype=np.int8)
        if not len(codes):
            return verdicts
        order = np.lexsort((codes, days))  # stable: the earlier of two equal rows stays before
        sorted_days, sorted_codes = days[order], codes[order]
        again = (sorted_days[1:] == sorted_days[:-1]) & (sorted_codes[1:] == sorted_codes[:-1])
        first = np.ones(len(codes), dtype=np.bool_)
        first[1:] = ~again
        edges = [0, *(np.flatnonzero(np.diff(sorted_days)) + 1).tolist(), len(order)]
        most = int(codes.max()) + 1
        for start, stop in pairwise(edges):
            told = self._of_day(int(sorted_days[start]), most)
            rows = order[start:stop]
            for at in (rows[first[start:stop]], rows[~first[start:stop]]):
                if len(at):
                    before = told[codes[at]]
                    verdicts[at] = np.where(before == 0, 0, np.where(before == digests[at], 1, 2))
                    fresh = at[before == 0]
                    told[codes[fresh]] = digests[fresh]
        return verdicts

    def _of_day(self, day: int, most: int) -> npt.NDArray[np.uint64]:
        told = self._by_day.get(day)
        if told is None or len(told) < most:
            grown = np.zeros(max(most, 1024 if told is None else 2 * len(told)), dtype=np.uint64)
            if told is not None:
                grown[: len(told)] = told
            told = self._by_day[day] = grown
        return told


def digests(wh: Int32s) -> npt.NDArray[np.uint64]:
    """A 64-bit digest of each row, never 0."""
    slots = wh.shape[1]
    if slots % 2:
        wh = np.concatenate([wh, np.zeros((len(wh), 1), dtype=np.int32)], axis=1)
    pairs = np.ascontiguousarray(wh).view(np.uint64)
    weights = np.random.default_rng(slots).integers(1, 2**63, size=pairs.shape[1], dtype=np.uint64) | np.uint64(1)
    mixed: npt.NDArray[np.uint64] = np.einsum("ij,j->i", pairs, weights)
    mixed ^= mixed >> np.uint64(29)
    mixed[mixed == 0] = 1
    return mixed
