"""A bill in full: every line with its arithmetic and source, where its energy came from, and its recomputation."""

from collections.abc import Iterator

import numpy as np

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing import sources
from gridhall.contexts.billing.models import Bill
from gridhall.contexts.billing.rating import resolutions
from gridhall.contexts.billing.recomputing import Recomputed, recompute, stored
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.rules.tiers import TierSource, limits_of, tier_start
from gridhall.contexts.billing.types import BillView, DayOfReadings, Explanation, Printable, TierPosition
from gridhall.contexts.tariffs.operations import explain_lines
from gridhall.contexts.tariffs.types import Tariff
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan


def bill(number: int) -> BillView:
    """A bill as it was issued.

    Raises:
        NotFound: when there is none of this number.
    """
    return view_of(_stored(number))


def explain(number: int) -> Explanation:
    """A bill with where every figure comes from, computed again from its readings version and pinned tariff.

    Raises:
        NotFound: when there is no bill of this number.
    """
    row = _stored(number)
    found = next(iter(recompute(stored("number = %s", [number]))))
    return Explanation(
        bill=view_of(row),
        recomputed_total_fen=None if found.again is None else found.again["total"],
        equal=found.equal,
        problem=found.why,
        tiers=_position(row, sources.pinned_tariff(row.tariff_digest).tariff),
        days=_days(row),
        slots=_slots(row),
        entries=tuple(row.entries.order_by("id").values_list("kind", "amount_fen", "value_date", "posted_at")),
    )


def printable(number: int) -> Printable:
    """A bill as it is printed; nothing is computed again.

    Raises:
        NotFound: when there is no bill of this number.
    """
    row = _stored(number)
    return Printable(view_of(row), _position(row, sources.pinned_tariff(row.tariff_digest).tariff), _slots(row))


def verify(span: DateSpan, *, organisation: str | None = None) -> Iterator[Recomputed]:
    """Every live bill of a span's periods beside its recomputation, in sets: a month costs one pass of the lake.

    Raises:
        NotFound: when there is no such organisation.
    """
    units = [unit.id for unit in accounts.organisations(organisation)]
    condition = "status = 'issued' AND start_date >= %s AND start_date < %s AND organisation_id = ANY(%s::bigint[])"
    yield from recompute(stored(condition, [span.start, span.end, units]))


def _stored(number: int) -> Bill:
    try:
        return Bill.objects.select_related("usage_point", "account", "organisation").get(number=number)
    except Bill.DoesNotExist:
        raise NotFound(
            f"There is no bill {numbering.show(number)}.", path="number", remedy="See `gridhall bill list`."
        ) from None


def view_of(row: Bill) -> BillView:
    """The frozen value of a bill's row (with usage point, account and organisation fetched)."""
    tariff = sources.pinned_tariff(row.tariff_digest).tariff
    return BillView(
        number=numbering.show(row.number),
        run=row.run_id,
        usage_point=row.usage_point.number,
        account=row.account.number,
        organisation=row.organisation.name,
        span=DateSpan(row.start_date, row.end_date),
        tariff=tariff,
        versions=tuple(row.tariff_versions),
        readings_version=row.readings_version,
        lines=tuple(explain_lines(tariff, row.tariff_versions, row.line_no, row.quantity, row.price, row.amount_fen)),
        total_fen=row.total_fen,
        separate_fen=row.separate_fen,
        tax_fen=row.tax_fen,
        energy_wh=row.energy_wh,
        export_wh=row.export_wh,
        reactive_varh=row.reactive_varh,
        demand_w=row.demand_w,
        power_factor=row.power_factor,
        tier_used_wh=row.tier_used_wh,
        tier_used_after_wh=row.tier_used_after_wh,
        days_read=row.days_read,
        missing=row.missing,
        estimated=row.estimated,
        issued_at=row.issued_at,
        status=row.status,
        replaces=None if row.replaces is None else numbering.show(row.replaces),
        reason=row.reason or "",
        cancelled_at=row.cancelled_at,
        cancelled_reason=row.cancelled_reason or "",
        replaced_by=None if row.replaced_by is None else numbering.show(row.replaced_by),
    )


def _position(row: Bill, tariff: Tariff) -> TierPosition | None:
    start = tier_start(tariff, row.start_date)
    if start is None:
        return None
    start = max(start, row.since_date)
    before = Bill.objects.filter(
        usage_point_id=row.usage_point_id, status="issued", start_date__gte=start, end_date__lte=row.start_date
    )
    limits = limits_of(tariff, DateSpan(row.start_date, row.end_date), row.since_date, row.household_size)
    return TierPosition(
        since=start,
        used_before_wh=row.tier_used_wh,
        used_after_wh=row.tier_used_after_wh,
        source=TierSource(row.tier_source),
        bills_before=tuple(numbering.show(n) for n in before.order_by("number").values_list("number", flat=True)),
        limits_wh=() if limits is None else limits.limits_wh,
    )


def _days(row: Bill) -> tuple[DayOfReadings, ...]:
    """The energy of each day, as the lake had it at the bill's readings version."""
    span = DateSpan(row.start_date, row.end_date)
    with sources.lake_session() as lake:
        rows = sources.as_of(lake, row.readings_version, {}).rows(span, np.array([row.usage_point_id]))
    found = {
        each["day"]: DayOfReadings(
            each["day"], sum(value or 0 for value in each["curve"]), each["missing"], each["estimated"]
        )
        for each in rows.to_pylist()
    }
    return tuple(found.get(day, DayOfReadings(day, None, 0, 0)) for day in span)


def _slots(row: Bill) -> int:
    """How many slots the period has at the resolution of its readings."""
    span = DateSpan(row.start_date, row.end_date)
    with sources.lake_session() as lake:
        pinned = sources.as_of(lake, row.readings_version, {})
        minutes = int(resolutions(np.array([row.usage_point_id]), span, pinned)[0])
    return span.days * 1440 // minutes
