"""Guards the promise that one fen never appears or vanishes: whatever order runs, corrections, late readings and
re-runs come in, the ledger is the sum of the live bills, for every account and in total, and every bill recomputes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridhall.contexts.billing import operations, queries
from gridhall.contexts.billing.models import Bill, LedgerEntry
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act

MONTHS = ("2013-01", "2013-02", "2013-03")
POINTS = ("U1", "U2", "U3")

RUN = st.tuples(st.just("run"), st.sampled_from(MONTHS))
LATE = st.tuples(st.just("late"), st.sampled_from(POINTS), st.integers(0, 85), st.integers(1, 5), st.integers(0, 1200))
CORRECT = st.tuples(st.just("correct"), st.sampled_from(MONTHS))
STEPS = st.lists(st.one_of(RUN, LATE, CORRECT), min_size=3, max_size=8)


def per_account(rows, column):
    return {key: total for key, total in rows.values_list("account_id").annotate(total=Sum(column)) if total}


def check_books(utility) -> None:
    live = Bill.objects.filter(status="issued")
    assert per_account(LedgerEntry.objects, "amount_fen") == per_account(live, "total_fen")
    for number in POINTS:
        account = utility.accounts[number]
        owed = LedgerEntry.objects.filter(account_id=account)
        for day in (date(2013, 1, 31), date(2013, 2, 28), date(2013, 3, 31)):
            bills = live.filter(account_id=account, end_date__lte=day + timedelta(days=1))
            assert queries.balance(account, at=day) == (bills.aggregate(s=Sum("total_fen"))["s"] or 0)
        running = 0
        for entry in owed.order_by("posted_at", "id"):
            running += entry.amount_fen
        assert running == queries.balance(account)


@given(STEPS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_books_balance_after_any_sequence(utility, steps):
    with transaction.atomic():
        # U3 begins incomplete, so that parking and billing later occur as well
        utility.read(date(2013, 1, 1), 90, {"U1": 450, "U2": 120})
        utility.read(date(2013, 1, 1), 40, {"U3": 300})
        for index, step in enumerate(steps):
            act = Act("test", datetime(2013, 6, 1, tzinfo=UTC) + timedelta(days=index))
            match step:
                case ("run", month):
                    operations.run_month(DateSpan.parse_month(month), act=act, today=date(2030, 1, 1))
                case ("late", number, day, days, wh):
                    utility.read(date(2013, 1, 1) + timedelta(days=day), days, {number: wh}, revision=True)
                case ("correct", month):
                    operations.correct_month(DateSpan.parse_month(month), reason="late", act=act, preview=False)
            check_books(utility)
        for month in MONTHS:
            for found in queries.verify(DateSpan.parse_month(month)):
                assert found.equal, found
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM billing_bill")
        assert cursor.fetchone() == (0,)


def test_a_correction_that_fails_halfway_leaves_nothing(utility, monkeypatch):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 200})
    utility.run("2013-01")
    utility.read(date(2013, 1, 5), 5, {"U1": 700}, revision=True)
    before = list(LedgerEntry.objects.values_list())
    from gridhall.contexts.billing.operations import correcting

    def broken(*_: object, **__: object) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(correcting.posting, "post", broken)
    act = Act("test", datetime(2013, 6, 1, tzinfo=UTC))
    with pytest.raises(OSError, match="no space"), transaction.atomic():
        operations.correct_month(DateSpan.parse_month("2013-01"), reason="late", act=act, preview=False)
    assert list(LedgerEntry.objects.values_list()) == before
    assert not Bill.objects.filter(status="cancelled").exists()
