"""Guards: what many accounts owe at once is what the waterfall says of each; and who pays for another sees no more than
the amount."""

import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contexts.payments.conftest import ACT, NOW, Till, till_of

from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.rules.waterfall import Allocation, ChargesWhen
from gridhall.contexts.payments.settings import rules
from gridhall.contexts.payments.types import Part
from gridhall.kernel.errors import NotFound
from gridhall.runtime.content import content

TODAY = date(2026, 3, 2)


def pay(till: Till, account: int, fen: int, at=NOW, reference: str | None = None) -> int:
    found = operations.take(
        [Part(till.accounts[account].pk, fen)], gateway="demo", method="demo.link",
        reference=reference or f"R{account}{fen}{at}", organisation=till.organisation.pk, paid_at=at, now=at,
        actor="cli:test",
    )  # fmt: skip
    assert found is not None
    return found


@pytest.fixture(
    params=[(oldest, charges) for oldest in ("due", "period") for charges in ("last", "with_bill")], ids="-".join
)
def utility(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Allocation:
    """Each utility has its own rules of what money settles first."""
    own = tmp_path / "content"
    shutil.copytree(content("rules"), own / "rules")
    said = (own / "rules" / "payments.yaml").read_text()
    oldest, charges = request.param
    said = re.sub(r"oldest_by: \w+", f"oldest_by: {oldest}", said)
    (own / "rules" / "payments.yaml").write_text(re.sub(r"late_charges: last", f"late_charges: {charges}", said))
    monkeypatch.setenv("GRIDHALL_CONTENT", str(own))
    return rules().allocation.rule()


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from(["bill", "pay", "credit", "assess"]), st.integers(1, 900), st.integers(0, 80)
    ),
    max_size=14,
)


@pytest.mark.django_db
@given(events=EVENTS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_statement_says_of_many_accounts_what_the_waterfall_says_of_each(utility, events):
    with transaction.atomic():
        till = till_of()
        months = [1, 1, 1]
        for at, (account, kind, fen, days) in enumerate(events):
            if kind in ("bill", "credit") and months[account] <= 6:
                # Corrections come late: the order of periods is not that of days.
                month = months[account] if at % 3 else 13 - months[account]
                till.bill(account, month, fen if kind == "bill" else -fen, NOW - timedelta(days=days))
                months[account] += 1
            elif kind == "pay":
                pay(till, account, fen, NOW - timedelta(days=days), f"R{at}")
            elif kind == "assess":
                operations.assess([till.accounts[account].pk], TODAY, act=ACT)
        ids = [account.pk for account in till.accounts]
        with CaptureQueriesContext(connection) as captured:
            found = queries.owed_of(ids, today=TODAY)
        assert len(captured) == 1
        unpaid = queries.open_bills(ids, today=TODAY)
        for account in ids:
            books, owed = queries.books_of(account), found[account]
            left = books.open(TODAY)
            still = {key: each.debt_fen for key, each in left.items() if each.debt_fen}
            assert owed.balance_fen == books.owed_fen == owed.owed_fen - owed.prepaid_fen
            assert owed.open_bills == len(still)
            assert {number: fen for number, fen in unpaid.items() if number in books.points} == still
            due = {debt.key: debt.due for debt in books.debts}
            assert owed.oldest_due == min((due[key] for key in still), default=None)
            late = sum(sum(each) for key, each in left.items() if due[key] < TODAY) + sum(books.charged.values())
            if utility.charges is ChargesWhen.WITH_BILL:
                late -= sum(books.charged.get(key, 0) for key in left)
            assert owed.overdue_fen == max(0, min(books.owed_fen, late))
        transaction.set_rollback(True)


def test_who_pays_for_another_sees_the_amount_and_half_a_name(till):
    till.bill(0, 1, 12_345)
    found = queries.owed_by_number(" 3100000000 ", today=TODAY)
    assert (found.name, found.owed_fen, found.account) == ("王*", 12_345, till.accounts[0].pk)
    assert queries.owed_by_number("A0", today=TODAY).owed_fen == 12_345
    pay(till, 0, 20_000)
    assert queries.owed_by_number("A0", today=TODAY).owed_fen == 0
    for wrong in ("3100000009", "", "A0'; --", "户号", "9" * 60):
        with pytest.raises(NotFound):
            queries.owed_by_number(wrong, today=TODAY)


def test_the_history_shows_the_newest_first_page_by_page(till):
    ids = [account.pk for account in till.accounts]
    receipts = [pay(till, 0, 100 + day, NOW - timedelta(days=20 * day)) for day in range(8)]
    with transaction.atomic():
        shared = operations.take(
            [Part(ids[0], 600), Part(ids[1], 400)], gateway="counter", method="cash", reference="K1",
            organisation=till.organisation.pk, paid_at=NOW + timedelta(days=1), now=NOW, actor="cli:test",
        )  # fmt: skip
    operations.go_back(receipts[1], 1, kind="refund", reference="B1", at=NOW, reason="", act=ACT)
    operations.go_back(receipts[2], 102, kind="refund", reference="B2", at=NOW, reason="", act=ACT)
    operations.go_back(receipts[3], 103, kind="chargeback", reference="B3", at=NOW, reason="", act=ACT)
    with CaptureQueriesContext(connection) as captured:
        first = queries.payments_of(ids[:1], limit=5)
    assert len(captured) == 2  # the payments, and their points
    assert [each.receipt for each in first] == [shared, *receipts[:4]]
    assert [each.state.value for each in first] == ["paid", "paid", "partly_refunded", "refunded", "charged_back"]
    assert (first[0].amount_fen, first[0].whole_fen, first[0].points) == (600, 1000, None)
    assert [each.receipt for each in queries.payments_of(ids[:1], before=receipts[3])] == receipts[4:]
    assert [each.receipt for each in queries.payments_of(ids[:1], year=2025)] == [
        each for at, each in enumerate(receipts) if (NOW - timedelta(days=20 * at)).year == 2025
    ]
    assert [each.receipt for each in queries.payments_of(ids, gateway="counter")] == [shared]
    assert queries.payments_of(ids[2:]) == []
    assert queries.years_and_gateways(ids[:1]) == ([2026, 2025], ["counter", "demo"])
