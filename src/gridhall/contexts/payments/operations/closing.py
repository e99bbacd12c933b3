"""Differences are explained, by two people where money moves; days of gateways are closed and opened again."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection, transaction

from gridhall.contexts.payments.models import (
    MOVES_MONEY,
    CaseKind,
    CaseState,
    ClosedDay,
    ReconciliationCase,
    Resolution,
    Statement,
)
from gridhall.contexts.payments.operations.receiving import take
from gridhall.contexts.payments.operations.reconciling import lock, match_again, refuse_closed
from gridhall.contexts.payments.operations.reversing import go_back
from gridhall.contexts.payments.types import Part
from gridhall.kernel.errors import NotFound, Refused
from gridhall.runtime.audit import Act, record
from gridhall.runtime.localtime import noon

#: Explanations that make sense of a difference, by its kind.
EXPLAINS: Final[dict[str, tuple[Resolution, ...]]] = {
    CaseKind.MISSING_THERE: (Resolution.NOTED, Resolution.TAKE_BACK),
    CaseKind.AMOUNT_DIFFERS: (Resolution.NOTED, Resolution.TAKE, Resolution.TAKE_BACK),
    CaseKind.DUPLICATE: (Resolution.NOTED, Resolution.TAKE),
    CaseKind.UNKNOWN_ORDER: (Resolution.NOTED, Resolution.TAKE),
    CaseKind.MISSING_HERE: (Resolution.NOTED,),
}


class CaseSettled(Refused):
    """The case is explained already, or was meanwhile."""

    code = "reconciliation_case_settled"


class ExplanationUnfit(Refused):
    """This explanation does not fit the case."""

    code = "reconciliation_unfit"


class SamePerson(Refused):
    """Who proposed that money moves does not decide on it."""

    code = "reconciliation_same_person"


class CasesOpen(Refused):
    """The day has differences that nobody has explained."""

    code = "reconciliation_cases_open"


class NothingToClose(Refused):
    """The day has no statement yet."""

    code = "reconciliation_no_statement"


def fitting(kind: str, *, refund: bool, theirs: int | None, ours: int | None, receipt: int | None) -> list[Resolution]:
    """The explanations that fit a difference.

    Args:
        theirs, ours: both sides in fen.
        receipt: id of our movement; None where there is none.
    """
    found = []
    for each in EXPLAINS[kind]:
        if each is Resolution.TAKE and (refund or theirs is None or (receipt and (ours or 0) >= theirs)):
            continue
        if each is Resolution.TAKE and kind == CaseKind.DUPLICATE and receipt:
            continue  # the same movement told twice: the gateway has to correct its statement
        if each is Resolution.TAKE_BACK and (refund or not receipt or (ours or 0) <= (theirs or 0)):
            continue
        found.append(each)
    return found


def explanation_of(text: str) -> Resolution:
    """The explanation of this word, of those that people give.

    Raises:
        ExplanationUnfit: when it is none.
    """
    if text not in {each.value for fits in EXPLAINS.values() for each in fits}:
        raise ExplanationUnfit("Choose how it is explained.", path="resolution")
    return Resolution(text)


def explain_case(id: int, resolution: Resolution, *, reason: str, account: str = "", act: Act) -> None:
    """This will explain a difference; where money moves, it proposes to, and a second person decides.

    Args:
        reason: in a sentence; it stays on record.
        account: number of the account that money is for, where no order says it.

    Raises:
        CaseSettled, ExplanationUnfit: as they say.
        NotFound: when there is no such case or account.
    """
    if not reason.strip():
        raise ExplanationUnfit("Say in a sentence why.", path="reason")
    with transaction.atomic(), connection.cursor() as cursor:
        case = _locked(cursor, id)
        if case.state != CaseState.OPEN:
            raise CaseSettled("Somebody has explained this already, or proposed to.", path="case")
        fits = fitting(case.kind, refund=case.refund, theirs=case.their_fen, ours=case.our_fen, receipt=case.receipt_id)
        if resolution not in fits:
            raise ExplanationUnfit("That does not explain this difference.", path="resolution")
        case.resolution, case.reason = resolution, reason.strip()[:500]
        if resolution in MOVES_MONEY:
            if resolution is Resolution.TAKE:
                case.account_id = _account(case, account)
            case.state, case.proposed_at, case.proposed_by = CaseState.PROPOSED, act.at, act.actor
        else:
            case.state, case.explained_at, case.explained_by = CaseState.EXPLAINED, act.at, act.actor
        case.save()
        done = "proposed" if case.state == CaseState.PROPOSED else "explained"
        record(act, f"payments.case.{done}", f"payments_case:{id}", {"resolution": resolution, "reason": case.reason})


def decide_case(id: int, *, accept: bool, act: Act) -> None:
    """This will carry out what somebody else proposed, or send it back to be explained anew.

    Raises:
        CaseSettled, SamePerson: as they say.
        MoreThanCame: when less is left of the receipt than is to be taken back.
        NotFound: when there is no such case.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        case = _locked(cursor, id)
        if case.state != CaseState.PROPOSED:
            raise CaseSettled("Nothing is proposed here.", path="case")
        if case.proposed_by == act.actor and accept:
            raise SamePerson("A second person decides on money.", path="case")
        if accept:
            case.posted_id = _carried_out(case, act)
            case.state, case.explained_at, case.explained_by = CaseState.EXPLAINED, act.at, act.actor
        else:
            case.state, case.resolution, case.proposed_at, case.proposed_by = CaseState.OPEN, "", None, ""
            case.account_id = None
        case.save()
        record(
            act, f"payments.case.{'explained' if accept else 'sent_back'}", f"payments_case:{id}",
            {"resolution": case.resolution, "posted": case.posted_id},
        )  # fmt: skip


