"""Exact integer arithmetic over columns: products and quotients rounded half up, whatever the size of the numbers."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from gridhall.kernel.errors import GridhallError

#: No single line comes near this many fen; sums of lines below it cannot leave 64 bits.
_LARGEST: Final = 2**55


class ChargeTooLarge(GridhallError, OverflowError):
    """A line comes to more than can be billed; a price or a reading is absurd."""

    code = "charge_too_large"


Integers = npt.NDArray[np.int64]

#: Products below this stay exact in int64 even when doubled and added to; float64 estimates them well enough.
_SAFE: Final = float(2**60)


def half_up(factors: Sequence[Integers | int], divisor: Integers | int, *, rows: int) -> Integers:
    """The product of factors over a positive divisor, each row rounded half up (away from zero).

    Rows whose product could leave 64 bits are computed with Python's unlimited integers.

    Args:
        factors: columns of ``rows`` integers, or single integers.
        divisor: positive; a column or a single integer.
        rows: the length of the result.

    Raises:
        ChargeTooLarge: when a result is 2⁵⁵ or more.

    >>> half_up([np.array([5, -5, 14]), 1], 10, rows=3).tolist()
    [1, -1, 1]
    >>> half_up([np.array([2**62]), 2**62], 2**80, rows=1).tolist() == [2**44]
    True
    """
    constant = 1
    columns: list[Integers] = []
    for factor in factors:
        if isinstance(factor, int | np.integer):
            constant *= int(factor)
        else:
            columns.append(factor)
    if rows and columns and isinstance(divisor, int):
        quick = _within_bounds(constant, columns, divisor)
        if quick is not None:
            return quick
    size = np.full(rows, abs(float(constant)))
    for column in columns:
        size *= np.abs(column.astype(np.float64))
    safe = size + 2 * np.abs(np.asarray(divisor, dtype=np.float64)) < _SAFE
    if safe.all() and abs(constant) < _SAFE:
        product = np.full(rows, constant, dtype=np.int64)
        for column in columns:
            product = product * column
        found = _divide(product, divisor)
        if rows and int(np.abs(found).max()) >= _LARGEST:
            raise ChargeTooLarge(
                "A line comes to more than can be billed.", remedy="Look for an absurd price or reading."
            )
        return found
    result = np.zeros(rows, dtype=np.int64)
    for row in range(rows):
        exact = constant
        for column in columns:
            exact *= int(column[row])
        by = int(divisor) if isinstance(divisor, int | np.integer) else int(divisor[row])
        quotient = (2 * abs(exact) + by) // (2 * by)
        if quotient >= _LARGEST:
            raise ChargeTooLarge(
                "A line comes to more than can be billed.", remedy="Look for an absurd price or reading."
            )
        result[row] = quotient if exact >= 0 else -quotient
    return result


#: What a rounded amount comes from: factors, columns or integers, and a divisor.
Worth = tuple[Sequence[Integers | int], int]


def rounded_once(worths: Sequence[Worth], amounts: Sequence[Integers], *, rows: int) -> Integers:
    """What rounded amounts lack of the sum of what they come from, that sum rounded once, half up (away from zero).

    The sum of what rounding left off is less than a unit for each amount, so that it is what remains when 64-bit
    products wrap around; should even this sum, over the common divisor, not fit, Python's integers take over.

    >>> thirds = np.array([10]), 3
    >>> rounded_once([thirds, thirds], [half_up(*thirds, rows=1)] * 2, rows=1).tolist()  # 3⅓ + 3⅓ is 7, not 6
    [1]
    """
    common = math.lcm(*(divisor for _, divisor in worths))
    kind = np.int64 if 2 * common * (len(worths) + 2) < 2**63 else object
    total = np.zeros(rows, dtype=np.int64)
    for amount in amounts:
        total += amount
    left = -common * total.astype(kind, copy=False)
    for factors, divisor in worths:
        constant, product = common // divisor, None
        for factor in factors:
            if isinstance(factor, int | np.integer):
                constant *= int(factor)
            else:
                column = factor.astype(kind, copy=False)
                product = column if product is None else product * column
        if kind is np.int64:
            constant = (constant + 2**63) % 2**64 - 2**63
        left += constant if product is None else product * constant
    left *= 2
    left += common
    difference = left // (2 * common)
    # A sum halfway between two units goes away from zero, as every amount does.
    difference -= (left == difference * (2 * common)) & (total + difference <= 0)
    found: Integers = difference.astype(np.int64, copy=False)
    return found


def _within_bounds(constant: int, columns: Sequence[Integers], divisor: int) -> Integers | None:
    """`half_up` where the columns' bounds show that no product leaves 62 bits and all have one sign; else None."""
    bound, negative = abs(constant), constant < 0
    for column in columns:
        low, high = int(column.min()), int(column.max())
        if low < 0 < high:
            return None
        negative ^= low < 0
        bound *= max(-low, high)
    if 2 * bound + divisor >= 2**62 or bound // divisor + 1 >= _LARGEST:
        return None
    product = columns[0] * (-constant if negative else constant)
    for column in columns[1:]:
        product *= column
    if divisor > 1:
        if divisor % 2:
            product *= 2
            product += divisor
            divisor *= 2
        else:
            product += divisor // 2
        # No value is negative, and unsigned division is the faster one.
        unsigned = product.view(np.uint64)
        unsigned //= np.uint64(divisor)
    return -product if negative else product


def _divide(product: Integers, divisor: Integers | int) -> Integers:
    """Round half away from zero; for one positive divisor and int64 throughout."""
    if isinstance(divisor, int) and divisor == 1:
        return product
    negative = product < 0
    found = (2 * np.abs(product) + divisor) // (2 * np.asarray(divisor, dtype=np.int64))
    return np.where(negative, -found, found)
