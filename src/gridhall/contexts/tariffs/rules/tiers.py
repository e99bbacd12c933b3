"""Tiers (阶梯): which part of the energy falls into which block, and how blocks spread over time-of-use periods."""

from collections.abc import Sequence

import numpy as np

from gridhall.contexts.tariffs.rules.arithmetic import Integers, half_up


def into_tiers(energy: Integers, used: Integers, limits: Sequence[Integers]) -> list[Integers]:
    """Cut each account's energy at its limits, counted on from what was used before.

    Args:
        energy: Wh of the bill, not negative.
        used: Wh used in the basis before the bill.
        limits: upper limits in Wh of all tiers but the last, ascending, each a column.

    Returns:
        Wh per tier; their sum is ``energy``, none is negative.

    >>> [tier.tolist() for tier in into_tiers(np.array([500]), np.array([100]), [np.array([170]), np.array([260])])]
    [[70], [90], [340]]
    """
    reached = used + energy
    parts: list[Integers] = []
    below = used
    for limit in limits:
        top = np.minimum(np.maximum(limit, used), reached)
        top = np.maximum(top, below)
        parts.append(top - below)
        below = top
    parts.append(reached - below)
    return parts


def spread(tiers: Sequence[Integers], registers: Sequence[Integers]) -> list[list[Integers]]:
    """Spread tiers over registers in proportion to the registers' energy, in whole Wh.

    Registers are peeled off one by one; inside each the tiers' shares are rounded half up cumulatively, so that every
    row (tier) and every column (register) keeps its exact sum and nothing is negative.

    Returns:
        ``matrix[tier][register]``, Wh.

    >>> matrix = spread([np.array([3]), np.array([4])], [np.array([5]), np.array([2])])
    >>> [[int(cell[0]) for cell in row] for row in matrix]
    [[2, 1], [3, 1]]
    """
    rows = len(registers[0])
    left = [tier.copy() for tier in tiers]
    total = np.zeros(rows, dtype=np.int64)
    for register in registers:
        total = total + register
    matrix: list[list[Integers]] = [[] for _ in tiers]
    for position, register in enumerate(registers):
        if position == len(registers) - 1:
            for index, tier in enumerate(left):
                matrix[index].append(tier)
            break
        divisor = np.maximum(total, 1)
        cumulative = np.zeros(rows, dtype=np.int64)
        given = np.zeros(rows, dtype=np.int64)
        for index in range(len(left)):
            cumulative = cumulative + left[index]
            upto = half_up([cumulative, register], divisor, rows=rows)
            share = upto - given
            given = upto
            matrix[index].append(share)
            left[index] = left[index] - share
        total = total - register
    return matrix
