"""Corrections by two people: one sees what would change and asks, another approves or rejects."""

from typing import Any

from django.db import IntegrityError, transaction

from gridhall.contexts.billing.errors import (
    CorrectionDecided,
    CorrectionWaiting,
    ReasonMissing,
    SecondPersonNeeded,
)
from gridhall.contexts.billing.exclusive import exclusive
from gridhall.contexts.billing.models import Bill, CorrectionRequest, Decision
from gridhall.contexts.billing.operations.correcting import correct
from gridhall.contexts.billing.outcomes import outcome_of, written
from gridhall.contexts.billing.queries.requests import request_of
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.types import CorrectionOutcome, Decided, RequestedCorrection
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, record


def preview_correction(number: int, *, reason: str, act: Act) -> CorrectionOutcome:
    """What correcting a bill would do, line by line; everything is computed, written and taken back.

    Raises:
        As `correct` does.
    """
    with exclusive(), transaction.atomic():
        outcome = outcome_of(correct(number, reason=reason, act=act))
        transaction.set_rollback(True)
    return outcome


def request_correction(number: int, *, reason: str, act: Act) -> RequestedCorrection:
    """This will ask that a bill be corrected, with what would change as of now, for a second person to decide.

    Raises:
        CorrectionWaiting: a correction of the bill waits already.
        And as `correct` does: what cannot be corrected cannot be asked for.
    """
    with transaction.atomic():
        if CorrectionRequest.objects.filter(bill_id=number, decision=Decision.WAITING).exists():
            raise _waiting(number)
        outcome = preview_correction(number, reason=reason, act=act)
        try:
            with transaction.atomic():
                row = CorrectionRequest.objects.create(
                    bill_id=number,
                    organisation_id=Bill.objects.values_list("organisation_id", flat=True).get(number=number),
                    reason=reason.strip(),
                    requested_by=act.actor,
                    requested_at=act.at,
                    **_computed(outcome, act),
                )
        except IntegrityError as error:
            if "correction_request_open_once" in str(error):
                raise _waiting(number) from None
            raise
        details = {"request": row.pk, "difference_fen": outcome.difference_fen, "reason": row.reason}
        record(act, "billing.correction.requested", _subject(row), details)
    return request_of(row)


def approve_correction(request: int, *, note: str = "", act: Act) -> Decided:
    """This will make the correction that was asked for, if it still does what was shown.

    Where it would do something else by now, because readings, agreements or prices have changed, nothing is corrected:
    the request keeps waiting with the new figures. Correction and decision are one transaction.

    Raises:
        NotFound: there is no such request.
        CorrectionDecided: it is decided.
        SecondPersonNeeded: who asked cannot approve.
        And as `correct` does.
    """
    # The lock is held until after the commit, so that no run computes from bills that are about to change.
    with exclusive(), transaction.atomic():
        row = _locked(request)
        if row.requested_by == act.actor:
            raise SecondPersonNeeded(
                "Who asks for a correction cannot approve it.", remedy="Leave the decision to a second person."
            )
        shown = row.outcome
        with transaction.atomic():
            outcome = outcome_of(correct(row.bill_id, reason=row.reason, act=act))
            same = written(outcome) == shown
            if not same:
                transaction.set_rollback(True)
        if not same:
            for name, value in _computed(outcome, act).items():
                setattr(row, name, value)
            row.save(update_fields=["outcome", "difference_fen", "readings_version", "computed_at"])
            return Decided(posted=False, request=request_of(row))
        _decide(row, Decision.APPROVED, note, act, {"difference_fen": outcome.difference_fen})
    return Decided(posted=True, request=request_of(row))


def reject_correction(request: int, *, note: str, act: Act) -> RequestedCorrection:
    """This will decline a correction that was asked for, and say why.

    Raises:
        NotFound: there is no such request.
        CorrectionDecided: it is decided.
        SecondPersonNeeded: who asked cannot reject; they may withdraw.
        ReasonMissing: the note is empty.
    """
    with transaction.atomic():
        row = _locked(request)
        if row.requested_by == act.actor:
            raise SecondPersonNeeded("Who asks for a correction cannot reject it.", remedy="Withdraw it instead.")
        if not note.strip():
            raise ReasonMissing("A rejection needs a reason.", path="note", remedy="Say why it is not corrected.")
        _decide(row, Decision.REJECTED, note, act, {})
    return request_of(row)


def withdraw_correction(request: int, *, act: Act) -> RequestedCorrection:
    """This will take back a request; only who asked can.

    Raises:
        NotFound: there is no such request.
        CorrectionDecided: it is decided.
        SecondPersonNeeded: somebody else asked.
    """
    with transaction.atomic():
        row = _locked(request)
        if row.requested_by != act.actor:
            raise SecondPersonNeeded("Only who asked for a correction can withdraw it.", remedy="Reject it instead.")
        _decide(row, Decision.WITHDRAWN, "", act, {})
    return request_of(row)


def _locked(request: int) -> CorrectionRequest:
    row = CorrectionRequest.objects.select_for_update().filter(pk=request).first()
    if row is None:
        raise NotFound(f"There is no request {request}.", path="request")
    if row.decision != Decision.WAITING:
        raise CorrectionDecided("This request has been decided already.", remedy="Look at what was decided.")
    return row


def _decide(row: CorrectionRequest, decision: Decision, note: str, act: Act, details: dict[str, Any]) -> None:
    row.decision, row.decided_by, row.decided_at, row.note = decision, act.actor, act.at, note.strip()
    row.save(update_fields=["decision", "decided_by", "decided_at", "note"])
    about = {"request": row.pk, "requested_by": row.requested_by} | details
    record(act, f"billing.correction.{decision.value}", _subject(row), about | ({"note": row.note} if row.note else {}))


def _computed(outcome: CorrectionOutcome, act: Act) -> dict[str, Any]:
    return {
        "outcome": written(outcome),
        "difference_fen": outcome.difference_fen,
        "readings_version": outcome.readings_version,
        "computed_at": act.at,
    }


def _subject(row: CorrectionRequest) -> str:
    return f"bill:{numbering.show(row.bill_id)}"


def _waiting(number: int) -> CorrectionWaiting:
    return CorrectionWaiting(
        f"A correction of bill {numbering.show(number)} waits for a decision already.",
        remedy="Decide or withdraw that one first.",
    )
