"""Corrections that somebody asks for: those that wait, and what became of the others."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from gridhall.contexts.billing import outcomes
from gridhall.contexts.billing.models import CorrectionRequest, Decision
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.types import RequestedCorrection
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan


def correction_requests(
    paths: Sequence[str],
    *,
    waiting: bool | None = True,
    requested_by: str | None = None,
    not_by: str | None = None,
    bills: Sequence[int] | None = None,
    customer: int | None = None,
    limit: int = 100,
) -> list[RequestedCorrection]:
    """Requests of some parts of the organisation; those that wait oldest first, others the newest decision first.

    One query.

    Args:
        paths: the tops of the parts; ``("/",)`` for everywhere.
        waiting: True for those that wait, False for those that are decided, None for both.
        requested_by, not_by: by this actor only; by others than this actor only.
        bills: of these bills only.
        customer: of bills of this customer (an id) only.
    """
    found = _in(paths)
    if waiting is not None:
        found = found.filter(decision=Decision.WAITING) if waiting else found.exclude(decision=Decision.WAITING)
    if requested_by is not None:
        found = found.filter(requested_by=requested_by)
    if not_by is not None:
        found = found.exclude(requested_by=not_by)
    if bills is not None:
        found = found.filter(bill_id__in=list(bills))
    if customer is not None:
        found = found.filter(bill__agreement__customer_id=customer)
    order = ("requested_at", "id") if waiting else ("-decided_at", "-id")
    return [request_of(row) for row in found.order_by(*order)[:limit]]


def correction_request(number: int) -> RequestedCorrection:
    """A request by its number.

    Raises:
        NotFound: when there is none.
    """
    row = _all().filter(pk=number).first()
    if row is None:
        raise NotFound(f"There is no request {number}.", path="request")
    return request_of(row)


def request_of(row: CorrectionRequest) -> RequestedCorrection:
    """The frozen value of a request."""
    return RequestedCorrection(
        id=row.pk,
        bill=numbering.show(row.bill_id),
        usage_point=row.bill.usage_point.number,
        span=DateSpan(row.bill.start_date, row.bill.end_date),
        organisation=row.organisation.name,
        path=row.organisation.path,
        reason=row.reason,
        outcome=outcomes.read(row.outcome, row.readings_version, row.difference_fen),
        computed_at=row.computed_at,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        decision=row.decision,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        note=row.note,
    )


def _all() -> QuerySet[CorrectionRequest]:
    return CorrectionRequest.objects.select_related("bill__usage_point", "organisation")


def _in(paths: Sequence[str]) -> QuerySet[CorrectionRequest]:
    if "/" in paths:
        return _all()
    below = Q(pk__in=[])
    for path in paths:
        below |= Q(organisation__path__startswith=path)
    return _all().filter(below)
