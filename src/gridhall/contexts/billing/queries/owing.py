"""What a customer owes for a usage point, and what is not billed yet because it waits for a clerk."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from gridhall.kernel.spans import DateSpan
from gridhall.runtime import prepared

#: The accounts that settle, or settled, a customer's agreements at a usage point.
_OWING: Final = """
    WITH mine AS (
        SELECT s.account_id, bool_or(s.span @> %(today)s::date) AS settles_now
        FROM accounts_settlement s JOIN accounts_customeragreement a ON a.id = s.agreement_id
        WHERE a.usage_point_id = %(point)s AND a.customer_id = %(customer)s GROUP BY s.account_id
    )
    SELECT m.account_id, c.number, c.customer_id, m.settles_now,
        (SELECT count(DISTINCT a.usage_point_id) FROM accounts_settlement s
            JOIN accounts_customeragreement a ON a.id = s.agreement_id WHERE s.account_id = m.account_id),
        (SELECT coalesce(sum(e.amount_fen), 0) FROM billing_ledgerentry e WHERE e.account_id = m.account_id),
        (SELECT coalesce(sum(e.amount_fen), 0) FROM billing_ledgerentry e
            JOIN billing_bill b ON b.number = e.bill_id JOIN accounts_customeragreement a ON a.id = b.agreement_id
            WHERE e.account_id = m.account_id AND b.usage_point_id = %(point)s AND a.customer_id = %(customer)s
                AND EXISTS (SELECT 1 FROM unnest(%(starts)s::date[], %(ends)s::date[]) AS seen(first, stop)
                    WHERE b.start_date < seen.stop AND b.end_date > seen.first))
    FROM mine m JOIN accounts_customeraccount c ON c.id = m.account_id
    ORDER BY m.settles_now DESC, m.account_id
"""
_WAITING: Final = """
    SELECT p.start_date, p.end_date, p.code
    FROM billing_parkedbill p JOIN accounts_customeragreement a ON a.id = p.agreement_id
    WHERE p.usage_point_id = %s AND p.resolved_at IS NULL AND a.customer_id = %s ORDER BY p.start_date DESC
"""
_LATER: Final = date(2999, 12, 31)


@dataclass(frozen=True)
class Owing:
    """What stands in the ledger of one account that settles a customer's use at a usage point.

    Attributes:
        id, account: id and number of the account.
        own: whether the account is this customer's; another's balance is not theirs to see.
        now: whether it settles today.
        usage_points: how many usage points the account settles or has settled.
        balance_fen: of the whole account; positive is owed to the utility.
        here_fen: the part of it that bills of this customer at this usage point make, of the days asked for; what was
            paid of them is not taken off.
    """

    id: int
    account: str
    own: bool
    now: bool
    usage_points: int
    balance_fen: int
    here_fen: int

    @property
    def alone(self) -> bool:
        """Whether the account is for this usage point only, so that its balance is what is owed for it."""
        return self.own and self.usage_points == 1


@dataclass(frozen=True)
class Waiting:
    """A period that is not billed yet because somebody has to look at it; ``code`` as in the work list."""

    span: DateSpan
    code: str


def owing(usage_point: int, customer: int, spans: Iterable[DateSpan], today: date) -> list[Owing]:
    """What is owed for a usage point, by settling account, the one that settles today first. One query.

    Args:
        usage_point, customer: ids.
        spans: the days whose bills count in ``here_fen``.
    """
    visible = list(spans)
    asked: dict[str, Any] = {
        "point": usage_point,
        "customer": customer,
        "today": today,
        "starts": [span.start for span in visible],
        "ends": [span.end or _LATER for span in visible],
    }
    with prepared.cursor() as cursor:
        cursor.execute(_OWING, asked)
        return [
            Owing(id, number, owner == customer, now, points, int(balance), int(here))
            for id, number, owner, now, points, balance, here in cursor.fetchall()
        ]


def waiting(usage_point: int, customer: int) -> list[Waiting]:
    """The periods of a customer at a usage point that wait for a clerk, newest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [usage_point, customer])
        return [Waiting(DateSpan(start, end), code) for start, end, code in cursor.fetchall()]
