"""Direct debits as they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from gridhall.contexts.payments.models import DebitResult
from gridhall.kernel.errors import NotFound


@dataclass(frozen=True)
class Batch:
    """A file for the bank.

    Attributes:
        states: how many of its debits are sent, paid, failed, returned.
    """

    id: int
    message_id: str
    format: str
    collection_date: date
    made_at: datetime
    made_by: str
    count: int
    total_fen: int
    states: Mapping[str, int]


@dataclass(frozen=True)
class BankDebit:
    """One debit of a file."""

    end_to_end: str
    account: str
    mandate: str
    amount_fen: int
    sequence: str
    status: str
    reason: str
    receipt: int | None


@dataclass(frozen=True)
class Waiting:
    """Debits that were announced for a day and are in no file yet."""

    collection_date: date
    count: int
    total_fen: int


@dataclass(frozen=True)
class AnswerLine:
    """What became of one movement; see `operations.debit.Told`."""

    line: int
    end_to_end: str
    amount_fen: int
    outcome: str
    reason: str


@dataclass(frozen=True)
class Answer:
    """A bank's answer that was taken in."""

    id: int
    message_id: str
    format: str
    imported_at: datetime
    imported_by: str
    lines: tuple[AnswerLine, ...]


_BATCHES: Final = """
    SELECT b.id, b.message_id, b.format, b.collection_date, b.made_at, b.made_by, b.item_count, b.total_fen,
        count(*) FILTER (WHERE i.status = 'sent'), count(*) FILTER (WHERE i.status = 'paid'),
        count(*) FILTER (WHERE i.status = 'failed'), count(*) FILTER (WHERE i.status = 'returned')
    FROM payments_debitbatch b LEFT JOIN payments_debititem i ON i.batch_id = b.id
    WHERE {where} GROUP BY b.id ORDER BY b.id DESC LIMIT %(limit)s
"""


def debit_batches(*, limit: int = 50) -> Sequence[Batch]:
    """The files for the bank, the newest first."""
    return _batches("true", {"limit": limit})


def debit_batch(id: int) -> Batch:
    """A file for the bank.

    Raises:
        NotFound: when there is none.
    """
    found = _batches("b.id = %(id)s", {"id": id, "limit": 1})
    if not found:
        raise NotFound("There is no such file.", path="batch")
    return found[0]


def bank_debits_of(batch: int, *, limit: int = 500) -> Sequence[BankDebit]:
    """The debits of a file: those that went wrong first."""
    rows = _rows(
        "SELECT i.end_to_end, a.number, m.reference, i.amount_fen, i.sequence, i.status, i.reason, i.receipt_id"
        " FROM payments_debititem i JOIN payments_debitmandate m ON m.id = i.mandate_id"
        " JOIN accounts_customeraccount a ON a.id = m.account_id WHERE i.batch_id = %s"
        " ORDER BY i.status NOT IN ('failed', 'returned'), i.id LIMIT %s",
        [batch, limit],
    )
    return [BankDebit(*row) for row in rows]


def debits_waiting() -> Sequence[Waiting]:
    """What was announced and is in no file yet, by day."""
    rows = _rows(
        "SELECT collection_date, count(*), sum(amount_fen) FROM payments_debititem WHERE status = 'noticed'"
        " GROUP BY collection_date ORDER BY collection_date",
        [],
    )
    return [Waiting(day, count, int(total)) for day, count, total in rows]


def mandates_active() -> int:
    """How many mandates hold."""
    return int(_rows("SELECT count(*) FROM payments_debitmandate WHERE ended_at IS NULL", [])[0][0])


def debit_answers(*, limit: int = 20) -> Sequence[Answer]:
    """The answers that were taken in, the newest first."""
    return [_answer(row) for row in DebitResult.objects.order_by("-id")[:limit]]


def debit_answer(id: int) -> Answer:
    """An answer.

    Raises:
        NotFound: when there is none.
    """
    row = DebitResult.objects.filter(pk=id).first()
    if row is None:
        raise NotFound("There is no such answer.", path="answer")
    return _answer(row)


def _answer(row: DebitResult) -> Answer:
    lines = tuple(AnswerLine(*line) for line in row.lines)
    return Answer(row.pk, row.message_id, row.format, row.imported_at, row.imported_by, lines)


def _batches(where: str, asked: dict[str, Any]) -> list[Batch]:
    states = ("sent", "paid", "failed", "returned")
    rows = _rows(_BATCHES.format(where=where), asked)
    shown = ([*row[:8], dict(zip(states, row[8:], strict=True))] for row in rows)
    return [Batch(*each) for each in shown]


def _rows(query: str, parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
