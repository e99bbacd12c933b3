"""What is known of usage points whose balance is spent, at this moment: money as the ledger says now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.payments.rules.fee_control import (
    Decision,
    FeeControlRules,
    Level,
    Present,
    Standing,
    decide,
    levels,
)
from gridhall.kernel.errors import GridhallError
from gridhall.runtime import prepared
from gridhall.runtime.audit import Act
from gridhall.runtime.localtime import local

#: Stock is taken once a day; money moves at any time: what came since is added to what stock-taking found. Bills do not
#: count here: what they bill was taken off already as unbilled.
_POINTS: Final = """
    SELECT c.usage_point_id, c.id, f.organisation_id, f.account_id, f.prepaid, f.as_of_date,
        coalesce(f.balance_fen, f.money_fen) + o.paid - f.paid_fen,
        greatest(f.overdue_fen - o.paid + f.paid_fen, 0), f.balance_fen IS NOT NULL,
        k.id, k.stage, k.waits, k.noticed_at, k.approved_at, k.final_at,
        (SELECT max(h.held_until_date) FROM payments_feecase h WHERE h.usage_point_id = c.usage_point_id),
        EXISTS (SELECT FROM payments_weatheralert w JOIN accounts_organisation x ON x.id = w.organisation_id
            JOIN accounts_organisation y ON y.id = f.organisation_id
            WHERE w.ended_at IS NULL AND starts_with(y.path, x.path))
    FROM payments_feecontrol c
    JOIN payments_feestate f ON f.control_id = c.id
    LEFT JOIN payments_feecase k ON k.usage_point_id = c.usage_point_id AND k.closed_at IS NULL
    CROSS JOIN LATERAL (
        SELECT coalesce(-sum(e.amount_fen), 0) AS paid FROM billing_ledgerentry e
        WHERE e.account_id = f.account_id AND e.kind IN ('receipt', 'refund', 'chargeback')) o
    WHERE c.ended_at IS NULL AND {where}
    ORDER BY c.usage_point_id
"""


@dataclass(frozen=True)
class Point:
    """A usage point under fee control as it stands now; ids.

    Attributes:
        balance: in fen, with money that came since stock was taken; without the unbilled charges where these are not
            known (``priced`` is False).
        overdue: what has been overdue for long, in fen.
        case: the open one, with its stage, moments and ``waits`` as stored.
    """

    usage_point: int
    control: int
    organisation: int
    account: int
    prepaid: bool
    newest: date | None
    balance: int
    overdue: int
    priced: bool
    case: int | None
    stage: str | None
    waits: str | None
    noticed_at: datetime | None
    approved_at: datetime | None
    final_at: datetime | None
    held_until: date | None
    red_alert: bool

    def cause(self, rules: FeeControlRules) -> bool:
        """Whether there is a cause for a cut-off; never where it is not known what was used."""
        if not self.priced:
            return False
        return self.balance < rules.cut_off.below_fen if self.prepaid else self.overdue > 0

    def restored(self, rules: FeeControlRules) -> bool:
        """Whether supply that was cut off is to come back."""
        return self.balance >= rules.cut_off.restored_fen if self.prepaid else self.overdue <= 0

    def level(self, warn_fen: int | None, rules: FeeControlRules) -> Level:
        """How far the balance has fallen; ``warn_fen`` is the customer's own first warning."""
        first = rules.warnings.first_fen if warn_fen is None else warn_fen
        balance, known, prepaid, overdue, warn = (
            np.array([value], np.int64) for value in (self.balance, self.priced, self.prepaid, self.overdue, first)
        )
        return Level(int(levels(balance, known, prepaid, overdue, warn, rules)[0]))

    def standing(self, protected: bool, rules: FeeControlRules) -> Standing:
        """What the rules decide by."""
        noticed, approved, final = (
            local(at) if at is not None else None for at in (self.noticed_at, self.approved_at, self.final_at)
        )
        return Standing(self.cause(rules), protected, self.newest, noticed, approved, final, self.held_until)


def in_trouble(usage_points: Sequence[int] | None) -> list[Point]:
    """Usage points whose balance is spent, or that have a case which has not come to a cut-off. One query.

    Args:
        usage_points: ids; None: all.
    """
    where = "(f.level = %s OR k.stage IN ('noticed', 'approved', 'announced'))"
    where += " AND (k.stage IS NULL OR k.stage IN ('noticed', 'approved', 'announced'))"
    asked: list[Any] = [int(Level.SPENT)]
    if usage_points is not None:
        where, asked = f"{where} AND c.usage_point_id = ANY(%s::bigint[])", [*asked, list(usage_points)]
    return _read(where, asked)


def in_the_dark(usage_points: Sequence[int] | None) -> list[Point]:
    """Usage points that are off, or being switched off. One query; ids, None: all."""
    where, asked = "k.stage IN ('cutting', 'off')", []
    if usage_points is not None:
        where, asked = f"{where} AND c.usage_point_id = ANY(%s::bigint[])", [list(usage_points)]
    return _read(where, asked)


def point_of(usage_point: int) -> Point | None:
    """A usage point under fee control; None where it is not, or no stock was taken yet. One query."""
    return next(iter(_read("c.usage_point_id = %s", [usage_point])), None)


def of_accounts(settling: Sequence[int]) -> list[Point]:
    """The usage points under fee control that accounts (ids) settle. One query."""
    return _read("f.account_id = ANY(%s::bigint[])", [list(settling)])


def decided(point: Point, protected: bool, act: Act, rules: FeeControlRules) -> Decision:
    """What the rules say is to be done at a usage point at the moment of the act."""
    present = Present(local(act.at), _works, point.red_alert)
    return decide(point.standing(protected, rules), present, rules.cut_off)


def decided_now(point: Point, act: Act, rules: FeeControlRules) -> Decision:
    """`decided`, with the register of protected usage points looked up. One query."""
    return decided(point, bool(accounts.protected([point.usage_point], local(act.at).date())), act, rules)


def _works(day: date) -> bool:
    try:
        return accounts.is_working_day(day)
    except GridhallError as error:
        # Nobody is cut off on a day of which it is not known whether anybody could help.
        if error.code != "calendar_year_not_covered":
            raise
        return False


def _read(where: str, asked: Sequence[Any]) -> list[Point]:
    with prepared.cursor() as cursor:
        cursor.execute(_POINTS.format(where=where), list(asked))
        return [Point(*row) for row in cursor.fetchall()]
