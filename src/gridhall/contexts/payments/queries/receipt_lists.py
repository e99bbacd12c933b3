"""Receipts as staff look for them, one in full, and messages of gateways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from gridhall.kernel.errors import NotFound


@dataclass(frozen=True)
class ReceiptRow:
    """A movement in a list; ``accounts`` are numbers, ``gone_back_fen`` what went back of it since."""

    id: int
    kind: str
    gateway: str
    method: str
    reference: str
    order_number: str
    amount_fen: int
    gone_back_fen: int
    paid_at: datetime
    unit_name: str
    accounts: tuple[str, ...]


@dataclass(frozen=True)
class ReceiptList:
    """A page of receipts, with the number and sums of all that were found: what came in, what went back."""

    rows: Sequence[ReceiptRow]
    total: int
    in_fen: int
    back_fen: int


@dataclass(frozen=True)
class ReceiptEntry:
    """A line of a receipt and the ledger entry that it posted; ``customer`` is a number."""

    account: str
    customer: str
    amount_fen: int
    entry_fen: int
    value_date: date
    posted_at: datetime


@dataclass(frozen=True)
class Message:
    """A message of a gateway with what became of it; ``code`` says why it was refused."""

    id: int
    gateway: str
    received_at: datetime
    outcome: str
    code: str
    order_number: str
    reference: str
    amount_fen: int | None
    digest: str


@dataclass(frozen=True)
class ReceiptInFull:
    """A receipt with all that belongs to it.

    Attributes:
        path, unit_name: of the unit whose money it is.
        reverses: id of the receipt that this took back; None for money that came in.
        order_state, order_created_at: of its order, where there is one.
        reversals: what went back of it.
    """

    row: ReceiptRow
    path: str
    value_date: date
    posted_at: datetime
    actor: str
    reason: str
    reverses: int | None
    order_state: str
    order_created_at: datetime | None
    entries: Sequence[ReceiptEntry]
    reversals: Sequence[ReceiptRow]
    messages: Sequence[Message]

    @property
    def left_fen(self) -> int:
        """What could still go back."""
        return self.row.amount_fen - self.row.gone_back_fen if self.reverses is None else 0


_COLUMNS: Final = """
    r.id, r.kind, r.gateway, r.method, r.reference, coalesce(o.number, ''), r.amount_fen,
    coalesce((SELECT sum(b.amount_fen) FROM payments_receipt b WHERE b.reverses_id = r.id), 0)::bigint, r.paid_at,
    u.name, ARRAY(SELECT a.number FROM payments_receiptline l JOIN accounts_customeraccount a ON a.id = l.account_id
        WHERE l.receipt_id = r.id ORDER BY l.id)
"""
_FROM: Final = """
    FROM payments_receipt r JOIN accounts_organisation u ON u.id = r.organisation_id
    LEFT JOIN payments_paymentorder o ON o.id = r.order_id
"""
#: What may be typed into the one field of search, each by an index; numbers are never shortened.
_SOUGHT: Final = """
    r.id IN (
        SELECT id FROM payments_receipt WHERE id::text = %(text)s AND id = %(id)s
        UNION ALL SELECT id FROM payments_receipt WHERE reference = %(text)s
        UNION ALL SELECT s.id FROM payments_receipt s JOIN payments_paymentorder p ON p.id = s.order_id
            WHERE p.number = %(text)s
        UNION ALL SELECT l.receipt_id FROM payments_receiptline l
            JOIN accounts_customeraccount a ON a.id = l.account_id WHERE a.number = %(text)s
        UNION ALL SELECT l.receipt_id FROM payments_receiptline l
            JOIN accounts_settlement s ON s.account_id = l.account_id
            JOIN accounts_customeragreement g ON g.id = s.agreement_id
            JOIN accounts_usagepoint p ON p.id = g.usage_point_id WHERE p.number = %(text)s)
