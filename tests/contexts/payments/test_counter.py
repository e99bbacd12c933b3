"""Guards: money at the counter is taken once, lies in a drawer that is explained, and goes back by a second person."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from tests.contexts.payments.conftest import NOW

from gridhall.contexts.payments import errors, operations
from gridhall.contexts.payments import queries as payments
from gridhall.contexts.payments.models import CounterPayment, Receipt
from gridhall.contexts.payments.rules.amounts import AmountInvalid
from gridhall.contexts.payments.rules.cash import DENOMINATIONS, CountInvalid, TooLittle, change, counted
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, trail

CLERK, OTHER, MANAGER = (Act(f"staff:{name}", NOW) for name in ("C9001", "C9002", "M9001"))
POINT = "3100000000"


@pytest.fixture
def drawer(till):
    till.bill(0, 1, 3000)
    till.bill(0, 2, 2000)
    return operations.open_drawer(till.organisation.pk, 20_000, act=CLERK)


def take(amount=4000, key="k1", act=CLERK, number=POINT, **more):
    return operations.take_at_counter(
        number, amount, method=more.pop("method", "cash"), request_key=key, act=act, **more
    )


# -- taking -------------------------------------------------------------------------------------------------------


def test_cash_settles_the_oldest_bill_first_and_change_is_given(drawer, till):
    before = payments.to_take(POINT, today=NOW.date())
    assert [fen for _, _, fen in before.bills] == [3000, 2000]
    receipt = payments.counter_receipt(take(tendered_fen=5000))
    assert (receipt.change_fen, receipt.number, receipt.account) == (1000, POINT, "A0")
    assert receipt.name == "王*"
    assert till.balance(0) == 1000
    after = payments.to_take(POINT, today=NOW.date())
    assert [fen for _, _, fen in after.bills] == [1000]
    assert (after.owed.owed_fen, after.late_fen) == (1000, 0)


def test_an_account_number_does_as_well(drawer, till):
    take(number="A0")
    assert till.balance(0) == 1000


def test_a_double_click_takes_once(drawer, till):
    assert take() == take()
    assert till.balance(0) == 1000
    assert Receipt.objects.count() == 1


def test_more_than_is_owed_becomes_a_prepayment(drawer, till):
    take(6000)
    assert till.balance(0) == -1000


@pytest.mark.parametrize("method", ["pos", "cheque"])
def test_cards_and_cheques_have_a_number_and_do_not_lie_in_the_drawer(drawer, till, method):
    with pytest.raises(errors.DocumentMissing):
        take(method=method)
    payment = payments.counter_receipt(take(method=method, document=" 8800 ", tendered_fen=9000))
    assert (payment.document, payment.change_fen, payment.method) == ("8800", 0, method)
    found = payments.drawer(drawer)
    assert (found.expected_fen, found.cash_fen, found.other_fen, found.payments) == (20_000, 0, 4000, 1)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"amount": 0}, AmountInvalid), ({"amount": -1}, AmountInvalid), ({"amount": 10**10}, AmountInvalid),
        ({"tendered_fen": 3999}, TooLittle), ({"tendered_fen": 0}, AmountInvalid), ({"number": "9"}, NotFound),
        ({"number": "'; --"}, NotFound), ({"method": "iou"}, errors.DocumentMissing),
        ({"act": OTHER}, errors.NoDrawerOpen),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_changes_nothing(drawer, till, changes, error):
    with pytest.raises(error):
        take(**changes)
    assert till.balance(0) == 5000
    assert not CounterPayment.objects.exists()


# -- voiding ------------------------------------------------------------------------------------------------------


def test_a_second_person_voids_on_the_same_day(drawer, till):
    payment = take()
    operations.void_at_counter(payment, reason="typed wrongly", act=MANAGER)
    assert till.balance(0) == 5000
    assert payments.drawer(drawer).expected_fen == 20_000
    found = payments.counter_receipt(payment)
    assert (found.voided_by, found.void_reason) == (MANAGER.actor, "typed wrongly")
    with pytest.raises(errors.NotVoidable):
        operations.void_at_counter(payment, reason="again", act=MANAGER)
    assert till.balance(0) == 5000


def test_who_took_the_money_cannot_void_it(drawer):
    payment = take()
    with pytest.raises(errors.NotBySamePerson):
        operations.void_at_counter(payment, reason="mine", act=CLERK)


def test_nothing_is_voided_without_a_reason_or_on_another_day(drawer, till):
    payment = take()
    with pytest.raises(errors.ReasonMissing):
        operations.void_at_counter(payment, reason=" ", act=MANAGER)
    with pytest.raises(errors.NotVoidable):
        operations.void_at_counter(payment, reason="late", act=Act(MANAGER.actor, NOW + timedelta(days=1)))
    assert till.balance(0) == 1000


# -- drawers ------------------------------------------------------------------------------------------------------


def test_a_clerk_has_one_drawer_at_a_time(drawer, till):
    with pytest.raises(errors.DrawerOpen):
        operations.open_drawer(till.organisation.pk, 0, act=CLERK)
    operations.open_drawer(till.organisation.pk, 0, act=OTHER)
    assert len(payments.drawers(["/LC/"])) == 2
    assert payments.drawers(["/ELSEWHERE/"]) == []


def test_a_drawer_closes_with_what_should_lie_in_it(drawer):
    take(tendered_fen=10_000)
    operations.close_drawer({10_000: 2, 2000: 2}, act=CLERK)
    found = payments.drawer(drawer)
    assert (found.expected_fen, found.counted_fen, found.difference_fen) == (24_000, 24_000, 0)
    assert found.counts == {10_000: 2, 2000: 2}
    assert payments.open_drawer_of(CLERK.actor) is None
    assert [entry.action for entry in trail(f"drawer:{drawer}")] == [
        "payments.drawer.opened", "payments.drawer.closed",
    ]  # fmt: skip


def test_a_difference_is_explained(drawer):
    with pytest.raises(errors.ReasonMissing):
        operations.close_drawer({10_000: 1}, act=CLERK)
    operations.close_drawer({10_000: 1}, explanation="a note was torn", act=CLERK)
    found = payments.drawer(drawer)
    assert (found.difference_fen, found.explanation) == (-10_000, "a note was torn")


def test_a_closed_drawer_takes_nothing_and_voids_nothing(drawer):
    payment = take()
    operations.close_drawer({10_000: 2, 2000: 2}, act=CLERK)
    with pytest.raises(errors.NoDrawerOpen):
        take(key="k2")
    with pytest.raises(errors.NotVoidable):
        operations.void_at_counter(payment, reason="late", act=MANAGER)


@pytest.mark.parametrize("counts", [{300: 1}, {100: -1}, {100: 10**9}])
def test_only_notes_and_coins_are_counted(drawer, counts):
    with pytest.raises(CountInvalid):
        operations.close_drawer(counts, explanation="x", act=CLERK)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_cashdrawer SET counted_fen = expected_fen, explanation = ''",
        "DELETE FROM payments_cashdrawer",
        "INSERT INTO payments_counterpayment (drawer_id, receipt_id, request_key, method, amount_fen, tendered_fen,"
        " document, taken_at, taken_by, voided_by, void_reason) SELECT drawer_id, receipt_id, 'z', method, amount_fen,"
        " tendered_fen, document, taken_at, taken_by, '', '' FROM payments_counterpayment",
        "UPDATE payments_counterpayment SET amount_fen = 1",
    ],
)
def test_psql_cannot_change_a_closed_drawer(drawer, statement):
    take()
    operations.close_drawer({10_000: 1}, explanation="short", act=CLERK)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


# -- rules --------------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from(DENOMINATIONS), st.integers(0, 1000)), st.integers(1, 10**7))
def test_change_and_price_are_what_was_handed_over(counts, amount):
    tendered = counted(counts)
    if tendered < amount:
        with pytest.raises(TooLittle):
            change(amount, tendered)
    else:
        assert change(amount, tendered) + amount == tendered
