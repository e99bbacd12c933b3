"""Statements of gateways against the books: taken in whole or not at all, matched as sets, differences made cases."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction

from gridhall.contexts.payments.errors import MoreThanCame
from gridhall.contexts.payments.models import CaseKind, ClosedDay, RefundRequest, Statement
from gridhall.contexts.payments.operations.receiving import PaidTwice, post
from gridhall.contexts.payments.operations.reversing import go_back
from gridhall.contexts.payments.ports import MoneyState, PaymentState, StatementInvalid, StatementLine, gateway
from gridhall.contexts.payments.rules.amounts import LARGEST_FEN, AmountInvalid
from gridhall.kernel.errors import NotFound, Refused
from gridhall.runtime.audit import Act, record
from gridhall.runtime.localtime import local_day

_log = logging.getLogger("gridhall.payments.statements")


class DayIsClosed(Refused):
    """The day of this gateway is closed; nothing of it changes before somebody opens it again."""

    code = "payments_day_closed"


@dataclass(frozen=True)
class Reconciled:
    """What a statement came to.

    Attributes:
        statement: its id. ``repeated``: this very file had been taken in before, and nothing changed.
        matched: lines that are in the books with the same amount.
        opened: cases that wait for somebody. ``posted``: movements that were missing here and are now in the books.
        settled: earlier cases that this statement explains.
    """

    statement: int
    lines: int
    matched: int
    opened: int
    posted: int
    settled: int
    repeated: bool = False


def take_statement(code: str, day: date, content: bytes, *, act: Act) -> Reconciled:
    """This will take in a gateway's statement of a day and match it with the books; all of it, or nothing.

    The same file again changes nothing. A corrected statement of a day that is not closed takes the place of the first.
    What is refused stands on the audit trail with the reason and line.

    Raises:
        StatementInvalid: cut off, changed, of another gateway, merchant or day; the path names the line.
        DayIsClosed: when the day is closed.
        NotFound: when there is no such gateway.
    """
    reader = gateway(code)
    digest = hashlib.sha256(content).hexdigest()
    try:
        if day >= local_day(act.at):
            raise StatementInvalid(f"{day} is not over.", path="day", remedy="Take its statement in tomorrow.")
        lines = _checked(list(reader.read_statement(content, day)))
        with transaction.atomic(), connection.cursor() as cursor:
            lock(cursor, code)
            return _taken(cursor, code, day, digest, lines, act)
    except Refused as error:
        _log.warning("The statement of %s for %s is refused: %s", code, day, error)
        record(
            act, "payments.statement.refused", f"statement:{code}:{day}",
            {"digest": digest, "bytes": len(content), "code": error.code, "path": error.path, "message": error.message},
        )  # fmt: skip
        raise


def match_again(code: str, day: date, *, act: Act) -> Reconciled:
    """This will match the statement of a day with the books as they are now.

    Raises:
        NotFound: when there is no statement of the day.
        DayIsClosed: when the day is closed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        lock(cursor, code)
        statement = Statement.objects.filter(gateway=code, day=day, superseded_at=None).first()
        if statement is None:
            raise NotFound("There is no statement of this day yet.", path="statement")
        refuse_closed(code, day)
        return _match(cursor, statement, act)