"""


def receipts(
    paths: Sequence[str],
    *,
    text: str = "",
    gateway: str = "",
    kind: str = "",
    first: date | None = None,
    last: date | None = None,
    offset: int = 0,
    limit: int = 50,
) -> ReceiptList:
    """Movements of money by value date, the newest first. Two queries.

    Args:
        paths: tops of the parts of the organisation that may be seen.
        text: a whole number: of a receipt, an order, an account, a usage point, or the gateway's own reference.
    """
    parts = ["u.path LIKE ANY(%(paths)s)"]
    asked: dict[str, Any] = {
        "paths": [_prefix(path) for path in paths], "text": text, "gateway": gateway, "kind": kind, "first": first,
        "last": last, "offset": offset, "limit": limit,
        "id": int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0,
    }  # fmt: skip
    if text:
        parts.append(_SOUGHT)
    parts += [f"r.{name} = %({name})s" for name in ("gateway", "kind") if asked[name]]
    if first is not None:
        parts.append("r.value_date >= %(first)s")
    if last is not None:
        parts.append("r.value_date <= %(last)s")
    where = " AND ".join(parts)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(r.amount_fen) FILTER (WHERE r.kind = 'receipt'), 0)::bigint,"
            " coalesce(sum(r.amount_fen) FILTER (WHERE r.kind <> 'receipt'), 0)::bigint"
            f" FROM payments_receipt r JOIN accounts_organisation u ON u.id = r.organisation_id WHERE {where}",
            asked,
        )
        total, came, back = cursor.fetchone()
        cursor.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE {where}"
            " ORDER BY r.value_date DESC, r.id DESC LIMIT %(limit)s OFFSET %(offset)s",
            asked,
        )
        return ReceiptList([_row(row) for row in cursor.fetchall()], total, came, back)


def receipt_in_full(id: int) -> ReceiptInFull:
    """A receipt with its ledger entries, order, messages and what went back of it. Four queries.

    Raises:
        NotFound: when there is none.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS}, u.path, r.value_date, r.posted_at, r.actor, r.reason, r.reverses_id,"
            f" coalesce(o.status, ''), o.created_at {_FROM} WHERE r.id = %s",
            [id],
        )
        found = cursor.fetchone()
        if found is None:
            raise NotFound("There is no such receipt.", path="receipt")
        row = _row(found[:11])
        cursor.execute(
            "SELECT a.number, c.number, l.amount_fen, e.amount_fen, e.value_date, e.posted_at"
            " FROM payments_receiptline l JOIN accounts_customeraccount a ON a.id = l.account_id"
            " JOIN accounts_customer c ON c.id = a.customer_id"
            " JOIN billing_ledgerentry e ON e.document = l.id AND e.kind = %s WHERE l.receipt_id = %s ORDER BY l.id",
            [row.kind, id],
        )
        entries = [ReceiptEntry(*each) for each in cursor.fetchall()]
        cursor.execute(f"SELECT {_COLUMNS} {_FROM} WHERE r.reverses_id = %s ORDER BY r.id", [id])
        reversals = [_row(each) for each in cursor.fetchall()]
        cursor.execute(
            f"SELECT {_MESSAGE} FROM payments_gatewaynotice n WHERE n.gateway = %s AND n.order_number = %s"
            " AND n.order_number <> '' ORDER BY n.id DESC LIMIT 20",
            [row.gateway, row.order_number],
        )
        messages = [Message(*each) for each in cursor.fetchall()]
    path, day, posted, actor, reason, reverses, state, ordered = found[11:]
    return ReceiptInFull(row, path, day, posted, actor, reason, reverses, state, ordered, entries, reversals, messages)


_MESSAGE: Final = (
    "n.id, n.gateway, n.received_at, n.outcome, n.code, n.order_number, n.reference, n.amount_fen, n.digest"
)


def messages(
    *, outcome: str = "refused", gateway: str = "", code: str = "", offset: int = 0, limit: int = 50
) -> list[Message]:
    """Messages of gateways with this outcome, the newest first. One query."""
    parts = ["n.outcome = %(outcome)s"]
    parts += ["n.gateway = %(gateway)s"] * bool(gateway) + ["n.code = %(code)s"] * bool(code)
    asked: dict[str, Any] = {"outcome": outcome, "gateway": gateway, "code": code, "offset": offset, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_MESSAGE} FROM payments_gatewaynotice n WHERE {' AND '.join(parts)}"
            " ORDER BY n.id DESC LIMIT %(limit)s OFFSET %(offset)s",
            asked,
        )
        return [Message(*each) for each in cursor.fetchall()]


def refusals_by_code(since: datetime) -> Mapping[str, int]:
    """How many messages were refused since a moment, by reason, the most frequent first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, count(*) FROM payments_gatewaynotice WHERE outcome = 'refused' AND received_at >= %s"
            " GROUP BY code ORDER BY count(*) DESC, code",
            [since],
        )
        return dict(cursor.fetchall())


def _row(values: Sequence[Any]) -> ReceiptRow:
    id, kind, gateway, method, reference, order, amount, back, paid_at, unit, accounts = values
    return ReceiptRow(id, kind, gateway, method, reference, order, amount, back, paid_at, unit, tuple(accounts))


def _prefix(path: str) -> str:
    return path.replace("\\", r"\\").replace("_", r"\_").replace("%", r"\%") + "%"


def paths_of(receipts: Sequence[int]) -> dict[int, str]:
    """The places in the organisation of the units whose money receipts are. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.id, u.path FROM payments_receipt r JOIN accounts_organisation u ON u.id = r.organisation_id"
            " WHERE r.id = ANY(%s)",
            [list(receipts)],
        )
        return dict(cursor.fetchall())
