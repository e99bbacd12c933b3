"""What was paid for a home or an account, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from django.db import connection

from gridhall.contexts.payments import ports

_SELECT: Final = """
    SELECT r.id, r.gateway, r.method, r.reference, coalesce(o.number, ''), r.amount_fen, sum(l.amount_fen),
        coalesce((SELECT sum(b.amount_fen) FROM payments_receipt b WHERE b.reverses_id = r.id), 0),
        EXISTS (SELECT FROM payments_receipt b WHERE b.reverses_id = r.id AND b.kind = 'chargeback'),
        EXISTS (SELECT FROM payments_refundrequest q WHERE q.receipt_id = r.id AND q.status IN ('asked', 'sending')),
        r.paid_at, r.value_date, array_agg(l.account_id ORDER BY l.id)
    FROM payments_receiptline l JOIN payments_receipt r ON r.id = l.receipt_id
    LEFT JOIN payments_paymentorder o ON o.id = r.order_id
    WHERE l.account_id = ANY(%(accounts)s) AND r.kind = 'receipt'
        AND (%(since)s::date IS NULL OR r.value_date >= %(since)s)
        AND (%(until)s::date IS NULL OR r.value_date < %(until)s)
        AND (%(gateway)s::text IS NULL OR r.gateway = %(gateway)s)
        AND (%(before)s::bigint IS NULL OR (r.paid_at, r.id) < (
            SELECT p.paid_at, p.id FROM payments_receipt p WHERE p.id = %(before)s))
    GROUP BY r.id, o.number ORDER BY r.paid_at DESC, r.id DESC LIMIT %(limit)s
"""
_WITHIN: Final = """
    SELECT extract(year FROM r.value_date)::int, r.gateway
    FROM payments_receiptline l JOIN payments_receipt r ON r.id = l.receipt_id
    WHERE l.account_id = ANY(%s) AND r.kind = 'receipt' GROUP BY 1, 2
"""


class PaidState(StrEnum):
    """What became of a payment since."""

    PAID = "paid"
    REFUNDING = "refunding"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"


@dataclass(frozen=True)
class Payment:
    """A payment, as its payer and clerks see it.

    Attributes:
        receipt: id; its printed form is `operations.write_receipt`.
        amount_fen: the part that was for the accounts asked about; ``whole_fen`` is what was paid at once.
        gone_back_fen: of the whole.
        points: earned by it; None where nobody counts points.
        accounts: ids of those asked about that it was for.
    """

    receipt: int
    gateway: str
    method: str
    reference: str
    order: str
    amount_fen: int
    whole_fen: int
    gone_back_fen: int
    state: PaidState
    paid_at: datetime
    value_date: date
    points: int | None
    accounts: tuple[int, ...]


def payments_of(
    accounts: Sequence[int],
    *,
    year: int | None = None,
    gateway: str | None = None,
    before: int | None = None,
    limit: int = 20,
) -> list[Payment]:
    """Payments for accounts. One query, and one for the points where somebody counts them.

    Args:
        accounts: ids; all of one home, or one.
        year: of the value date.
        before: the receipt that the page before ended with.
        limit: one more than a page shows tells whether there is another.
    """
    asked: dict[str, Any] = {
        "accounts": list(accounts), "gateway": gateway, "before": before, "limit": limit,
        "since": date(year, 1, 1) if year else None, "until": date(year + 1, 1, 1) if year else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, asked)
        rows = cursor.fetchall()
    points = ports.points().earned([row[0] for row in rows])
    return [
        Payment(
            id, code, method, reference, order, int(part), whole, int(back),
            _state(whole, int(back), disputed, refunding), paid_at, day, points.get(id), tuple(mine),
        )
        for id, code, method, reference, order, whole, part, back, disputed, refunding, paid_at, day, mine in rows
    ]  # fmt: skip


def years_and_gateways(accounts: Sequence[int]) -> tuple[list[int], list[str]]:
    """By what payments for accounts can be filtered: years, the newest first, and gateways. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHIN, [list(accounts)])
        rows = cursor.fetchall()
    return sorted({year for year, _ in rows}, reverse=True), sorted({gateway for _, gateway in rows})


def _state(whole: int, back: int, disputed: bool, refunding: bool) -> PaidState:
    if disputed:
        return PaidState.CHARGED_BACK
    if refunding:
        return PaidState.REFUNDING
    if back:
        return PaidState.REFUNDED if back == whole else PaidState.PARTLY_REFUNDED
    return PaidState.PAID
