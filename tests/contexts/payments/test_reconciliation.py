"""Guards the promise that the books agree with every gateway to the fen: a day's statement finds exactly what differs,
bad files change nothing, money moves by two people, and a day closes only when everything is explained."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import IntegrityError, connection, transaction
from tests.contexts.payments.conftest import Till

from gridhall.contexts.billing.models import LedgerEntry
from gridhall.contexts.payments import operations, ports
from gridhall.contexts.payments.models import (
    CaseKind,
    ClosedDay,
    Receipt,
    ReconciliationCase,
    Resolution,
    Statement,
    StatementRow,
)
from gridhall.contexts.payments.operations import closing
from gridhall.contexts.payments.operations.reconciling import DayIsClosed, match_again, take_statement
from gridhall.contexts.payments.ports import MoneyState, PaymentState, StatementInvalid, StatementLine
from gridhall.contexts.payments.queries import reconciling
from gridhall.contexts.payments.types import Part
from gridhall.integrations.demo_gateway import statements
from gridhall.kernel.errors import NotFound
from gridhall.runtime import jobs
from gridhall.runtime.audit import Act, trail

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
#: The morning after.
LATER = NOON + timedelta(days=1)
ACT = Act("staff:one", LATER)
SECOND = Act("staff:two", LATER)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class StandIn:
    """A gateway of which only the statements matter: those of the demo gateway, with a key of the test."""

    def read_statement(self, content: bytes, day: date) -> list[StatementLine]:
        return statements.read(content, day, KEY.public_key(), ZONE)


@pytest.fixture(autouse=True)
def gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "gateways", lambda: {"demo": StandIn(), "other": StandIn()})


@pytest.fixture
def paid(till: Till) -> Callable[..., StatementLine]:
    """Somebody pays; the gateway's line of it."""

    def pay(at: int, fen: int, *, told: bool = True, when: datetime = NOON) -> StatementLine:
        order = operations.open_order(
            [Part(till.accounts[at % 3].pk, fen)], gateway="demo", method="demo.link", request_key=f"k{at}-{fen}",
            payer=None, now=when - timedelta(minutes=1),
        )  # fmt: skip
        line = StatementLine(f"D{at:08}", order.number, fen, when)
        if told:
            state = PaymentState(MoneyState.DONE, order.number, line.reference, fen, when)
            with transaction.atomic():
                operations.post("demo", state, now=when)
        return line

    return pay


def file_of(lines: list[StatementLine], day: date = DAY, **more: Any) -> bytes:
    return statements.written(lines, day, KEY, **more)


def kinds() -> list[str]:
    return sorted(ReconciliationCase.objects.values_list("kind", flat=True))


def untouched() -> tuple[int, ...]:
    """What a refused statement must not change."""
    tables = (Statement, StatementRow, ReconciliationCase, Receipt, LedgerEntry)
    return tuple(table.objects.count() for table in tables)


def many(till: Till, count: int) -> list[StatementLine]:
    """A day of payments, as sets: orders, receipts, and the gateway's lines of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH fresh AS (
                INSERT INTO payments_paymentorder (number, request_key, gateway, method, organisation_id, amount_fen,
                    status, created_at, expires_at, ended_at, reference)
                SELECT 'O' || lpad(n::text, 8, '0'), 'k' || n, 'demo', 'demo.link', %(unit)s, 1000 + n, 'paid', %(at)s,
                    %(at)s + interval '30 minutes', %(at)s, 'D' || lpad(n::text, 8, '0')
                FROM generate_series(1, %(count)s) n RETURNING id, number, amount_fen, reference
            ), lines AS (
                INSERT INTO payments_orderline (order_id, account_id, amount_fen)
                SELECT id, %(account)s, amount_fen FROM fresh
            ), receipts AS (
                INSERT INTO payments_receipt (kind, gateway, method, reference, order_id, organisation_id, amount_fen,
                    paid_at, value_date, posted_at, actor, reason)
                SELECT 'receipt', 'demo', 'demo.link', reference, id, %(unit)s, amount_fen, %(at)s, %(day)s, %(at)s,
                    'gateway:demo', '' FROM fresh RETURNING id, amount_fen, reference, order_id
            )
            SELECT r.id, r.reference, f.number, r.amount_fen FROM receipts r JOIN fresh f ON f.id = r.order_id
            ORDER BY r.reference
            """,
            {"unit": till.organisation.pk, "at": NOON, "count": count, "account": till.accounts[0].pk, "day": DAY},
        )
        made = cursor.fetchall()
        cursor.execute(
            "INSERT INTO payments_receiptline (receipt_id, account_id, amount_fen)"
            " SELECT r.id, %s, r.amount_fen FROM payments_receipt r",
            [till.accounts[0].pk],
        )
    return [StatementLine(reference, number, fen, NOON) for _, reference, number, fen in made]


