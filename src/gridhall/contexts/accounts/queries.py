"""What others ask of accounts: single things as frozen values, many things as Arrow columns by one set-based query."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction

from gridhall.contexts.accounts import calendar
from gridhall.contexts.accounts.models import CustomerAgreement, Organisation, UsagePoint
from gridhall.contexts.accounts.portraits import Contract as Contract
from gridhall.contexts.accounts.portraits import Payer as Payer
from gridhall.contexts.accounts.portraits import Portrait as Portrait
from gridhall.contexts.accounts.portraits import contracts as contracts
from gridhall.contexts.accounts.portraits import portrait as portrait
from gridhall.contexts.accounts.protections import protected as protected
from gridhall.contexts.accounts.protections import protection as protection
from gridhall.contexts.accounts.protections import protections as protections
from gridhall.contexts.accounts.rules import masking
from gridhall.contexts.accounts.rules.calendar import BusinessCalendar, DayType
from gridhall.contexts.accounts.searching import Found as Found
from gridhall.contexts.accounts.searching import Matched as Matched
from gridhall.contexts.accounts.searching import Results as Results
from gridhall.contexts.accounts.searching import search as search
from gridhall.contexts.accounts.supply import agreed_tariffs as agreed_tariffs
from gridhall.contexts.accounts.supply import supply_of as supply_of
from gridhall.contexts.accounts.types import (
    Agreement,
    OrganisationLevel,
    OrganisationRecord,
    SettlementRecord,
    Terms,
    UsagePointRecord,
)
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.copy import copy_in, copy_out, copy_out_batches

#: What `billable` gives: one row per agreement and settling account, ``[start, end)`` inside the span asked for.
BILLABLE: Final = pa.schema(
    [
        ("agreement", pa.int64()),
        ("usage_point", pa.int64()),
        ("account", pa.int64()),
        ("organisation", pa.int64()),
        ("start", pa.date32()),
        ("end", pa.date32()),
        ("tariff_code", pa.string()),
        ("household_size", pa.int16()),
        ("allowance", pa.string()),
        ("capacity_va", pa.int64()),
        ("contract_demand_w", pa.int64()),
        ("power_factor_standard", pa.int16()),
    ]
)

_BILLABLE_SQL: Final = """
    SELECT a.id, a.usage_point_id, s.account_id, u.organisation_id,
        lower(s.span * daterange(%s, %s)), upper(s.span * daterange(%s, %s)),
        a.tariff_code, a.household_size, a.allowance, a.capacity_va, a.contract_demand_w, a.power_factor_standard
    FROM accounts_settlement s
    JOIN accounts_customeragreement a ON a.id = s.agreement_id
    JOIN accounts_usagepoint u ON u.id = a.usage_point_id
    WHERE s.span && daterange(%s, %s) AND u.organisation_id = ANY(%s::bigint[])
    ORDER BY a.usage_point_id, lower(s.span)
