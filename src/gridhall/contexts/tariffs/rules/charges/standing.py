"""Charges that hardly depend on use: fixed amounts, credits, free quotas."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.rules.arithmetic import half_up
from gridhall.contexts.tariffs.rules.charges.batch import Batch, BilledPiece, Mask, integer
from gridhall.contexts.tariffs.rules.charges.demand import days_of, share_of_month
from gridhall.contexts.tariffs.types import Line
from gridhall.lake.needs import Channel


def charge_fixed(
    batch: Batch,
    plan_index: int,
    part: models.Fixed | models.Credit,
    parts: Sequence[BilledPiece],
    line: Line,
    mask: Mask,
) -> None:
    """Charge or credit an amount per month, day, year or kWh."""
    if isinstance(part, models.Credit) and not part.refundable:
        line = replace(line, price=-part.price.value)
    if part.per == "kwh":
        energy = batch.sum(piece.measured[Channel.IMPORT].of_period(None, None) for piece in parts)
        batch.charge(plan_index, line, batch.where(mask, energy), scale=3)
        return
    own, everyone, _ = days_of(batch, parts)
    present = np.where(mask & (own > 0), 1, 0).astype(np.int64)
    if part.per == "day":
        batch.charge(plan_index, line, present * own, scale=0)
        return
    if part.per == "month":
        batch.charge(plan_index, line, present, scale=0, share=share_of_month(batch, parts, prorate=part.prorate))
        return
    days = own if part.prorate or batch.whole else np.where(own > 0, everyone, 0).astype(np.int64)
    year = parts[0].piece.span.start.year
    whole = 366 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 365
    batch.charge(plan_index, line, present, scale=0, share=(days, whole))


def limit_credits(batch: Batch, plan_index: int, parts: Sequence[models.Credit]) -> None:
    """Cut credits that are not refundable down to what the other charges come to."""
    for part in parts:
        if part.refundable:
            continue
        own = next(each for each in batch.charges if each.plan_index == plan_index and each.line.component == part.code)
        others = batch.zeros()
        for each in batch.charges:
            if each is not own and each.line.settlement == "bill":
                others = others + each.amount
        left = -np.minimum(-own.amount, np.maximum(others, 0))
        # A credit that was cut shows the price that it comes to, so that quantity × price = amount.
        scale = 10 ** (own.line.price_scale - 2 + own.line.scale)
        effective = half_up([left, scale], np.maximum(own.quantity, 1), rows=batch.size)
        own.price = np.where(left != own.amount, effective, own.price)
        own.amount = left


def charge_free_quota(
    batch: Batch, plan_index: int, part: models.FreeQuota, parts: Sequence[BilledPiece], line: Line, mask: Mask
) -> None:
    """Credit so many kWh a month, up to the use."""
    energy = batch.sum(piece.measured[Channel.IMPORT].of_period(None, None) for piece in parts)
    days, month = share_of_month(batch, parts, prorate=part.prorate)
    quota = half_up([batch.zeros() + 1, days, integer(part.kwh_per_month, 6)], month * 1000, rows=batch.size)
    batch.charge(plan_index, line, np.where(mask, np.minimum(quota, energy), 0), scale=3)
