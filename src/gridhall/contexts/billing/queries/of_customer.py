"""What a clerk sees of a customer's money at once: bills, balances, entries, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final, Literal

from django.db import connection
from django.db.models import Q, Sum

from gridhall.contexts.billing.models import LedgerEntry, ParkedBill
from gridhall.contexts.billing.queries.lists import item_of
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.types import EntryView, ParkedItem
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan


@dataclass(frozen=True)
class BillRow:
    """A bill in a customer's list; money in fen, energy in Wh."""

    number: str
    usage_point: str
    account: str
    span: DateSpan
    energy_wh: int
    total_fen: int
    status: str
    estimated: int
    replaces: bool
    replaced_by: str | None
    issued_at: datetime


@dataclass(frozen=True)
class BillPlace:
    """Where a bill belongs: its customer (number, masked name) and the unit that serves the usage point."""

    customer: str
    customer_id: int
    path: str
    unit: str


@dataclass(frozen=True)
class ParkedCount:
    """How many periods wait for somebody for one reason, and since when the oldest does."""

    code: str
    count: int
    oldest: datetime


_BILLS: Final = """
    SELECT b.number, u.number, s.number, b.start_date, b.end_date, b.energy_wh, b.total_fen, b.status, b.estimated,
        b.replaces, b.replaced_by, b.issued_at, count(*) OVER ()
    FROM billing_bill b
    JOIN accounts_usagepoint u ON u.id = b.usage_point_id
    JOIN accounts_customeraccount s ON s.id = b.account_id
    JOIN accounts_organisation o ON o.id = b.organisation_id
    WHERE b.account_id IN (SELECT t.account_id FROM accounts_settlement t
            JOIN accounts_customeragreement a ON a.id = t.agreement_id WHERE a.customer_id = %(customer)s)
        AND b.agreement_id IN (SELECT id FROM accounts_customeragreement WHERE customer_id = %(customer)s)
        AND o.path LIKE ANY(%(paths)s::text[])
    ORDER BY b.start_date DESC, u.number, b.number DESC LIMIT %(size)s OFFSET %(offset)s
"""
_PLACE: Final = """
    SELECT c.number, c.id, o.path, o.name FROM billing_bill b
    JOIN accounts_customeragreement a ON a.id = b.agreement_id JOIN accounts_customer c ON c.id = a.customer_id
    JOIN accounts_organisation o ON o.id = b.organisation_id WHERE b.number = %s
"""
_STATEMENT: Final = """
    SELECT kind, bill_id, amount_fen, value_date, posted_at, balance, count(*) OVER () FROM (
        SELECT id, kind, bill_id, amount_fen, value_date, posted_at, sum(amount_fen) OVER (ORDER BY {order}) AS balance
        FROM billing_ledgerentry WHERE account_id = %(account)s
    ) e ORDER BY {newest} LIMIT %(size)s OFFSET %(offset)s
"""
_PARKED: Final = """
    SELECT p.code, count(*), min(p.parked_at) FROM billing_parkedbill p
    JOIN accounts_organisation o ON o.id = p.organisation_id
    WHERE p.resolved_at IS NULL AND p.released_at IS NULL AND o.path LIKE ANY(%(paths)s::text[])
    GROUP BY p.code ORDER BY count(*) DESC, p.code
"""


def bills_of_customer(
    customer: int, paths: Sequence[str], *, page: int = 1, size: int = 12
) -> tuple[list[BillRow], int]:
    """Bills of a customer's agreements in some parts of the organisation, the newest period first. One query.

    Cancelled bills are among them. The second value is how many there are on all pages.
    """
    rows = _fetched(_BILLS, {"customer": customer, "paths": _below(paths), "size": size, "offset": (page - 1) * size})
    found = [
        BillRow(
            number=numbering.show(number), usage_point=point, account=account, span=DateSpan(start, end),
            energy_wh=energy, total_fen=total, status=status, estimated=estimated, replaces=replaces is not None,
            replaced_by=None if replaced_by is None else numbering.show(replaced_by), issued_at=issued_at,
        )
        for number, point, account, start, end, energy, total, status, estimated, replaces, replaced_by, issued_at, _
        in rows
    ]  # fmt: skip
    return found, rows[0][-1] if rows else 0


def place_of_bill(number: int) -> BillPlace:
    """To whom and where a bill belongs. One query.

    Raises:
        NotFound: when there is no such bill.
    """
    rows = _fetched(_PLACE, [number])
    if not rows:
        raise NotFound(f"There is no bill {numbering.show(number)}.", path="number")
    return BillPlace(*rows[0])


def balances_of(accounts: Sequence[int]) -> dict[int, int]:
    """What each of these accounts (ids) owes, in fen; 0 for those without entries. One query."""
    sums = LedgerEntry.objects.filter(account_id__in=list(accounts)).values_list("account_id").annotate(
        owed=Sum("amount_fen")
    )  # fmt: skip
    return dict.fromkeys(accounts, 0) | {account: int(owed) for account, owed in sums.order_by()}


def statement_page(
    account: int, *, by: Literal["value", "posting"] = "value", page: int = 1, size: int = 12
) -> tuple[list[EntryView], int]:
    """The newest entries of an account (an id) by either dating, with the balance after each. One query."""
    dated = "value_date" if by == "value" else "posted_at"
    query = _STATEMENT.format(
        order=f"{dated}, posted_at, id", newest=f"{dated} DESC, posted_at DESC, id DESC"
    )  # fmt: skip
    rows = _fetched(query, {"account": account, "size": size, "offset": (page - 1) * size})
    found = [
        EntryView(kind, None if bill is None else numbering.show(bill), amount, value_date, posted_at, int(balance))
        for kind, bill, amount, value_date, posted_at, balance, _ in rows
    ]
    return found, rows[0][-1] if rows else 0


def parked_of_customer(customer: int, paths: Sequence[str], *, limit: int = 20) -> list[ParkedItem]:
    """Periods of a customer's agreements that wait, the oldest period first. One query."""
    rows = (
        ParkedBill.objects.filter(resolved_at=None, agreement__customer_id=customer)
        .filter(reduce(or_, (Q(organisation__path__startswith=path) for path in paths), Q(pk__in=[])))
        .select_related("usage_point", "account")
        .order_by("start_date", "usage_point__number")
    )
    return [item_of(row) for row in rows[:limit]]


def parked_counts(paths: Sequence[str]) -> list[ParkedCount]:
    """How many periods of some parts of the organisation wait for somebody, the most frequent reason first. One query.

    What a clerk has released waits for a run, and is not among them.
    """
    return [ParkedCount(*row) for row in _fetched(_PARKED, {"paths": _below(paths)})]


def _below(paths: Sequence[str]) -> list[str]:
    return [path.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" for path in paths]


def _fetched(query: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
