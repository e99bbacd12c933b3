"""What the demo gateway remembers: orders, refunds, and messages still to be sent. SQLite, shared by all processes."""

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gridhall.integrations.demo_gateway import signing

_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS orders (
        number TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, method TEXT NOT NULL,
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0), subject TEXT NOT NULL, expires_at REAL NOT NULL,
        return_url TEXT NOT NULL, notify_url TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'coming', 'paid', 'closed')),
        reference TEXT UNIQUE, moves_at REAL, copies INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS orders_by_day ON orders (moves_at) WHERE state IN ('coming', 'paid');
    CREATE TABLE IF NOT EXISTS refunds (
        number TEXT PRIMARY KEY, order_number TEXT NOT NULL REFERENCES orders, reference TEXT NOT NULL UNIQUE,
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0), done_at REAL NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS refunds_by_order ON refunds (order_number);
    CREATE INDEX IF NOT EXISTS refunds_by_day ON refunds (done_at);
    CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY, url TEXT NOT NULL, kind TEXT NOT NULL, number TEXT NOT NULL, reference TEXT NOT NULL,
        amount_fen INTEGER NOT NULL, moved_at REAL, status TEXT NOT NULL, due_at REAL NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS messages_by_due ON messages (due_at);
"""
#: How long a message that is being sent is nobody else's; longer than sending takes.
_LEASE: Final = timedelta(seconds=40)
#: After each attempt that was not answered with success; then it is given up, and only asking helps.
PAUSES: Final = tuple(timedelta(seconds=s) for s in (1, 2, 4, 8, 15, 30, 60, 180, 600, 1800, 3600))


@dataclass(frozen=True)
class Order:
    """An order as the gateway knows it.

    Attributes:
        state: ``open``; ``coming``: the payer has agreed and the money moves at ``moves_at``; ``paid``; ``closed``.
        token: what its page is reached by.
    """

    number: str
    token: str
    method: str
    amount_fen: int
    subject: str
    expires_at: datetime
    return_url: str
    notify_url: str
    state: str
    reference: str
    moves_at: datetime | None


@dataclass(frozen=True)
class Refund:
    """Money that went back."""

    number: str
    order_number: str
    reference: str
    amount_fen: int
    done_at: datetime


@dataclass(frozen=True)
class Message:
    """Something to be told to the merchant; ``attempt`` counts from 1."""

    id: int
    url: str
    kind: str
    number: str
    reference: str
    amount_fen: int
    moved_at: datetime | None
    status: str
    attempt: int


class Book:
    """The state below a home. Connections are kept for each thread, and not used by a process that was forked."""

    def __init__(self, home: Path, zone: Any) -> None:
        self._file = signing.folder(home) / "book.sqlite"
        self._zone = zone
        self._own = threading.local()

    @property
    def exists(self) -> bool:
        """Whether anything was ever written."""
        return self._file.exists()

    def add(self, order: Order) -> Order:
        """Remember an order; one of the same number that is there already stays as it is and is given."""
        with self._writing() as cursor:
            cursor.execute(
                "INSERT INTO orders (number, token, method, amount_fen, subject, expires_at, return_url, notify_url)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO NOTHING",
                [
                    order.number, order.token, order.method, order.amount_fen, order.subject,
                    order.expires_at.timestamp(), order.return_url, order.notify_url,
                ],
            )  # fmt: skip
            if cursor.rowcount == 1:
                return order
        found = self.order(order.number)
        assert found is not None
        return found

    def order(self, number: str) -> Order | None:
        """An order by the merchant's number."""
        return self._order("number", number)

    def order_of(self, token: str) -> Order | None:
        """An order by what its page is reached by."""
        return self._order("token", token)

    def agree(self, number: str, *, moves_at: datetime, copies: int, now: datetime) -> bool:
        """The payer agrees: money moves at a moment, and ``copies`` messages tell of it. False when it cannot be."""
        with self._writing() as cursor:
            cursor.execute(
                "UPDATE orders SET state = 'coming', moves_at = ?, copies = ?, reference = ?"
                " WHERE number = ? AND state = 'open' AND expires_at > ?",
                [moves_at.timestamp(), copies, _reference("D", now), number, now.timestamp()],
            )
            return cursor.rowcount == 1

    def close(self, number: str, now: datetime, *, tell: bool) -> bool:
        """Make an order unpayable and give whether that changed it; money that is coming comes nevertheless."""
        with self._writing() as cursor:
            cursor.execute("UPDATE orders SET state = 'closed' WHERE number = ? AND state = 'open'", [number])
            changed = cursor.rowcount == 1
            if changed and tell:
                cursor.execute(
                    "INSERT INTO messages (url, kind, number, reference, amount_fen, status, due_at)"
                    " SELECT notify_url, 'payment', number, '', amount_fen, 'CLOSED', ? FROM orders WHERE number = ?",
                    [now.timestamp(), number],
                )
            return changed

    def move(self, now: datetime) -> int:
        """Let the money move whose moment has come, and give of how many orders."""
        at = now.timestamp()
        if not self._rows("SELECT 1 FROM orders WHERE state = 'coming' AND moves_at <= ? LIMIT 1", [at]):
            return 0
        with self._writing() as cursor:
            cursor.execute(
                "INSERT INTO messages (url, kind, number, reference, amount_fen, moved_at, status, due_at)"
                " SELECT notify_url, 'payment', number, reference, amount_fen, moves_at, 'PAID', ?"
                " FROM orders JOIN (SELECT 1 AS copy UNION ALL SELECT 2) ON copy <= copies"
                " WHERE state = 'coming' AND moves_at <= ?",
                [at, at],
            )
            cursor.execute("UPDATE orders SET state = 'paid' WHERE state = 'coming' AND moves_at <= ?", [at])
            return int(cursor.rowcount)

    def refund(self, number: str, order: Order, amount_fen: int, *, tell: str, now: datetime) -> Refund | None:
        """Send money back once for a number; None when it is more than is left of what came, or was asked otherwise."""
        with self._writing() as cursor:
            cursor.execute(
                "INSERT INTO refunds (number, order_number, reference, amount_fen, done_at)"
                " SELECT ?, o.number, ?, ?, ? FROM orders o WHERE o.number = ? AND o.state = 'paid' AND ? <="
                " o.amount_fen - coalesce((SELECT sum(amount_fen) FROM refunds WHERE order_number = o.number), 0)"
                " ON CONFLICT (number) DO NOTHING",
                [number, _reference("B", now), amount_fen, now.timestamp(), order.number, amount_fen],
            )
            if cursor.rowcount == 1 and tell:
                cursor.execute(
                    "INSERT INTO messages (url, kind, number, reference, amount_fen, moved_at, status, due_at)"
                    " SELECT ?, 'refund', number, reference, amount_fen, done_at, 'PAID', ? FROM refunds"
                    " WHERE number = ?",
                    [tell, now.timestamp(), number],
                )
        rows = self._rows("SELECT * FROM refunds WHERE number = ?", [number])
        found = [Refund(n, o, reference, fen, self._moment(at)) for n, o, reference, fen, at in rows]
        return (
            found[0] if found and (found[0].order_number, found[0].amount_fen) == (order.number, amount_fen) else None
        )

    def moved(self, start: datetime, end: datetime) -> tuple[Sequence[Order], Sequence[Refund]]:
        """The payments and refunds of ``[start, end)``, in the order of their moments."""
        span = [start.timestamp(), end.timestamp()]
        paid = self._rows(
            f"SELECT {_ORDER} FROM orders WHERE state = 'paid' AND moves_at >= ? AND moves_at < ?"
            " ORDER BY moves_at, number",
            span,
        )
        back = self._rows("SELECT * FROM refunds WHERE done_at >= ? AND done_at < ? ORDER BY done_at, number", span)
        return (
            [self._as_order(row) for row in paid],
            [Refund(n, o, reference, fen, self._moment(at)) for n, o, reference, fen, at in back],
        )

    def write_past(self, orders: Sequence[Order]) -> int:
        """Remember orders of the past as paid, at once, without telling anybody; how many of them were new."""
        rows = [
            (
                order.number, order.token, order.method, order.amount_fen, order.subject, order.expires_at.timestamp(),
                order.return_url, order.notify_url, order.reference, (order.moves_at or order.expires_at).timestamp(),
            )
            for order in orders
        ]  # fmt: skip
        with self._writing() as cursor:
            before = cursor.connection.total_changes
            cursor.executemany(
                "INSERT INTO orders (number, token, method, amount_fen, subject, expires_at, return_url, notify_url,"
                " reference, moves_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'paid') ON CONFLICT DO NOTHING",
                rows,
            )
            return cursor.connection.total_changes - before

    def empty(self) -> None:
        """Forget everything."""
        with self._writing() as cursor:
            for table in ("messages", "refunds", "orders"):
                cursor.execute(f"DELETE FROM {table}")

    def next_message(self, now: datetime) -> Message | None:
        """A message whose time has come; it is the caller's alone until it is `told`, or for a while."""
        at = now.timestamp()
        if not self._rows("SELECT 1 FROM messages WHERE due_at <= ? LIMIT 1", [at]):
            return None
        with self._writing() as cursor:
            cursor.execute(
                "UPDATE messages SET due_at = ?, attempts = attempts + 1"
                " WHERE id = (SELECT id FROM messages WHERE due_at <= ? ORDER BY due_at, id LIMIT 1)"
                " RETURNING id, url, kind, number, reference, amount_fen, moved_at, status, attempts",
                [(now + _LEASE).timestamp(), at],
            )
            row = cursor.fetchone()
        if row is None:
            return None
        id, url, kind, number, reference, amount, moved, status, attempts = row
        at_moment = None if moved is None else self._moment(moved)
        return Message(id, url, kind, number, reference, amount, at_moment, status, attempts)

    def told(self, message: Message, *, heard: bool, now: datetime) -> None:
        """A message was sent: heard it goes, otherwise it is tried again later and later, and at last given up."""
        with self._writing() as cursor:
            if heard or message.attempt > len(PAUSES):
                cursor.execute("DELETE FROM messages WHERE id = ?", [message.id])
            else:
                due = now + PAUSES[message.attempt - 1]
                cursor.execute("UPDATE messages SET due_at = ? WHERE id = ?", [due.timestamp(), message.id])

    def next_moment(self) -> datetime | None:
        """When there is something to do next: money that moves, or a message to be sent; None when nothing waits."""
        rows = self._rows(
            "SELECT min(at) FROM (SELECT min(due_at) AS at FROM messages"
            " UNION ALL SELECT min(moves_at) FROM orders WHERE state = 'coming')",
            [],
        )
        return None if rows[0][0] is None else self._moment(rows[0][0])

    def _order(self, column: str, value: str) -> Order | None:
        rows = self._rows(f"SELECT {_ORDER} FROM orders WHERE {column} = ?", [value])
        return self._as_order(rows[0]) if rows else None

    def _as_order(self, row: Sequence[Any]) -> Order:
        number, token, method, amount, subject, expires, back, notify, state, reference, moves = row
        return Order(
            number, token, method, amount, subject, self._moment(expires), back, notify, state, reference or "",
            None if moves is None else self._moment(moves),
        )  # fmt: skip

    def _moment(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self._zone)

    def _rows(self, query: str, parameters: Sequence[Any]) -> list[Any]:
        return self._connection().execute(query, parameters).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Cursor]:
        connection = self._connection()
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield cursor
        except BaseException:
            connection.rollback()
            raise
        connection.commit()

    def _connection(self) -> sqlite3.Connection:
        # A connection of SQLite must not be carried over a fork; an installation may be made anew under a process.
        mine = getattr(self._own, "connection", None)
        if mine is not None and self._own.process == os.getpid() and self._file.exists():
            return mine  # type: ignore[no-any-return]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = sqlite3.connect(self._file, timeout=20, isolation_level=None)
        fresh.execute("PRAGMA journal_mode = WAL")
        # Survives the end of any process; a power cut may take the last moments of a demo with it.
        fresh.execute("PRAGMA synchronous = NORMAL")
        fresh.executescript(_TABLES)
        self._own.connection, self._own.process = fresh, os.getpid()
        return fresh


_ORDER: Final = (
    "number, token, method, amount_fen, subject, expires_at, return_url, notify_url, state, reference, moves_at"
)


def _reference(letter: str, now: datetime) -> str:
    return f"{letter}{now:%Y%m%d%H%M%S}{secrets.randbelow(10**10):010}"
