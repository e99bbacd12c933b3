"""Orders of which nothing was heard: their gateway is asked, and they are posted or closed by its answer."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from gridhall.contexts.payments.operations.notices import note
from gridhall.contexts.payments.operations.receiving import post
from gridhall.contexts.payments.ports import (
    GatewayUnavailable,
    MoneyState,
    PaymentGateway,
    PaymentState,
    RawNotice,
    gateway,
)
from gridhall.contexts.payments.queries.orders import order, overdue
from gridhall.contexts.payments.types import Order, OrderState, Taken
from gridhall.kernel.errors import NotFound, Refused

#: A page that waits for its payment asks the gateway at most so often.
PATIENCE: Final = timedelta(seconds=5)
#: An order that its gateway still calls pending is asked about for so long after its time, then closed here; money that
#: comes later makes it paid all the same.
GIVEN_UP: Final = timedelta(days=1)
_CLAIM: Final = """
    UPDATE payments_paymentorder SET asked_at = %(now)s
    WHERE number = %(number)s AND status = 'open' AND (asked_at IS NULL OR asked_at <= %(before)s)
"""
_CLOSE: Final = """
    UPDATE payments_paymentorder SET status = 'closed', ended_at = %s WHERE number = %s AND status = 'open'
"""
_log = logging.getLogger("gridhall.payments")


@dataclass
class Asked:
    """What became of orders whose time is over."""

    paid: int = 0
    closed: int = 0
    waiting: int = 0


def ask(number: str, *, now: datetime) -> Order:
    """This will ask the gateway about an order that is open, and give the order as it stands then.

    Several pages and the job may ask at once: the gateway is asked at most every five seconds. Call outside a
    transaction: it waits for the gateway.

    Raises:
        NotFound: when there is no such order.
    """
    found = order(number)
    if found.state is OrderState.OPEN and _claimed(number, now):
        try:
            _settle(found, gateway(found.gateway), now)
        except (GatewayUnavailable, NotFound) as error:
            _log.info("Order %s: %s", number, error.message)
        return order(number)
    return found


def give_way(number: str, *, now: datetime) -> Order:
    """This will close an open order at its gateway, since its payer makes another, and give it as it stands then.

    Paid in that very moment it is posted; where its gateway cannot say that it never will be, it stays open. An order
    that its gateway has not seen yet is closed here; who still has its page can pay it all the same, and that is money.
    Call outside a transaction: it waits for the gateway.

    Raises:
        NotFound: when there is no such order.
    """
    found = order(number)
    if found.state is OrderState.OPEN:
        try:
            _settle(found, gateway(found.gateway), now, over=True)
        except GatewayUnavailable as error:
            _log.info("Order %s: %s", number, error.message)
        except NotFound:
            _close(number, now)
    return order(number)


def ask_overdue(
    now: Callable[[], datetime], *, progress: Callable[[int, int], None] = lambda done, all_: None
) -> Asked:
    """This will ask about open orders whose time is over; those of a silent gateway wait for next time."""
    found, silent, at = Asked(), set[str](), now()
    waiting = overdue(at)
    for done, each in enumerate(waiting):
        progress(done, len(waiting))
        if each.gateway in silent or not _claimed(each.number, now()):
            found.waiting += 1
            continue
        try:
            state = _settle(each, gateway(each.gateway), now())
        except GatewayUnavailable as error:
            _log.warning("The gateway %s does not answer: %s", each.gateway, error.message)
            silent.add(each.gateway)
            state = OrderState.OPEN
        except NotFound:
            # The utility has given this gateway up: nobody is left to ask.
            state = _close(each.number, now())
        found.paid += state is OrderState.PAID
        found.closed += state is OrderState.CLOSED
        found.waiting += state is OrderState.OPEN
    return found


def _settle(asked: Order, at: PaymentGateway, now: datetime, *, over: bool = False) -> OrderState:
    """Ask, and do what the answer says; one that is over is made unpayable."""
    over = over or now >= asked.expires_at
    told = at.query(asked.number)
    if told.state is MoneyState.PENDING and over:
        # Made unpayable where it can be; money may have moved in between, so it is asked again.
        at.close(asked.number)
        told = at.query(asked.number)
    if told.state is MoneyState.DONE:
        return _post(asked, told, now)
    if told.state is MoneyState.CLOSED or (over and told.state is MoneyState.UNKNOWN):
        return _close(asked.number, now)
    if now >= asked.expires_at + GIVEN_UP:
        return _close(asked.number, now)
    return OrderState.OPEN


def _post(asked: Order, told: PaymentState, now: datetime) -> OrderState:
    raw = RawNotice(f"query {asked.number}".encode(), {})
    try:
        with transaction.atomic():
            outcome = post(asked.gateway, told, now=now)
            if outcome is Taken.ACCEPTED:
                note(asked.gateway, raw, outcome, "asked", told, now)
    except Refused as error:
        note(asked.gateway, raw, Taken.REFUSED, error.code, told, now)
        return _close(asked.number, now) if now >= asked.expires_at + GIVEN_UP else OrderState.OPEN
    return OrderState.PAID


def _claimed(number: str, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"number": number, "now": now, "before": now - PATIENCE})
        return bool(cursor.rowcount)


def _close(number: str, now: datetime) -> OrderState:
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, [now, number])
    return OrderState.CLOSED
