"""Guards: what is owed is paid once, however many phones try; the same payer's earlier order makes way; who pays ahead
is not kept waiting."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from tests.contexts.payments.conftest import ACT, NOW, Till

from gridhall.contexts.identity.models import User
from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.models import PaymentOrder
from gridhall.contexts.payments.operations import BeingPaid, OwesLess
from gridhall.contexts.payments.ports import MoneyState, OrderToPay
from gridhall.contexts.payments.types import Order, OrderState, Part, Purpose


@pytest.fixture
def people(till: Till) -> tuple[int, int]:
    till.bill(0, 1, 900)
    return User.objects.create(username="one").pk, User.objects.create(username="two").pk


def ordered(
    till: Till, payer: int, key: str, purpose: Purpose = Purpose.DEBT, fen: int = 900, account: int = 0
) -> Order:
    return operations.open_order(
        [Part(till.accounts[account].pk, fen)], gateway="scripted", method="m", request_key=key, payer=payer, now=NOW,
        purpose=purpose,
    )  # fmt: skip


def announced(gateway, order: Order) -> Order:
    gateway.create(OrderToPay(order.number, "m", order.amount_fen, "电费", order.expires_at, "", ""))
    return order


def test_a_debt_that_is_being_paid_is_refused_to_another(till, people):
    one, two = people
    first = ordered(till, one, "a")
    with pytest.raises(BeingPaid) as refused:
        ordered(till, two, "b")
    assert (refused.value.code, refused.value.since, refused.value.own) == ("being_paid", NOW, "")
    with pytest.raises(BeingPaid):
        ordered(till, two, "b", Purpose.POWER)
    # The same wish sent again is the same order; another account and paying ahead are nobody else's business.
    assert ordered(till, one, "a").number == first.number
    till.bill(1, 1, 900)
    ordered(till, two, "c", account=1)
    ordered(till, two, "d", Purpose.AHEAD)
    assert PaymentOrder.objects.count() == 3


def test_more_than_is_owed_is_no_debt(till, people, gateway):
    first = announced(gateway, ordered(till, people[0], "a"))
    operations.post("scripted", gateway.pays(first.number, 900, NOW), now=NOW)
    with pytest.raises(OwesLess):
        ordered(till, people[1], "b")
    # Sent again after it was paid: still the same order.
    assert ordered(till, people[0], "a").state is OrderState.PAID
    assert ordered(till, people[1], "c", Purpose.POWER).amount_fen == 900
    assert till.balance(0) == 0


def test_the_payers_own_order_makes_way(till, people, gateway):
    first = announced(gateway, ordered(till, people[0], "a"))
    with pytest.raises(BeingPaid) as refused:
        ordered(till, people[0], "b")
    assert refused.value.own == first.number
    assert operations.give_way(first.number, now=NOW).state is OrderState.CLOSED
    assert gateway.orders[first.number].state is MoneyState.CLOSED
    second = ordered(till, people[0], "b")
    # It was never announced: nobody can pay it.
    assert operations.give_way(second.number, now=NOW).state is OrderState.CLOSED


def test_an_order_that_is_paid_in_that_moment_or_cannot_be_stopped_does_not_make_way(till, people, gateway):
    first = announced(gateway, ordered(till, people[0], "a"))
    gateway.closes = False
    assert operations.give_way(first.number, now=NOW).state is OrderState.OPEN
    gateway.down = True
    assert operations.give_way(first.number, now=NOW).state is OrderState.OPEN
    gateway.down = False
    gateway.pays(first.number, 900, NOW)
    assert operations.give_way(first.number, now=NOW).state is OrderState.PAID
    assert till.balance(0) == 0
    assert operations.give_way(first.number, now=NOW).state is OrderState.PAID


def test_a_debit_by_itself_waits_for_who_pays_by_hand(till, people, gateway):
    agreed = operations.sign_autopay(
        till.accounts[0].pk, payer=people[0], gateway_code="scripted", method="m", limit_fen=5_000, act=ACT
    )
    assert operations.notice_debits(NOW) == 1
    by_hand = announced(gateway, ordered(till, people[0], "a"))
    due = NOW + timedelta(days=agreed.notice_days)
    assert operations.send_debits(lambda: due) == {"noticed": 1}
    assert operations.give_way(by_hand.number, now=due).state is OrderState.CLOSED
    gateway.down = True
    assert operations.send_debits(lambda: due) == {"sent": 1}
    # While it is under way its payer is told so, and it is not stopped.
    with pytest.raises(BeingPaid) as refused:
        ordered(till, people[0], "b")
    assert refused.value.own == ""
    gateway.down = False
    assert operations.send_debits(lambda: due) == {"done": 1}
    assert till.balance(0) == 0


@pytest.mark.django_db(transaction=True)
def test_phones_at_the_same_moment_get_one_order(make_till):
    with transaction.atomic():
        till = make_till(1)
    till.bill(0, 1, 900)
    people = [User.objects.create(username=name).pk for name in ("one", "two")]

    def try_it(at: int) -> str:
        try:
            return ordered(till, people[at % 2], f"key {at}").number
        except BeingPaid:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(try_it, range(16)))
    assert sum(map(bool, made)) == 1
    assert PaymentOrder.objects.count() == 1
    assert queries.owed_of([till.accounts[0].pk], today=NOW.date())[till.accounts[0].pk].owed_fen == 900