"""
#: Above this many numbers a look-up goes through a temporary table.
_MANY: Final = 20_000


def billable(organisation: str | None, span: DateSpan) -> pa.Table:
    """Who is to be billed for a span: one row per usage point, agreement and settling account (`BILLABLE`).

    A change of agreement or of the settling account inside the span splits it. Rows ascend by usage point, then start.

    Args:
        organisation: the code of a unit, whose whole subtree is meant; None for the whole utility.
        span: a closed span of days, usually a month.

    Raises:
        NotFound: when there is no such unit.
    """
    return pa.Table.from_batches(billable_batches(organisation, span), schema=BILLABLE)


def billable_batches(organisation: str | None, span: DateSpan) -> Iterator[pa.RecordBatch]:
    """`billable` in batches of some ten thousand rows, for populations that should not be held at once."""
    if span.end is None:
        raise ValueError(f"billing needs a span that ends: {span}")
    units = [unit.id for unit in organisations(organisation)]
    days = [span.start, span.end]
    return copy_out_batches(_BILLABLE_SQL, [*days, *days, *days, units], BILLABLE)


def billable_of(usage_points: Sequence[int], units: Sequence[int], span: DateSpan) -> pa.Table:
    """`billable` of a few usage points alone (ids), where they belong to one of these units (ids)."""
    if span.end is None:
        raise ValueError(f"billing needs a span that ends: {span}")
    days = [span.start, span.end]
    query = _BILLABLE_SQL.replace("ORDER BY", "AND u.id = ANY(%s::bigint[]) ORDER BY")
    return copy_out(query, [*days, *days, *days, list(units), list(usage_points)], BILLABLE)


@dataclass(frozen=True)
class SuppliedPoint:
    """A usage point as a list shows it; the address is masked."""

    number: str
    address: str
    tariff_code: str


def supplied_points(
    units: Sequence[int], span: DateSpan, *, number: str = "", tariff: str = "", limit: int = 8
) -> list[SuppliedPoint]:
    """Usage points of some units (ids) that are under contract in a span, by number. One query.

    Args:
        number: only those whose number begins so.
        tariff: only those on this tariff.
    """
    found = _rows(
        "SELECT u.number, a.tariff_code, coalesce(l.address, '') AS address FROM accounts_usagepoint u"
        " JOIN accounts_customeragreement a ON a.usage_point_id = u.id AND a.span && daterange(%s, %s)"
        " LEFT JOIN accounts_servicelocation l ON l.id = u.location_id"
        " WHERE u.organisation_id = ANY(%s::bigint[]) AND starts_with(u.number, %s)"
        " AND (%s = '' OR a.tariff_code = %s) ORDER BY u.number LIMIT %s",
        [span.start, span.end, list(units), number, tariff, tariff, limit],
    )
    return [SuppliedPoint(row["number"], masked_address(row["address"]), row["tariff_code"]) for row in found]


def billable_count(organisation: str | None, span: DateSpan) -> int:
    """How many rows `billable` has, without fetching them.

    Raises:
        NotFound: when there is no such unit.
    """
    if span.end is None:
        raise ValueError(f"billing needs a span that ends: {span}")
    units = [unit.id for unit in organisations(organisation)]
    found = _rows(
        "SELECT count(*) AS rows FROM accounts_settlement s JOIN accounts_customeragreement a ON a.id = s.agreement_id"
        " JOIN accounts_usagepoint u ON u.id = a.usage_point_id"
        " WHERE s.span && daterange(%s, %s) AND u.organisation_id = ANY(%s::bigint[])",
        [span.start, span.end, units],
    )
    return int(found[0]["rows"])


def usage_point_ids(numbers: pa.Array | pa.ChunkedArray | Sequence[str]) -> pa.Array:
    """The id of each usage-point number, in the same order; null where there is no such usage point."""
    wanted = numbers if isinstance(numbers, (pa.Array, pa.ChunkedArray)) else pa.array(numbers, pa.string())
    wanted = wanted.cast(pa.string())
    distinct = pc.unique(wanted).drop_null()
    found = _look_up(
        distinct, "number", pa.schema([("number", pa.string()), ("id", pa.int64())]), 'text COLLATE "C"', "text"
    )
    return _mapped(wanted, found["number"], found["id"])


def usage_point_numbers(ids: pa.Array | pa.ChunkedArray | Sequence[int]) -> pa.Array:
    """The number of each usage-point id, in the same order; null where there is no such usage point."""
    wanted = ids if isinstance(ids, (pa.Array, pa.ChunkedArray)) else pa.array(ids, pa.int64())
    wanted = wanted.cast(pa.int64())
    distinct = pc.unique(wanted).drop_null()
    found = _look_up(distinct, "id", pa.schema([("number", pa.string()), ("id", pa.int64())]), "bigint", "bigint")
    return _mapped(wanted, found["id"], found["number"])


def account_numbers(ids: Sequence[int]) -> dict[int, str]:
    """The number of each settlement account, by id."""
    rows = _rows("SELECT id, number FROM accounts_customeraccount WHERE id = ANY(%s::bigint[])", [list(ids)])
    return {row["id"]: row["number"] for row in rows}


def organisation_by_code(code: str) -> OrganisationRecord:
    """The unit with this code.

    Raises:
        NotFound: when there is none.
    """
    return organisations(code)[0]


def organisations(code: str | None = None) -> list[OrganisationRecord]:
    """The unit with this code and everything below it, from the top down; all units for None.

    Raises:
        NotFound: when there is no such unit.
    """
    units = Organisation.objects.order_by("path")
    if code is not None:
        top = Organisation.objects.filter(code=code).first()
        if top is None:
            raise NotFound(f"There is no organisation {code}.", path=code, remedy="See `gridhall accounts units`.")
        units = units.filter(path__startswith=top.path)
    return [OrganisationRecord(u.id, u.code, u.name, OrganisationLevel(u.level), u.path) for u in units]


def usage_points_of(organisation: str | None) -> pa.Table:
    """The usage points of a unit and everything below: id, number, organisation (id), usage_class; by id."""
    units = [unit.id for unit in organisations(organisation)]
    return copy_out(
        "SELECT id, number, organisation_id, usage_class FROM accounts_usagepoint"
        " WHERE organisation_id = ANY(%s::bigint[]) ORDER BY id",
        [units],
        pa.schema(
            [("id", pa.int64()), ("number", pa.string()), ("organisation", pa.int64()), ("usage_class", pa.string())]
        ),
    )


def usage_point_by_number(number: str) -> UsagePointRecord:
    """The usage point with this number.

    Raises:
        NotFound: when there is none.
    """
    point = UsagePoint.objects.filter(number=number).select_related("organisation", "location").first()
    if point is None:
        raise NotFound(f"There is no usage point {number}.", path=number)
    return UsagePointRecord(
        id=point.pk,
        number=point.number,
        organisation=point.organisation.code,
        usage_class=point.usage_class,
        status=point.status,
        address=point.location.address if point.location else None,
        longitude=point.longitude,
        latitude=point.latitude,
    )


def agreements_of(usage_point: str) -> list[Agreement]:
    """The agreements of a usage point, oldest first.

    Raises:
        NotFound: when there is no such usage point.
    """
    point = usage_point_by_number(usage_point)
    found = (
        CustomerAgreement.objects.filter(usage_point_id=point.id)
        .select_related("usage_point", "customer")
        .prefetch_related("settlements__account")
        .order_by("span")
    )
    return [agreement_of(row) for row in found]


def agreement_on(usage_point: str, day: date) -> Agreement | None:
    """The agreement in force on a day, or None.

    Raises:
        NotFound: when there is no such usage point.
    """
    return next((agreement for agreement in agreements_of(usage_point) if day in agreement.span), None)


def masked_customer_name(customer: int) -> str:
    """The name of a customer (an id), a person's with its middle hidden; empty where there is no such customer."""
    found = _rows("SELECT name, kind FROM accounts_customer WHERE id = %s", [customer])
    return masking.masked_name(found[0]["name"], person=found[0]["kind"] == "person") if found else ""


