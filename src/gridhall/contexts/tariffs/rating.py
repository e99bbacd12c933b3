"""Rating: agreements and readings in, bills out, in columns; see `operations.rate`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.contexts.tariffs import stacking
from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.measuring import Measurements
from gridhall.contexts.tariffs.rating_table import empty_table, table_of
from gridhall.contexts.tariffs.rules.arithmetic import Integers
from gridhall.contexts.tariffs.rules.charges import adjustments, demand, energy, standing
from gridhall.contexts.tariffs.rules.charges.batch import Batch, BilledPiece, Mask, Terms
from gridhall.contexts.tariffs.rules.pieces import Piece, pieces
from gridhall.contexts.tariffs.types import Calendar, Plan, PriceSeries, RatedBills, Tariff
from gridhall.kernel.errors import Refused
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings

#: Bills worked on at a time; bounds the memory of the intermediate columns.
BATCH: Final = 65_536


class RatingRefused(Refused):
    """The tariff cannot price this; ``code`` says why."""

    def __init__(self, code: str, message: str, *, path: str = "", remedy: str = "") -> None:
        super().__init__(message, path=path, remedy=remedy)
        self.code = code


@dataclass
class _Agreements:
    """The rows to rate, in columns, ordered by agreement and start."""

    usage_point: Integers
    agreement: Integers
    start: npt.NDArray[np.datetime64]
    end: npt.NDArray[np.datetime64]
    terms: Terms
    tier_used_wh: Integers  # -1 where not given
    charged_fen: Integers  # -1 where not given

    @property
    def members(self) -> pa.Table:
        return pa.table({"usage_point": self.usage_point, "start": self.start, "end": self.end})


@dataclass
class _State:
    """What each agreement carries from bill to bill: Wh used in the tier year, fen charged in the calendar year."""

    used: Integers
    tier_key: Integers
    charged: Integers
    charged_year: Integers
    charged_known: Mask


def rate_agreements(
    tariff: Tariff,
    agreements: pa.Table,
    readings: Mapping[Channel, Readings],
    span: DateSpan,
    *,
    zone: ZoneInfo,
    calendar: Calendar,
    prices: Mapping[str, PriceSeries],
) -> RatedBills:
    """See `operations.rate`."""
    rows = _rows(agreements, span)
    calendar = Calendar(
        calendar.holidays | tariff.calendar.holidays, calendar.makeup_workdays | tariff.calendar.makeup_workdays
    )
    cut = pieces(tariff, _whole_months(span))
    measurements = Measurements(tariff, cut, readings, rows.members, zone=zone, calendar=calendar, prices=prices)
    if stacking.possible(tariff, cut) and _whole(rows, span):
        tables = _rate_stacks(rows, cut, measurements)
    else:
        tables = _rate_months(rows, cut, measurements)
    table = pa.concat_tables(tables) if tables else empty_table()
    if len(tables) > 1 and not _ordered(table):
        table = table.take(pc.sort_indices(table, sort_keys=[("agreement", "ascending"), ("start", "ascending")]))
    return RatedBills(tariff, table)


def _rate_stacks(rows: _Agreements, cut: Sequence[Piece], measurements: Measurements) -> list[pa.Table]:
    """Months that nothing runs through, together."""
    tables = []
    for stack in stacking.stacks(cut):
        for chosen in stacking.shares(np.arange(len(rows.agreement)), len(stack)):
            batch = stacking.batch_of(chosen, stack, rows.terms, measurements)
            tables.append(_rate_batch(batch, rows, batch.rows, None, measurements))
    return tables


def _rate_months(rows: _Agreements, cut: Sequence[Piece], measurements: Measurements) -> list[pa.Table]:
    """Month by month, each bill starting from what the bills before it left."""
    names, owner = np.unique(rows.agreement, return_inverse=True)
    count = len(names)
    state = _State(
        used=np.zeros(count, dtype=np.int64),
        tier_key=np.full(count, -1, dtype=np.int64),
        charged=np.zeros(count, dtype=np.int64),
        charged_year=np.full(count, -1, dtype=np.int64),
        charged_known=np.zeros(count, dtype=np.bool_),
    )
    opened = np.zeros(len(rows.agreement), dtype=np.bool_)
    tables = []
    for _, listed in groupby(enumerate(cut), key=lambda item: (item[1].span.start.year, item[1].span.start.month)):
        month = list(listed)
        for subset in _rounds(rows, owner, DateSpan(month[0][1].span.start, month[-1][1].span.end)):
            for first in range(0, len(subset), BATCH):
                chosen = subset[first : first + BATCH]
                batch = _batch(rows, chosen, month, measurements)
                _open(batch, rows, chosen, owner[chosen], state, opened)
                opened[chosen] = True
                tables.append(_rate_batch(batch, rows, owner[chosen], state, measurements))
    return tables


def _ordered(table: pa.Table) -> bool:
    """Whether bills stand by agreement and start already, as they do for one month in one round."""
    agreement, start = table["agreement"].to_numpy(), table["start"].cast(pa.int32()).to_numpy()
    step = np.diff(agreement)
    return bool(((step > 0) | ((step == 0) & (np.diff(start) > 0))).all())


def _whole(rows: _Agreements, span: DateSpan) -> bool:
    """Whether every agreement has one row, over the whole span, which is whole months, and none starts with usage."""
    return (
        len(rows.agreement) > 0
        and span == _whole_months(span)
        and bool((np.diff(rows.agreement) > 0).all())
        and bool((rows.start == np.datetime64(span.start)).all() and (rows.end == np.datetime64(span.end)).all())
        and bool((rows.tier_used_wh < 0).all())
    )


def _whole_months(span: DateSpan) -> DateSpan:
    """The months that a span touches: what is not pro-rated counts whole pieces, not only the days that are billed."""
    if span.end is None:
        raise RatingRefused("bad_agreements", "A span without end cannot be rated.", path="span")
    last = span.end - timedelta(days=1)
    return DateSpan(span.start.replace(day=1), DateSpan.month(last.year, last.month).end)


def _rows(agreements: pa.Table, span: DateSpan) -> _Agreements:
    """Take the columns of agreements, with nothing for terms that are absent."""
    given = set(agreements.column_names)
    for name in ("usage_point", "agreement", "start", "end"):
        if name not in given or agreements[name].null_count:
            raise RatingRefused("bad_agreements", f"The column {name} is needed, without nulls.", path=name)
    if not bool((np.diff(agreements["agreement"].to_numpy()) > 0).all()):
        agreements = agreements.take(
            pc.sort_indices(agreements, sort_keys=[("agreement", "ascending"), ("start", "ascending")])
        )

    def integers(name: str, absent: int) -> Integers:
        if name not in given:
            return np.full(len(agreements), absent, dtype=np.int64)
        column = agreements[name].cast(pa.int64())
        filled: Integers = (pc.fill_null(column, absent) if column.null_count else column).to_numpy()
        return filled

    def days(name: str) -> npt.NDArray[np.datetime64]:
        return np.asarray(agreements[name].to_numpy(), dtype="datetime64[D]")

    start = np.maximum(days("start"), np.datetime64(span.start))
    end = np.minimum(days("end"), np.datetime64(span.end))
    if bool((end <= start).any()):
        raise RatingRefused("bad_agreements", "A row ends before it starts, or lies outside the span.", path="end")
    never = date(1900, 1, 1)
    since = (
        np.asarray(pc.fill_null(agreements["since"], pa.scalar(never, pa.date32())).to_numpy(), dtype="datetime64[D]")
        if "since" in given
        else np.full(len(agreements), np.datetime64(never))
    )
    allowance = np.full(len(agreements), None, dtype=object)
    if "allowance" in given and agreements["allowance"].null_count < len(agreements):
        allowance = np.array(agreements["allowance"].to_pylist(), dtype=object)
    terms = Terms(
        household_size=integers("household_size", 0),
        allowance=allowance,
        capacity_va=integers("capacity_va", 0),
        contract_demand_w=integers("contract_demand_w", 0),
        power_factor_standard=integers("power_factor_standard", 0),
        since=since,
    )
    return _Agreements(
        integers("usage_point", 0),
        integers("agreement", 0),
        start,
        end,
        terms,
        integers("tier_used_wh", -1),
        integers("charged_fen", -1),
    )


def _rounds(rows: _Agreements, owner: npt.NDArray[np.int64], month: DateSpan) -> Iterator[npt.NDArray[np.int64]]:
    """The rows that touch a month; rows of one agreement in rounds, in the order of time."""
    touching = np.flatnonzero((rows.start < np.datetime64(month.end)) & (rows.end > np.datetime64(month.start)))
    whose = owner[touching]
    if len(whose) < 2 or bool((np.diff(whose) > 0).all()):
        if len(touching):
            yield touching
        return
    fresh = np.concatenate([[True], np.diff(whose) != 0])
    begins = np.maximum.accumulate(np.where(fresh, np.arange(len(whose)), 0))
    rank = np.arange(len(whose)) - begins
    for each in range(int(rank.max()) + 1):
        yield touching[rank == each]


def _batch(
    rows: _Agreements, chosen: npt.NDArray[np.int64], month: Sequence[tuple[int, Piece]], measurements: Measurements
) -> Batch:
    plans: list[Plan] = []
    parts: list[list[BilledPiece]] = []
    unplanned = np.zeros(len(chosen), dtype=np.bool_)
    start, end = rows.start[chosen], rows.end[chosen]
    for number, piece in month:
        first, last = np.datetime64(piece.span.start), np.datetime64(piece.span.end)
        days = np.maximum((np.minimum(end, last) - np.maximum(start, first)).astype(np.int64), 0)
        if piece.plan is None:
            unplanned |= days > 0
            continue
        if not plans or plans[-1] is not piece.plan:
            plans.append(piece.plan)
            parts.append([])
        measured, counts = measurements.of_pieces([number], chosen), measurements.counts_of([number], chosen)
        parts[-1].append(BilledPiece(number, piece, days, measured, counts))
    terms = rows.terms
    only = month[0][1]
    whole = len(month) == 1 and only.plan is not None and bool((parts[0][0].days == only.month_days).all())
    batch = Batch(
        rows=chosen,
        start=np.maximum(start, np.datetime64(month[0][1].span.start)),
        end=np.minimum(end, np.datetime64(month[-1][1].span.end)),
        plans=plans,
        parts=parts,
        terms=Terms(
            terms.household_size[chosen],
            terms.allowance[chosen],
            terms.capacity_va[chosen],
            terms.contract_demand_w[chosen],
            terms.power_factor_standard[chosen],
            terms.since[chosen],
        ),
        intervals=measurements,
        used=np.zeros(len(chosen), dtype=np.int64),
        tier_key=np.full(len(chosen), -1, dtype=np.int64),
        whole=whole,
    )
    batch.refuse(unplanned, "no_version")
    return batch


def _open(
    batch: Batch,
    rows: _Agreements,
    chosen: npt.NDArray[np.int64],
    whose: npt.NDArray[np.int64],
    state: _State,
    opened: npt.NDArray[np.bool_],
) -> None:
    """Set what each bill starts from: given with its row, carried on from the bill before, or nothing."""
    batch.used, batch.tier_key = state.used[whose], state.tier_key[whose]
    given = ~opened[chosen] & (rows.tier_used_wh[chosen] >= 0)
    batch.used = np.where(given, rows.tier_used_wh[chosen], batch.used)
    batch.tier_key = np.where(given, -1, batch.tier_key)
    first = np.ones(len(chosen), dtype=np.bool_)
    for parts in batch.parts:
        for piece in parts:
            if piece.piece.tier_start is None:
                continue
            key = piece.piece.tier_start.toordinal()
            here = first & (piece.days > 0)
            batch.used = np.where(here & (batch.tier_key >= 0) & (batch.tier_key != key), 0, batch.used)
            batch.tier_key = np.where(here, key, batch.tier_key)
            first &= ~here
    year = batch.start.astype("datetime64[Y]").astype(np.int64)
    anew = state.charged_year[whose] != year
    told = ~opened[chosen] & (rows.charged_fen[chosen] >= 0)
    from_start = (batch.start == batch.start.astype("datetime64[Y]")) | (batch.start == batch.terms.since)
    state.charged[whose] = np.where(told, rows.charged_fen[chosen], np.where(anew, 0, state.charged[whose]))
    state.charged_known[whose] = told | np.where(anew, from_start, state.charged_known[whose])
    state.charged_year[whose] = year


def _rate_batch(
    batch: Batch, rows: _Agreements, whose: npt.NDArray[np.int64], state: _State | None, measurements: Measurements
) -> pa.Table:
    """Charge all components; without a state nothing is carried from bill to bill."""
    before = batch.used if state is None else batch.used.copy()
    counts = measurements.counts(batch)
    batch.refuse(counts["days_read"] == 0, "no_readings")
    included = batch.nothing
    power_factor: Integers | None = None
    for plan_index, plan in enumerate(batch.plans):
        for part in _in_order_of_work(plan):
            parts = [piece for piece in batch.parts[plan_index] if part.code in piece.piece.active]
            if not parts:
                continue
            mask = _mask(batch, part, parts)
            lines = [line for line in plan.lines if line.component == part.code]
            match part:
                case models.Energy():
                    energy.charge_energy(batch, plan_index, part, parts, lines, mask)
                case models.Surcharge():
                    energy.charge_surcharge(batch, plan_index, parts, lines[0], mask)
                case models.Dynamic():
                    energy.charge_dynamic(batch, plan_index, part, parts, lines[0], mask)
                case models.Capacity():
                    demand.charge_capacity(batch, plan_index, part, parts, lines[0], mask)
                case models.Demand():
                    demand.charge_demand(batch, plan_index, part, parts, lines, mask)
                case models.Fixed() | models.Credit():
                    standing.charge_fixed(batch, plan_index, part, parts, lines[0], mask)
                    if isinstance(part, models.Credit):
                        standing.limit_credits(batch, plan_index, [part])
                case models.FreeQuota():
                    standing.charge_free_quota(batch, plan_index, part, parts, lines[0], mask)
                case models.PowerFactor():
                    found = adjustments.charge_power_factor(batch, plan_index, part, lines[0], mask)
                    power_factor = found if power_factor is None else np.where(found >= 0, found, power_factor)
                case models.Rounding():
                    adjustments.charge_rounding(batch, plan_index, lines[0], mask)
                case models.Minimum():
                    charged = None
                    if part.per == "year" and state is not None:
                        ends = (batch.end - np.timedelta64(1, "D")).astype("datetime64[Y]") != batch.end.astype(
                            "datetime64[Y]"
                        )
                        mask = mask & ends
                        batch.refuse(mask & ~state.charged_known[whose], "annual_minimum_needs_year")
                        charged = state.charged[whose]
                    adjustments.charge_minimum(batch, plan_index, part, parts, lines[0], mask, charged)
                case models.Tax():
                    tax = adjustments.charge_tax(batch, plan_index, part, lines[0] if lines else None, mask)
                    included = batch.added(included, tax)
    if state is not None:
        countable = batch.zeros()
        for plan_index, plan in enumerate(batch.plans):
            codes = [part.code for part in plan.text.components if part.type not in ("tax", "minimum")]
            countable = countable + adjustments.base_of(batch, plan_index, codes, default=())
        state.used[whose], state.tier_key[whose] = batch.used, batch.tier_key
        state.charged[whose] = state.charged[whose] + countable
    columns: dict[str, Any] = {
        "usage_point": rows.usage_point[batch.rows],
        "agreement": rows.agreement[batch.rows],
        "tax_included": included,
        "power_factor": power_factor,
        "tier_used_wh": before,
        "tier_used_after_wh": batch.used,
        **counts,
    }
    return table_of(batch, columns)


#: What is worked out from other lines comes after them, whatever the order of the document.
_WORK: Final = {"credit": 1, "power_factor": 2, "rounding": 3, "minimum": 4, "tax": 5}


def _in_order_of_work(plan: Plan) -> list[models.AnyComponent]:
    return sorted(plan.text.components, key=lambda part: _WORK.get(part.type, 0))


def _mask(batch: Batch, part: models.Component, parts: Sequence[BilledPiece]) -> Mask:
    """The bills that a component concerns: days on its pieces, and an allowance that it asks for."""
    mask: Mask = batch.everyone if batch.whole else batch.sum(piece.days for piece in parts) > 0
    if part.code in batch.inactive:
        mask = mask & ~batch.inactive[part.code]
    if part.only_for is not None:
        mask = mask & np.isin(batch.terms.allowance.astype(str), part.only_for)
    if part.except_for is not None:
        mask = mask & ~np.isin(batch.terms.allowance.astype(str), part.except_for)
    return mask
