"""What accounts owe, bill by bill: it follows from the ledger, nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection

from gridhall.contexts.billing import queries as billing
from gridhall.contexts.payments.rules.waterfall import Credit, Debt, Left, open_of
from gridhall.contexts.payments.settings import rules
from gridhall.kernel.errors import NotFound
from gridhall.runtime.localtime import local_day

_ACCOUNT: Final = """
    SELECT c.id, c.organisation_id, NOT EXISTS (
        SELECT FROM accounts_settlement s JOIN accounts_customeragreement a ON a.id = s.agreement_id
        JOIN accounts_usagepoint u ON u.id = a.usage_point_id
        WHERE s.account_id = c.id AND u.usage_class <> 'residential')
    FROM accounts_customeraccount c WHERE c.id = ANY(%s) ORDER BY c.id
"""
#: Bills that count; cancelled ones and their cancellations come to nothing.
_BILLS: Final = """
    SELECT b.account_id, b.number, b.issued_at, b.total_fen, b.usage_point_id, b.start_date
    FROM billing_bill b WHERE b.account_id = ANY(%s) AND b.status = 'issued'
"""
_MONEY: Final = """
    SELECT account_id, value_date, -sum(amount_fen) FROM billing_ledgerentry
    WHERE account_id = ANY(%s) AND kind IN ('receipt', 'refund', 'chargeback') GROUP BY account_id, value_date
"""
_CHARGED: Final = """
    SELECT account_id, bill_id, sum(amount_fen) FROM payments_latecharge
    WHERE account_id = ANY(%s) GROUP BY account_id, bill_id
"""


@dataclass(frozen=True)
class Books:
    """An account's side of the ledger, as the rules need it.

    Attributes:
        debts: live bills above zero; bills below zero count among the ``credits``.
        charged: late charges posted so far, by bill.
        points: usage point of each bill.
        residential: every home of the account is one to live in.
    """

    account: int
    organisation: int
    residential: bool
    debts: list[Debt]
    credits: list[Credit]
    charged: dict[int, int]
    points: dict[int, int]

    @property
    def paid_fen(self) -> int:
        """All money that came and stayed, and bills below zero."""
        return sum(credit.amount_fen for credit in self.credits)

    def open(self, today: date) -> dict[int, Left]:
        """What is open of each bill, by the utility's rules of allocation."""
        allocation = rules().allocation.rule()
        return open_of(self.debts, self.paid_fen, today=today, allocation=allocation, charged=self.charged)

    @property
    def owed_fen(self) -> int:
        """The balance with late charges; negative is a prepayment."""
        return sum(debt.amount_fen for debt in self.debts) - self.paid_fen + sum(self.charged.values())


def books_of(account: int) -> Books:
    """The books of an account (id). Four queries.

    Raises:
        NotFound: when there is no such account.
    """
    found = books_of_many([account])
    if account not in found:
        raise NotFound("There is no such account.", path="account")
    return found[account]


def books_of_many(accounts: Sequence[int], *, lock: bool = False) -> Mapping[int, Books]:
    """The books of accounts, by id; what is no account is left out. Four queries, whatever their number.

    Args:
        lock: whether others that ask with a lock wait until this transaction ends.
    """
    wanted = list(accounts)
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNT + (" FOR NO KEY UPDATE OF c" if lock else ""), [wanted])
        found = {id: Books(id, unit, homes, [], [], {}, {}) for id, unit, homes in cursor.fetchall()}
        cursor.execute(_BILLS, [wanted])
        for account, number, issued, total, point, start in cursor.fetchall():
            books = found[account]
            books.points[number] = point
            if total > 0:
                books.debts.append(Debt(number, billing.due_on(issued), total, start))
            elif total < 0:
                books.credits.append(Credit(local_day(issued), -total))
        cursor.execute(_MONEY, [wanted])
        for account, day, fen in cursor.fetchall():
            found[account].credits.append(Credit(day, int(fen)))
        cursor.execute(_CHARGED, [wanted])
        for account, bill, fen in cursor.fetchall():
            if fen:
                found[account].charged[bill] = int(fen)
    return found