def masked_name(name: str, *, person: bool) -> str:
    """A name; a person's with its middle hidden."""
    return masking.masked_name(name, person=person)


def masked_phone(phone: str) -> str:
    """A phone number with its middle hidden."""
    return masking.masked_phone(phone)


def masked_address(address: str) -> str:
    """An address with its numbers hidden."""
    return masking.masked_address(address)


def business_calendar(first_year: int, last_year: int) -> BusinessCalendar:
    """The utility's working days and holidays of some years, ``last_year`` included.

    Raises:
        YearNotCovered: when the calendar says nothing about one of the years.
        CalendarInvalid: when the calendar file is malformed.
    """
    return calendar.read().within(DateSpan(date(first_year, 1, 1), date(last_year + 1, 1, 1)))


def calendar_within(span: DateSpan) -> BusinessCalendar:
    """The utility's working days and holidays of a closed span of days; raises as `business_calendar`."""
    return calendar.read().within(span)


def holidays(span: DateSpan) -> frozenset[date]:
    """Public holidays and bridge days of a closed span of days; raises as `business_calendar`."""
    return calendar_within(span).holidays


def makeup_workdays(span: DateSpan) -> frozenset[date]:
    """Weekend days of a span that are worked in exchange for bridge days (调休); raises as `business_calendar`."""
    return calendar_within(span).makeup_workdays


def day_type(day: date) -> DayType:
    """What kind of day it is in the utility's calendar; raises as `business_calendar`."""
    return calendar.read().day_type(day)


def is_working_day(day: date) -> bool:
    """Whether the utility's offices work on a day; raises as `business_calendar`."""
    return calendar.read().is_working_day(day)


def add_working_days(day: date, count: int) -> date:
    """The ``count``-th working day after a day; see `BusinessCalendar.add_working_days`."""
    return calendar.read().add_working_days(day, count)


