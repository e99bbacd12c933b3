"""Capacity and demand: what is paid for the size of the supply, not for its use."""

from collections.abc import Sequence

import numpy as np

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.rules.arithmetic import Integers
from gridhall.contexts.tariffs.rules.charges.batch import Batch, BilledPiece, Mask, integer
from gridhall.contexts.tariffs.rules.tiers import into_tiers
from gridhall.contexts.tariffs.types import Line
from gridhall.lake.needs import Channel

#: Demand lines work in 10⁻⁶ kW: excess shares such as 1.05 of whole watts stay exact.
_SCALE = 6
_PER_WATT = 1000


def charge_capacity(
    batch: Batch, plan_index: int, part: models.Capacity, parts: Sequence[BilledPiece], line: Line, mask: Mask
) -> None:
    """Charge the contracted capacity in kVA; bills of agreements without one are refused."""
    own, _, _ = days_of(batch, parts)
    batch.refuse(mask & (batch.terms.capacity_va <= 0) & (own > 0), "missing_capacity")
    quantity = np.where(mask, batch.terms.capacity_va, 0)
    batch.charge(plan_index, line, quantity, scale=3, share=share_of_month(batch, parts, prorate=part.prorate))


def charge_demand(
    batch: Batch,
    plan_index: int,
    part: models.Demand,
    parts: Sequence[BilledPiece],
    lines: Sequence[Line],
    mask: Mask,
) -> None:
    """Charge measured or contracted demand."""
    share = share_of_month(batch, parts, prorate=part.prorate)
    if part.basis == "contracted":
        _contracted(batch, plan_index, part, parts, lines, mask, share)
        return
    periods: list[str | None] = [None]
    if part.time_of_use is not None:
        periods = list(batch.plans[plan_index].text.time_of_use[part.time_of_use].periods)
    for index, period in enumerate(periods):
        measured = batch.where(mask, highest(batch, part, parts, period)) * _PER_WATT
        if part.blocks is None:
            batch.charge(plan_index, lines[index], measured, scale=_SCALE, share=share)
            continue
        limits = [batch.zeros() + integer(block.up_to, _SCALE) for block in part.blocks if block.up_to is not None]
        for tier, quantity in enumerate(into_tiers(measured, batch.zeros(), limits)):
            batch.charge(plan_index, lines[tier * len(periods) + index], quantity, scale=_SCALE, share=share)


def _contracted(
    batch: Batch,
    plan_index: int,
    part: models.Demand,
    parts: Sequence[BilledPiece],
    lines: Sequence[Line],
    mask: Mask,
    share: tuple[Integers | int, int],
) -> None:
    """D ≤ 1.05 C pays C × p; above, 1.05 C × p + 2 p × (D − 1.05 C)."""
    contract = batch.terms.contract_demand_w
    batch.refuse(mask & (contract <= 0) & (np.asarray(share[0]) > 0), "missing_contract_demand")
    measured = highest(batch, part, parts, None) * _PER_WATT
    allowed = contract * integer(part.excess_from, 9) // 1_000_000
    above = mask & (measured > allowed)
    quantity = np.where(above, allowed, contract * _PER_WATT)
    batch.charge(plan_index, lines[0], np.where(mask, quantity, 0), scale=_SCALE, share=share)
    batch.charge(plan_index, lines[1], np.where(above, measured - allowed, 0), scale=_SCALE, share=share)


def highest(batch: Batch, part: models.Demand, parts: Sequence[BilledPiece], period: str | None) -> Integers:
    """The highest average W over the demand window, over all pieces."""
    found = batch.zeros()
    for piece in parts:
        measured = piece.measured[Channel.IMPORT]
        index = measured.layout.demands.get((part.window, part.time_of_use, period))
        if index is not None:
            found = measured.demand[index] if len(parts) == 1 else np.maximum(found, measured.demand[index])
    return found


def days_of(batch: Batch, parts: Sequence[BilledPiece]) -> tuple[Integers, int, int]:
    """The days of each bill on the pieces, the days of the pieces, and the days of the month."""
    own = batch.sum(piece.days for piece in parts)
    return own, sum(piece.piece.span.days for piece in parts), parts[0].piece.month_days


def share_of_month(batch: Batch, parts: Sequence[BilledPiece], *, prorate: bool) -> tuple[Integers | int, int]:
    """Which part of a month's amount each bill pays, by days: numerator and denominator.

    Without pro-rating, all days of the pieces count for whoever has any of them.
    """
    if batch.whole:
        return 1, 1
    own, everyone, month = days_of(batch, parts)
    return own if prorate else np.where(own > 0, everyone, 0).astype(np.int64), month
