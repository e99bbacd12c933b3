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
    SELECT c.organisation_id, NOT EXISTS (
        SELECT FROM accounts_settlement s JOIN accounts_customeragreement a ON a.id = s.agreement_id
        JOIN accounts_usagepoint u ON u.id = a.usage_point_id
        WHERE s.account_id = c.id AND u.usage_class <> 'residential')
    FROM accounts_customeraccount c WHERE c.id = %s
"""
#: Bills that count; cancelled ones and their cancellations come to nothing.
_BILLS: Final = """
    SELECT b.number, b.issued_at, b.total_fen, b.usage_point_id, b.start_date
    FROM billing_bill b WHERE b.account_id = %s AND b.status = 'issued'
"""
_MONEY: Final = """
    SELECT value_date, -sum(amount_fen) FROM billing_ledgerentry
    WHERE account_id = %s AND kind IN ('receipt', 'refund', 'chargeback') GROUP BY value_date
"""
_CHARGED: Final = "SELECT bill_id, sum(amount_fen) FROM payments_latecharge WHERE account_id = %s GROUP BY bill_id"


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
    debts: Sequence[Debt]
    credits: Sequence[Credit]
    charged: Mapping[int, int]
    points: Mapping[int, int]

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


def books_of(account: int, *, lock: bool = False) -> Books:
    """The books of an account. Four queries.

    Args:
        account: id of the settlement account.
        lock: whether others that ask with a lock wait until this transaction ends.

    Raises:
        NotFound: when there is no such account.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNT + (" FOR NO KEY UPDATE OF c" if lock else ""), [account])
        row = cursor.fetchone()
        if row is None:
            raise NotFound("There is no such account.", path="account")
        cursor.execute(_BILLS, [account])
        bills = cursor.fetchall()
        cursor.execute(_MONEY, [account])
        money = [Credit(day, int(fen)) for day, fen in cursor.fetchall()]
        cursor.execute(_CHARGED, [account])
        charged = {bill: int(fen) for bill, fen in cursor.fetchall() if fen}
    return Books(
        account=account, organisation=row[0], residential=row[1],
        debts=tuple(
            Debt(number, billing.due_on(issued), total, start) for number, issued, total, _, start in bills if total > 0
        ),
        credits=(*money, *(Credit(local_day(issued), -total) for _, issued, total, *_ in bills if total < 0)),
        charged=charged, points={number: point for number, _, _, point, _ in bills},
    )  # fmt: skip
