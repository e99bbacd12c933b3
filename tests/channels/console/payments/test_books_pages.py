"""Guards: receipts, refunds and days of gateways in the console: found, decided by two people, of one's units only."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.channels.console.customers.conftest import Desk, desk
from tests.contexts.payments import test_reconciliation as statements

from gridhall.contexts.accounts.models import CustomerAccount
from gridhall.contexts.payments import operations, ports
from gridhall.contexts.payments.models import ClosedDay, Receipt, ReconciliationCase, RefundRequest
from gridhall.contexts.payments.ports import MoneyState, PaymentState, RefundState, RefundToMake, StatementLine
from gridhall.contexts.payments.types import Part

__all__ = ["desk"]
DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
NEXT = NOON + timedelta(days=1)


class Gateway(statements.StandIn):
    """Refunds at once, and gives the statement of the day that a test puts there."""

    lines: list[StatementLine]

    def __init__(self) -> None:
        self.lines = []

    def refund(self, refund: RefundToMake) -> RefundState:
        return RefundState(MoneyState.DONE, refund.number, f"B{refund.number}"[:64], refund.amount_fen, NEXT)

    def statement(self, day: date) -> bytes:
        return statements.file_of(self.lines, day)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    known = Gateway()
    monkeypatch.setattr(ports, "gateways", lambda: {"demo": known})
    monkeypatch.setattr("gridhall.channels.console.payments.receipts.gateways", lambda: {"demo": known})
    monkeypatch.setattr("gridhall.kernel.clock.now", lambda: NEXT)
    return known


@pytest.fixture
def till(desk: Desk, gateway: Gateway) -> Desk:
    """The first home of SH has paid 300 yuan on the 2nd, the home of FAR 40."""
    for number, fen in (("AU1001", 30_000), ("A9001", 4_000)):
        found = CustomerAccount.objects.filter(number=number).first() or CustomerAccount.objects.exclude(
            number="A9001"
        ).earliest("pk")
        pay(gateway, found.pk, fen)
    return desk


def pay(gateway: Gateway, account: int, fen: int) -> StatementLine:
    order = operations.open_order(
        [Part(account, fen)], gateway="demo", method="demo.link", request_key=f"k{account}", payer=None, now=NOON
    )
    line = StatementLine(f"D{order.number}", order.number, fen, NOON)
    with transaction.atomic():
        operations.post("demo", PaymentState(MoneyState.DONE, order.number, line.reference, fen, NOON), now=NOON)
    gateway.lines.append(line)
    return line


def ours() -> Receipt:
    return Receipt.objects.get(amount_fen=30_000)


def theirs() -> Receipt:
    return Receipt.objects.get(amount_fen=4_000)


def of_day(name: str) -> str:
    return reverse(f"console.reconciliation-{name}", args=["demo", DAY.isoformat()])


@pytest.mark.parametrize("by", ["id", "reference", "order", "account"])
def test_a_receipt_is_found_by_any_of_its_numbers(till: Desk, by: str) -> None:
    found = ours()
    account = found.lines.get().account.number
    text = {"id": found.pk, "reference": found.reference, "order": found.order.number, "account": account}[by]  # type: ignore[union-attr]
    answer = till("clerk").get(reverse("console.receipts"), {"q": text})
    assert [row.id for row in answer.context["found"].rows] == [found.pk]
    assert answer.context["found"].in_fen == 30_000
    assert not till("far").get(reverse("console.receipts"), {"q": text}).context["found"].rows


@pytest.mark.parametrize(
    "query",
    [
        {"q": "'; DROP TABLE"}, {"q": "9" * 64}, {"q": "\x00"}, {"first": "0000-00-00", "last": "x"}, {"page": "99999"},
        {"gateway": "x", "kind": "y"}, {"first": "9999-12-31"}, {"unit": "SH", "kind": "refund"},
    ],
)  # fmt: skip
def test_a_list_survives_whatever_is_asked(till: Desk, query: dict[str, str]) -> None:
    assert till("clerk").get(reverse("console.receipts"), query).status_code == 200


def test_a_receipt_of_another_unit_is_not_there(till: Desk) -> None:
    assert till("clerk").get(reverse("console.receipt", args=[theirs().pk])).status_code == 404
    refund = reverse("console.receipt-refund", args=[theirs().pk])
    assert till("manager").post(refund, {"amount": "1", "reason": "x", "confirmed": "yes"}).status_code == 404


def test_a_small_refund_is_shown_first_then_made(till: Desk) -> None:
    manager, form = till("manager"), {"amount": "50.00", "reason": "付错户号"}
    where = reverse("console.receipt-refund", args=[ours().pk])
    shown = manager.post(where, form)
    assert (shown.status_code, RefundRequest.objects.count()) == (200, 0)
    assert manager.post(where, form | {"confirmed": "yes"}).status_code == 302
    assert Receipt.objects.get(kind="refund").amount_fen == 5_000
    page = manager.get(reverse("console.receipt", args=[ours().pk])).content.decode()
    assert "付错户号" in page or "¥50.00" in page


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "300.01", "abc", "", "1e99"])
def test_a_wrong_amount_is_refused_in_words(till: Desk, amount: str) -> None:
    where = reverse("console.receipt-refund", args=[ours().pk])
    for confirmed in ("", "yes"):
        answer = till("manager").post(where, {"amount": amount, "reason": "x", "confirmed": confirmed})
        assert answer.status_code == 422
        assert answer.context["wrong"]
    assert not RefundRequest.objects.exists()


def test_a_large_refund_takes_a_second_person(till: Desk) -> None:
    till.staff("second", statements_role(), "SH")
    where = reverse("console.receipt-refund", args=[ours().pk])
    form = {"amount": "250", "reason": "重复缴费", "confirmed": "yes"}
    till("manager").post(where, form)
    asked = RefundRequest.objects.get()
    assert asked.status == "asked"
    decision = reverse("console.refund-decision", args=[asked.number])
    assert till("manager").post(decision, {"decision": "allow"}).status_code == 409
    assert till("clerk").post(decision, {"decision": "allow"}).status_code == 403
    assert till("farmanager").post(decision, {"decision": "allow"}).status_code == 404
    assert [each.number for each in till("second").get(reverse("console.refunds")).context["refunds"]] == [asked.number]
    assert not till("farmanager").get(reverse("console.refunds")).context["refunds"]
    assert till("second").post(decision, {"decision": "allow"}).status_code == 302
    assert Receipt.objects.get(kind="refund").amount_fen == 25_000


def statements_role() -> Any:
    from gridhall.contexts.identity.types import Role

    return Role.MANAGER


def test_a_chargeback_is_entered_once(till: Desk) -> None:
    where = reverse("console.receipt-chargeback", args=[ours().pk])
    form = {"amount": "100", "reference": "BANK-1", "day": "2026-03-03", "reason": "客户否认交易"}
    assert till("manager").post(where, form | {"day": "2026-03-09"}).status_code == 422
    for _ in range(2):
        assert till("manager").post(where, form).status_code == 302
    assert Receipt.objects.get(kind="chargeback").amount_fen == 10_000


def test_a_day_is_fetched_found_equal_closed_and_opened_again(till: Desk) -> None:
    clerk = till("clerk")
    assert clerk.post(of_day("statement")).status_code == 302
    assert clerk.get(of_day("day")).context["day"].can_close
    assert clerk.post(of_day("close")).status_code == 302
    assert clerk.post(of_day("close")).status_code == 409
    assert clerk.post(of_day("reopen"), {"reason": ""}).status_code == 409
    assert clerk.post(of_day("reopen"), {"reason": "渠道更正"}).status_code == 302
    assert ClosedDay.objects.get().reopen_reason == "渠道更正"


def test_a_bad_file_is_refused_on_the_page_and_nothing_changes(till: Desk) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = till("clerk").post(of_day("statement"), {"file": SimpleUploadedFile("x.csv", b"<html>")})
    assert answer.status_code == 409
    assert answer.context["refused"].what
    assert answer.context["day"].lines is None


def test_a_difference_is_explained_by_two_people_before_the_day_closes(till: Desk, gateway: Gateway) -> None:
    gateway.lines = [line for line in gateway.lines if line.amount_fen != 30_000]
    clerk, manager = till("clerk"), till("manager")
    clerk.post(of_day("statement"))
    case = ReconciliationCase.objects.get()
    where = reverse("console.reconciliation-case", args=[case.pk])
    assert clerk.post(of_day("close")).status_code == 409
    for form in ({}, {"resolution": "take_back"}, {"resolution": "x", "reason": "y"}, {"decision": "accept"}):
        assert clerk.post(where, form).status_code in (404, 409)
    assert clerk.post(where, {"resolution": "take_back", "reason": "银行退回"}).status_code == 302
    assert clerk.post(where, {"decision": "accept"}).status_code == 409
    assert manager.post(where, {"decision": "accept"}).status_code == 302
    assert clerk.post(of_day("close")).status_code == 302
    for name, arguments in (("cases", []), ("case", [case.pk])):
        assert clerk.get(reverse(f"console.reconciliation-{name}", args=arguments)).status_code == 200


@pytest.mark.parametrize("when", ["2026-02-30", "x", "20260302", "9999-99-99"])
def test_a_day_that_is_none_is_not_there(till: Desk, when: str) -> None:
    assert till("clerk").get(reverse("console.reconciliation-day", args=["demo", when])).status_code == 404
    assert till("clerk").get(reverse("console.reconciliation-day", args=["nobody", "2026-03-02"])).status_code == 404


def test_the_ledger_is_of_one_s_units(till: Desk) -> None:
    asked = {"first": "2026-03-02", "last": "2026-03-02"}
    shown = till("clerk").get(reverse("console.ledger"), asked).context
    assert shown["sum_fen"] == -30_000
    file = till("far").get(reverse("console.ledger-file"), asked)
    assert b"-40.00" in file.content
    assert b"-300.00" not in file.content
    assert 'filename="ledger-2026-03-02-2026-03-02.csv"' in file["Content-Disposition"]


@pytest.mark.parametrize("name", ["receipts", "refunds", "payment-messages", "reconciliation", "ledger"])
def test_pages_need_few_queries(till: Desk, name: str) -> None:
    client, where = till("manager"), reverse(f"console.{name}")
    assert client.get(where).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        assert client.get(where).status_code == 200
    assert len(captured) <= 12


def test_the_page_of_a_receipt_needs_few_queries(till: Desk) -> None:
    client, where = till("manager"), reverse("console.receipt", args=[ours().pk])
    assert client.get(where).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        client.get(where)
    assert len(captured) <= 12
