"""Days of gateways against the books: the board, the cases with both sides, days that are closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from gridhall.kernel.errors import NotFound


@dataclass(frozen=True)
class Day:
    """A gateway's day on the board.

    Attributes:
        lines: of the statement that counts; None where none was taken in.
        their_paid_fen, their_refunded_fen: the statement's sums; ``fee_fen`` what the gateway kept.
        our_receipts, our_paid_fen, our_refunded_fen: the books', by value date.
        open, explained: cases.
        closed_at, closed_by: of a day that is closed now. ``reopened``: how often it was opened again.
        changed: movements that were posted to the day after it was closed.
    """

    gateway: str
    day: date
    lines: int | None
    their_paid_fen: int
    their_refunded_fen: int
    fee_fen: int
    our_receipts: int
    our_paid_fen: int
    our_refunded_fen: int
    open: int
    explained: int
    closed_at: datetime | None
    closed_by: str
    reopened: int
    changed: int

    @property
    def difference_fen(self) -> int:
        """What the statement has more than the books, refunds taken off on both sides."""
        return self.their_paid_fen - self.their_refunded_fen - self.our_paid_fen + self.our_refunded_fen

    @property
    def can_close(self) -> bool:
        """Whether there is a statement and every case is explained."""
        return self.closed_at is None and self.lines is not None and not self.open


@dataclass(frozen=True)
class Side:
    """One side of a case: what a gateway or the books say of a movement."""

    amount_fen: int | None
    at: datetime | None
    reference: str
    line: int | None = None
    receipt: int | None = None
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A difference between a gateway and the books.

    Attributes:
        kind, state, resolution: words of `models.reconciliation`.
        account: number of the account that an explanation names.
        order_fen, order_accounts: of our order, where there is one: what was to be paid, and for which accounts.
        posted: id of the receipt that the explanation wrote.
    """

    id: int
    gateway: str
    day: date
    kind: str
    state: str
    refund: bool
    occurrence: int
    order_number: str
    theirs: Side
    ours: Side
    order_fen: int | None
    order_accounts: tuple[str, ...]
    opened_at: datetime
    resolution: str
    reason: str
    account: str
    proposed_at: datetime | None
    proposed_by: str
    explained_at: datetime | None
    explained_by: str
    posted: int | None


_BOARD: Final = """
    WITH wanted AS (
        SELECT gateway, day::date AS day FROM unnest(%(gateways)s::text[]) WITH ORDINALITY AS g(gateway, at),
            generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
    ), ours AS (
        SELECT r.gateway, r.value_date AS day, count(*) AS receipts,
            coalesce(sum(r.amount_fen) FILTER (WHERE r.kind = 'receipt'), 0) AS paid,
            coalesce(sum(r.amount_fen) FILTER (WHERE r.kind <> 'receipt'), 0) AS refunded,
            count(*) FILTER (WHERE r.posted_at > c.closed_at) AS changed
        FROM payments_receipt r
        LEFT JOIN payments_closedday c ON c.gateway = r.gateway AND c.day = r.value_date AND c.reopened_at IS NULL
        WHERE r.gateway = ANY(%(gateways)s) AND r.value_date BETWEEN %(first)s AND %(last)s
        GROUP BY r.gateway, r.value_date
    ), cases AS (
        SELECT gateway, day, count(*) FILTER (WHERE state <> 'explained') AS open,
            count(*) FILTER (WHERE state = 'explained') AS explained
        FROM payments_reconciliationcase
        WHERE gateway = ANY(%(gateways)s) AND day BETWEEN %(first)s AND %(last)s GROUP BY gateway, day
    ), closed AS (
        SELECT gateway, day, max(closed_at) FILTER (WHERE reopened_at IS NULL) AS closed_at,
            coalesce(max(closed_by) FILTER (WHERE reopened_at IS NULL), '') AS closed_by,
            count(*) FILTER (WHERE reopened_at IS NOT NULL) AS reopened
        FROM payments_closedday
        WHERE gateway = ANY(%(gateways)s) AND day BETWEEN %(first)s AND %(last)s GROUP BY gateway, day
    )
    SELECT w.gateway, w.day, s.lines, coalesce(s.paid_fen, 0), coalesce(s.refunded_fen, 0), coalesce(s.fee_fen, 0),
        coalesce(o.receipts, 0), coalesce(o.paid, 0), coalesce(o.refunded, 0), coalesce(c.open, 0),
        coalesce(c.explained, 0), d.closed_at, coalesce(d.closed_by, ''), coalesce(d.reopened, 0),
        coalesce(o.changed, 0)
    FROM wanted w
    LEFT JOIN payments_statement s ON s.gateway = w.gateway AND s.day = w.day AND s.superseded_at IS NULL
    LEFT JOIN ours o ON o.gateway = w.gateway AND o.day = w.day
    LEFT JOIN cases c ON c.gateway = w.gateway AND c.day = w.day
    LEFT JOIN closed d ON d.gateway = w.gateway AND d.day = w.day
    ORDER BY w.day DESC, array_position(%(gateways)s::text[], w.gateway)
"""

