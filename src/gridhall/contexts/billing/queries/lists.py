"""Lists: bills, runs, and the clerks' work list."""

from django.db.models import Q, QuerySet

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing.models import Bill, BillRun, ParkedBill
from gridhall.contexts.billing.queries.worklist import unsettled
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.types import BillSummary, ParkedItem, RunSummary
from gridhall.kernel.spans import DateSpan


def bills(
    *,
    span: DateSpan | None = None,
    usage_point: str | None = None,
    account: str | None = None,
    organisation: str | None = None,
    cancelled: bool = False,
    limit: int | None = None,
) -> list[BillSummary]:
    """Bills by period and number; live ones only unless ``cancelled``.

    Raises:
        NotFound: when there is no such organisation.
    """
    found = Bill.objects.select_related("usage_point", "account").order_by(
        "start_date", "usage_point__number", "number"
    )
    if not cancelled:
        found = found.filter(status="issued")
    if span is not None:
        found = found.filter(start_date__gte=span.start, start_date__lt=span.end)
    if usage_point is not None:
        found = found.filter(usage_point__number=usage_point)
    if account is not None:
        found = found.filter(account__number=account)
    if organisation is not None:
        found = found.filter(_in(organisation))
    return [
        BillSummary(
            number=numbering.show(row.number),
            usage_point=row.usage_point.number,
            account=row.account.number,
            span=DateSpan(row.start_date, row.end_date),
            tariff_code=row.tariff_code,
            energy_wh=row.energy_wh,
            total_fen=row.total_fen,
            status=row.status,
            estimated=row.estimated,
        )
        for row in found[:limit]
    ]


def parked(
    *, organisation: str | None = None, span: DateSpan | None = None, code: str | None = None, limit: int | None = None
) -> list[ParkedItem]:
    """The open items of the work list, oldest period first; released ones wait for the next run of their month.

    Raises:
        NotFound: when there is no such organisation.
    """
    found: QuerySet[ParkedBill] = (
        unsettled().select_related("usage_point", "account").order_by("start_date", "usage_point__number")
    )
    if organisation is not None:
        found = found.filter(_in(organisation))
    if span is not None:
        found = found.filter(start_date__gte=span.start, start_date__lt=span.end)
    if code is not None:
        found = found.filter(code=code)
    return [item_of(row) for row in found[:limit]]


def item_of(row: ParkedBill) -> ParkedItem:
    """The frozen value of a parked item."""
    return ParkedItem(
        id=row.pk,
        usage_point=row.usage_point.number,
        account=row.account.number if row.account else None,
        span=DateSpan(row.start_date, row.end_date),
        code=row.code,
        reason=row.reason,
        next_step=row.next_step,
        details=row.details,
        run=row.run_id,
        parked_at=row.parked_at,
        released=row.released_at is not None,
    )


def runs(limit: int = 20) -> list[RunSummary]:
    """The newest runs."""
    return [
        RunSummary(
            run=row.pk,
            organisation=row.organisation.code if row.organisation else None,
            span=DateSpan(row.start_date, row.end_date),
            kind=row.kind,
            status=row.status,
            bills=row.bills,
            parked=row.parked,
            total_fen=row.total_fen,
            started_at=row.started_at,
        )
        for row in BillRun.objects.select_related("organisation").order_by("-id")[:limit]
    ]


def _in(organisation: str) -> Q:
    return Q(organisation_id__in=[unit.id for unit in accounts.organisations(organisation)])
