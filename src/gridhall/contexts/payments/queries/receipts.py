"""Receipts as they stand."""

from collections.abc import Sequence
from typing import Any, Final

from gridhall.contexts.payments.types import Part, TakenReceipt
from gridhall.kernel.errors import NotFound
from gridhall.runtime import prepared

_SELECT: Final = """
    SELECT r.id, r.gateway, r.method, r.reference, coalesce(o.number, ''), r.amount_fen,
        coalesce((SELECT sum(b.amount_fen) FROM payments_receipt b WHERE b.reverses_id = r.id), 0), r.paid_at,
        r.value_date, array_agg(l.account_id ORDER BY l.id), array_agg(l.usage_point_id ORDER BY l.id),
        array_agg(l.amount_fen ORDER BY l.id)
    FROM payments_receipt r JOIN payments_receiptline l ON l.receipt_id = r.id
    LEFT JOIN payments_paymentorder o ON o.id = r.order_id
    WHERE r.kind = 'receipt' AND {where}
    GROUP BY r.id, o.number ORDER BY r.paid_at DESC, r.id DESC LIMIT %(limit)s
"""


def receipt(id: int) -> TakenReceipt:
    """A receipt.

    Raises:
        NotFound: when there is none.
    """
    found = _read("r.id = %(id)s", {"id": id, "limit": 1})
    if not found:
        raise NotFound("There is no such receipt.", path="receipt")
    return found[0]


def amounts_of(receipts: Sequence[int]) -> dict[int, int]:
    """What receipts (ids) brought to each account (id), in fen. One query."""
    with prepared.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, sum(amount_fen) FROM payments_receiptline WHERE receipt_id = ANY(%s::bigint[])"
            " GROUP BY account_id",
            [list(receipts)],
        )
        return {account: int(fen) for account, fen in cursor.fetchall()}


def receipts_of_order(number: str) -> list[TakenReceipt]:
    """The receipts of an order: none, or one."""
    return _read("o.number = %(number)s", {"number": number, "limit": 10})


def _read(where: str, asked: dict[str, Any]) -> list[TakenReceipt]:
    with prepared.cursor() as cursor:
        cursor.execute(_SELECT.format(where=where), asked)
        return [
            TakenReceipt(
                id, gateway, method, reference, order, amount, int(back), paid_at, day,
                tuple(Part(*part) for part in zip(accounts, amounts, points, strict=True)),
            )
            for id, gateway, method, reference, order, amount, back, paid_at, day,
                accounts, points, amounts in cursor.fetchall()
        ]  # fmt: skip