def test_of_ten_thousand_orders_exactly_the_seven_planted_differences_are_found(till, paid):
    """Shown by: every kind of difference once, some in two forms; 9,993 others say nothing."""
    lines = many(till, 9_993)
    missing_here = paid(20_001, 5_001, told=False)
    twice = paid(20_002, 5_002)
    back = paid(20_003, 5_003)
    there = [line for line in lines if line.reference != "D00000007"]  # 1 missing there
    there[100] = replace(there[100], amount_fen=there[100].amount_fen + 100)  # 2 another amount
    there.append(there[200])  # 3 the same movement told twice
    there += [twice, replace(twice, reference="D99999999")]  # 4 one order paid by two movements
    there.append(StatementLine("D77777777", "20260302000000", 4_000, NOON))  # 5 of no order of ours
    there.append(missing_here)  # 6 missing here
    there += [back, StatementLine("B00000001", back.order_number, 1_000, NOON, refund=True)]  # 7 a refund of theirs
    before = till.balance(0) + till.balance(1) + till.balance(2)

    found = take_statement("demo", DAY, file_of(there), act=ACT)

    assert kinds() == sorted(
        [CaseKind.MISSING_THERE, CaseKind.AMOUNT_DIFFERS, CaseKind.DUPLICATE, CaseKind.DUPLICATE,
         CaseKind.UNKNOWN_ORDER, CaseKind.MISSING_HERE, CaseKind.MISSING_HERE]
    )  # fmt: skip
    assert set(ReconciliationCase.objects.values_list("reference", flat=True)) == {
        "D00000007", there[100].reference, there[200].reference, "D99999999", "D77777777", missing_here.reference,
        "B00000001",
    }  # fmt: skip
    assert (found.lines, found.posted) == (len(there), 2)
    # What was missing here is in the books: a payment and a refund. The refund, which nobody asked for, waits.
    assert till.balance(0) + till.balance(1) + till.balance(2) == before - 5_001 + 1_000
    assert ReconciliationCase.objects.exclude(state="explained").count() == 6
    assert take_statement("demo", DAY, file_of(there), act=ACT).repeated
    assert ReconciliationCase.objects.count() == 7
    (day,) = reconciling.board(["demo"], DAY, DAY)
    assert (day.lines, day.open, day.explained, day.can_close) == (len(there), 6, 1, False)


def test_a_day_that_agrees_has_no_case_and_closes(till, paid):
    lines = [paid(at, 100 + at) for at in range(5)]
    found = take_statement("demo", DAY, file_of(lines), act=ACT)
    assert (found.matched, found.opened, found.posted) == (5, 0, 0)
    assert closing.close_day("demo", DAY, act=ACT).paid_fen == sum(line.amount_fen for line in lines)
    (day,) = reconciling.board(["demo"], DAY, DAY)
    assert (day.closed_by, day.difference_fen, day.changed) == ("staff:one", 0, 0)
    with pytest.raises(DayIsClosed):
        closing.close_day("demo", DAY, act=ACT)
    with pytest.raises(DayIsClosed):
        take_statement("demo", DAY, file_of(lines[:4]), act=ACT)


