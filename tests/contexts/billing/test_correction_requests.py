"""Guards the promise that a correction takes two people: who asks never decides, what is posted is what was shown, and
decision and correction happen together or not at all."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from gridhall.contexts.billing import operations, queries
from gridhall.contexts.billing.errors import (
    CorrectionDecided,
    CorrectionWaiting,
    NothingToCorrect,
    ReasonMissing,
    SecondPersonNeeded,
)
from gridhall.contexts.billing.models import Bill, CorrectionRequest, LedgerEntry
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, trail

LATER = datetime(2013, 6, 1, 2, 0, tzinfo=UTC)
CLERK, MANAGER = Act("staff:clerk", LATER), Act("staff:manager", LATER)


@pytest.fixture
def wrong(utility):
    """A bill of January that late readings have made wrong; its number."""
    utility.read(date(2013, 1, 1), 59, {"U1": 400, "U2": 100, "U3": 200})
    utility.run("2013-01")
    utility.run("2013-02")
    utility.read(date(2013, 1, 10), 10, {"U1": 900}, revision=True)
    return utility, Bill.objects.get(usage_point_id=utility.points["U1"], start_date=date(2013, 1, 1)).number


def asked(number):
    return operations.request_correction(number, reason=" late readings ", act=CLERK)


def test_asking_changes_nothing_and_shows_every_line_before_and_after(wrong):
    _, number = wrong
    before = list(LedgerEntry.objects.values_list())
    request = asked(number)
    assert list(LedgerEntry.objects.values_list()) == before
    assert Bill.objects.get(pk=number).status == "issued"
    change = request.outcome.bills[0]
    assert change.new_energy_wh - change.old_energy_wh == 10 * 96 * 500
    assert sum(line.old_fen or 0 for line in change.lines) == change.bill.old_total_fen
    assert sum(line.new_fen or 0 for line in change.lines) == change.bill.new_total_fen
    assert sum(line.difference_fen for line in change.lines) == request.outcome.difference_fen
    assert (request.decision, request.reason) == ("waiting", "late readings")
    assert queries.correction_request(request.id) == request


def test_approval_by_another_posts_exactly_what_was_shown(wrong):
    utility, number = wrong
    request = asked(number)
    decided = operations.approve_correction(request.id, note="seen", act=MANAGER)
    assert decided.posted
    assert (decided.request.decision, decided.request.decided_by) == ("approved", "staff:manager")
    new = queries.read_number(request.outcome.bills[0].bill.new)
    assert Bill.objects.get(pk=number).replaced_by == new
    assert Bill.objects.get(pk=new).total_fen == request.outcome.bills[0].bill.new_total_fen
    assert Bill.objects.get(pk=new).reason == "late readings"
    assert queries.balance(utility.accounts["U1"]) == sum(
        Bill.objects.filter(usage_point_id=utility.points["U1"], status="issued").values_list("total_fen", flat=True)
    )
    actions = [(entry.action, entry.actor) for entry in trail(f"bill:{queries.show_number(number)}")]
    assert actions == [
        ("billing.correction.requested", "staff:clerk"),
        ("billing.correction.approved", "staff:manager"),
    ]


def test_who_asks_cannot_approve_or_reject(wrong):
    _, number = wrong
    request = asked(number)
    with pytest.raises(SecondPersonNeeded):
        operations.approve_correction(request.id, act=CLERK)
    with pytest.raises(SecondPersonNeeded):
        operations.reject_correction(request.id, note="no", act=CLERK)
    assert Bill.objects.get(pk=number).status == "issued"
    with pytest.raises(SecondPersonNeeded):
        operations.withdraw_correction(request.id, act=MANAGER)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        (
            "decision = 'approved', decided_by = 'staff:clerk', decided_at = now()",
            "correction_request_second_person",
        ),
        ("requested_by = 'somebody'", "correction_request_immutable"),
        (
            "requested_by = 'x', decision = 'approved', decided_by = 'staff:clerk', decided_at = now()",
            "correction_request_immutable",
        ),
        ("reason = 'another'", "correction_request_immutable"),
        ("decision = 'approved'", "correction_request_decided_has_name_and_time"),
        (
            "decision = 'rejected', decided_by = 'staff:manager', decided_at = now()",
            "correction_request_rejection_says_why",
        ),
    ],
)
def test_the_database_itself_refuses(wrong, change, constraint):
    _, number = wrong
    asked(number)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE billing_correctionrequest SET {change}")
    assert refused.value.__cause__.diag.constraint_name == constraint


def test_what_is_decided_stays_so_even_for_the_database(wrong):
    _, number = wrong
    operations.reject_correction(asked(number).id, note="the reading is wrong", act=MANAGER)
    for statement in (
        "UPDATE billing_correctionrequest SET decision = 'waiting', decided_by = '', decided_at = NULL, note = ''",
        "DELETE FROM billing_correctionrequest",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_figures_that_have_moved_are_shown_again_before_anything_is_posted(wrong):
    utility, number = wrong
    request = asked(number)
    utility.read(date(2013, 1, 12), 2, {"U1": 500}, revision=True)
    first = operations.approve_correction(request.id, act=MANAGER)
    assert not first.posted
    assert first.request.decision == "waiting"
    assert first.request.outcome.difference_fen < request.outcome.difference_fen
    assert Bill.objects.get(pk=number).status == "issued"
    second = operations.approve_correction(request.id, act=MANAGER)
    assert second.posted
    assert second.request.outcome == first.request.outcome
    assert Bill.objects.get(pk=number).status == "cancelled"


def test_new_readings_of_others_do_not_ask_again(wrong):
    utility, number = wrong
    request = asked(number)
    utility.read(date(2013, 1, 12), 2, {"U2": 500}, revision=True)
    assert operations.approve_correction(request.id, act=MANAGER).posted


def test_one_request_of_a_bill_waits_at_a_time(wrong):
    _, number = wrong
    first = asked(number)
    with pytest.raises(CorrectionWaiting):
        asked(number)
    assert operations.withdraw_correction(first.id, act=CLERK).decision == "withdrawn"
    again = asked(number)
    with pytest.raises(CorrectionDecided):
        operations.approve_correction(first.id, act=MANAGER)
    assert [each.id for each in queries.correction_requests(["/"])] == [again.id]
    assert [each.id for each in queries.correction_requests(["/"], waiting=False)] == [first.id]


def test_what_cannot_be_corrected_cannot_be_asked_for(wrong):
    utility, number = wrong
    other = Bill.objects.get(usage_point_id=utility.points["U2"], start_date=date(2013, 1, 1)).number
    with pytest.raises(NothingToCorrect):
        asked(other)
    with pytest.raises(ReasonMissing):
        operations.request_correction(number, reason="  ", act=CLERK)
    with pytest.raises(NotFound):
        asked(number + 50)
    with pytest.raises(ReasonMissing):
        operations.reject_correction(asked(number).id, note=" ", act=MANAGER)


def test_a_failure_after_the_correction_takes_it_back(wrong, monkeypatch):
    _, number = wrong
    request = asked(number)
    entries = list(LedgerEntry.objects.values_list())

    def fails(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("gridhall.contexts.billing.operations.requesting.record", fails)
    with pytest.raises(RuntimeError):
        operations.approve_correction(request.id, act=MANAGER)
    assert list(LedgerEntry.objects.values_list()) == entries
    assert CorrectionRequest.objects.get(pk=request.id).decision == "waiting"
    assert Bill.objects.get(pk=number).status == "issued"


def test_requests_are_found_within_their_units_only(wrong):
    _, number = wrong
    request = asked(number)
    assert [each.id for each in queries.correction_requests([request.path])] == [request.id]
    assert queries.correction_requests(["/elsewhere/"]) == []
    assert queries.correction_requests(["/"], not_by="staff:clerk") == []
    assert [each.id for each in queries.correction_requests(["/"], requested_by="staff:clerk")] == [request.id]