@dataclass(frozen=True)
class Closed:
    """A day that was closed, with the sums of the books."""

    gateway: str
    day: date
    receipts: int
    paid_fen: int
    refunded_fen: int


def close_day(code: str, day: date, *, act: Act) -> Closed:
    """This will close a gateway's day, after matching it once more: nothing of it changes any more.

    Raises:
        NothingToClose: when there is no statement.
        CasesOpen: when a difference is not explained.
        DayIsClosed: when it is closed already.
    """
    try:
        # On its own, so that a difference that came up since is on the board when the day is refused.
        match_again(code, day, act=act)
    except NotFound as error:
        raise NothingToClose(
            f"There is no statement of {code} for {day}.", path="statement", remedy="Take the statement in first."
        ) from error
    with transaction.atomic(), connection.cursor() as cursor:
        lock(cursor, code)
        refuse_closed(code, day)
        waiting = ReconciliationCase.objects.filter(gateway=code, day=day).exclude(state=CaseState.EXPLAINED).count()
        if waiting:
            raise CasesOpen(f"{waiting} differences of {code} on {day} are not explained.", path="case")
        cursor.execute(
            "SELECT count(*), coalesce(sum(amount_fen) FILTER (WHERE kind = 'receipt'), 0),"
            " coalesce(sum(amount_fen) FILTER (WHERE kind <> 'receipt'), 0)"
            " FROM payments_receipt WHERE gateway = %s AND value_date = %s",
            [code, day],
        )
        receipts, paid, refunded = (int(each) for each in cursor.fetchone())
        statement = Statement.objects.get(gateway=code, day=day, superseded_at=None)
        ClosedDay.objects.create(
            gateway=code, day=day, statement=statement, receipts=receipts, paid_fen=paid, refunded_fen=refunded,
            closed_at=act.at, closed_by=act.actor,
        )  # fmt: skip
        sums = {"receipts": receipts, "paid_fen": paid, "refunded_fen": refunded, "statement": statement.pk}
        record(act, "payments.day.closed", f"payments_day:{code}:{day}", sums)
    return Closed(code, day, receipts, paid, refunded)


