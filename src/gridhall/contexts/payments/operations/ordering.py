"""Orders: an intent to pay before the payer is sent to a gateway."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from gridhall.contexts.payments.errors import AmountOutOfBounds
from gridhall.contexts.payments.queries.orders import order_of
from gridhall.contexts.payments.rules.amounts import checked
from gridhall.contexts.payments.settings import rules
from gridhall.contexts.payments.types import Order, OrderState, Part
from gridhall.kernel.errors import NotFound
from gridhall.kernel.money import yuan
from gridhall.runtime import prepared
from gridhall.runtime.localtime import local

_INSERT = """
    WITH fresh AS (
        INSERT INTO payments_paymentorder (number, request_key, gateway, method, payer_id, organisation_id, amount_fen,
            status, created_at, expires_at)
        SELECT %(number)s, %(key)s, %(gateway)s, %(method)s, %(payer)s, a.organisation_id, %(amount)s, 'open', %(now)s,
            %(expires)s
        FROM accounts_customeraccount a WHERE a.id = %(first)s
        ON CONFLICT ON CONSTRAINT payments_order_once DO NOTHING
        RETURNING id
    )
    INSERT INTO payments_orderline (order_id, account_id, usage_point_id, amount_fen)
    SELECT fresh.id, part.* FROM fresh,
        unnest(%(accounts)s::bigint[], %(points)s::bigint[], %(amounts)s::bigint[]) AS part
    RETURNING id
"""


def open_order(
    parts: Sequence[Part], *, gateway: str, method: str, request_key: str, payer: int | None, now: datetime
) -> Order:
    """This will write down an intent to pay; asked again with the same key it gives the order that there is.

    Args:
        parts: what is for which account; each account once.
        request_key: from the page that asks, random, one for each wish to pay.
        payer: id of the person who is signed in.

    Raises:
        AmountInvalid, AmountOutOfBounds: when it cannot be paid so.
        NotFound: when there is no such account.
    """
    amount = sum(checked(part.amount_fen) for part in parts)
    bounds = rules().orders
    if not bounds.least_fen <= amount <= bounds.most_fen:
        raise AmountOutOfBounds(
            f"One payment is from {yuan(bounds.least_fen)} to {yuan(bounds.most_fen)} yuan.", path="amount"
        )
    number = fresh_number(now)
    expires = now + timedelta(minutes=bounds.minutes)
    with prepared.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "number": number, "key": request_key, "gateway": gateway, "method": method, "payer": payer,
                "amount": amount, "now": now, "expires": expires, "first": parts[0].account,
                "accounts": [part.account for part in parts], "points": [part.usage_point for part in parts],
                "amounts": [part.amount_fen for part in parts],
            },
        )  # fmt: skip
        made = len(cursor.fetchall())
    if made == len(parts):
        return Order(
            number, gateway, method, amount, OrderState.OPEN, now, expires, None, payer, None, tuple(parts)
        )  # fmt: skip
    found = order_of(key=(payer, request_key))
    if found is None:
        raise NotFound("There is no such account.", path="account")
    return found


def fresh_number(now: datetime) -> str:
    """A number that no order or refund has: the local time to the second and twelve random digits."""
    return f"{local(now):%Y%m%d%H%M%S}{secrets.randbelow(10**12):012}"
