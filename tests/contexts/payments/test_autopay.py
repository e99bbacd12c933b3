"""Guards: autopay takes what is owed once, after a notice, never above the limit, and nothing after it was ended."""

from datetime import timedelta

import pytest
from django.db import transaction
from tests.contexts.payments.conftest import ACT, NOW, Till
from tests.contexts.payments.gateway import Scripted

from gridhall.contexts.identity.models import User
from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.errors import AutopayRefused
from gridhall.contexts.payments.models import AutopayDebit, Receipt
from gridhall.contexts.payments.ports import MoneyState
from gridhall.contexts.payments.queries import Autopay
from gridhall.contexts.payments.types import Part
from gridhall.kernel.errors import NotFound
from gridhall.runtime import outbox

DUE = NOW + timedelta(days=3)
LATER = DUE + timedelta(days=1)


@pytest.fixture
def told(monkeypatch) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []

    def publish(topic, payload, *, now):
        if topic == operations.AUTOPAY_NOTICE:
            found.append((payload["kind"], payload["amount_fen"]))

    monkeypatch.setattr(outbox, "publish", publish)
    return found


@pytest.fixture
def agreed(till: Till, gateway: Scripted) -> Autopay:
    return sign(till)


def sign(till: Till, account: int = 0, limit: int = 50_000) -> Autopay:
    payer, _ = User.objects.get_or_create(username=f"payer{account}")
    return operations.sign_autopay(
        till.accounts[account].pk, payer=payer.pk, gateway_code="scripted", method="m", limit_fen=limit, act=ACT
    )


def statuses() -> list[str]:
    return list(AutopayDebit.objects.order_by("id").values_list("status", flat=True))


def test_a_bill_is_noticed_once_and_paid_once_when_its_time_has_come(till, gateway, agreed, told):
    assert operations.notice_debits(NOW) == 0
    till.bill(0, 1, 30_000)
    assert (operations.notice_debits(NOW), operations.notice_debits(NOW)) == (1, 0)
    assert operations.send_debits(lambda: NOW) == {}
    assert operations.send_debits(lambda: DUE) == {"done": 1}
    assert operations.send_debits(lambda: DUE) == {}
    assert (till.balance(0), len(gateway.charges), told) == (0, 1, [("noticed", 30_000), ("done", 30_000)])
    till.bill(0, 2, 10_000)
    assert operations.notice_debits(DUE) == 1
    (debit, paid) = queries.debits_of(agreed.id)
    assert (debit.status, paid.status, debit.debit_date) == ("noticed", "done", (DUE + timedelta(days=3)).date())


def test_less_is_taken_when_less_is_owed_and_nothing_when_it_was_paid(till, gateway, agreed, told):
    sign(till, 1)
    for account in (0, 1):
        till.bill(account, 1, 30_000)
    operations.notice_debits(NOW)
    with transaction.atomic():
        operations.take(
            [Part(till.accounts[0].pk, 12_000), Part(till.accounts[1].pk, 30_000)], gateway="demo", method="m",
            reference="R", organisation=till.organisation.pk, paid_at=NOW, now=NOW, actor="cli:test",
        )  # fmt: skip
    assert operations.send_debits(lambda: DUE) == {"done": 1, "not_needed": 1}
    assert [order.amount_fen for order, _ in gateway.charges] == [18_000]
    assert (till.balance(0), till.balance(1)) == (0, 0)


def test_never_above_the_limit(till, gateway, agreed, told):
    till.bill(0, 1, 50_001)
    assert operations.notice_debits(NOW) == 1
    assert operations.send_debits(lambda: DUE) == {}
    assert (gateway.charges, told, statuses()) == ([], [("over_limit", 50_001)], ["over_limit"])


def test_ended_at_any_time_nothing_more_is_taken(till, gateway, agreed, told):
    till.bill(0, 1, 30_000)
    operations.notice_debits(NOW)
    with pytest.raises(NotFound):
        operations.end_autopay(agreed.id, act=ACT, payer=agreed.payer + 1)
    assert not operations.end_autopay(agreed.id, act=ACT, payer=agreed.payer).active
    assert not operations.end_autopay(agreed.id, act=ACT, payer=agreed.payer).active
    assert operations.send_debits(lambda: DUE) == {}
    assert (gateway.charges, statuses()) == ([], ["cancelled"])
    assert sign(till).active
    assert [each.active for each in queries.autopay_of([till.accounts[0].pk])] == [True, False]


def test_a_gateway_that_is_away_is_asked_again_and_takes_it_once(till, gateway, agreed, told):
    till.bill(0, 1, 30_000)
    operations.notice_debits(NOW)
    gateway.down = True
    assert operations.send_debits(lambda: DUE) == {"sent": 1}
    gateway.down = False
    gateway.charge_answer = MoneyState.PENDING
    assert operations.send_debits(lambda: DUE + timedelta(minutes=1)) == {"sent": 1}
    ((order, token), *_) = gateway.charges
    gateway.pays(order.number, 30_000, DUE)
    assert operations.ask_overdue(lambda: DUE + timedelta(hours=1)).paid == 1
    assert operations.send_debits(lambda: LATER) == {"done": 1}
    assert (till.balance(0), Receipt.objects.count(), told[-1][0]) == (0, 1, "done")
    assert len({order.number for order, _ in gateway.charges}) == 1
    assert len(token) == 32


def test_a_refusal_is_told_and_not_tried_again(till, gateway, agreed, told):
    till.bill(0, 1, 30_000)
    operations.notice_debits(NOW)
    gateway.charge_answer = MoneyState.CLOSED
    assert operations.send_debits(lambda: DUE) == {"failed": 1}
    assert (operations.notice_debits(DUE), told[-1]) == (0, ("failed", 30_000))
    assert till.balance(0) == 30_000


def test_what_cannot_be_agreed(till, gateway, agreed, monkeypatch):
    with pytest.raises(AutopayRefused):
        sign(till)
    with pytest.raises(AutopayRefused):
        sign(till, 1, limit=900_000_000)
    monkeypatch.delattr(Scripted, "charge")
    with pytest.raises(AutopayRefused):
        sign(till, 1)
    assert queries.charging_methods() == []
