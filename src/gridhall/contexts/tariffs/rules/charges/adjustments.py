"""What is worked out from the other lines: power-factor adjustment, rounding, minimum charge, tax."""

from collections.abc import Sequence

import numpy as np

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.rules.arithmetic import Integers, half_up, rounded_once
from gridhall.contexts.tariffs.rules.charges.batch import Batch, BilledPiece, Charge, Mask, integer
from gridhall.contexts.tariffs.rules.charges.demand import days_of, share_of_month
from gridhall.contexts.tariffs.rules.power_factor import RATE_SCALE, adjustments, power_factors
from gridhall.contexts.tariffs.types import Line
from gridhall.lake.needs import Channel


def base_of(batch: Batch, plan_index: int, codes: Sequence[str] | None, *, default: Sequence[str]) -> Integers:
    """The sum in fen of the lines of some components under one plan that stand on the bill."""
    wanted = set(codes if codes is not None else default)
    total = batch.zeros()
    for charge in batch.charges:
        on_bill = charge.line.settlement == "bill"
        if charge.plan_index == plan_index and on_bill and charge.line.component in wanted:
            total = total + charge.amount
    return total


def charge_power_factor(batch: Batch, plan_index: int, part: models.PowerFactor, line: Line, mask: Mask) -> Integers:
    """Adjust capacity, demand and energy charges without funds; gives the power factors, −1 where not adjusted.

    Who used nothing has no power factor and is not adjusted.
    """
    standard = batch.terms.power_factor_standard
    if part.standard is not None:
        standard = np.where(standard > 0, standard, int(part.standard.replace(".", "")))
    standard = np.where(mask, standard, 0)
    active, reactive = batch.zeros(), batch.zeros()
    for parts in batch.parts:
        for piece in parts:
            imported = piece.measured[Channel.IMPORT]
            active = active + imported.of_period(None, None)
            read = batch.zeros()
            for channel in (Channel.REACTIVE, Channel.REACTIVE_EXPORT):
                if channel in piece.measured:
                    reactive = reactive + piece.measured[channel].of_period(None, None)
                    read = np.maximum(read, piece.measured[channel].days)
            # Reactive energy that is not known is not zero: it would earn a reward.
            batch.refuse((standard > 0) & (read < imported.days), "reactive_readings_missing")
    batch.refuse((standard > 0) & ~np.isin(standard, (90, 85, 80)), "unknown_power_factor_standard")
    standard = np.where(active + reactive > 0, standard, 0)
    found = power_factors(active, reactive)
    rates = adjustments(standard, found)
    default = [
        each.code
        for each in batch.plans[plan_index].text.components
        if each.type in ("capacity", "demand")
        or (each.type == "energy" and not each.fund and each.channel == "import")
        or (each.type == "dynamic" and each.channel == "import")
    ]
    base = base_of(batch, plan_index, part.applies_to, default=default)
    worth = (base, rates), 10**RATE_SCALE
    amount = half_up(*worth, rows=batch.size)
    shown = np.where(rates == 0, 0, base)
    batch.charges.append(Charge(plan_index, line, shown, rates, amount, worth=worth))
    return np.where(standard > 0, found, -1)


def charge_rounding(batch: Batch, plan_index: int, line: Line, mask: Mask) -> None:
    """Add what the lines of a plan lack of their exact sum rounded once, half up (away from zero)."""
    charges = [each for each in batch.charges if each.plan_index == plan_index and each.line.settlement == "bill"]
    worths = [each.worth or ((each.amount,), 1) for each in charges]
    found = batch.where(mask, rounded_once(worths, [each.amount for each in charges], rows=batch.size))
    batch.charges.append(Charge(plan_index, line, (found != 0).astype(np.int64), found, found))


def charge_minimum(
    batch: Batch,
    plan_index: int,
    part: models.Minimum,
    parts: Sequence[BilledPiece],
    line: Line,
    mask: Mask,
    charged: Integers | None = None,
) -> None:
    """Top the bill up to its least amount.

    Args:
        charged: fen billed in the year before this bill; None in a month that does not end the year.
    """
    own, _, _ = days_of(batch, parts)
    text = batch.plans[plan_index].text
    default = [each.code for each in text.components if each.type not in ("tax", "minimum")]
    base = base_of(batch, plan_index, part.applies_to, default=default)
    price = integer(part.price.value, 9)
    if part.per == "day":
        least = half_up([own, price], 10**7, rows=batch.size)
    elif part.per == "year":
        if charged is None:
            return
        least = half_up([batch.zeros() + 1, price], 10**7, rows=batch.size)
        base = base + charged
    else:
        days, month = share_of_month(batch, parts, prorate=part.prorate)
        least = half_up([batch.zeros() + 1, days, price], month * 10**7, rows=batch.size)
    top_up = np.where(mask & (own > 0), np.maximum(least - base, 0), 0)
    batch.charges.append(Charge(plan_index, line, (top_up > 0).astype(np.int64), top_up, top_up))


def charge_tax(batch: Batch, plan_index: int, part: models.Tax, line: Line | None, mask: Mask) -> Integers:
    """Add a tax as a line, or find the tax that is included; gives the included tax in fen."""
    text = batch.plans[plan_index].text
    default = [each.code for each in text.components if each.type != "tax"]
    base = np.where(mask, base_of(batch, plan_index, part.applies_to, default=default), 0)
    if line is None:
        rate = integer(part.rate, 9)
        return half_up([base, rate], 10**9 + rate, rows=batch.size)
    rate = integer(part.rate, line.price_scale)
    amount = half_up([base, rate], 10**line.price_scale, rows=batch.size)
    batch.charges.append(Charge(plan_index, line, base, rate, amount))
    return batch.zeros()