def lock(cursor: Any, code: str) -> None:
    """Whatever reconciles or closes days of a gateway waits for whoever else does, to the end of the transaction."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"payments.reconciliation.{code}"])


def refuse_closed(code: str, day: date) -> None:
    """Go on only while a day is open.

    Raises:
        DayIsClosed: otherwise.
    """
    if ClosedDay.objects.filter(gateway=code, day=day, reopened_at=None).exists():
        raise DayIsClosed(f"{day} of {code} is closed.", path="day", remedy="Open the day again, with the reason.")


def _checked(lines: Sequence[StatementLine]) -> Sequence[StatementLine]:
    """The lines, when they are what every adapter has to give."""
    for line in lines:
        said = f"statement:{line.line}"
        if not line.reference or len(line.reference) > 64 or len(line.order_number) > 32:
            raise StatementInvalid("Its numbers are not as agreed.", path=said)
        if not 0 <= line.amount_fen <= LARGEST_FEN:
            raise StatementInvalid(f"{line.amount_fen} fen is no amount.", path=said)
        if line.at.tzinfo is None:
            raise StatementInvalid("Its moment has no zone.", path=said)
    if len({line.line for line in lines}) != len(lines):
        raise StatementInvalid("Its lines are not numbered one by one.", path="statement")
    return lines


def _taken(cursor: Any, code: str, day: date, digest: str, lines: Sequence[StatementLine], act: Act) -> Reconciled:
    known = Statement.objects.filter(gateway=code, day=day, digest=digest).first()
    if known is not None and known.superseded_at is not None:
        raise StatementInvalid(
            "A newer statement of this day has taken its place.", path="statement", remedy="Fetch the statement anew."
        )
    if known is not None:
        return Reconciled(known.pk, known.lines, 0, 0, 0, 0, repeated=True)
    refuse_closed(code, day)
    Statement.objects.filter(gateway=code, day=day, superseded_at=None).update(superseded_at=act.at)
    statement = Statement.objects.create(
        gateway=code, day=day, digest=digest, lines=len(lines), imported_at=act.at, actor=act.actor,
        paid_fen=sum(line.amount_fen for line in lines if not line.refund),
        refunded_fen=sum(line.amount_fen for line in lines if line.refund),
        fee_fen=sum(line.fee_fen for line in lines),
    )  # fmt: skip
    with cursor.copy(
        "COPY payments_statementrow (statement_id, gateway, line, reference, order_number, refund, amount_fen, fee_fen,"
        " at) FROM STDIN"
    ) as copy:
        for line in lines:
            copy.write_row(
                (statement.pk, code, line.line, line.reference, line.order_number, line.refund, line.amount_fen,
                 line.fee_fen, line.at)
            )  # fmt: skip
    found = _match(cursor, statement, act)
    record(
        act, "payments.statement.taken", f"statement:{code}:{day}",
        {"statement": statement.pk, "digest": digest, "lines": len(lines), "opened": found.opened,
         "posted": found.posted, "settled": found.settled},
    )  # fmt: skip
    return found


#: Lines that are not in the books as they say: with what the books have of them, and of their order.
_NOT_AS_HERE: Final = """
    WITH lines AS (
        SELECT w.*, row_number() OVER (PARTITION BY w.reference, w.refund ORDER BY w.line) + (
                SELECT count(*) FROM payments_statementrow e JOIN payments_statement s ON s.id = e.statement_id
                WHERE e.gateway = w.gateway AND e.reference = w.reference AND e.refund = w.refund
                    AND s.superseded_at IS NULL AND s.day < %(day)s) AS occurrence
        FROM payments_statementrow w WHERE w.statement_id = %(statement)s
    )
    SELECT w.id, w.reference, w.refund, w.occurrence, w.order_number, w.amount_fen, w.at, r.id, r.amount_fen,
        o.id, o.status, o.amount_fen, p.id, p.left_fen
    FROM lines w
    LEFT JOIN LATERAL (
        SELECT id, amount_fen FROM payments_receipt r
        WHERE r.gateway = w.gateway AND r.reference = w.reference AND (r.kind <> 'receipt') = w.refund
        ORDER BY r.id LIMIT 1) r ON true
    LEFT JOIN payments_paymentorder o ON o.number = w.order_number AND o.gateway = w.gateway
    LEFT JOIN LATERAL (
        SELECT p.id, p.amount_fen - coalesce(
            (SELECT sum(b.amount_fen) FROM payments_receipt b WHERE b.reverses_id = p.id), 0) AS left_fen
        FROM payments_receipt p WHERE p.order_id = o.id AND p.kind = 'receipt'
        ORDER BY p.id LIMIT 1) p ON w.refund AND r.id IS NULL
    WHERE w.occurrence > 1 OR r.id IS NULL OR r.amount_fen <> w.amount_fen
    ORDER BY w.line
