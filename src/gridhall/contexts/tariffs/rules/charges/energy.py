"""Energy: single, by period, by tier, by both; funds; dynamic prices; netting of export."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.document.parts import Season
from gridhall.contexts.tariffs.rules.arithmetic import Integers, half_up
from gridhall.contexts.tariffs.rules.charges.batch import Batch, BilledPiece, Charge, Mask, integer
from gridhall.contexts.tariffs.rules.pieces import season_span, tier_year
from gridhall.contexts.tariffs.rules.tiers import into_tiers, spread
from gridhall.contexts.tariffs.types import Line
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel


def charge_energy(
    batch: Batch, plan_index: int, part: models.Energy, parts: Sequence[BilledPiece], lines: Sequence[Line], mask: Mask
) -> None:
    """Charge an energy component over the pieces on which it is active."""
    if part.time_of_use is None:
        periods: list[str | None] = [None]
    else:
        periods = list(batch.plans[plan_index].text.time_of_use[part.time_of_use].periods)
    if part.tiers is None:
        totals = [batch.sum(energy_of(batch, part, piece, period) for piece in parts) for period in periods]
    else:
        totals = [batch.zeros() for _ in lines]
        for _, group in groupby(parts, key=lambda piece: _tier_key(part, piece)):
            matrix = _tiered(batch, plan_index, part, part.tiers, list(group), periods, mask)
            for tier, row in enumerate(matrix):
                for index, cell in enumerate(row):
                    totals[tier * len(periods) + index] = totals[tier * len(periods) + index] + cell
    for line, quantity in zip(lines, totals, strict=True):
        batch.charge(plan_index, line, batch.where(mask, quantity), scale=3, fund=part.fund)


def charge_surcharge(batch: Batch, plan_index: int, parts: Sequence[BilledPiece], line: Line, mask: Mask) -> None:
    """Charge all imported energy at one price, outside the power-factor adjustment."""
    quantity = batch.sum(piece.measured[Channel.IMPORT].of_period(None, None) for piece in parts)
    batch.charge(plan_index, line, batch.where(mask, quantity), scale=3, fund=True)


def charge_dynamic(
    batch: Batch, plan_index: int, part: models.Dynamic, parts: Sequence[BilledPiece], line: Line, mask: Mask
) -> None:
    """Charge each interval at its own price; the line's price is the mean, its amount the exact sum rounded once."""
    channel = Channel(part.channel)
    quantity, priced, scale = batch.zeros(), batch.zeros(), 0
    for piece in parts:
        wh, value, unpriced, scale = batch.intervals.priced(batch, piece, part)
        batch.refuse(mask & (unpriced > 0), "price_missing")
        quantity, priced = quantity + wh, priced + value
    quantity, priced = np.where(mask, quantity, 0), np.where(mask, priced, 0)
    if channel is Channel.EXPORT:
        priced = -priced
    worth = (priced,), 10 ** (scale + 1)
    amount = half_up(*worth, rows=batch.size)
    mean = half_up([priced, 10 ** max(0, line.price_scale - scale)], np.maximum(quantity, 1), rows=batch.size)
    batch.charges.append(Charge(plan_index, line, quantity, mean, amount, worth=worth))


def energy_of(batch: Batch, part: models.Energy, piece: BilledPiece, period: str | None) -> Integers:
    """The Wh that a component prices on a piece in one period, netting included."""
    own = Channel(part.channel)
    if own not in piece.measured:
        batch.refuse(piece.days > 0, "export_readings_missing")
        return batch.zeros()
    energy = piece.measured[own].of_period(part.time_of_use, period)
    if part.net_of_export or part.surplus_only:
        other = Channel.EXPORT if own is Channel.IMPORT else Channel.IMPORT
        if other not in piece.measured:
            batch.refuse(piece.days > 0, "export_readings_missing")
            return energy
        energy = np.maximum(energy - piece.measured[other].of_period(part.time_of_use, period), 0)
    return energy


def _tier_key(part: models.Energy, piece: BilledPiece) -> int:
    """Pieces of one key fill the same limits: those of one tier year or season, or of the month."""
    start = piece.piece.tier_start if part.tiers and part.tiers.basis in ("year", "season") else None
    return start.toordinal() if start else 0


