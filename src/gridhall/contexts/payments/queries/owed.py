"""What many accounts owe, at once: the waterfall of `rules.waterfall` as one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db import connection

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing import queries as billing
from gridhall.contexts.payments.rules.waterfall import Allocation, ChargesWhen, OldestBy
from gridhall.contexts.payments.settings import rules
from gridhall.kernel.errors import NotFound
from gridhall.runtime import prepared

#: In the order of the waterfall what is due up to each debt, and what is left of it; ``asked`` is the list of accounts.
_UNPAID: Final = """
    asked AS (SELECT DISTINCT unnest(%(accounts)s::bigint[]) AS account_id),
    books AS (
        SELECT e.account_id, sum(e.amount_fen) AS balance,
            coalesce(-sum(e.amount_fen) FILTER (WHERE e.kind IN ('receipt', 'refund', 'chargeback')), 0) AS money,
            coalesce(sum(e.amount_fen) FILTER (WHERE e.kind = 'late_charge'), 0) AS late
        FROM billing_ledgerentry e JOIN asked USING (account_id) GROUP BY e.account_id
    ),
    dated AS (
        SELECT b.account_id, b.number, b.total_fen, b.start_date, {charge} AS charge_fen,
            (b.issued_at AT TIME ZONE %(zone)s)::date + %(term)s::int AS due
        FROM billing_bill b JOIN asked USING (account_id) WHERE b.status = 'issued'
    ),
    bills AS (
        SELECT b.account_id, b.number, b.total_fen, b.due, b.charge_fen,
            sum(greatest(b.total_fen, 0) + b.charge_fen) OVER (PARTITION BY b.account_id
                ORDER BY b.due >= %(today)s::date, {oldest}, b.number) AS up_to,
            sum(greatest(-b.total_fen, 0)) OVER (PARTITION BY b.account_id) AS given
        FROM dated b
    ),
    unpaid AS (
        SELECT b.account_id, b.number, b.due, b.total_fen, b.charge_fen, l.left_fen,
            least(b.total_fen, l.left_fen) AS open_fen
        FROM bills b LEFT JOIN books k USING (account_id), LATERAL (SELECT greatest(0, least(b.total_fen + b.charge_fen,
            b.up_to - greatest(0, coalesce(k.money, 0) + b.given))) AS left_fen) l
        WHERE b.total_fen > 0
    )
"""
_CHARGE: Final = """CASE WHEN b.total_fen > 0 THEN coalesce(
            (SELECT sum(l.amount_fen) FROM payments_latecharge l WHERE l.bill_id = b.number), 0) ELSE 0 END"""
_OWED: Final = """
    SELECT a.account_id, coalesce(k.balance, 0), coalesce(k.late, 0),
        coalesce(sum(u.left_fen) FILTER (WHERE u.due < %(today)s::date), 0)
            + coalesce(k.late, 0) - coalesce(sum(u.charge_fen), 0),
        min(u.due) FILTER (WHERE u.open_fen > 0), count(u.number) FILTER (WHERE u.open_fen > 0)
    FROM asked a LEFT JOIN books k USING (account_id) LEFT JOIN unpaid u USING (account_id)
    GROUP BY a.account_id, k.balance, k.late
"""
_BILLS: Final = "SELECT number, open_fen FROM unpaid WHERE open_fen > 0"
_NEWEST: Final = "SELECT account_id, max(number) FROM unpaid WHERE open_fen > 0 GROUP BY account_id"
#: What money has not settled of the bills that are due lies in the sum: those that are due are settled first.
_TO_ASSESS: Final = """
    WITH due AS (
        SELECT b.account_id, sum(b.total_fen) FILTER (WHERE b.total_fen > 0
                AND (b.issued_at AT TIME ZONE %(zone)s)::date + %(term)s::int < %(through)s::date) AS fen,
            coalesce(sum(-b.total_fen) FILTER (WHERE b.total_fen < 0), 0) AS given
        FROM billing_bill b WHERE b.status = 'issued' GROUP BY b.account_id
    ), money AS (
        SELECT e.account_id, -sum(e.amount_fen) AS fen FROM billing_ledgerentry e
        WHERE e.kind IN ('receipt', 'refund', 'chargeback') OR (e.kind = 'late_charge' AND %(with_bill)s)
        GROUP BY e.account_id
    )
    SELECT d.account_id FROM due d LEFT JOIN money m USING (account_id)
    WHERE d.fen > CASE WHEN %(since)s::timestamptz IS NULL THEN 0 ELSE coalesce(m.fen, 0) + d.given END
    UNION
    SELECT e.account_id FROM billing_ledgerentry e WHERE e.posted_at >= %(since)s
    ORDER BY 1
"""
_BY_NUMBER: Final = """
    SELECT c.id, c.organisation_id, c.customer_id, u.id
    FROM accounts_usagepoint u
    JOIN accounts_customeragreement a ON a.usage_point_id = u.id AND a.span @> %(day)s::date
    JOIN accounts_settlement s ON s.agreement_id = a.id AND s.span @> %(day)s::date
    JOIN accounts_customeraccount c ON c.id = s.account_id
    WHERE u.number = %(number)s
    UNION ALL
    SELECT c.id, c.organisation_id, c.customer_id, NULL FROM accounts_customeraccount c WHERE c.number = %(number)s
    LIMIT 1
