"""Autopay agreements as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from gridhall.contexts.payments import ports
from gridhall.contexts.payments.models import AutopayAgreement, AutopayDebit
from gridhall.contexts.payments.ports import ChargingGateway
from gridhall.kernel.errors import NotFound


@dataclass(frozen=True)
class Autopay:
    """An agreement; ``active`` until it is ended."""

    id: int
    account: int
    payer: int
    gateway: str
    method: str
    limit_fen: int
    notice_days: int
    active: bool
    signed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Debit:
    """A debit of an agreement; ``status`` as `models.DebitStatus`, ``amount_fen`` as noticed."""

    id: int
    amount_fen: int
    noticed_at: datetime
    debit_date: date
    status: str
    ended_at: datetime | None


def autopay(id: int) -> Autopay:
    """An agreement by its number.

    Raises:
        NotFound: when there is none.
    """
    found = _read(AutopayAgreement.objects.filter(pk=id))
    if not found:
        raise NotFound("There is no such agreement.", path="agreement")
    return found[0]


def autopay_of(accounts: Sequence[int], *, payer: int | None = None) -> list[Autopay]:
    """The agreements of accounts, active ones first, then the newest; of one payer where one is named. One query."""
    rows = AutopayAgreement.objects.filter(account_id__in=list(accounts))
    return _read(rows if payer is None else rows.filter(payer_id=payer))


def debits_of(agreement: int, *, limit: int = 24) -> list[Debit]:
    """The debits of an agreement, the newest first. One query."""
    return [
        Debit(row.pk, row.amount_fen, row.noticed_at, row.debit_date, row.status, row.ended_at)
        for row in AutopayDebit.objects.filter(agreement_id=agreement).order_by("-id")[:limit]
    ]


def charging_methods() -> list[tuple[str, str]]:
    """Gateways and methods by which autopay can be agreed: (gateway, method)."""
    return [
        (code, method.code)
        for code, each in ports.gateways().items()
        if isinstance(each, ChargingGateway)
        for method in each.methods[:1]
    ]


def _read(rows: "QuerySet[AutopayAgreement]") -> list[Autopay]:
    return [
        Autopay(
            row.pk, row.account_id, row.payer_id, row.gateway, row.method, row.limit_fen, row.notice_days,
            row.status == "active", row.signed_at, row.ended_at,
        )
        for row in rows.order_by("status", "-id")
    ]  # fmt: skip