"""
#: Movements of the day in the books that no statement has. What an explanation posted has no line of its own;
#: chargebacks are told by banks, not by statements.
_NOT_THERE: Final = """
    SELECT r.id, r.reference, r.kind <> 'receipt', coalesce(o.number, ''), r.amount_fen
    FROM payments_receipt r LEFT JOIN payments_paymentorder o ON o.id = r.order_id
    WHERE r.gateway = %(gateway)s AND r.value_date = %(day)s AND r.kind <> 'chargeback'
        AND NOT EXISTS (
            SELECT FROM payments_statementrow w JOIN payments_statement s ON s.id = w.statement_id
            WHERE w.gateway = r.gateway AND w.reference = r.reference AND w.refund = (r.kind <> 'receipt')
                AND s.superseded_at IS NULL)
        AND NOT EXISTS (SELECT FROM payments_reconciliationcase c WHERE c.posted_id = r.id)
    ORDER BY r.id
"""
_OPEN_CASE: Final = """
    INSERT INTO payments_reconciliationcase (gateway, day, kind, reference, refund, occurrence, order_number, row_id,
        receipt_id, their_fen, our_fen, opened_at, state, resolution, reason, proposed_by, explained_at, explained_by,
        posted_id)
    SELECT %(gateway)s, %(day)s, kind, reference, refund, occurrence, number, line, receipt, theirs, ours, %(now)s,
        CASE WHEN known THEN 'explained' ELSE 'open' END, CASE WHEN known THEN 'posted' ELSE '' END,
        '', '', CASE WHEN known THEN %(now)s END, CASE WHEN known THEN %(actor)s ELSE '' END, posted
    FROM unnest(%(kinds)s::text[], %(references)s::text[], %(refunds)s::boolean[], %(occurrences)s::smallint[],
        %(numbers)s::text[], %(lines)s::bigint[], %(receipts)s::bigint[], %(theirs)s::bigint[], %(ours)s::bigint[],
        %(posted)s::bigint[], %(known)s::boolean[])
        AS f(kind, reference, refund, occurrence, number, line, receipt, theirs, ours, posted, known)
    ON CONFLICT ON CONSTRAINT payments_case_once DO UPDATE SET row_id = excluded.row_id,
        receipt_id = excluded.receipt_id, their_fen = excluded.their_fen, our_fen = excluded.our_fen
        WHERE payments_reconciliationcase.state = 'open'
    RETURNING state = 'open' AND xmax = 0
"""
#: Cases that wait though what they are about is no longer so: told by another statement, or gone.
_SETTLE: Final = """
    UPDATE payments_reconciliationcase c
    SET state = 'explained', resolution = CASE WHEN there.day IS NULL THEN 'gone' ELSE 'late' END,
        reason = coalesce(there.day::text, ''), explained_at = %(now)s, explained_by = %(actor)s
    FROM payments_reconciliationcase o LEFT JOIN LATERAL (
        SELECT s.day FROM payments_statementrow w JOIN payments_statement s ON s.id = w.statement_id
        WHERE w.gateway = o.gateway AND w.reference = o.reference AND w.refund = o.refund AND s.superseded_at IS NULL
            AND o.kind = 'missing_there' ORDER BY s.day LIMIT 1) there ON true
    WHERE o.id = c.id AND c.gateway = %(gateway)s AND c.state <> 'explained' AND (
        there.day IS NOT NULL
        OR c.day = %(day)s AND c.posted_id IS NULL AND NOT EXISTS (
            SELECT FROM unnest(%(kinds)s::text[], %(references)s::text[], %(refunds)s::boolean[],
                %(occurrences)s::smallint[]) AS f(kind, reference, refund, occurrence)
            WHERE (f.kind, f.reference, f.refund, f.occurrence) = (c.kind, c.reference, c.refund, c.occurrence)))
    RETURNING c.id, c.resolution