"""


@dataclass(frozen=True)
class Owed:
    """What an account owes, in fen.

    Attributes:
        balance_fen: of the ledger, with late charges; negative is a prepayment.
        late_fen: the late charges of it, ever posted.
        overdue_fen: what should have been paid by now: open bills that are past their due day, and late charges.
        oldest_due: the due day of the oldest bill that is open; None where none is.
        open_bills: how many are open, in part or whole.
    """

    account: int
    balance_fen: int
    late_fen: int
    overdue_fen: int
    oldest_due: date | None
    open_bills: int

    @property
    def owed_fen(self) -> int:
        """To be paid now."""
        return max(self.balance_fen, 0)

    @property
    def prepaid_fen(self) -> int:
        """Paid in advance."""
        return max(-self.balance_fen, 0)


@dataclass(frozen=True)
class OwedByNumber:
    """What somebody who pays for another may see: that they have the right number, and how much.

    Attributes:
        number: as it was asked for. ``name``: masked.
        account, usage_point, organisation: ids, for the order; nothing of them is to be shown.
    """

    number: str
    name: str
    owed_fen: int
    account: int
    usage_point: int | None
    organisation: int


def owed_of(accounts: Iterable[int], *, today: date) -> Mapping[int, Owed]:
    """What accounts owe. One query, whatever their number.

    Args:
        accounts: ids; one without a ledger owes nothing.
        today: the utility's day.
    """
    wanted = list(accounts)
    if not wanted:
        return {}
    with prepared.cursor() as cursor:
        cursor.execute(with_unpaid(_OWED), asked_of(wanted, today))
        return {
            account: Owed(account, int(balance), int(late), max(0, min(int(balance), int(overdue))), oldest, count)
            for account, balance, late, overdue, oldest, count in cursor.fetchall()
        }


def to_assess(through: date, *, since: datetime | None) -> Sequence[int]:
    """The accounts whose late charges may have to change: a bill is overdue, or entries were posted lately. One query.

    Args:
        through: the last day that counts.
        since: when it was asked last; None: every account that has had a bill fall due.
    """
    with connection.cursor() as cursor:
        charges = rules().allocation.rule().charges
        cursor.execute(
            _TO_ASSESS,
            asked_of([], through) | {"through": through, "since": since, "with_bill": charges is ChargesWhen.WITH_BILL},
        )
        return [account for (account,) in cursor.fetchall()]


def open_bills(accounts: Iterable[int], *, today: date) -> Mapping[int, int]:
    """What is open of each bill of these accounts, by the bill's number; paid ones are left out. One query."""
    with connection.cursor() as cursor:
        cursor.execute(with_unpaid(_BILLS), asked_of(list(accounts), today))
        return {number: int(fen) for number, fen in cursor.fetchall()}


def newest_open_bills(accounts: Iterable[int], *, today: date) -> Mapping[int, int]:
    """The number of the newest bill of each account that is open, in part or whole. One query."""
    with connection.cursor() as cursor:
        cursor.execute(with_unpaid(_NEWEST), asked_of(list(accounts), today))
        return dict(cursor.fetchall())


def owed_by_number(number: str, *, today: date) -> OwedByNumber:
    """What is owed at a usage point or account of this number, for who pays another's bill. Three queries.

    The caller throttles: numbers must not be tried through.

    Raises:
        NotFound: when there is none of that number, or nobody is supplied there; the same either way.
    """
    wanted = number.strip()
    row = None
    if wanted.isascii() and wanted.isalnum():
        with connection.cursor() as cursor:
            cursor.execute(_BY_NUMBER, {"number": wanted, "day": today})
            row = cursor.fetchone()
    if row is None:
        raise NotFound("There is no account of that number.", path="number")
    account, organisation, customer, point = row
    owed = owed_of([account], today=today)[account]
    return OwedByNumber(wanted, accounts.masked_customer_name(customer), owed.owed_fen, account, point, organisation)


def with_unpaid(statement: str) -> str:
    """A statement that reads ``asked``, ``books``, ``bills`` and ``unpaid``, by the utility's rules of allocation.

    ``unpaid`` has the bills above zero with ``open_fen``, what is open of each, and ``left_fen``, that and what is open
    of its late charge (``charge_fen``) where charges are settled with their bill.
    """
    return f"WITH {_by(rules().allocation.rule())} {statement}"


@cache
def _by(allocation: Allocation) -> str:
    oldest = "b.start_date" if allocation.oldest_by is OldestBy.PERIOD else "b.due"
    return _UNPAID.format(oldest=oldest, charge=_CHARGE if allocation.charges is ChargesWhen.WITH_BILL else "0")


def asked_of(wanted: list[int], today: date) -> dict[str, Any]:
    """What `with_unpaid` asks with, for accounts (ids) on a day of the utility."""
    return {"accounts": wanted, "zone": settings.TIME_ZONE, "term": billing.due_days(), "today": today}