def halves(lines: list[StatementLine]) -> bytes:
    whole = file_of(lines)
    return whole[: len(whole) // 2]


def without_totals(lines: list[StatementLine]) -> bytes:
    return b"".join(file_of(lines).splitlines(keepends=True)[:-2])


def altered(lines: list[StatementLine]) -> bytes:
    return file_of(lines).replace(b"1.00,", b"9.00,", 1)


def signed_by_another(lines: list[StatementLine]) -> bytes:
    return statements.written(lines, DAY, rsa.generate_private_key(public_exponent=65537, key_size=2048))


BAD: dict[str, Callable[[list[StatementLine]], bytes]] = {
    "cut in half": halves,
    "without its end": without_totals,
    "of another day": lambda lines: file_of([], date(2026, 3, 1)),
    "of another merchant": lambda lines: file_of(lines, merchant="SOMEBODY-ELSE"),
    "altered": altered,
    "signed by another": signed_by_another,
    "in GBK": lambda lines: "#对账单,商户,2026-03-02\r\n流水号\r\n".encode("gbk"),
    "in UTF-16": lambda lines: file_of(lines).decode().encode("utf-16"),
    "compressed": lambda lines: gzip.compress(file_of(lines)),
    "empty": lambda lines: b"",
    "a page of an error": lambda lines: b"<html><body>502 Bad Gateway</body></html>",
    "zeros": lambda lines: b"\x00" * 4096,
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_statement_is_refused_with_a_reason_and_changes_nothing(paid, what):
    lines = [paid(at, 100 + at) for at in range(4)]
    before = untouched()
    with pytest.raises(StatementInvalid) as raised:
        take_statement("demo", DAY, BAD[what](lines), act=ACT)
    assert raised.value.path.startswith("statement:")
    assert untouched() == before
    (entry,) = trail(f"statement:demo:{DAY}")
    assert entry.action == "payments.statement.refused"
    assert entry.details["message"]


def test_a_byte_order_mark_does_not_hurt(paid):
    lines = [paid(at, 100 + at) for at in range(4)]
    assert take_statement("demo", DAY, b"\xef\xbb\xbf" + file_of(lines), act=ACT).matched == 4


def test_the_statement_of_another_gateway_posts_nothing_here(paid, till):
    """Genuine by its signature (the stand-ins share a key), but its orders are not those of that gateway."""
    lines = [paid(at, 100 + at) for at in range(3)]
    receipts = Receipt.objects.count()
    take_statement("other", DAY, file_of(lines), act=ACT)
    assert kinds() == [CaseKind.UNKNOWN_ORDER] * 3
    assert Receipt.objects.count() == receipts


def test_a_day_that_is_not_over_has_no_statement(paid):
    with pytest.raises(StatementInvalid):
        take_statement("demo", DAY, file_of([paid(1, 100)]), act=Act("staff:one", NOON))
    with pytest.raises(NotFound):
        take_statement("nobody", DAY, b"", act=ACT)


def test_a_line_at_midnight_comes_with_the_statement_of_the_next_day(paid):
    midnight = datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)
    here = paid(1, 500, when=midnight)
    take_statement("demo", DAY, file_of([]), act=ACT)
    assert kinds() == [CaseKind.MISSING_THERE]
    with pytest.raises(closing.CasesOpen):
        closing.close_day("demo", DAY, act=ACT)
    tomorrow = DAY + timedelta(days=1)
    late = replace(here, at=midnight + timedelta(seconds=1))
    act = Act("job", LATER + timedelta(days=1))
    assert take_statement("demo", tomorrow, file_of([late], tomorrow), act=act).settled == 1
    case = ReconciliationCase.objects.get()
    assert (case.state, case.resolution, case.reason) == ("explained", Resolution.LATE, "2026-03-03")
    closing.close_day("demo", DAY, act=ACT)


def test_a_corrected_statement_takes_the_place_of_the_first(paid):
    lines = [paid(at, 100 + at) for at in range(3)]
    take_statement("demo", DAY, file_of(lines[:2]), act=ACT)
    assert kinds() == [CaseKind.MISSING_THERE]
    assert take_statement("demo", DAY, file_of(lines), act=ACT).settled == 1
    assert not ReconciliationCase.objects.exclude(state="explained").exists()
    with pytest.raises(StatementInvalid, match="newer statement"):
        take_statement("demo", DAY, file_of(lines[:2]), act=ACT)
    assert Statement.objects.filter(superseded_at=None).get().lines == 3


def only_case() -> ReconciliationCase:
    return ReconciliationCase.objects.exclude(state="explained").get()


def test_money_that_never_came_is_taken_back_by_two_people(paid, till):
    paid(0, 700)
    take_statement("demo", DAY, file_of([]), act=ACT)
    case = only_case()
    with pytest.raises(closing.ExplanationUnfit):
        closing.explain_case(case.pk, Resolution.TAKE, reason="no", act=ACT)
    with pytest.raises(closing.ExplanationUnfit):
        closing.explain_case(case.pk, Resolution.NOTED, reason="  ", act=ACT)
    closing.explain_case(case.pk, Resolution.TAKE_BACK, reason="Reversed by the bank, letter of 2 March.", act=ACT)
    assert till.balance(0) == -700
    with pytest.raises(closing.CasesOpen):
        closing.close_day("demo", DAY, act=ACT)
    with pytest.raises(closing.SamePerson):
        closing.decide_case(case.pk, accept=True, act=ACT)
    closing.decide_case(case.pk, accept=True, act=SECOND)
    assert till.balance(0) == 0
    with pytest.raises(closing.CaseSettled):
        closing.decide_case(case.pk, accept=True, act=SECOND)
    closing.close_day("demo", DAY, act=ACT)
    (day,) = reconciling.board(["demo"], DAY, DAY)
    assert day.difference_fen == 0


def test_a_proposal_can_be_sent_back(paid, till):
    paid(0, 700)
    take_statement("demo", DAY, file_of([]), act=ACT)
    closing.explain_case(only_case().pk, Resolution.TAKE_BACK, reason="I think so.", act=ACT)
    closing.decide_case(only_case().pk, accept=False, act=SECOND)
    assert (only_case().state, only_case().resolution, till.balance(0)) == ("open", "", -700)


@pytest.mark.parametrize(("theirs", "resolution", "balance"), [(900, "take", -900), (500, "take_back", -500)])
def test_another_amount_is_brought_to_what_the_gateway_has(paid, till, theirs, resolution, balance):
    line = paid(0, 700)
    take_statement("demo", DAY, file_of([replace(line, amount_fen=theirs)]), act=ACT)
    case = only_case()
    closing.explain_case(case.pk, Resolution(resolution), reason="As the gateway says.", act=ACT)
    closing.decide_case(case.pk, accept=True, act=SECOND)
    assert till.balance(0) == balance
    closing.close_day("demo", DAY, act=ACT)
    (day,) = reconciling.board(["demo"], DAY, DAY)
    assert day.difference_fen == 0


def test_money_of_no_order_is_taken_for_the_account_that_a_clerk_finds(till):
    line = StatementLine("D1", "20260302999999", 800, NOON)
    take_statement("demo", DAY, file_of([line]), act=ACT)
    case = only_case()
    with pytest.raises(closing.ExplanationUnfit):
        closing.explain_case(case.pk, Resolution.TAKE, reason="The customer called.", act=ACT)
    with pytest.raises(NotFound):
        closing.explain_case(case.pk, Resolution.TAKE, reason="x", account="nobody", act=ACT)
    closing.explain_case(case.pk, Resolution.TAKE, reason="The customer called.", account="A2", act=ACT)
    closing.decide_case(case.pk, accept=True, act=SECOND)
    assert till.balance(2) == -800
    assert match_again("demo", DAY, act=ACT).matched == 1


def test_an_order_paid_twice_becomes_a_prepayment_when_two_people_say_so(paid, till):
    line = paid(1, 600)
    take_statement("demo", DAY, file_of([line, replace(line, reference="D2")]), act=ACT)
    case = only_case()
    closing.explain_case(case.pk, Resolution.TAKE, reason="Paid twice; the customer wants to keep it.", act=ACT)
    closing.decide_case(case.pk, accept=True, act=SECOND)
    assert till.balance(1) == -1_200
    closing.close_day("demo", DAY, act=ACT)


def test_a_day_is_opened_again_with_a_reason_that_stays(paid):
    lines = [paid(at, 100 + at) for at in range(2)]
    with pytest.raises(closing.NothingToClose):
        closing.close_day("demo", DAY, act=ACT)
    take_statement("demo", DAY, file_of(lines), act=ACT)
    closing.close_day("demo", DAY, act=ACT)
    with pytest.raises(closing.ExplanationUnfit):
        closing.reopen_day("demo", DAY, reason="", act=ACT)
    closing.reopen_day("demo", DAY, reason="The gateway corrected its statement.", act=SECOND)
    with pytest.raises(NotFound):
        closing.reopen_day("demo", DAY, reason="Again.", act=SECOND)
    closing.close_day("demo", DAY, act=ACT)
    assert [each["reopened_by"] for each in reconciling.closings("demo", DAY)] == ["", "staff:two"]


def test_a_late_message_on_a_closed_day_is_money_and_shows_on_the_board(paid):
    take_statement("demo", DAY, file_of([]), act=ACT)
    closing.close_day("demo", DAY, act=ACT)
    line = paid(1, 300, told=False)
    with transaction.atomic():
        told = PaymentState(MoneyState.DONE, line.order_number, line.reference, 300, NOON)
        operations.post("demo", told, now=LATER + timedelta(hours=1))
    (day,) = reconciling.board(["demo"], DAY, DAY)
    assert day.changed == 1


def test_a_difference_that_came_up_since_keeps_the_day_open(paid):
    line = paid(1, 300)
    take_statement("demo", DAY, file_of([line]), act=ACT)
    paid(2, 400)
    with pytest.raises(closing.CasesOpen):
        closing.close_day("demo", DAY, act=ACT)
    assert kinds() == [CaseKind.MISSING_THERE]


def test_the_daily_job_takes_in_what_there_is_and_no_gateway_holds_up_another(paid, monkeypatch):
    class Silent(StandIn):
        def statement(self, day: date) -> bytes:
            raise ports.GatewayUnavailable("No statement yet.")

    class Broken(StandIn):
        def statement(self, day: date) -> bytes:
            return b"502"

    class Speaking(StandIn):
        def statement(self, day: date) -> bytes:
            return file_of([line] if day == DAY else [], day)

    line = paid(1, 300)
    known = {"silent": Silent(), "broken": Broken(), "demo": Speaking()}
    monkeypatch.setattr(ports, "gateways", lambda: known)
    monkeypatch.setattr("gridhall.journeys.jobs.statements.gateways", lambda: known)
    results = []
    for _ in range(2):
        job = jobs.start("statements", {"day": "2026-03-03"}, act=Act("schedule", LATER))
        jobs.run_now(job, now=lambda: LATER)
        results.append(jobs.show(job).result)
    first, again = results
    assert {each["gateway"] for each in first["taken"]} == {"demo"}
    assert sorted(each["day"] for each in first["taken"]) == [f"2026-02-{day}" for day in range(24, 29)] + [
        "2026-03-01", "2026-03-02",
    ]  # fmt: skip
    assert {each["code"] for each in first["refused"]} == {"gateway_unavailable", "statement_invalid"}
    assert again["taken"] == []
    assert reconciling.board(["demo"], DAY, DAY)[0].lines == 1


def refused(sql: str, constraint: str) -> None:
    with pytest.raises(IntegrityError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert raised.value.__cause__.diag.constraint_name == constraint


def test_psql_cannot_close_a_day_with_an_open_case_nor_change_what_is_written(paid):
    paid(1, 300)
    statement = take_statement("demo", DAY, file_of([StatementLine("D9", "x", 5, NOON)]), act=ACT).statement
    close = (
        "INSERT INTO payments_closedday (gateway, day, statement_id, receipts, paid_fen, refunded_fen, closed_at,"
        f" closed_by, reopened_by, reopen_reason) VALUES ('demo', '{DAY}', {statement}, 0, 0, 0, now(), 'psql', '', '')"
    )
    refused(close, "payments_day_explained")
    refused("UPDATE payments_statementrow SET amount_fen = 1", "payments_statementrow_append_only")
    refused("UPDATE payments_statement SET paid_fen = 1", "payments_statement_changes")
    refused("DELETE FROM payments_reconciliationcase", "payments_reconciliationcase_changes")
    moved = "state = 'explained', explained_at = now(), explained_by = proposed_by"
    refused(f"UPDATE payments_reconciliationcase SET resolution = 'take', {moved}", "payments_case_two_people")
    for case in ReconciliationCase.objects.all():
        closing.explain_case(case.pk, Resolution.NOTED, reason="Test.", act=ACT)
    closing.close_day("demo", DAY, act=ACT)
    refused("UPDATE payments_closedday SET paid_fen = 1", "payments_closedday_changes")
    refused(
        "UPDATE payments_reconciliationcase SET state = 'open', resolution = '', explained_at = NULL",
        "payments_day_open",
    )
    assert ClosedDay.objects.count() == 1
