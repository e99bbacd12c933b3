"""Money goes back: refunds that we make, chargebacks that banks make."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from gridhall.contexts.payments.errors import MoreThanCame
from gridhall.contexts.payments.rules.amounts import checked
from gridhall.kernel.errors import NotFound
from gridhall.runtime import outbox
from gridhall.runtime.audit import Act, record
from gridhall.runtime.localtime import local_day

#: Said on the outbox for each receipt that went back, in part or whole: ``{"receipt", "reverses", "accounts"}``.
GONE_BACK = "payments.gone_back"

_LEFT = """
    SELECT l.account_id, l.usage_point_id, l.amount_fen - coalesce((
            SELECT sum(b.amount_fen) FROM payments_receiptline b JOIN payments_receipt r ON r.id = b.receipt_id
            WHERE r.reverses_id = %(receipt)s AND b.account_id = l.account_id), 0)
    FROM payments_receiptline l WHERE l.receipt_id = %(receipt)s ORDER BY l.id DESC
"""
_INSERT = """
    INSERT INTO payments_receipt (kind, gateway, method, reference, order_id, reverses_id, organisation_id, amount_fen,
        paid_at, value_date, posted_at, actor, reason)
    SELECT %(kind)s, gateway, method, %(reference)s, order_id, id, organisation_id, %(amount)s, %(at)s, %(day)s,
        %(now)s, %(actor)s, %(reason)s
    FROM payments_receipt WHERE id = %(receipt)s
    ON CONFLICT ON CONSTRAINT payments_receipt_once DO NOTHING
    RETURNING id
"""
_LINES = """
    INSERT INTO payments_receiptline (receipt_id, account_id, usage_point_id, amount_fen)
    SELECT %s, part.* FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS part
"""


def go_back(
    receipt: int, amount_fen: int, *, kind: str, reference: str, at: datetime, reason: str, act: Act
) -> int | None:
    """This will post that money of a receipt went back: ``refund`` or ``chargeback``.

    It is taken from the accounts of the receipt, those settled last first.

    Args:
        reference: the gateway's number of this movement.
        at: when the money moved.

    Returns:
        The id of the posted row; None when this movement was posted before.

    Raises:
        AmountInvalid: for nothing or less.
        MoreThanCame: when more would go back than is left of the receipt.
        NotFound: when there is no such receipt.
    """
    checked(amount_fen)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM payments_receipt WHERE id = %s AND kind = 'receipt' FOR UPDATE", [receipt])
        if cursor.fetchone() is None:
            raise NotFound("There is no such receipt.", path="receipt")
        cursor.execute(
            "SELECT id FROM payments_receipt WHERE reverses_id = %s AND reference = %s", [receipt, reference]
        )
        if cursor.fetchone() is not None:
            return None
        cursor.execute(_LEFT, {"receipt": receipt})
        parts, left = [], amount_fen
        for account, point, fen in cursor.fetchall():
            part = min(left, int(fen))
            if part > 0:
                parts.append((account, point, part))
                left -= part
        if left:
            raise MoreThanCame(f"{left} fen more would go back than is left of this receipt.", path="amount")
        asked: dict[str, Any] = {
            "kind": kind, "reference": reference, "receipt": receipt, "amount": amount_fen, "at": at,
            "day": local_day(at), "now": act.at, "actor": act.actor, "reason": reason,
        }  # fmt: skip
        try:
            with transaction.atomic():
                cursor.execute(_INSERT, asked)
                row = cursor.fetchone()
        except IntegrityError as error:
            raise MoreThanCame("More would go back than is left of this receipt.", path="amount") from error
        if row is None:
            return None
        accounts, points, amounts = (list(column) for column in zip(*parts, strict=True))
        cursor.execute(_LINES, [row[0], accounts, points, amounts])
        outbox.publish(GONE_BACK, {"receipt": row[0], "reverses": receipt, "accounts": accounts}, now=act.at)
        record(
            act, f"payments.{kind}.posted", f"receipt:{receipt}",
            {"amount_fen": amount_fen, "reference": reference, "reason": reason},
        )  # fmt: skip
    return int(row[0])
