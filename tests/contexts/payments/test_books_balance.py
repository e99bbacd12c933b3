"""Guards the promise that one fen never appears or vanishes: whatever is paid, told twice, refunded, billed, corrected
or charged back, in whatever order, the ledger of each account is bills − receipts, and what is open does not depend on
the order of arrival."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.contexts.payments.conftest import ACT, NOW, Till, till_of

from gridhall.contexts.billing.models import Bill, LedgerEntry
from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.errors import MoreThanCame
from gridhall.contexts.payments.models import LateCharge, Receipt, ReceiptLine
from gridhall.contexts.payments.ports import MoneyState, NoticeRefused, PaymentState
from gridhall.contexts.payments.rules.waterfall import (
    Allocation,
    ChargesWhen,
    Credit,
    Debt,
    LateRule,
    OldestBy,
    late_charges,
    open_of,
)
from gridhall.contexts.payments.types import Part

AMOUNTS = st.integers(1, 50_000)
DAY = date(2026, 3, 2)


class Money(RuleBasedStateMachine):
    """Everything that can happen to money, in any order."""

    def __init__(self) -> None:
        super().__init__()
        # Each example is taken back.
        self.undone = transaction.atomic()
        self.undone.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    @initialize()
    def open(self) -> None:
        self.till: Till = till_of()
        self.bills: dict[int, tuple[int, int]] = {}
        self.orders: list[tuple[str, int]] = []
        self.paid: dict[str, PaymentState] = {}
        self.receipts: list[int] = []
        self.at = 0
        self.months = [1] * 3

    def tick(self) -> int:
        self.at += 1
        return self.at

    @precondition(lambda self: min(self.months) <= 12)
    @rule(account=st.integers(0, 2), fen=st.integers(-5_000, 50_000))
    def bill(self, account: int, fen: int) -> None:
        if self.months[account] <= 12:
            number = self.till.bill(account, self.months[account], fen, NOW - timedelta(days=90 - self.at % 60))
            self.bills[number] = (account, fen)
            self.months[account] += 1

    @precondition(lambda self: self.bills)
    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.bills)))
        self.till.cancel(number)
        del self.bills[number]

    @rule(parts=st.dictionaries(st.integers(0, 2), AMOUNTS, min_size=1))
    def order(self, parts: dict[int, int]) -> None:
        made = operations.open_order(
            [Part(self.till.accounts[account].pk, fen) for account, fen in parts.items()],
            gateway="demo", method="demo", request_key=f"k{self.tick()}", payer=None, now=NOW,
        )  # fmt: skip
        self.orders.append((made.number, made.amount_fen))

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), times=st.integers(1, 3), days=st.integers(-40, 0))
    def pay(self, data: st.DataObject, times: int, days: int) -> None:
        number, fen = data.draw(st.sampled_from(self.orders))
        told = self.paid.setdefault(
            number, PaymentState(MoneyState.DONE, number, f"R{number}", fen, NOW + timedelta(days=days))
        )
        for _ in range(times):
            with transaction.atomic():
                operations.post("demo", told, now=NOW)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), more=st.integers(1, 9))
    def tell_lies(self, data: st.DataObject, more: int) -> None:
        number, fen = data.draw(st.sampled_from(self.orders))
        before = Receipt.objects.count()
        for lie in (
            PaymentState(MoneyState.DONE, number, "X", fen + more, NOW),
            PaymentState(MoneyState.DONE, "0" * 26, "X", fen, NOW),
        ):
            with pytest.raises(NoticeRefused), transaction.atomic():
                operations.post("demo", lie, now=NOW)
        assert Receipt.objects.count() == before

    @rule()
    def expire(self) -> None:
        operations.ask_overdue(lambda: NOW + timedelta(days=1))

    @precondition(lambda self: self.paid)
    @rule(data=st.data(), share=st.integers(1, 150), kind=st.sampled_from(["refund", "chargeback"]))
    def send_back(self, data: st.DataObject, share: int, kind: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.paid)))
        (found,) = queries.receipts_of_order(number)
        left = found.amount_fen - found.gone_back_fen
        fen = max(1, found.amount_fen * share // 100)
        reference = f"B{self.tick()}"
        if fen > left:
            with pytest.raises(MoreThanCame):
                operations.go_back(found.id, fen, kind=kind, reference=reference, at=NOW, reason="", act=ACT)
        else:
            for _ in range(2):  # told twice, it goes back once
                operations.go_back(found.id, fen, kind=kind, reference=reference, at=NOW, reason="", act=ACT)

    @rule(days=st.integers(0, 60))
    def assess(self, days: int) -> None:
        operations.assess([account.pk for account in self.till.accounts], DAY + timedelta(days=days), act=ACT)

    @invariant()
    def books_balance(self) -> None:
        if not hasattr(self, "till"):
            return
        connection.check_constraints()
        for account in self.till.accounts:
            bills = sum(Bill.objects.filter(account=account, status="issued").values_list("total_fen", flat=True))
            late = sum(LateCharge.objects.filter(account=account).values_list("amount_fen", flat=True))
            lines = ReceiptLine.objects.filter(account=account)
            came = sum(lines.filter(receipt__kind="receipt").values_list("amount_fen", flat=True))
            back = sum(lines.exclude(receipt__kind="receipt").values_list("amount_fen", flat=True))
            ledger = sum(LedgerEntry.objects.filter(account=account).values_list("amount_fen", flat=True))
            assert ledger == bills + late - came + back
            books = queries.books_of(account.pk)
            assert books.owed_fen == ledger
            assert sum(left.debt_fen for left in books.open(DAY).values()) == max(
                0, sum(d.amount_fen for d in books.debts) - max(books.paid_fen, 0)
            )


@pytest.mark.django_db
def test_the_books_balance_whatever_happens_in_whatever_order():
    run_state_machine_as_test(Money, settings=settings(max_examples=25, stateful_step_count=30))


RULE = LateRule(Decimal("0.001"), Decimal("0.003"), 0, 1000)


@given(
    debts=st.lists(st.tuples(st.integers(0, 90), AMOUNTS), min_size=1, max_size=4),
    credits=st.lists(st.tuples(st.integers(0, 120), AMOUNTS), max_size=4),
    allocation=st.builds(Allocation, st.sampled_from(OldestBy), st.sampled_from(ChargesWhen)),
)
def test_what_is_open_and_late_never_depends_on_the_order_of_arrival(debts, credits, allocation):
    # Their periods run against their due days.
    owed = [
        Debt(key, DAY + timedelta(days=due), fen, DAY - timedelta(days=due)) for key, (due, fen) in enumerate(debts)
    ]
    paid = [Credit(DAY + timedelta(days=day), fen) for day, fen in credits]
    through = DAY + timedelta(days=150)
    right = late_charges(owed, paid, RULE, through, allocation)
    for order in list(permutations(paid))[:6]:
        assert late_charges(owed[::-1], order, RULE, through, allocation) == right
    left = open_of(owed, sum(c.amount_fen for c in paid), today=through, allocation=allocation, charged=right)
    charges = sum(right.values()) if allocation.charges is ChargesWhen.WITH_BILL else 0
    assert sum(map(sum, left.values())) == max(
        0, sum(d.amount_fen for d in owed) + charges - sum(c.amount_fen for c in paid)
    )
    if allocation.charges is ChargesWhen.WITH_BILL:
        last = late_charges(owed, paid, RULE, through, replace(allocation, charges=ChargesWhen.LAST))
        # Money that pays charges first leaves more of the bills overdue, but never more than that money for longer.
        assert sum(right.values()) >= sum(last.values())


def test_a_late_charge_runs_from_the_day_after_the_due_date_to_the_day_of_payment():
    debts = [Debt(1, date(2026, 12, 21), 100_000)]
    paid_on_the_31st = [Credit(date(2026, 12, 31), 100_000)]
    assert late_charges(debts, paid_on_the_31st, RULE, date(2027, 2, 1)) == {1: 1_000}
    paid_on_the_second = [Credit(date(2027, 1, 2), 100_000)]
    assert late_charges(debts, paid_on_the_second, RULE, date(2027, 2, 1)) == {1: 1_000 + 600}
    assert late_charges(debts, [Credit(date(2026, 12, 21), 100_000)], RULE, date(2027, 2, 1)) == {1: 0}


def test_a_part_payment_pays_the_charge_first_where_the_utility_says_so():
    debts = [Debt(1, date(2026, 3, 1), 100_000), Debt(2, date(2026, 3, 1), 50_000)]
    # Ten days late: 1,000 and 500 fen of charges; 101,000 fen settle the first with its charge, or the first and more.
    paid = [Credit(date(2026, 3, 11), 101_000)]
    last, first = (Allocation(charges=when) for when in ChargesWhen)
    assert late_charges(debts, paid, RULE, date(2026, 3, 21), last) == {1: 1_000, 2: 500 + 490}
    assert late_charges(debts, paid, RULE, date(2026, 3, 21), first) == {1: 1_000, 2: 500 + 500}
    less = [Credit(date(2026, 3, 11), 60_000), Credit(date(2026, 3, 21), 41_410)]
    # 60,000 pay 1,000 of charge and 59,000 of the bill; 41,000 are late for ten more days: 410. Then both are settled.
    right = late_charges(debts, less, RULE, date(2026, 4, 1), first)
    assert right == {1: 1_410, 2: 500 + 500 + 550}
    assert open_of(debts, 101_410, today=date(2026, 4, 1), allocation=first, charged=right) == {
        1: (0, 0), 2: (50_000, 1_550),
    }  # fmt: skip


def test_the_oldest_is_by_due_day_or_by_period_and_what_is_not_due_waits():
    corrected = Debt(1, date(2026, 3, 20), 500, date(2025, 12, 1))
    spring = Debt(2, date(2026, 3, 10), 500, date(2026, 2, 1))
    by_period = Allocation(oldest_by=OldestBy.PERIOD)
    after, before = date(2026, 4, 1), date(2026, 3, 15)
    assert open_of([corrected, spring], 600, today=after) == {2: (0, 0), 1: (400, 0)}
    assert open_of([corrected, spring], 600, today=after, allocation=by_period) == {1: (0, 0), 2: (400, 0)}
    assert open_of([corrected, spring], 600, today=before, allocation=by_period) == {2: (0, 0), 1: (400, 0)}


def refused(sql: str, constraint: str) -> None:
    with pytest.raises(IntegrityError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {sql}")
    assert raised.value.__cause__.diag.constraint_name == constraint


@pytest.fixture
def receipt(till: Till) -> int:
    till.bill(0, 1, 1000)
    with transaction.atomic():
        found = operations.take(
            [Part(till.accounts[0].pk, 600), Part(till.accounts[1].pk, 400)], gateway="demo", method="demo",
            reference="R1", organisation=till.organisation.pk, paid_at=NOW, now=NOW, actor="cli:test",
        )  # fmt: skip
    assert found is not None
    return found


@pytest.mark.parametrize("table", ["receipt", "receiptline", "gatewaynotice", "latecharge"])
def test_psql_cannot_change_what_is_written(receipt, table):
    refused(f"DELETE FROM payments_{table}", f"payments_{table}_append_only")


def test_psql_cannot_write_an_unbalanced_receipt(receipt, till):
    refused(
        "INSERT INTO payments_receipt (kind, gateway, method, reference, organisation_id, amount_fen, paid_at,"
        " value_date, posted_at, actor, reason) SELECT kind, gateway, method, 'R2', organisation_id, amount_fen,"
        " paid_at, value_date, posted_at, actor, '' FROM payments_receipt",
        "payments_receipt_balanced",
    )
    refused(
        f"INSERT INTO payments_receiptline (receipt_id, account_id, amount_fen)"
        f" VALUES ({receipt}, {till.accounts[2].pk}, 5)",
        "payments_receipt_balanced",
    )


def test_psql_cannot_send_back_more_than_came(receipt):
    refused(
        "INSERT INTO payments_receipt (kind, gateway, method, reference, reverses_id, organisation_id, amount_fen,"
        " paid_at, value_date, posted_at, actor, reason) SELECT 'refund', gateway, method, 'B', id, organisation_id,"
        " amount_fen + 1, paid_at, value_date, posted_at, actor, '' FROM payments_receipt",
        "payments_reversal_bounded",
    )


def test_psql_cannot_write_an_entry(till):
    refused(
        f"INSERT INTO billing_ledgerentry (account_id, organisation_id, document, kind, amount_fen, value_date,"
        f" posted_at) VALUES ({till.accounts[0].pk}, {till.organisation.pk}, 1, 'receipt', -5, '2026-01-01', now())",
        "ledger_entry_of_bill_by_bill",
    )


def test_a_movement_is_posted_once(receipt, till):
    with transaction.atomic():
        again = operations.take(
            [Part(till.accounts[0].pk, 1000)], gateway="demo", method="demo", reference="R1",
            organisation=till.organisation.pk, paid_at=NOW, now=NOW, actor="cli:test",
        )  # fmt: skip
    assert again is None
    assert [till.balance(at) for at in range(3)] == [400, -400, 0]