@dataclass(frozen=True)
class Relations:
    """What hangs together with a customer.

    Attributes:
        customer: the number of the customer.
        agreements: of the customer, at whichever usage point, oldest first.
        accounts: numbers of the settlement accounts that belong to the customer.
        settled_by_others: numbers of accounts of other customers that settle an agreement of this one.
        settled_for_others: numbers of usage points whose agreement is another's and which an account of this customer
            settles.
    """

    customer: str
    agreements: tuple[Agreement, ...]
    accounts: tuple[str, ...]
    settled_by_others: tuple[str, ...]
    settled_for_others: tuple[str, ...]


def relations_of(customer: str) -> Relations:
    """What hangs together with the customer of this number: agreements, usage points, who settles for whom.

    Raises:
        NotFound: when there is no such customer.
    """
    found = _rows("SELECT id FROM accounts_customer WHERE number = %s", [customer])
    if not found:
        raise NotFound(f"There is no customer {customer}.", path=customer)
    identity = found[0]["id"]
    own = (
        CustomerAgreement.objects.filter(customer_id=identity)
        .select_related("usage_point", "customer")
        .prefetch_related("settlements__account")
        .order_by("span", "usage_point_id")
    )
    accounts = _rows("SELECT number FROM accounts_customeraccount WHERE customer_id = %s ORDER BY number", [identity])
    others = _rows(
        "SELECT DISTINCT b.number FROM accounts_customeragreement a JOIN accounts_settlement s ON s.agreement_id = a.id"
        " JOIN accounts_customeraccount b ON b.id = s.account_id"
        " WHERE a.customer_id = %s AND b.customer_id <> %s ORDER BY 1",
        [identity, identity],
    )
    for_others = _rows(
        "SELECT DISTINCT u.number FROM accounts_customeraccount b JOIN accounts_settlement s ON s.account_id = b.id"
        " JOIN accounts_customeragreement a ON a.id = s.agreement_id JOIN accounts_usagepoint u"
        " ON u.id = a.usage_point_id WHERE b.customer_id = %s AND a.customer_id <> %s ORDER BY 1",
        [identity, identity],
    )
    return Relations(
        customer=customer,
        agreements=tuple(agreement_of(row) for row in own),
        accounts=tuple(row["number"] for row in accounts),
        settled_by_others=tuple(row["number"] for row in others),
        settled_for_others=tuple(row["number"] for row in for_others),
    )


def agreement_of(row: CustomerAgreement) -> Agreement:
    """The frozen value of an agreement's row (with usage point, customer and settlements fetched)."""
    settled = sorted(row.settlements.all(), key=lambda settlement: settlement.span.lower)
    return Agreement(
        id=row.pk,
        usage_point=row.usage_point_id,
        usage_point_number=row.usage_point.number,
        customer=row.customer_id,
        customer_number=row.customer.number,
        tariff_code=row.tariff_code,
        span=DateSpan(row.span.lower, row.span.upper),
        terms=Terms(
            household_size=row.household_size,
            allowance=row.allowance,
            capacity_va=row.capacity_va,
            contract_demand_w=row.contract_demand_w,
            power_factor_standard=row.power_factor_standard,
        ),
        settlements=tuple(
            SettlementRecord(s.account_id, s.account.number, DateSpan(s.span.lower, s.span.upper)) for s in settled
        ),
    )


def _look_up(wanted: pa.Array, column: str, schema: pa.Schema, staged: str, kind: str) -> pa.Table:
    if len(wanted) <= _MANY:
        return copy_out(
            f"SELECT number, id FROM accounts_usagepoint WHERE {column} = ANY(%s::{kind}[])",
            [wanted.to_pylist()],
            schema,
        )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE wanted (key {staged}) ON COMMIT DROP")
        copy_in("wanted", pa.table({"key": wanted}))
        cursor.execute("ANALYZE wanted")
        found = copy_out(
            f"SELECT u.number, u.id FROM wanted JOIN accounts_usagepoint u ON u.{column} = wanted.key",
            [],
            schema,
        )
        cursor.execute("DROP TABLE wanted")
    return found


def _mapped(wanted: pa.Array | pa.ChunkedArray, keys: pa.ChunkedArray, values: pa.ChunkedArray) -> pa.Array:
    places = pc.index_in(wanted, value_set=keys.combine_chunks(), skip_nulls=True)
    taken = values.combine_chunks().take(places if isinstance(places, pa.Array) else places.combine_chunks())
    return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken


def _rows(query: str, parameters: Sequence[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, list(parameters))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
