"""What the lake already knows of some usage points and days: the question of every import."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA, Quality
from gridhall.lake.engine import Session
from gridhall.lake.parts import LakeFile
from gridhall.lake.readings import effective

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

#: Key columns of so many files are kept, some 5 MB each.
_KEPT: Final = 48
_DAYS: Final = 1 << 16
_EPOCH: Final = date(1970, 1, 1)


def keys(usage_points: Int64s, days: npt.NDArray[np.integer[Any]]) -> Int64s:
    """One number for each usage point and day (since 1970), ascending as they do."""
    found: Int64s = usage_points * _DAYS + days
    return found


class Existing:
    """Which usage points and days have a row; reads only key columns, and of no file whose statistics rule it out."""

    def __init__(self, root: Path, files: Sequence[LakeFile]) -> None:
        self._root, self._files = root, list(files)
        self._first = np.array([(file.first_day - _EPOCH).days for file in files], dtype=np.int64)
        self._last = np.array([(file.last_day - _EPOCH).days for file in files], dtype=np.int64)
        self._low = np.array([file.usage_point_min for file in files], dtype=np.int64)
        self._high = np.array([file.usage_point_max for file in files], dtype=np.int64)
        self._keys: OrderedDict[int, Int64s] = OrderedDict()

    def __contains__(self, key: tuple[Int64s, npt.NDArray[np.integer[Any]]]) -> bool:
        return bool(self.known(*key).any())

    def known(self, usage_points: Int64s, days: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.bool_]:
        """Which of the pairs have a row."""
        found = np.zeros(len(usage_points), dtype=np.bool_)
        if not self._files or not len(usage_points):
            return found
        near = (self._first <= days.max()) & (self._last >= days.min())
        near &= (self._low <= usage_points.max()) & (self._high >= usage_points.min())
        asked = keys(usage_points, days) if near.any() else usage_points
        for at in np.flatnonzero(near).tolist():
            told = self._keys_of(at)
            place = np.searchsorted(told, asked)
            place[place == len(told)] = 0
            found |= told[place] == asked
        return found

    def _keys_of(self, at: int) -> Int64s:
        if at in self._keys:
            self._keys.move_to_end(at)
            return self._keys[at]
        table = pq.read_table(self._root / self._files[at].path, columns=["usage_point", "day"], memory_map=True)
        days = table["day"].cast(pa.int32()).to_numpy().astype(np.int64)
        told = keys(table["usage_point"].to_numpy(), days)
        self._keys[at] = told
        if len(self._keys) > _KEPT:
            self._keys.popitem(last=False)
        return told


@dataclass(frozen=True)
class Rows:
    """Lake rows as flat arrays, sorted by usage point and day.

    Attributes:
        starts: where each row's slots begin in ``wh`` and ``quality``, and at the end their number.
        wh: Wh of all slots in a row, ``-2**31`` where missing.
    """

    usage_points: Int64s
    days: Int64s
    starts: Int64s
    wh: Int32s
    quality: npt.NDArray[np.int8]

    @property
    def lengths(self) -> Int64s:
        """Slots of each row."""
        return np.diff(self.starts)

    def matrix(self, rows: Int64s, slots: int) -> tuple[Int32s, npt.NDArray[np.int8]]:
        """Wh and quality of rows that all have so many slots."""
        index = self.starts[rows][:, None] + np.arange(slots)
        return self.wh[index], self.quality[index]


def rows_in(session: Session, root: Path, files: Sequence[LakeFile], span: DateSpan, usage_points: Int64s) -> Rows:
    """The readings in force of some usage points (unique) over a span."""
    with session.scratch():
        return flat(session.collect(effective(session, root, files, span, usage_points).table))


def rows_at(
    session: Session, root: Path, files: Sequence[LakeFile], usage_points: Int64s, days: npt.NDArray[np.integer[Any]]
) -> Rows:
    """The readings in force of pairs of usage point and day; pairs without a row are left out."""
    first, last = _EPOCH + timedelta(int(days.min())), _EPOCH + timedelta(int(days.max()) + 1)
    with session.scratch():
        table = effective(session, root, files, DateSpan(first, last), np.unique(usage_points)).table
        wanted = pa.table({"usage_point": usage_points, "day": pa.array(days.astype(np.int32)).cast(pa.date32())})
        chosen = table.semi_join(session.table(wanted), ["usage_point", "day"])
        return flat(session.collect(chosen))


def flat(table: pa.Table) -> Rows:
    """Lake rows from an Arrow table, in any order."""
    table = table.select(SCHEMA.names).combine_chunks()
    points = table["usage_point"].to_numpy().astype(np.int64)
    days = table["day"].cast(pa.int32()).to_numpy().astype(np.int64)
    order = np.lexsort((days, points))
    if len(order) and (np.diff(order) < 0).any():
        table = table.take(pa.array(order)).combine_chunks()
    points, days = points[order], days[order]
    if not table.num_rows:
        none = np.empty(0, dtype=np.int64)
        return Rows(none, none, np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int8))
    curve = _chunk(table["curve"])
    lengths = curve.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    values = curve.flatten()
    missing = values.is_null().to_numpy(zero_copy_only=False)
    wh = values.fill_null(-(2**31)).to_numpy(zero_copy_only=False)
    quality = np.where(missing, np.int8(Quality.MISSING), np.int8(Quality.MEASURED)).astype(np.int8)
    told = _chunk(table["quality"])
    has = told.is_valid().to_numpy(zero_copy_only=False)
    if has.any():
        quality[np.repeat(has, lengths)] = told.drop_null().flatten().to_numpy(zero_copy_only=False)
    return Rows(points, days, starts, wh, quality)


def _chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
