"""Refunds as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from gridhall.contexts.payments.models import RefundRequest, RefundStatus
from gridhall.kernel.errors import NotFound


@dataclass(frozen=True)
class Refund:
    """A refund that somebody asked for.

    Attributes:
        status: ``asked`` waits for a second person, ``sending`` for the gateway; ``done``; ``refused``.
        receipt: id of the money that came; ``posted``: of what went back, once it has.
        refusal: why not; ``gateway`` where the gateway would not.
    """

    number: str
    receipt: int
    amount_fen: int
    reason: str
    status: str
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    ended_at: datetime | None
    refusal: str
    posted: int | None


def refund(number: str) -> Refund:
    """A refund by its number.

    Raises:
        NotFound: when there is none.
    """
    found = _read(RefundRequest.objects.filter(number=number))
    if not found:
        raise NotFound("There is no such refund.", path="refund")
    return found[0]


def refunds_of(receipt: int) -> Sequence[Refund]:
    """The refunds of a receipt, the newest first."""
    return _read(RefundRequest.objects.filter(receipt_id=receipt))


def open_refunds(*, limit: int = 100) -> Sequence[Refund]:
    """Refunds that wait for a person or a gateway, the newest first."""
    return _read(RefundRequest.objects.filter(status__in=[RefundStatus.ASKED, RefundStatus.SENDING]), limit)


def _read(rows: "QuerySet[RefundRequest]", limit: int = 100) -> list[Refund]:
    return [
        Refund(
            row.number, row.receipt_id, row.amount_fen, row.reason, row.status, row.asked_by, row.asked_at,
            row.decided_by, row.decided_at, row.ended_at, row.refusal, row.posted_id,
        )
        for row in rows.order_by("-id")[:limit]
    ]  # fmt: skip
