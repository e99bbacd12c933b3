"""Orders as they stand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from gridhall.contexts.payments.types import Order, OrderState, Part
from gridhall.kernel.errors import NotFound
from gridhall.runtime import prepared

_SELECT: Final = """
    SELECT o.number, o.gateway, o.method, o.amount_fen, o.status, o.created_at, o.expires_at, o.ended_at, o.payer_id,
        o.reference, array_agg(l.account_id ORDER BY l.id), array_agg(l.usage_point_id ORDER BY l.id),
        array_agg(l.amount_fen ORDER BY l.id)
    FROM payments_paymentorder o JOIN payments_orderline l ON l.order_id = o.id
    WHERE {where} GROUP BY o.id ORDER BY o.id DESC LIMIT %(limit)s
"""


def order(number: str, *, payer: int | None = None) -> Order:
    """An order by its number; of this payer only, where one is named.

    Raises:
        NotFound: when there is none, or it is somebody else's.
    """
    found = _read("o.number = %(number)s", {"number": number, "limit": 1})
    if not found or (payer is not None and found[0].payer != payer):
        raise NotFound("There is no such order.", path="order")
    return found[0]


def order_of(key: tuple[int | None, str]) -> Order | None:
    """The order that a payer asked for with a key."""
    asked = {"payer": key[0], "key": key[1], "limit": 1}
    return next(iter(_read("o.payer_id IS NOT DISTINCT FROM %(payer)s AND o.request_key = %(key)s", asked)), None)


def overdue(now: datetime, limit: int = 500) -> Sequence[Order]:
    """Open orders whose time is over: their gateways are asked before they are closed.

    One that was asked about and still waits comes again after a tenth of the time since, an hour at most.
    """
    return _read(
        "o.status = 'open' AND o.expires_at <= %(now)s AND (o.asked_at IS NULL OR o.asked_at <= o.expires_at"
        " OR o.asked_at + least((o.asked_at - o.expires_at) / 10, interval '1 hour') <= %(now)s)",
        {"now": now, "limit": limit},
    )


def _read(where: str, asked: dict[str, Any]) -> list[Order]:
    with prepared.cursor() as cursor:
        cursor.execute(_SELECT.format(where=where), asked)
        return [
            Order(
                number, gateway, method, amount, OrderState(status), created, expires, ended, payer, reference,
                tuple(Part(*part) for part in zip(accounts, amounts, points, strict=True)),
            )
            for number, gateway, method, amount, status, created, expires, ended, payer, reference,
                accounts, points, amounts in cursor.fetchall()
        ]  # fmt: skip