"""


@dataclass(frozen=True)
class _Difference:
    """A case to be: both sides, and the receipt that was posted for it; ``known`` when that explains it."""

    kind: CaseKind
    reference: str
    refund: bool
    occurrence: int
    number: str
    row: int | None
    receipt: int | None
    theirs: int | None
    ours: int | None
    posted: int | None = None
    known: bool = False


@dataclass(frozen=True)
class _Line:
    """A line of `_NOT_AS_HERE`."""

    row: int
    reference: str
    refund: bool
    occurrence: int
    number: str
    amount: int
    at: datetime
    receipt: int | None
    ours: int | None
    order: int | None
    status: str | None
    ordered: int | None
    paid_by: int | None
    left: int | None

    def differs(
        self, kind: CaseKind, ours: int | None = None, posted: int | None = None, *, known: bool = False
    ) -> _Difference:
        return _Difference(
            kind, self.reference, self.refund, self.occurrence, self.number, self.row, self.receipt, self.amount,
            self.ours if ours is None else ours, posted, known,
        )  # fmt: skip


def _match(cursor: Any, statement: Statement, act: Act) -> Reconciled:
    asked = {"gateway": statement.gateway, "day": statement.day, "statement": statement.pk}
    cursor.execute(_NOT_AS_HERE, asked)
    lines = [_Line(*row) for row in cursor.fetchall()]
    found = [_decided(line, statement, act) for line in lines]
    cursor.execute(_NOT_THERE, asked)
    found += [
        _Difference(CaseKind.MISSING_THERE, reference, refund, 1, number, None, receipt, None, amount)
        for receipt, reference, refund, number, amount in cursor.fetchall()
    ]
    told = {
        **asked, "now": act.at, "actor": act.actor, "kinds": [each.kind.value for each in found],
        "references": [each.reference for each in found], "refunds": [each.refund for each in found],
        "occurrences": [each.occurrence for each in found], "numbers": [each.number for each in found],
        "lines": [each.row for each in found], "receipts": [each.receipt for each in found],
        "theirs": [each.theirs for each in found], "ours": [each.ours for each in found],
        "posted": [each.posted for each in found], "known": [each.known for each in found],
    }  # fmt: skip
    cursor.execute(_OPEN_CASE, told)
    opened = sum(fresh for (fresh,) in cursor.fetchall())
    cursor.execute(_SETTLE, told)
    settled = cursor.fetchall()
    for case, resolution in settled:
        record(act, "payments.case.explained", f"payments_case:{case}", {"resolution": resolution})
    return Reconciled(
        statement.pk, statement.lines, statement.lines - len(lines), opened,
        sum(each.posted is not None for each in found), len(settled),
    )  # fmt: skip


def _decided(line: _Line, statement: Statement, act: Act) -> _Difference:
    """What a line that is not in the books as it says is; what is merely missing here is posted."""
    if line.occurrence > 1:
        return line.differs(CaseKind.DUPLICATE)
    if line.receipt is not None:
        return line.differs(CaseKind.AMOUNT_DIFFERS)
    if line.order is None:
        return line.differs(CaseKind.UNKNOWN_ORDER)
    return _refunded(line, act) if line.refund else _paid(line, statement, act)


def _paid(line: _Line, statement: Statement, act: Act) -> _Difference:
    if line.status == "paid":
        return line.differs(CaseKind.DUPLICATE, line.ordered)
    if line.ordered != line.amount:
        return line.differs(CaseKind.AMOUNT_DIFFERS, line.ordered)
    told = PaymentState(MoneyState.DONE, line.number, line.reference, line.amount, line.at)
    try:
        with transaction.atomic():
            post(statement.gateway, told, now=act.at, actor=act.actor)
    except PaidTwice:
        return line.differs(CaseKind.DUPLICATE, line.ordered)
    posted = _receipt(statement.gateway, line.reference)
    record(
        act, "payments.receipt.posted_from_statement", f"receipt:{posted}",
        {"statement": statement.pk, "reference": line.reference, "amount_fen": line.amount},
    )  # fmt: skip
    return line.differs(CaseKind.MISSING_HERE, posted=posted, known=True)


def _refunded(line: _Line, act: Act) -> _Difference:
    """Money went back of an order: the books follow as far as money of it is left; who wanted it is to be found out."""
    if line.paid_by is None:
        return line.differs(CaseKind.UNKNOWN_ORDER)
    try:
        posted = go_back(
            line.paid_by, line.amount, kind="refund", reference=line.reference, at=line.at, reason="", act=act
        )
    except (AmountInvalid, MoreThanCame):
        return line.differs(CaseKind.AMOUNT_DIFFERS, line.left)
    wanted = RefundRequest.objects.filter(receipt=line.paid_by, amount_fen=line.amount, status="sending").exists()
    return line.differs(CaseKind.MISSING_HERE, posted=posted, known=wanted)


def _receipt(code: str, reference: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM payments_receipt WHERE gateway = %s AND reference = %s AND kind = 'receipt'",
            [code, reference],
        )
        return int(cursor.fetchone()[0])
