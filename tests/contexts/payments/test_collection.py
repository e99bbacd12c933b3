"""Guards: arrears are found, aged and ranked by what explains it; promises and plans hold until they break."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from tests.contexts.payments.conftest import Till

from gridhall.contexts.payments import operations
from gridhall.contexts.payments.models import CollectionCase
from gridhall.contexts.payments.operations import collection
from gridhall.contexts.payments.queries import arrears
from gridhall.contexts.payments.types import AmountInvalid, Part
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act

ISSUED = datetime(2026, 2, 1, 4, tzinfo=UTC)


def act(day: date) -> Act:
    return Act("staff:one", datetime(day.year, day.month, day.day, 4, tzinfo=UTC))


def due() -> date:
    from gridhall.contexts.billing import queries as billing

    return billing.due_on(ISSUED)


def after(days: int) -> date:
    return due() + timedelta(days=days)


@pytest.fixture
def late(till: Till) -> CollectionCase:
    """The first account owes 100 yuan since the due day; the second has paid; the third owes less than is collected."""
    till.bill(0, 1, 10_000, ISSUED)
    till.bill(1, 1, 10_000, ISSUED)
    till.bill(2, 1, 99, ISSUED)
    pay(till, 1, 10_000, after(-1))
    collection.collect(after(1), act=act(after(1)))
    return CollectionCase.objects.get(closed_at=None)


def pay(till: Till, account: int, fen: int, day: date) -> None:
    at = act(day).at + timedelta(hours=1)
    with transaction.atomic():
        operations.take(
            [Part(till.accounts[account].pk, fen)], gateway="demo", method="m", reference=f"R{account}-{day}",
            organisation=till.organisation.pk, paid_at=at, now=at, actor="t",
        )  # fmt: skip


def seen(days: int) -> arrears.Arrear:
    collection.collect(after(days), act=act(after(days)))
    (row,) = arrears.arrears(["/"], today=after(days)).rows
    return row


def test_only_what_is_overdue_and_worth_it_is_a_case(late, till):
    assert late.account_id == till.accounts[0].pk
    assert (late.overdue_fen, late.oldest_date) == (10_000, due())
    assert collection.collect(after(1), act=act(after(1))).opened == 0


def test_nothing_is_a_case_on_the_due_day(till):
    till.bill(0, 1, 10_000, ISSUED)
    assert collection.collect(due(), act=act(due())).open == 0
    assert collection.collect(after(1), act=act(after(1))).opened == 1


@pytest.mark.parametrize(("days", "band"), [(1, "1-30"), (30, "1-30"), (31, "31-60"), (90, "61-90"), (91, "90+")])
def test_bands_of_age_have_their_edges(late, days, band):
    seen(days)
    found = arrears.arrears(["/"], today=after(days))
    assert {each.code for each in found.bands if each.accounts} == {band}
    assert arrears.arrears(["/"], today=after(days), band=band).total == 1
    assert (found.fen, arrears.arrears(["/X/"], today=after(days)).total) == (10_000, 0)


def test_steps_follow_the_strategy_and_each_other(late):
    assert [(seen(1).next_kind, seen(1).next_date)] == [("message", after(3))]
    for kind, days in (("message", 3), ("call", 10), ("visit", 25), ("notice", 40)):
        row = seen(days)
        assert (row.next_kind, row.next_date) == (kind, after(days))
        collection.record_step(late.pk, kind, "not_reached", note="", today=after(days), act=act(after(days)))
    assert (seen(60).next_kind, seen(60).next_date) == ("", None)


def test_a_promise_holds_then_is_broken_and_the_next_step_comes_sooner(late):
    today = after(4)
    collection.record_promise(late.pk, 5_000, after(8), today=today, act=act(today))
    assert (seen(8).next_kind, seen(8).broken) == ("", 0)
    row = seen(9)
    assert (row.next_kind, row.next_date, row.broken, row.risk_broken) == ("call", after(9), 1, 15)


def test_a_promise_that_was_kept_is_no_mark(late, till):
    collection.record_promise(late.pk, 5_000, after(8), today=after(4), act=act(after(4)))
    pay(till, 0, 5_000, after(8))
    row = seen(9)
    assert (row.broken, row.overdue_fen, row.next_kind) == (0, 5_000, "message")
    _row, events = arrears.arrear(late.pk, today=after(9))
    assert [(each.kind, each.state) for each in events] == [("promise", "kept")]


def test_a_plan_holds_until_its_first_part_is_missed(late, till):
    parts = [(after(10), 4_000), (after(20), 6_000)]
    collection.agree_plan(late.pk, parts, today=after(5), act=act(after(5)))
    assert seen(10).next_kind == ""
    pay(till, 0, 4_000, after(10))
    assert (seen(15).broken, seen(15).next_kind) == (0, "")
    assert (seen(21).broken, seen(21).next_kind) == (1, "call")


def test_what_is_paid_is_closed_and_a_new_bill_opens_a_new_case(late, till):
    pay(till, 0, 10_000, after(5))
    assert collection.collect(after(6), act=act(after(6))).closed == 1
    with pytest.raises(NotFound):
        collection.record_step(late.pk, "call", "reached", note="", today=after(6), act=act(after(6)))
    till.bill(0, 2, 3_000, ISSUED)
    assert collection.collect(after(7), act=act(after(7))).opened == 1


def test_urgency_is_the_sum_of_what_explains_it(late, till):
    row = seen(45)
    assert (row.risk_age, row.risk_amount, row.risk_broken) == (20, 0, 0)
    for month in (2, 3, 4):
        till.bill(0, month, 10_000, ISSUED)
    row = seen(200)
    assert (row.risk_age, row.risk_amount, row.risk) == (40, 30, 70)


def test_what_makes_no_sense_is_refused(late):
    today, by = after(2), act(after(2))
    for until in (after(1), after(93)):
        with pytest.raises(collection.CollectionRefused):
            collection.record_promise(late.pk, 100, until, today=today, act=by)
    with pytest.raises(AmountInvalid):
        collection.record_promise(late.pk, 0, after(5), today=today, act=by)
    for parts in ([(after(5), 10_000)], [(after(5), 1), (after(6), 1)], [(after(6), 4_000), (after(5), 6_000)]):
        with pytest.raises(collection.CollectionRefused):
            collection.agree_plan(late.pk, parts, today=today, act=by)
    with pytest.raises(collection.CollectionRefused):
        collection.record_step(late.pk, "shout", "done", note="", today=today, act=by)


def test_psql_cannot_change_what_was_done(late):
    collection.record_step(late.pk, "call", "reached", note="", today=after(2), act=act(after(2)))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM payments_collectionstep")