def _tiered(
    batch: Batch,
    plan_index: int,
    part: models.Energy,
    tiers: models.Tiers,
    group: Sequence[BilledPiece],
    periods: Sequence[str | None],
    mask: Mask,
) -> list[list[Integers]]:
    """Wh per tier and period of a group of pieces that fill the same limits."""
    registers = [batch.zeros() for _ in periods]
    for piece in group:
        for index, period in enumerate(periods):
            registers[index] = registers[index] + energy_of(batch, part, piece, period)
    energy = batch.sum(registers)
    cumulative = tiers.basis in ("year", "season")
    if cumulative:
        key = _tier_key(part, group[0])
        present = batch.sum(piece.days for piece in group) > 0
        starts_anew = present & (batch.tier_key != key) & (batch.tier_key >= 0)
        batch.used = np.where(starts_anew, 0, batch.used)
        batch.tier_key = np.where(present, key, batch.tier_key)
    used = batch.used if cumulative else batch.zeros()
    limits = _limits(batch, plan_index, part, tiers, group)
    if tiers.within == "chronological" and len(periods) > 1 and limits:
        matrix = _in_order_of_time(batch, part, group, periods, limits, used)
    else:
        matrix = spread(into_tiers(energy, used, limits), registers)
    if cumulative:
        batch.used = np.where(mask, used + energy, batch.used)
    return matrix


def _in_order_of_time(
    batch: Batch,
    part: models.Energy,
    group: Sequence[BilledPiece],
    periods: Sequence[str | None],
    limits: Sequence[Integers],
    used: Integers,
) -> list[list[Integers]]:
    matrix = [[batch.zeros() for _ in periods] for _ in range(len(limits) + 1)]
    for piece in group:
        measured = piece.measured[Channel.IMPORT]
        cells = batch.intervals.chronological(batch, piece, limits, used)
        for tier in range(len(limits) + 1):
            for index, period in enumerate(periods):
                for register in measured.layout.registers(part.time_of_use, period):
                    matrix[tier][index] = matrix[tier][index] + cells[tier][register]
        used = used + measured.of_period(None, None)
    return matrix


def _limits(
    batch: Batch, plan_index: int, part: models.Energy, tiers: models.Tiers, group: Sequence[BilledPiece]
) -> list[Integers]:
    """The upper limits in Wh of all tiers but the last, for each bill: with household extra, pro-rated."""
    seasons = batch.plans[plan_index].text.seasons
    extra = _household_extra(batch, part, tiers, seasons)
    own_days = batch.sum(piece.days for piece in group)
    all_days = sum(piece.piece.span.days for piece in group)
    month_days = group[0].piece.month_days
    limits = []
    for block in tiers.blocks[:-1]:
        assert block.up_to is not None
        full = batch.zeros() + integer(block.up_to, 6) // 1000 + extra
        if tiers.basis == "month" and not batch.whole:
            days = own_days if tiers.prorating == "days" else batch.zeros() + all_days
            full = half_up([full, days], month_days, rows=batch.size)
        elif tiers.basis == "day":
            full = full * own_days
        elif tiers.basis != "month" and tiers.prorating != "none":
            full = _first_year(batch, part, tiers, group[0], full, seasons)
        limits.append(full)
    return limits


def _household_extra(batch: Batch, part: models.Energy, tiers: models.Tiers, seasons: Mapping[str, Season]) -> Integers:
    """The Wh by which limits grow for large households; the highest step that applies."""
    extra = batch.zeros()
    months = 1
    if tiers.basis == "year":
        months = 12
    elif tiers.basis == "season":
        months = sum(len(seasons[name].months or ()) for name in part.season or [])
    for step in sorted(tiers.household, key=lambda each: each.from_persons):
        per_month = integer(step.add_kwh_per_month, 3)
        persons = batch.terms.household_size
        times = np.maximum(persons - step.from_persons + 1, 0) if step.each_person else (persons >= step.from_persons)
        extra = np.where(persons >= step.from_persons, per_month * months * times.astype(np.int64), extra)
    return extra


def _first_year(
    batch: Batch,
    part: models.Energy,
    tiers: models.Tiers,
    piece: BilledPiece,
    full: Integers,
    seasons: Mapping[str, Season],
) -> Integers:
    """Limits of a year or season that the agreement joined after its start."""
    start = piece.piece.tier_start
    assert start is not None
    if tiers.basis == "year":
        span = tier_year(tiers.year_starts, start)
    else:
        span = season_span(part, piece.piece.span.start, seasons)
    return _prorated_since(batch, span, full, by_months=tiers.prorating == "months")


def _prorated_since(batch: Batch, span: DateSpan, full: Integers, *, by_months: bool) -> Integers:
    assert span.end is not None
    since = np.maximum(batch.terms.since.astype("datetime64[D]"), np.datetime64(span.start))
    if by_months:
        begun = since.astype("datetime64[M]").astype(np.int64)
        months = np.datetime64(span.end, "M").astype(np.int64) - begun
        return half_up([full, np.clip(months, 0, 12)], 12, rows=batch.size)
    days = (np.datetime64(span.end) - since).astype(np.int64)
    return half_up([full, np.maximum(days, 0)], span.days, rows=batch.size)