_CASES: Final = """
    SELECT c.id, c.gateway, c.day, c.kind, c.state, c.refund, c.occurrence, c.order_number, c.their_fen, w.at,
        c.reference, w.line, c.our_fen, r.paid_at, r.reference, r.id,
        ARRAY(SELECT a.number FROM payments_receiptline l JOIN accounts_customeraccount a ON a.id = l.account_id
            WHERE l.receipt_id = r.id ORDER BY l.id),
        o.amount_fen,
        ARRAY(SELECT a.number FROM payments_orderline l JOIN accounts_customeraccount a ON a.id = l.account_id
            WHERE l.order_id = o.id ORDER BY l.id),
        c.opened_at, c.resolution, c.reason, coalesce(k.number, ''), c.proposed_at, c.proposed_by, c.explained_at,
        c.explained_by, c.posted_id
    FROM payments_reconciliationcase c
    LEFT JOIN payments_statementrow w ON w.id = c.row_id
    LEFT JOIN payments_receipt r ON r.id = c.receipt_id
    LEFT JOIN payments_paymentorder o ON o.number = c.order_number AND o.gateway = c.gateway
    LEFT JOIN accounts_customeraccount k ON k.id = c.account_id
    WHERE {where} ORDER BY c.state = 'explained', c.day DESC, c.id LIMIT %(limit)s OFFSET %(offset)s
"""


def board(gateways: Sequence[str], first: date, last: date) -> list[Day]:
    """The days of gateways from the last to the first, gateways in the order given. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_BOARD, {"gateways": list(gateways), "first": first, "last": last})
        return [Day(*row) for row in cursor.fetchall()]


def cases(
    *,
    gateway: str | None = None,
    day: date | None = None,
    kind: str | None = None,
    waiting: bool | None = None,
    offset: int = 0,
    limit: int = 50,
) -> list[Case]:
    """Cases, those that wait first, then the newest days. One query.

    Args:
        waiting: only those that nobody has explained (True) or only the others (False).
    """
    asked = {"gateway": gateway, "day": day, "kind": kind, "limit": limit, "offset": offset}
    parts = [f"c.{name} = %({name})s" for name in ("gateway", "day", "kind") if asked[name] is not None]
    if waiting is not None:
        parts.append("c.state <> 'explained'" if waiting else "c.state = 'explained'")
    return _read(" AND ".join(parts) or "true", asked)


def case(id: int) -> Case:
    """A case.

    Raises:
        NotFound: when there is none.
    """
    found = _read("c.id = %(id)s", {"id": id, "limit": 1, "offset": 0})
    if not found:
        raise NotFound("There is no such case.", path="case")
    return found[0]


def without_statement(gateway: str, first: date, last: date) -> list[date]:
    """The days of a span that have no statement yet and are not closed, ascending. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day::date FROM generate_series(%s::date, %s::date, interval '1 day') AS day WHERE NOT EXISTS ("
            " SELECT FROM payments_statement s WHERE s.gateway = %s AND s.day = day::date AND s.superseded_at IS NULL)"
            " ORDER BY day",
            [first, last, gateway],
        )
        return [day for (day,) in cursor.fetchall()]


def closings(gateway: str, day: date) -> list[dict[str, Any]]:
    """When a day was closed and opened again, by whom and why, the newest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT closed_at, closed_by, receipts, paid_fen, refunded_fen, reopened_at, reopened_by, reopen_reason"
            " FROM payments_closedday WHERE gateway = %s AND day = %s ORDER BY id DESC",
            [gateway, day],
        )
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _read(where: str, asked: dict[str, Any]) -> list[Case]:
    with connection.cursor() as cursor:
        cursor.execute(_CASES.format(where=where), asked)
        return [
            Case(
                id, gateway, day, kind, state, refund, occurrence, order,
                Side(their_fen, at, reference if their_fen is not None else "", line),
                Side(our_fen, paid_at, our_reference or "", receipt=receipt, accounts=tuple(accounts)),
                order_fen, tuple(order_accounts), opened, resolution, reason, account, proposed_at, proposed_by,
                explained_at, explained_by, posted,
            )
            for id, gateway, day, kind, state, refund, occurrence, order, their_fen, at, reference, line, our_fen,
                paid_at, our_reference, receipt, accounts, order_fen, order_accounts, opened, resolution, reason,
                account, proposed_at, proposed_by, explained_at, explained_by, posted in cursor.fetchall()
        ]  # fmt: skip