def reopen_day(code: str, day: date, *, reason: str, act: Act) -> None:
    """This will open a closed day again; that it was closed, and why it was opened, stays.

    Raises:
        ExplanationUnfit: without a reason.
        NotFound: when the day is not closed.
    """
    if not reason.strip():
        raise ExplanationUnfit("Say in a sentence why.", path="reason")
    with transaction.atomic(), connection.cursor() as cursor:
        lock(cursor, code)
        changed = ClosedDay.objects.filter(gateway=code, day=day, reopened_at=None).update(
            reopened_at=act.at, reopened_by=act.actor, reopen_reason=reason.strip()[:500]
        )
        if not changed:
            raise NotFound("This day is not closed.", path="day")
        record(act, "payments.day.reopened", f"payments_day:{code}:{day}", {"reason": reason.strip()[:500]})


def _locked(cursor: Any, id: int) -> ReconciliationCase:
    found = ReconciliationCase.objects.filter(pk=id).first()
    if found is None:
        raise NotFound("There is no such case.", path="case")
    lock(cursor, found.gateway)
    return ReconciliationCase.objects.select_for_update().get(pk=id)


def _account(case: ReconciliationCase, number: str) -> int | None:
    """The account that money is for: as somebody says; None where our order or receipt says it."""
    if number:
        found = _rows("SELECT id, NULL, 0 FROM accounts_customeraccount WHERE number = %s", [number])
        if not found:
            raise NotFound("There is no such account.", path="account")
        return found[0][0]
    if case.receipt_id is None and not _parts_of_order(case):
        raise ExplanationUnfit("Say which account the money is for.", path="account")
    return None


def _carried_out(case: ReconciliationCase, act: Act) -> int:
    """This will write in the books what the statement says, and give the id of the receipt."""
    theirs, ours = case.their_fen or 0, case.our_fen or 0
    at = case.row.at if case.row is not None else noon(case.day)
    difference = f"case-{case.pk}"
    if case.resolution == Resolution.TAKE_BACK:
        assert case.receipt_id is not None
        done = go_back(
            case.receipt_id, ours - theirs, kind="chargeback", reference=difference, at=at, reason=case.reason[:200],
            act=act,
        )  # fmt: skip
    else:
        fresh = case.receipt_id is None
        amount = theirs if fresh else theirs - ours
        done = take(
            _parts(case, amount), gateway=case.gateway, method="reconciliation",
            reference=case.reference if fresh else difference, organisation=_unit(case), paid_at=at, now=act.at,
            actor=act.actor, reason=case.reason[:200],
        )  # fmt: skip
    if done is None:
        raise CaseSettled("This movement is in the books already.", path="case", remedy="Match the day again.")
    return done


def _parts(case: ReconciliationCase, amount: int) -> list[Part]:
    """The amount on the account that was named, or on those of the order or receipt, the last taking what is left."""
    if case.account_id is not None:
        return [Part(case.account_id, amount)]
    known = _parts_of_order(case) or _parts_of_receipt(case)
    parts: list[Part] = []
    left = amount
    for at, (account, point, fen) in enumerate(known, 1):
        share = left if at == len(known) else min(left, fen)
        if share:
            parts.append(Part(account, share, point))
            left -= share
    return parts


def _parts_of_order(case: ReconciliationCase) -> list[tuple[int, int | None, int]]:
    return _rows(
        "SELECT l.account_id, l.usage_point_id, l.amount_fen FROM payments_orderline l"
        " JOIN payments_paymentorder o ON o.id = l.order_id WHERE o.number = %s AND o.gateway = %s ORDER BY l.id",
        [case.order_number, case.gateway],
    )


def _parts_of_receipt(case: ReconciliationCase) -> list[tuple[int, int | None, int]]:
    return _rows(
        "SELECT account_id, usage_point_id, amount_fen FROM payments_receiptline WHERE receipt_id = %s ORDER BY id",
        [case.receipt_id],
    )


def _rows(query: str, asked: list[Any]) -> list[tuple[int, int | None, int]]:
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        return list(cursor.fetchall())


def _unit(case: ReconciliationCase) -> int:
    """The unit whose money it is: that of the first account."""
    account = _parts(case, 1)[0].account
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation_id FROM accounts_customeraccount WHERE id = %s", [account])
        return int(cursor.fetchone()[0])
