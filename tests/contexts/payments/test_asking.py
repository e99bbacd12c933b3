"""Guards: an order of which nothing is heard is posted or closed by its gateway's word, never by a guess; the gateway
is not asked more often than it likes."""

from datetime import timedelta

import pytest
from tests.contexts.payments.conftest import NOW, Till
from tests.contexts.payments.gateway import Scripted

from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.models import GatewayNotice, PaymentOrder, Receipt
from gridhall.contexts.payments.ports import MoneyState, OrderToPay, PaymentState
from gridhall.contexts.payments.types import OrderState, Part
from gridhall.kernel.errors import NotFound

LATER = NOW + timedelta(minutes=31)


def made(till: Till, fen: int = 500, key: str = "k", gateway: str = "scripted") -> str:
    return operations.open_order(
        [Part(till.accounts[0].pk, fen)], gateway=gateway, method="m", request_key=key, payer=None, now=NOW
    ).number


def announced(gateway: Scripted, number: str) -> str:
    gateway.create(OrderToPay(number, "m", 500, "电费", LATER, "", ""))
    return number


def test_a_page_that_waits_learns_of_a_payment_whose_callback_never_came(till, gateway):
    number = announced(gateway, made(till))
    assert operations.ask(number, now=NOW).state is OrderState.OPEN
    gateway.pays(number, 500, NOW)
    # Two phones that look at the same order at once, and again too soon.
    assert operations.ask(number, now=NOW + timedelta(seconds=1)).state is OrderState.OPEN
    assert gateway.asked == [number]
    assert operations.ask(number, now=NOW + timedelta(seconds=6)).state is OrderState.PAID
    assert operations.ask(number, now=NOW + timedelta(seconds=60)).state is OrderState.PAID
    assert gateway.asked == [number] * 2
    assert till.balance(0) == -500
    # The callback comes after all.
    assert operations.post("scripted", gateway.orders[number], now=LATER) == "repeated"
    assert Receipt.objects.count() == 1


def test_orders_whose_time_is_over_are_posted_or_closed(till, gateway):
    paid = announced(gateway, made(till, key="paid"))
    gateway.pays(paid, 500, NOW)
    never = made(till, key="never announced")
    left = announced(gateway, made(till, key="left"))
    young = announced(gateway, made(till, key="young"))
    PaymentOrder.objects.filter(number=young).update(expires_at=LATER + timedelta(hours=1))
    assert operations.ask_overdue(lambda: LATER) == operations.Asked(paid=1, closed=2, waiting=0)
    states = {queries.order(each).state.value for each in (never, left)}
    assert (states, queries.order(paid).state, queries.order(young).state) == ({"closed"}, "paid", "open")
    assert gateway.orders[left].state is MoneyState.CLOSED
    # Money for a closed order is money.
    assert operations.post("scripted", gateway.pays(left, 500, LATER), now=LATER) == "accepted"
    assert (queries.order(left).state, till.balance(0)) == ("paid", -1000)


def test_a_gateway_that_is_silent_or_undecided_is_asked_again_later_and_later(till, gateway):
    number = announced(gateway, made(till))
    gateway.closes = False
    gateway.down = True
    assert operations.ask_overdue(lambda: LATER).waiting == 1
    gateway.down = False
    assert operations.ask_overdue(lambda: LATER + timedelta(minutes=1)).waiting == 1
    asked = [
        minute
        for minute in range(2, 600)
        if operations.ask_overdue(lambda m=minute: LATER + timedelta(minutes=m)).waiting
    ]
    assert 20 < len(asked) < 80
    assert asked[-1] - asked[-2] >= 30
    assert queries.order(number).state is OrderState.OPEN
    assert operations.ask_overdue(lambda: LATER + timedelta(days=1, hours=2)).closed == 1


def test_a_wrong_answer_changes_nothing_and_is_kept(till, gateway):
    number = announced(gateway, made(till))
    gateway.pays(number, 499, NOW)
    assert operations.ask_overdue(lambda: LATER).waiting == 1
    assert (till.balance(0), Receipt.objects.count()) == (0, 0)
    assert GatewayNotice.objects.get().code == "notice_of_wrong_amount"


def test_a_gateway_that_was_given_up_leaves_no_order_open(till, gateway):
    number = made(till, gateway="gone")
    assert operations.ask(number, now=NOW).state is OrderState.OPEN
    assert operations.ask_overdue(lambda: LATER).closed == 1
    with pytest.raises(NotFound):
        operations.ask("0" * 26, now=NOW)


def test_a_gateway_may_close_an_order_early(till, gateway):
    number = made(till)
    gateway.orders[number] = PaymentState(MoneyState.CLOSED, number)
    assert operations.ask(number, now=NOW).state is OrderState.CLOSED
