"""A day that the lake has already, told again: what is new in it, and the row that counts from now on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.lake.curves import Quality
from gridhall.lake.engine import Session
from gridhall.lake.existing import Rows, keys, rows_at
from gridhall.lake.formats import NO_VALUE
from gridhall.lake.parts import LakeFile

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Int8s = npt.NDArray[np.int8]

#: Rows that are merged at a time.
PIECE: Final = 50_000
_TAKEN: Final = (Quality.MEASURED, Quality.SUSPECT, Quality.EDITED)
_MADE: Final = (Quality.INTERPOLATED, Quality.LIKE_DAY)


@dataclass
class Merged:
    """What merging counted, in readings."""

    unchanged: int = 0
    revised: int = 0
    accepted: int = 0


#: Takes rows of equal slot count that have changed: usage points, days, Wh, quality.
Take = Callable[[Int64s, Int64s, Int32s, Int8s], None]


def merge(told: pa.Table, session: Session, root: Path, files: Sequence[LakeFile], take: Take) -> Merged:
    """This will lay newly told days over the rows in force and hand on those that change something.

    A new reading wins over whatever was there; where the new row has none, the old one stays, estimates included.

    Args:
        told: from `DaySpool.table`.
        files: visible so far, of the channel.
        take: receives the changed rows.
    """
    counts = Merged()
    for start in range(0, told.num_rows, PIECE):
        piece = told.slice(start, PIECE).combine_chunks()
        points, days = piece["usage_point"].to_numpy(), piece["day"].to_numpy().astype(np.int64)
        old = rows_at(session, root, files, points, days)
        place = np.searchsorted(keys(old.usage_points, old.days), keys(points, days))
        curve = _array(piece["wh"])
        lengths = curve.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        flat = curve.flatten().to_numpy(zero_copy_only=False)
        flat_quality = _array(piece["quality"]).flatten().to_numpy(zero_copy_only=False)
        old_lengths = old.lengths[place]
        sparse = piece["sparse"].to_numpy()
        for new_slots, old_slots in {(int(a), int(b)) for a, b in zip(lengths, old_lengths, strict=True)}:
            rows = np.flatnonzero((lengths == new_slots) & (old_lengths == old_slots))
            index = starts[rows][:, None] + np.arange(new_slots)
            _lay_over(
                flat[index], flat_quality[index], old, place[rows], old_slots, points[rows], days[rows], sparse[rows],
                take, counts,
            )  # fmt: skip
    return counts


def _lay_over(
    new: Int32s, new_quality: Int8s, old: Rows, place: Int64s, old_slots: int, points: Int64s, days: Int64s,
    sparse: npt.NDArray[np.bool_], take: Take, counts: Merged,
) -> None:  # fmt: skip
    slots = new.shape[1]
    if slots != old_slots:
        # Single readings on the hour may belong to a meter of quarter-hours: a few of them are laid into its day. A
        # full day at another resolution replaces the old one.
        few = sparse & (new == NO_VALUE).any(axis=1) if old_slots % slots == 0 else np.zeros(len(new), np.bool_)
        if few.any():
            spread = np.full((int(few.sum()), old_slots), NO_VALUE, dtype=np.int32)
            spread[:, :: old_slots // slots] = new[few]
            quality = np.full(spread.shape, Quality.MISSING, dtype=np.int8)
            quality[:, :: old_slots // slots] = new_quality[few]
            _lay_over(spread, quality, old, place[few], old_slots, points[few], days[few], sparse[few], take, counts)
        whole = ~few
        if whole.any():
            found = int((new[whole] != NO_VALUE).sum())
            counts.accepted += found
            counts.revised += found
            take(points[whole], days[whole], new[whole], new_quality[whole])
        return
    old_wh, old_quality = old.matrix(place, slots)
    told = new != NO_VALUE
    same = (old_wh == new) & np.isin(old_quality, _TAKEN)
    # What the sender only estimated does not take the place of what was measured.
    made = np.isin(new_quality, _MADE)
    same |= told & made & (np.isin(old_quality, _TAKEN) | (old_wh == new))
    change = told & ~same
    counts.unchanged += int((told & same).sum())
    counts.accepted += int(change.sum())
    counts.revised += int((change & (old_quality != Quality.MISSING)).sum())
    rows = np.flatnonzero(change.any(axis=1))
    if len(rows):
        wh = np.where(change[rows], new[rows], old_wh[rows])
        quality = np.where(change[rows], new_quality[rows], old_quality[rows])
        take(points[rows], days[rows], wh, quality.astype(np.int8))


def _array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
