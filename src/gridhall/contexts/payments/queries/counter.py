"""Drawers and payments at the counter as they stand."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.payments.queries.accounts import books_of
from gridhall.contexts.payments.queries.owed import OwedByNumber, owed_by_number
from gridhall.kernel.errors import NotFound


@dataclass(frozen=True)
class Drawer:
    """A clerk's shift.

    Attributes:
        expected_fen: what should lie in it: of an open one now, of a closed one when it was closed.
        counts: denomination in fen → how many were counted.
        payments, cash_fen, other_fen: taken and not voided: how many, in cash, and by slip or cheque.
    """

    id: int
    organisation: str
    path: str
    clerk: str
    opening_fen: int
    opened_at: datetime
    closed_at: datetime | None
    expected_fen: int
    counted_fen: int | None
    counts: Mapping[int, int]
    explanation: str
    payments: int
    cash_fen: int
    other_fen: int

    @property
    def difference_fen(self) -> int:
        """What lies in it above (or below zero: under) what should."""
        return 0 if self.counted_fen is None else self.counted_fen - self.expected_fen


@dataclass(frozen=True)
class CounterReceipt:
    """A payment at the counter, as its receipt says it.

    Attributes:
        reference: the number of the receipt. ``number``, ``account``: 户号 (empty without one) and account.
        path: of the unit of the drawer. ``name``: the customer's, masked; of a single receipt only.
    """

    id: int
    drawer: int
    path: str
    unit: str
    reference: str
    number: str
    account: str
    name: str
    method: str
    amount_fen: int
    tendered_fen: int
    document: str
    taken_at: datetime
    taken_by: str
    voided_at: datetime | None
    voided_by: str
    void_reason: str
    drawer_open: bool

    @property
    def change_fen(self) -> int:
        """What was given back of the cash."""
        return self.tendered_fen - self.amount_fen


@dataclass(frozen=True)
class ToTake:
    """What a clerk sees before taking money: that it is the right account, and what is owed, the oldest first.

    Attributes:
        bills: (number of the bill, due day, open fen).
        late_fen: what is owed beyond the bills: late charges; below zero where bills are covered by a prepayment.
    """

    owed: OwedByNumber
    bills: tuple[tuple[int, date, int], ...]
    late_fen: int


_DRAWERS: Final = """
    SELECT d.id, o.name, o.path, d.clerk, d.opening_fen, d.opened_at, d.closed_at, d.expected_fen, d.counted_fen,
        d.counts::text, d.explanation, coalesce(p.payments, 0), coalesce(p.cash, 0), coalesce(p.other, 0)
    FROM payments_cashdrawer d JOIN accounts_organisation o ON o.id = d.organisation_id
    LEFT JOIN LATERAL (
        SELECT count(*) AS payments, sum(amount_fen) FILTER (WHERE method = 'cash') AS cash,
            sum(amount_fen) FILTER (WHERE method <> 'cash') AS other
        FROM payments_counterpayment WHERE drawer_id = d.id AND voided_at IS NULL) p ON true
    WHERE {where} ORDER BY d.closed_at DESC NULLS FIRST, d.id DESC LIMIT %(limit)s
"""
_PAYMENTS: Final = """
    SELECT p.id, p.drawer_id, o.path, o.name, r.reference, coalesce(u.number, ''), a.number, a.customer_id, p.method,
        p.amount_fen, p.tendered_fen, p.document, p.taken_at, p.taken_by, p.voided_at, p.voided_by, p.void_reason,
        d.closed_at IS NULL
    FROM payments_counterpayment p JOIN payments_cashdrawer d ON d.id = p.drawer_id
    JOIN accounts_organisation o ON o.id = d.organisation_id
    JOIN payments_receipt r ON r.id = p.receipt_id JOIN payments_receiptline l ON l.receipt_id = r.id
    JOIN accounts_customeraccount a ON a.id = l.account_id LEFT JOIN accounts_usagepoint u ON u.id = l.usage_point_id
    WHERE {where} ORDER BY p.id DESC LIMIT %(limit)s
"""


def cash_in(drawer: int) -> int:
    """The cash that was taken into a drawer and not voided, in fen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(amount_fen), 0) FROM payments_counterpayment"
            " WHERE drawer_id = %s AND method = 'cash' AND voided_at IS NULL",
            [drawer],
        )
        return int(cursor.fetchone()[0])


def open_drawer_of(clerk: str) -> Drawer | None:
    """The drawer that somebody has open."""
    found = _drawers("d.clerk = %(clerk)s AND d.closed_at IS NULL", {"clerk": clerk, "limit": 1})
    return found[0] if found else None


def drawer(id: int) -> Drawer:
    """A drawer.

    Raises:
        NotFound: when there is none.
    """
    found = _drawers("d.id = %(id)s", {"id": id, "limit": 1})
    if not found:
        raise NotFound("There is no such drawer.", path="drawer")
    return found[0]


def drawers(paths: Sequence[str], *, limit: int = 100) -> Sequence[Drawer]:
    """The drawers of these parts of the organisation: open ones first, then the newest."""
    return _drawers("o.path LIKE ANY(%(paths)s)", {"paths": [f"{_escaped(path)}%" for path in paths], "limit": limit})


def counter_receipt(id: int) -> CounterReceipt:
    """A payment at the counter.

    Raises:
        NotFound: when there is none.
    """
    found = _payments("p.id = %(id)s", {"id": id, "limit": 1})
    if not found:
        raise NotFound("There is no such payment.", path="payment")
    return found[0]


def counter_receipts(drawer: int, *, limit: int = 200) -> Sequence[CounterReceipt]:
    """The payments of a drawer, the newest first."""
    return _payments("p.drawer_id = %(drawer)s", {"drawer": drawer, "limit": limit})


def to_take(number: str, *, today: date) -> ToTake:
    """What is owed under a 户号 or account number, the oldest first. Seven queries.

    Raises:
        NotFound: there is no such account.
    """
    owed = owed_by_number(number, today=today)
    books = books_of(owed.account)
    due = {debt.key: debt.due for debt in books.debts}
    bills = tuple((key, due[key], left.debt_fen) for key, left in books.open(today).items() if left.debt_fen)
    return ToTake(owed, bills, books.owed_fen - sum(fen for _, _, fen in bills))


def _drawers(where: str, asked: dict[str, Any]) -> list[Drawer]:
    with connection.cursor() as cursor:
        cursor.execute(_DRAWERS.format(where=where), asked)
        return [
            Drawer(
                id, unit, path, clerk, opening, opened, closed, opening + int(cash) if closed is None else expected,
                found, {int(key): count for key, count in json.loads(counts).items()},
                why, count, int(cash), int(other),
            )
            for id, unit, path, clerk, opening, opened, closed, expected, found, counts, why, count, cash, other
                in cursor.fetchall()
        ]  # fmt: skip


def _payments(where: str, asked: dict[str, Any]) -> list[CounterReceipt]:
    with connection.cursor() as cursor:
        cursor.execute(_PAYMENTS.format(where=where), asked)
        rows = cursor.fetchall()
    names = {row[7]: accounts.masked_customer_name(row[7]) for row in rows} if asked["limit"] == 1 else {}
    shown = ([*row[:7], names.get(row[7], ""), *row[8:]] for row in rows)
    return [CounterReceipt(*each) for each in shown]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
