"""Guards: money goes back once, never more than came, above a limit by two people, and stands in the ledger only when
its gateway says that it moved."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from tests.contexts.payments.conftest import ACT, NOW, Till
from tests.contexts.payments.gateway import Scripted

from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.errors import (
    MoreThanCame,
    NotBySamePerson,
    RefundDecided,
    RefundNotDone,
    RefundReasonMissing,
)
from gridhall.contexts.payments.models import GatewayNotice
from gridhall.contexts.payments.ports import MoneyState, RawNotice, RefundState
from gridhall.contexts.payments.types import Part, Taken
from gridhall.kernel.errors import NotFound
from gridhall.runtime import audit
from gridhall.runtime.audit import Act

BOSS = Act("staff:boss", NOW)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def receipt(till: Till, gateway: Scripted) -> int:
    till.bill(0, 1, 60_000)
    with transaction.atomic():
        found = operations.take(
            [Part(till.accounts[0].pk, 50_000)], gateway="scripted", method="m", reference="P1",
            organisation=till.organisation.pk, paid_at=NOW, now=NOW, actor="gateway:scripted",
        )  # fmt: skip
    assert found is not None
    return found


def done(gateway: Scripted, number: str, fen: int, reference: str = "") -> RefundState:
    gateway.refunds[number] = RefundState(MoneyState.DONE, number, reference or f"B{number}"[:64], fen, LATER)
    return gateway.refunds[number]


def test_a_small_refund_goes_back_when_the_gateway_says_so(till, gateway, receipt):
    asked = operations.request_refund(receipt, 3_000, reason="付错户", act=ACT)
    assert asked.status == "sending"
    assert till.balance(0) == 10_000
    assert operations.send_refund(asked.number, now=NOW).status == "sending"  # the gateway needs time
    assert till.balance(0) == 10_000
    assert queries.payments_of([till.accounts[0].pk])[0].state == "refunding"
    done(gateway, asked.number, 3_000)
    assert operations.send_waiting_refunds(lambda: NOW) == {"done": 0, "refused": 0, "waiting": 0}  # just asked
    assert operations.send_waiting_refunds(lambda: LATER) == {"done": 1, "refused": 0, "waiting": 0}
    assert operations.send_refund(asked.number, now=LATER).status == "done"
    assert till.balance(0) == 13_000
    assert {each.number for each in gateway.refunded} == {asked.number}
    (posted,) = queries.refunds_of(receipt)
    assert posted.posted is not None
    assert [entry.action for entry in audit.trail(f"receipt:{receipt}")] == [
        "payments.refund.requested", "payments.refund.posted",
    ]  # fmt: skip


def test_a_large_refund_takes_a_second_person(till, gateway, receipt):
    asked = operations.request_refund(receipt, 20_001, reason="多缴", act=ACT)
    assert (asked.status, operations.send_refund(asked.number, now=NOW).status) == ("asked", "asked")
    with pytest.raises(NotBySamePerson):
        operations.decide_refund(asked.number, allow=True, act=ACT)
    assert [each.number for each in queries.open_refunds()] == [asked.number]
    assert operations.decide_refund(asked.number, allow=True, act=BOSS).status == "sending"
    with pytest.raises(RefundDecided):
        operations.decide_refund(asked.number, allow=False, act=BOSS)
    done(gateway, asked.number, 20_001)
    assert operations.send_refund(asked.number, now=NOW).status == "done"
    refused = operations.request_refund(receipt, 25_000, reason="多缴", act=ACT)
    assert operations.decide_refund(refused.number, allow=False, why="不符", act=BOSS).refusal == "不符"
    assert till.balance(0) == 30_001
    with pytest.raises(IntegrityError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE payments_refundrequest SET decided_by = asked_by")
    assert "payments_refund_two_people" in str(raised.value)


def test_what_is_on_its_way_counts_as_gone(till, gateway, receipt):
    operations.request_refund(receipt, 20_000, reason="a", act=ACT)
    operations.request_refund(receipt, 20_000, reason="b", act=ACT)
    with pytest.raises(MoreThanCame):
        operations.request_refund(receipt, 10_001, reason="c", act=ACT)
    with pytest.raises(RefundReasonMissing):
        operations.request_refund(receipt, 1, reason=" ", act=ACT)
    with pytest.raises(NotFound):
        operations.request_refund(receipt + 1, 1, reason="d", act=ACT)


def test_a_refund_that_the_gateway_tells_of_is_posted_once_and_another_not(till, gateway, receipt):
    asked = operations.request_refund(receipt, 3_000, reason="付错户", act=ACT)
    gateway.notices[b"done"] = done(gateway, asked.number, 3_000)
    gateway.notices[b"wrong"] = RefundState(MoneyState.DONE, asked.number, "B", 2_999, NOW)
    gateway.notices[b"unknown"] = RefundState(MoneyState.DONE, "R0", "B", 2_999, NOW)
    told = [
        operations.take_notice("scripted", RawNotice(body, {}), now=NOW)
        for body in (b"wrong", b"unknown", b"done", b"done")
    ]
    assert told == [Taken.REFUSED, Taken.REFUSED, Taken.ACCEPTED, Taken.REPEATED]
    assert operations.send_refund(asked.number, now=LATER).status == "done"
    assert till.balance(0) == 13_000
    assert list(GatewayNotice.objects.order_by("id").values_list("code", flat=True)[:2]) == [
        "refund_not_done",
        "not_found",
    ]


def test_a_gateway_that_will_not_or_is_away(till, gateway, receipt):
    asked = operations.request_refund(receipt, 3_000, reason="付错户", act=ACT)
    gateway.down = True
    assert operations.send_waiting_refunds(lambda: NOW)["waiting"] == 1
    gateway.down = False
    gateway.refunds[asked.number] = RefundState(MoneyState.CLOSED, asked.number)
    assert operations.send_waiting_refunds(lambda: LATER)["refused"] == 1
    assert (till.balance(0), queries.refund(asked.number).refusal) == (10_000, "gateway")


def test_cash_is_not_sent_back_by_a_gateway(till, gateway):
    with transaction.atomic():
        found = operations.take(
            [Part(till.accounts[0].pk, 500)], gateway="counter", method="cash", reference="K1",
            organisation=till.organisation.pk, paid_at=NOW, now=NOW, actor="staff:1",
        )  # fmt: skip
    with pytest.raises(RefundNotDone):
        operations.request_refund(found, 100, reason="r", act=ACT)
