"""How gaps are filled: short ones by a straight line, longer ones by what like days show. Whole Wh, never silently.

All functions work on matrices of whole Wh, `NO_VALUE` where there is no reading, and give the made values with a mask
of where they made one; who calls them marks the slots.
"""

from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

NO_VALUE: Final = -(2**31)


def interpolate(rows: Int32s, most_slots: int) -> tuple[Int32s, Mask]:
    """This will bridge gaps of up to ``most_slots`` slots that have a reading on both sides.

    Args:
        rows: (rows, slots) in the order of time, with enough of the days before and after to see both sides.

    >>> values, made = interpolate(np.array([[100, NO_VALUE, NO_VALUE, 103]], dtype=np.int32), 2)
    >>> values.tolist(), made.tolist()
    ([[100, 101, 102, 103]], [[False, True, True, False]])
    """
    width = rows.shape[1]
    known = rows != NO_VALUE
    place = np.arange(width)
    before = np.maximum.accumulate(np.where(known, place, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, place, width)[:, ::-1], axis=1)[:, ::-1]
    made = ~known & (before >= 0) & (after < width) & (after - before - 1 <= most_slots)
    values = rows.copy()
    at_row, at_slot = np.nonzero(made)
    if len(at_row):
        left, right = before[at_row, at_slot], after[at_row, at_slot]
        low, high = rows[at_row, left].astype(np.int64), rows[at_row, right].astype(np.int64)
        step, length = at_slot - left, right - left
        values[at_row, at_slot] = (2 * (low * (length - step) + high * step) + length) // (2 * length)
    return values, made


def like_days(like: Int32s, *, most: int, least: int) -> tuple[Int32s, Mask]:
    """This will average what like days show in each slot.

    Args:
        like: (rows, days, slots): of each row the like days, the best first.
        most: so many readings of a slot are averaged, the best ones.
        least: with fewer there is no estimate.

    Returns:
        (rows, slots) averages, rounded half up, and where there is one.
    """
    known = like != NO_VALUE
    used = known & (np.cumsum(known, axis=1) <= most)
    count = used.sum(axis=1)
    total = np.where(used, like, 0).sum(axis=1, dtype=np.int64)
    enough: Mask = count >= max(1, least)
    values = np.full(total.shape, NO_VALUE, dtype=np.int64)
    values[enough] = (2 * total[enough] + count[enough]) // (2 * count[enough])
    return values.astype(np.int32), enough


def offsets_of_like_days(day: date, *, reach: int, holidays: frozenset[date] = frozenset()) -> list[int]:
    """Days from ``day`` on which people behave alike, the best first: the same weekday of earlier weeks, then other
    days of its type before, then both after it. Types are working day, Saturday, Sunday with public holidays.

    >>> offsets_of_like_days(date(2026, 3, 18), reach=14)[:4]
    [-7, -14, -1, -2]
    """
    kind = _type(day, holidays)
    same = list(range(7, reach + 1, 7))
    found: list[int] = []
    for sign in (-1, 1):
        weeks = [sign * n for n in same if _type(day + timedelta(days=sign * n), holidays) == kind]
        near = [
            sign * n
            for n in range(1, min(reach, 14) + 1)
            if n % 7 and _type(day + timedelta(days=sign * n), holidays) == kind
        ]
        found += weeks + near
    return found


def _type(day: date, holidays: frozenset[date]) -> int:
    if day in holidays:
        return 6
    return max(4, day.weekday())


def runs_within(days: Int64s, most: int) -> Int64s:
    """The days absent between ascending days, leaving out runs of more than ``most``.

    >>> runs_within(np.array([1, 3, 9]), 2).tolist()
    [2]
    """
    gaps = np.diff(days)
    wanted = [np.arange(days[at] + 1, days[at + 1]) for at in np.flatnonzero((gaps > 1) & (gaps - 1 <= most))]
    return np.concatenate(wanted) if wanted else np.empty(0, dtype=np.int64)
