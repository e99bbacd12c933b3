"""The clerks' work list: what was not billed, why, what to do; a page at a time, for parts of the organisation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, QuerySet

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing.models import ParkedBill
from gridhall.contexts.billing.rules.parking import RELEASABLE, Reason
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan

#: Every reason, in the order in which people should look at them.
REASONS: Final = tuple(reason.value for reason in Reason)
#: What may be asked for as the order of the list; a minus before it turns it round.
ORDERS: Final = {"month": "start_date", "number": "usage_point__number", "reason": "code", "parked": "parked_at"}


@dataclass(frozen=True)
class WorkItem:
    """A period that was not billed.

    Attributes:
        number: the usage point's 户号.
        customer_number: of the customer under contract; None where there is no contract.
        address: masked.
        organisation: code, name and path of the unit that serves it.
        next_step: in the house's English; pages say it by the code.
        releasable: whether a decision can end it.
    """

    id: int
    number: str
    usage_point: int
    customer_number: str | None
    address: str
    organisation: str
    organisation_name: str
    path: str
    span: DateSpan
    code: str
    reason: str
    details: Mapping[str, Any]
    run: int
    parked_at: datetime
    released_at: datetime | None
    released_by: str
    release_reason: str
    resolved_at: datetime | None
    releasable: bool


@dataclass(frozen=True)
class Worklist:
    """One page of the list.

    Attributes:
        total: items in all pages.
        by_code: how many there are of each reason, under the same other filters.
        months: the months that have any item.
    """

    items: Sequence[WorkItem]
    total: int
    by_code: Mapping[str, int]
    months: Sequence[date]


def worklist(
    units: Collection[int],
    *,
    month: DateSpan | None = None,
    code: str | None = None,
    released: bool | None = None,
    run: int | None = None,
    order: str = "month",
    offset: int = 0,
    limit: int = 50,
) -> Worklist:
    """The open items of some units. Three queries.

    Args:
        units: ids of units.
        code: one of `REASONS`.
        released: True: only what a clerk has released; False: only what waits for somebody; None: both.
        run: only what this run left.
        order: one of `ORDERS`, with a minus for the other way round.
    """
    everything = unsettled().filter(organisation_id__in=list(units))
    found = everything
    if month is not None:
        found = found.filter(start_date__gte=month.start, start_date__lt=month.end)
    if released is not None:
        found = found.filter(released_at__isnull=not released)
    if run is not None:
        found = found.filter(run_id=run)
    by_code = dict(found.values_list("code").annotate(Count("id")))
    if code is not None:
        found = found.filter(code=code)
    months = everything.order_by("start_date").values_list("start_date", flat=True).distinct()
    return Worklist(
        items=tuple(_item(row) for row in _with_names(found).order_by(*_order(order))[offset : offset + limit]),
        total=by_code.get(code, 0) if code is not None else sum(by_code.values()),
        by_code={reason: by_code[reason] for reason in REASONS if reason in by_code},
        months=sorted({day.replace(day=1) for day in months}, reverse=True),
    )


def unsettled() -> QuerySet[ParkedBill]:
    """What is not settled. Readings without a contract that somebody has looked at are: no run can bill them."""
    found = ParkedBill.objects.filter(resolved_at=None)
    return found.exclude(code=Reason.NO_AGREEMENT, released_at__isnull=False)


def work_items(ids: Collection[int]) -> list[WorkItem]:
    """The items of these numbers, also those that are done; unknown numbers are left out."""
    rows = _with_names(ParkedBill.objects.filter(pk__in=[each for each in ids if each < 2**63]))
    return [_item(row) for row in rows.order_by("start_date", "usage_point__number")]


def work_item(number: int) -> WorkItem:
    """One item.

    Raises:
        NotFound: when there is none of this number.
    """
    found = work_items([number])
    if not found:
        raise NotFound(f"There is no parked item {number}.", path="item")
    return found[0]


def _with_names(rows: QuerySet[ParkedBill]) -> QuerySet[ParkedBill]:
    return rows.select_related("organisation", "usage_point__location", "agreement__customer")


def _order(asked: str) -> list[str]:
    key, turned = asked.removeprefix("-"), asked.startswith("-")
    first = ORDERS.get(key, "start_date")
    rest = [column for column in ("start_date", "usage_point__number") if column != first]
    return [f"-{first}" if turned else first, *rest, "pk"]


def _item(row: ParkedBill) -> WorkItem:
    location = row.usage_point.location
    return WorkItem(
        id=row.pk, number=row.usage_point.number, usage_point=row.usage_point_id,
        customer_number=row.agreement.customer.number if row.agreement else None,
        address=accounts.masked_address(location.address) if location else "",
        organisation=row.organisation.code, organisation_name=row.organisation.name, path=row.organisation.path,
        span=DateSpan(row.start_date, row.end_date), code=row.code, reason=row.reason, details=row.details,
        run=row.run_id, parked_at=row.parked_at, released_at=row.released_at, released_by=row.released_by,
        release_reason=row.release_reason, resolved_at=row.resolved_at,
        releasable=row.code in RELEASABLE or row.code == Reason.NO_AGREEMENT,
    )  # fmt: skip
