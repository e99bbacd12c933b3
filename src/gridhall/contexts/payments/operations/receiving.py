"""Money comes in: what gateways confirm becomes receipts, once for each movement, however often they say it."""

from collections.abc import Sequence
from datetime import datetime

from gridhall.contexts.payments.ports import MoneyState, NoticeRefused, PaymentState
from gridhall.contexts.payments.types import Part, Taken
from gridhall.runtime import outbox, prepared
from gridhall.runtime.localtime import local_day

#: Said on the outbox for each receipt: ``{"receipt", "order", "accounts"}``.
RECEIVED = "payments.received"

_ORDER = """
    SELECT o.id, o.status, o.amount_fen, o.method, o.organisation_id, o.reference,
        array_agg(l.account_id ORDER BY l.id), array_agg(l.usage_point_id ORDER BY l.id),
        array_agg(l.amount_fen ORDER BY l.id)
    FROM (SELECT * FROM payments_paymentorder WHERE number = %s AND gateway = %s FOR UPDATE) o
    JOIN payments_orderline l ON l.order_id = o.id
    GROUP BY o.id, o.status, o.amount_fen, o.method, o.organisation_id, o.reference
"""
_RECEIPT = """
    WITH fresh AS (
        INSERT INTO payments_receipt (kind, gateway, method, reference, order_id, organisation_id, amount_fen, paid_at,
            value_date, posted_at, actor, reason)
        VALUES ('receipt', %(gateway)s, %(method)s, %(reference)s, %(order)s, %(organisation)s, %(amount)s, %(paid_at)s,
            %(value_date)s, %(now)s, %(actor)s, %(reason)s)
        ON CONFLICT ON CONSTRAINT payments_receipt_once DO NOTHING
        RETURNING id
    ), lines AS (
        INSERT INTO payments_receiptline (receipt_id, account_id, usage_point_id, amount_fen)
        SELECT fresh.id, part.* FROM fresh,
            unnest(%(accounts)s::bigint[], %(points)s::bigint[], %(amounts)s::bigint[]) AS part
    ), paid AS (
        UPDATE payments_paymentorder SET status = 'paid', ended_at = %(now)s, reference = %(reference)s
        WHERE id = %(order)s AND EXISTS (SELECT FROM fresh)
    )
    SELECT id FROM fresh
"""


class NotOurs(NoticeRefused):
    """A genuine message about an order that was never made here."""

    code = "notice_of_unknown_order"


class WrongAmount(NoticeRefused):
    """A genuine message about another amount than was ordered."""

    code = "notice_of_wrong_amount"


class PaidTwice(NoticeRefused):
    """A second movement of money for an order that is paid: a case for reconciliation."""

    code = "order_paid_twice"


def post(code: str, told: PaymentState, *, now: datetime, actor: str = "") -> Taken:
    """This will post a payment that a gateway confirms, once. Call inside a transaction.

    Raises:
        NotOurs, WrongAmount, PaidTwice: as they say; nothing changes.
    """
    if told.state is not MoneyState.DONE:
        return Taken.NOTED
    with prepared.cursor() as cursor:
        cursor.execute(_ORDER, [told.number, code])
        row = cursor.fetchone()
        if row is None:
            raise NotOurs("There is no such order.", path="order")
        order, status, amount, method, organisation, reference, accounts, points, amounts = row
        if told.amount_fen != amount:
            raise WrongAmount(f"{told.amount_fen} fen were paid for an order of {amount} fen.", path="amount")
        if status == "paid":
            if reference == told.reference:
                return Taken.REPEATED
            raise PaidTwice("The order is paid already, by another movement.", path="order")
        paid_at = told.paid_at or now
        receipt = take(
            [Part(*part) for part in zip(accounts, amounts, points, strict=True)], gateway=code, method=method,
            reference=told.reference, organisation=organisation, order=order, paid_at=paid_at, now=now,
            actor=actor or f"gateway:{code}",
        )  # fmt: skip
        if receipt is None:
            raise PaidTwice("This movement was posted for something else.", path="reference")
        return Taken.ACCEPTED


def take(
    parts: Sequence[Part],
    *,
    gateway: str,
    method: str,
    reference: str,
    organisation: int,
    paid_at: datetime,
    now: datetime,
    actor: str,
    order: int | None = None,
    reason: str = "",
) -> int | None:
    """This will write a receipt, and that its order is paid; the database posts its ledger entries.

    One statement, and one for the outbox: payments come by the hundred a second. Call inside a transaction.

    Returns:
        Its id; None when this movement of this gateway was posted before.
    """
    with prepared.cursor() as cursor:
        cursor.execute(
            _RECEIPT,
            {
                "gateway": gateway, "method": method, "reference": reference, "order": order,
                "organisation": organisation, "amount": sum(part.amount_fen for part in parts), "paid_at": paid_at,
                "value_date": local_day(paid_at), "now": now, "actor": actor, "reason": reason,
                "accounts": [part.account for part in parts], "points": [part.usage_point for part in parts],
                "amounts": [part.amount_fen for part in parts],
            },
        )  # fmt: skip
        row = cursor.fetchone()
        if row is None:
            return None
    outbox.publish(RECEIVED, {"receipt": row[0], "accounts": [part.account for part in parts]}, now=now)
    return int(row[0])
