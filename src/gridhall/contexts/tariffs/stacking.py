"""Bills of several months rated as one batch, where nothing runs from month to month.

Bills stand month by month: all agreements of the first month, all of the second, and so on.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.measuring import Measurements
from gridhall.contexts.tariffs.rules.arithmetic import Integers
from gridhall.contexts.tariffs.rules.charges.batch import Batch, BilledPiece, Terms
from gridhall.contexts.tariffs.rules.pieces import Piece
from gridhall.contexts.tariffs.types import Tariff
from gridhall.kernel.spans import DateSpan

#: Bills worked on at a time, so that their columns stay in the processor's memory.
BILLS: Final = 16_384

Stack = list[tuple[int, Piece]]


def possible(tariff: Tariff, cut: Sequence[Piece]) -> bool:
    """Whether every piece is a whole month under a plan, and no component looks beyond the month or into its days."""
    months = {(piece.span.start.year, piece.span.start.month) for piece in cut}
    if len(months) < 2 or len(months) != len(cut):
        return False
    if any(piece.plan is None or piece.tier_start is not None for piece in cut):
        return False
    return not any(_looks_beyond(part) for plan in tariff.plans for part in plan.text.components)


def _looks_beyond(part: models.Component) -> bool:
    match part:
        case models.Dynamic():
            return True
        case models.Minimum():
            return part.per == "year"
        case models.Energy():
            tiers = part.tiers
            in_order_of_time = tiers is not None and tiers.within == "chronological" and part.time_of_use is not None
            return in_order_of_time or (tiers is not None and tiers.basis in ("year", "season"))
        case _:
            return False


def stacks(cut: Sequence[Piece]) -> Iterator[Stack]:
    """The pieces of one plan and calendar year, with their numbers."""
    for _, listed in groupby(enumerate(cut), key=lambda each: (id(each[1].plan), each[1].span.start.year)):
        yield list(listed)


def shares(rows: npt.NDArray[np.int64], months: int) -> Iterator[npt.NDArray[np.int64]]:
    """The rows that are worked on together."""
    size = max(BILLS // months, 1)
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def batch_of(rows: npt.NDArray[np.int64], stack: Stack, terms: Terms, measurements: Measurements) -> Batch:
    """The bills of rows over the months of a stack, each row being there in every month."""
    numbers, listed = [number for number, _ in stack], [piece for _, piece in stack]
    plan, count = listed[0].plan, len(rows)
    assert plan is not None
    active = frozenset[str]().union(*(piece.active for piece in listed))
    inactive = {
        code: np.repeat([code not in piece.active for piece in listed], count)
        for code in active
        if any(code not in piece.active for piece in listed)
    }
    starts = np.array([piece.span.start for piece in listed], dtype="datetime64[D]")
    ends = np.array([piece.span.end for piece in listed], dtype="datetime64[D]")
    days = np.repeat((ends - starts).astype(np.int64), count)
    whole = Piece(DateSpan(listed[0].span.start, listed[-1].span.end), plan, active, None)
    piece = BilledPiece(
        numbers[0], whole, days, measurements.of_pieces(numbers, rows), measurements.counts_of(numbers, rows)
    )

    nothing = np.zeros(count * len(stack), dtype=np.int64)

    def tiled(column: Integers) -> Integers:
        return np.tile(column[rows], len(stack)) if column.any() else nothing

    return Batch(
        rows=np.tile(rows, len(stack)),
        start=np.repeat(starts, count),
        end=np.repeat(ends, count),
        plans=[plan],
        parts=[[piece]],
        terms=Terms(
            tiled(terms.household_size),
            np.tile(terms.allowance[rows], len(stack)),
            tiled(terms.capacity_va),
            tiled(terms.contract_demand_w),
            tiled(terms.power_factor_standard),
            np.tile(terms.since[rows], len(stack)),
        ),
        intervals=measurements,
        used=nothing,
        tier_key=nothing,
        whole=True,
        inactive=inactive,
        months=len(stack),
    )
