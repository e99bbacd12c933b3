"""Which debts a payment settles: nothing is stored, it follows from the ledger.

Debts are settled oldest first by all that was ever paid; so what is open never depends on the order in which bills,
payments, refunds and corrections were entered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise


@dataclass(frozen=True)
class Debt:
    """A bill, or the late charge of one; ``amount_fen`` ≥ 0 (a bill below zero is a credit)."""

    key: int
    due: date
    amount_fen: int


@dataclass(frozen=True)
class Credit:
    """Money received, negative where it went back; counts from its value date."""

    value_date: date
    amount_fen: int


@dataclass(frozen=True)
class LateRule:
    """The late-payment charge of a class of customers, as shares of the overdue amount for each day.

    Attributes:
        per_day: to 31 December of the year in which the bill fell due.
        per_day_later: from 1 January of the next year on.
        minimum_fen: of a charge that is not nothing.
        cap_per_mille: the most, in per mille of the bill; None: no cap.
    """

    per_day: Decimal
    per_day_later: Decimal
    minimum_fen: int
    cap_per_mille: int | None


def open_of(debts: Sequence[Debt], paid_fen: int) -> dict[int, int]:
    """What is open of each debt when so much was paid in all; the oldest first, debts of a day by key.

    >>> open_of([Debt(1, date(2026, 1, 1), 300), Debt(2, date(2026, 2, 1), 200)], 350)
    {1: 0, 2: 150}
    """
    left, found = max(paid_fen, 0), {}
    for debt in sorted(debts, key=lambda each: (each.due, each.key)):
        settled = min(left, debt.amount_fen)
        left -= settled
        found[debt.key] = debt.amount_fen - settled
    return found


def late_charges(debts: Sequence[Debt], credits: Iterable[Credit], rule: LateRule, through: date) -> dict[int, int]:
    """The late-payment charge of each debt for the days after its due date through a day, in fen.

    Counted from the day after the due date to the day of payment; what was overdue on each day follows from the value
    dates of all credits. Source: the supply and use regulations' 违约金 rule, with the utility's figures.

    Args:
        debts: bills; charges themselves do not count.
        credits: all of the account; those after ``through`` do not count.
    """
    ordered = sorted(debts, key=lambda each: (each.due, each.key))
    moves: dict[date, int] = {}
    for credit in credits:
        moves[credit.value_date] = moves.get(credit.value_date, 0) + credit.amount_fen
    first = min((debt.due for debt in ordered), default=through) + timedelta(days=1)
    years = {date(year, 1, 1) for year in range(first.year + 1, through.year + 1)}
    # The day of payment still counts, so that a credit changes what is overdue from the next day on.
    edges = {day + timedelta(days=1) for day in moves} | {debt.due + timedelta(days=1) for debt in ordered} | years
    days = sorted(
        day for day in edges | {first, through + timedelta(days=1)} if first <= day <= through + timedelta(days=1)
    )
    sums: dict[int, Decimal] = {debt.key: Decimal(0) for debt in ordered}
    for start, end in pairwise(days):
        paid = sum(fen for day, fen in moves.items() if day < start)
        overdue = [debt for debt in ordered if debt.due < start]
        for key, fen in open_of(overdue, paid).items():
            if fen:
                due = next(debt.due for debt in overdue if debt.key == key)
                rate = rule.per_day if start.year == due.year else rule.per_day_later
                sums[key] += rate * fen * (end - start).days
    return {debt.key: _bounded(sums[debt.key], debt.amount_fen, rule) for debt in ordered}


def _bounded(charge: Decimal, bill_fen: int, rule: LateRule) -> int:
    fen = int(charge.quantize(Decimal(1), rounding="ROUND_HALF_UP"))
    if fen <= 0:
        return 0
    fen = max(fen, rule.minimum_fen)
    return fen if rule.cap_per_mille is None else min(fen, bill_fen * rule.cap_per_mille // 1000)
