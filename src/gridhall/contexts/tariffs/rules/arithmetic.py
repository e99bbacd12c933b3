"""Exact integer arithmetic over columns: products and quotients rounded half up, whatever the size of the numbers."""

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


def rest(factors: Sequence[Integers | int], divisor: int, rounded: Integers) -> Integers:
    """What rounding left off: the product of factors less ``rounded`` × divisor, exact whatever the product's size.

    The rest is at most half the divisor, so that it is what remains when 64-bit products wrap around.

    Args:
        rounded: `half_up` of the same factors and divisor.

    Raises:
        OverflowError: when the divisor leaves 62 bits.

    >>> rest([np.array([5, -5, 14]), 1], 10, np.array([1, -1, 1])).tolist()
    [-5, 5, 4]
    """
    if divisor >= 2**62:
        raise OverflowError("the rest of a charge does not fit 64 bits")
    constant = 1
    product = -divisor * rounded
    exact: Integers | None = None
    for factor in factors:
        if isinstance(factor, int | np.integer):
            constant *= int(factor)
        else:
            exact = factor if exact is None else exact * factor
    wrapped = (constant + 2**63) % 2**64 - 2**63
    return product + (wrapped if exact is None else exact * np.int64(wrapped))


def _divide(product: Integers, divisor: Integers | int) -> Integers:
    """Round half away from zero; for one positive divisor and int64 throughout."""
    if isinstance(divisor, int) and divisor == 1:
        return product
    negative = product < 0
    found = (2 * np.abs(product) + divisor) // (2 * np.asarray(divisor, dtype=np.int64))
    return np.where(negative, -found, found)
