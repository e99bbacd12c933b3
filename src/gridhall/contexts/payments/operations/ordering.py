"""Orders: an intent to pay before the payer is sent to a gateway."""

import secrets
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from gridhall.contexts.payments.errors import AmountOutOfBounds, BeingPaid, OwesLess
from gridhall.contexts.payments.queries.orders import order_of
from gridhall.contexts.payments.queries.owed import owed_of
from gridhall.contexts.payments.rules.amounts import checked
from gridhall.contexts.payments.settings import rules
from gridhall.contexts.payments.types import Order, OrderState, Part, Purpose
from gridhall.kernel.errors import NotFound
from gridhall.kernel.money import yuan
from gridhall.runtime import prepared
from gridhall.runtime.localtime import local, local_day

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
#: Whoever pays for an account waits here for whoever does at the same moment.
_TURN = "SELECT id FROM accounts_customeraccount WHERE id = ANY(%(accounts)s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
_RIVAL = """
    SELECT o.number, o.created_at, o.expires_at, o.payer_id IS NOT DISTINCT FROM %(payer)s::bigint
        AND NOT EXISTS (SELECT FROM payments_autopaydebit d WHERE d.order_id = o.id)
    FROM payments_paymentorder o
    WHERE o.status = 'open' AND o.id IN (
            SELECT l.order_id FROM payments_orderline l WHERE l.account_id = ANY(%(accounts)s::bigint[]))
        AND (o.payer_id, o.request_key) IS DISTINCT FROM (%(payer)s::bigint, %(key)s::text)
    ORDER BY o.id DESC LIMIT 1
"""


def open_order(
    parts: Sequence[Part],
    *,
    gateway: str,
    method: str,
    request_key: str,
    payer: int | None,
    now: datetime,
    purpose: Purpose = Purpose.AHEAD,
) -> Order:
    """This will write down an intent to pay; asked again with the same key it gives the order that there is.

    What is owed is paid once: two phones that pay it at the same time get one order.

    Args:
        parts: what is for which account; each account once.
        request_key: from the page that asks, random, one for each wish to pay.
        payer: id of the person who is signed in.
        purpose: what is paid ahead is never refused because of another order.

    Raises:
        AmountInvalid, AmountOutOfBounds: when it cannot be paid so.
        BeingPaid: when another order for one of the accounts is open, unless it is paid ahead.
        OwesLess: when an account owes less than its part of a debt.
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
    alone = purpose is not Purpose.AHEAD
    with transaction.atomic() if alone else nullcontext(), prepared.cursor() as cursor:
        try:
            if alone:
                _take_turn(cursor, parts, request_key, payer)
            if purpose is Purpose.DEBT:
                _refuse_more_than_owed(parts, now)
        except (BeingPaid, OwesLess):
            if (asked_before := order_of(key=(payer, request_key))) is None:
                raise
            return asked_before
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


def _take_turn(cursor: Any, parts: Sequence[Part], request_key: str, payer: int | None) -> None:
    asked = {"accounts": [part.account for part in parts], "payer": payer, "key": request_key}
    cursor.execute(_TURN, asked)
    cursor.execute(_RIVAL, asked)
    if (rival := cursor.fetchone()) is not None:
        number, since, until, own = rival
        raise BeingPaid(
            "Another order for this account is open.", since=since, until=until, own=number if own else "", path="order"
        )


def _refuse_more_than_owed(parts: Sequence[Part], now: datetime) -> None:
    owed = owed_of([part.account for part in parts], today=local_day(now))
    if any(part.amount_fen > owed[part.account].owed_fen for part in parts):
        raise OwesLess("Less is owed than was to be paid.", path="amount")


def fresh_number(now: datetime) -> str:
    """A number that no order or refund has: the local time to the second and twelve random digits."""
    return f"{local(now):%Y%m%d%H%M%S}{secrets.randbelow(10**12):012}"
