"""From decimal text and binary floats to whole watt-hours, exactly.

A float stands for the shortest decimal that reads back as it: 0.1 is a tenth, whatever its bits. What is finer than
one Wh is rounded so that the sum from the start of the day is never off by more than half a Wh (the remainder is
carried on to the next slot), and counted. Digits beyond a millionth of a Wh are dropped first.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64] | npt.NDArray[np.float32]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

#: In a matrix of Wh: there is no value.
NO_VALUE: Final = -(2**31)
#: A slot's energy must fit the lake's int32.
MOST_WH: Final = 2**31 - 1
#: One Wh in the finest unit that is looked at, a nano-kilowatt-hour.
PER_WH: Final = 1_000_000
#: In a list of finest units: there is no number.
NOT_A_NUMBER: Final = -(2**63)
#: The largest number that fits the finest unit.
_MOST_FINE: Final = 9.0e18


class Unit(Enum):
    """The unit of a column; the value is the power of ten by which it exceeds the Wh."""

    WH = 0
    KWH = 3
    MWH = 6


@dataclass(frozen=True)
class Whole:
    """A matrix of energies as whole Wh.

    Attributes:
        wh: int32 (rows, slots), `NO_VALUE` where missing.
        bad: rows × slots that are no finite number or beyond int32; None when there are none. Their ``wh`` is 0.
        rounded: how many values of each row were finer than one Wh; None when none was.
    """

    wh: Int32s
    bad: Mask | None
    rounded: Int64s | None


def whole_matrix(values: Floats, null: Mask | None, unit: Unit) -> Whole:
    """This will turn a matrix (rows, slots) of floats into Wh, row by row in the order of time.

    >>> whole_matrix(np.array([[0.1, 0.0004, 0.0004]]), None, Unit.KWH).wh.tolist()
    [[100, 0, 1]]
    """
    wh = np.empty(values.shape, dtype=np.int32)
    factor = 10.0**unit.value
    exact = np.ones(len(values), dtype=np.bool_)
    for start in range(0, len(values), 1024):  # pieces that stay in the processor's cache
        piece = values[start : start + 1024]
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = np.rint(piece * factor if piece.dtype == np.float64 else piece.astype(np.float64) * factor)
            same = (scaled / factor).astype(piece.dtype, copy=False) == piece
            fits = np.abs(scaled) <= MOST_WH
        same &= fits
        if null is not None:
            same |= null[start : start + 1024]
        if same.all():
            wh[start : start + 1024] = scaled
        else:
            exact[start : start + 1024] = same.all(axis=1)
            wh[start : start + 1024] = np.where(same, scaled, 0)
    bad, rounded = None, None
    if not exact.all():
        rows = np.flatnonzero(~exact)
        fine = finest(values[rows].ravel(), unit).reshape(len(rows), -1)
        if null is not None:
            fine[null[rows]] = 0
        worse = (fine == NOT_A_NUMBER) | (np.abs(fine) > MOST_WH * PER_WH)
        if worse.any():
            bad = np.zeros(values.shape, dtype=np.bool_)
            bad[rows] = worse
            fine[worse] = 0
        wh[rows] = rounded_along(fine)
        rounded = np.zeros(len(values), dtype=np.int64)
        rounded[rows] = np.count_nonzero(fine % PER_WH, axis=1)
    if null is not None:
        wh[null] = NO_VALUE
    return Whole(wh, bad, rounded)


def rounded_along(fine: Int64s) -> Int32s:
    """This will round finest units to Wh along the last axis, carrying each remainder on to the next slot.

    >>> rounded_along(np.array([400_000, 400_000, 400_000])).tolist()
    [0, 1, 0]
    """
    # Whole and fractional parts apart, so that no sum overflows.
    units, rest = np.divmod(fine, PER_WH)
    carried = (np.cumsum(rest, axis=-1) + PER_WH // 2) // PER_WH
    return (units + np.diff(carried, axis=-1, prepend=0)).astype(np.int32)


def finest(values: Floats, unit: Unit) -> Int64s:
    """This will give floats as nano-kWh of their shortest decimal; `NOT_A_NUMBER` where not finite, or too large."""
    found = np.full(len(values), NOT_A_NUMBER, dtype=np.int64)
    wide = values.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        open_ = np.abs(wide) * 10.0 ** (unit.value + 6) < _MOST_FINE
    for places in range(unit.value + 7):
        rows = np.flatnonzero(open_)
        if not len(rows):
            break
        scaled = np.rint(wide[rows] * 10.0**places)
        last = places == unit.value + 6
        same = (scaled / 10.0**places).astype(values.dtype) == values[rows]
        if last:
            same[:] = True
        exactly = rows[same]
        found[exactly] = scaled[same].astype(np.int64) * 10 ** (unit.value + 6 - places)
        open_[exactly] = False
    return found


def finest_of(column: pa.Array, unit: Unit) -> Int64s:
    """This will give an Arrow column of numbers as nano-kWh; `NOT_A_NUMBER` for null, not finite, too large."""
    kind = column.type
    if pa.types.is_decimal(kind):
        # Rounded to the finest unit, then the unscaled integers as they lie in memory.
        wanted = pa.decimal128(38, unit.value + 6)
        if kind.scale > unit.value + 6:
            column = pc.round(column, ndigits=unit.value + 6)
        try:
            column = column.cast(wanted, safe=False)
        except pa.ArrowInvalid:
            return finest(_floats(column), unit)
        raw = np.frombuffer(column.buffers()[1], dtype=np.int64)
        pairs = raw[2 * column.offset : 2 * (column.offset + len(column))].reshape(-1, 2)
        fine = pairs[:, 0].copy()
        fine[(pairs[:, 1] != pairs[:, 0] >> 63)] = NOT_A_NUMBER
    elif pa.types.is_integer(kind):
        step = 10 ** (unit.value + 6)
        numbers = pc.fill_null(column, 0).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        fits = np.abs(numbers) * step < _MOST_FINE
        if pa.types.is_uint64(kind):
            column = pc.if_else(pa.array(fits), column, pa.scalar(0, pa.uint64()))
        fine = pc.fill_null(column, 0).cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.int64)
        fine = np.where(fits, fine, 0) * step
        fine[~fits] = NOT_A_NUMBER
    else:
        fine = finest(_floats(column), unit)
    if column.null_count:
        fine = fine.copy()
        fine[column.is_null().to_numpy(zero_copy_only=False)] = NOT_A_NUMBER
    return fine


def _floats(column: pa.Array) -> Floats:
    if pa.types.is_decimal(column.type) or pa.types.is_float16(column.type):
        column = column.cast(pa.float64(), safe=False)
    array: Floats = pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False)
    return array


def kwh_text(wh: int) -> str:
    """Whole Wh as kWh for people, without needless digits.

    >>> kwh_text(1500), kwh_text(-20)
    ('1.5', '-0.02')
    """
    sign = "-" if wh < 0 else ""
    units, rest = divmod(abs(int(wh)), 1000)
    return f"{sign}{units}" + (f".{rest:03}".rstrip("0") if rest else "")
