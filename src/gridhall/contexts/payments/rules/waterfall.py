"""Which debts a payment settles: nothing is stored, it follows from the ledger.

Debts are settled oldest first by all that was ever paid, those that are due before those that are not; so what is open
never depends on the order in which bills, payments, refunds and corrections were entered. What *oldest* means, and when
late charges are settled, is the utility's rule (`Allocation`). `queries.owed` says the same in SQL.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple


class OldestBy(StrEnum):
    """Which of the debts that are due is the oldest; debts of a day by key."""

    #: The one that fell due first.
    DUE = "due"
    #: The one of the earliest period: a corrected bill of last winter comes before this spring's.
    PERIOD = "period"


class ChargesWhen(StrEnum):
    """When the late charge of a bill is settled."""

    #: After all bills: money never pays a charge while a bill is open.
    LAST = "last"
    #: Just before its bill (先违约金后电费): a part payment leaves more of the bill open, which goes on to be late.
    WITH_BILL = "with_bill"


@dataclass(frozen=True)
class Allocation:
    """A utility's rules of what money settles first."""

    oldest_by: OldestBy = OldestBy.DUE
    charges: ChargesWhen = ChargesWhen.LAST


@dataclass(frozen=True)
class Debt:
    """A bill; ``amount_fen`` ≥ 0 (one below zero is a credit). ``period`` is the first day that it is for."""

    key: int
    due: date
    amount_fen: int
    period: date = date.min


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


class Left(NamedTuple):
    """What is open of a debt and of its late charge, in fen."""

    debt_fen: int
    charge_fen: int


def open_of(
    debts: Sequence[Debt],
    paid_fen: int,
    *,
    today: date = date.max,
    allocation: Allocation = Allocation(),
    charged: Mapping[int, int] | None = None,
) -> dict[int, Left]:
    """What is open of each debt when so much was paid in all.

    Args:
        today: debts that are due on that day or later come after all others.
        charged: late charges by key of the debt; they count only where they are settled with their bill.

    >>> open_of([Debt(1, date(2026, 1, 1), 300), Debt(2, date(2026, 2, 1), 200)], 350)
    {1: Left(debt_fen=0, charge_fen=0), 2: Left(debt_fen=150, charge_fen=0)}
    """
    charges = charged if charged is not None and allocation.charges is ChargesWhen.WITH_BILL else {}
    return dict(_settled(_in_order(debts, today, allocation), paid_fen, charges))


def _in_order(debts: Iterable[Debt], today: date, allocation: Allocation) -> list[Debt]:
    by_period = allocation.oldest_by is OldestBy.PERIOD
    return sorted(debts, key=lambda each: (each.due >= today, each.period if by_period else each.due, each.key))


def _settled(ordered: Iterable[Debt], paid_fen: int, charges: Mapping[int, int]) -> Iterator[tuple[int, Left]]:
    left = max(paid_fen, 0)
    for debt in ordered:
        charge = charges.get(debt.key, 0)
        spent = min(left, debt.amount_fen + charge)
        left -= spent
        yield debt.key, Left(debt.amount_fen - max(spent - charge, 0), charge - min(spent, charge))


def late_charges(
    debts: Sequence[Debt],
    credits: Iterable[Credit],
    rule: LateRule,
    through: date,
    allocation: Allocation = Allocation(),
) -> dict[int, int]:
    """The late-payment charge of each debt for the days after its due date through a day, in fen.

    Counted from the day after the due date to the day of payment; what was overdue on each day follows from the value
    dates of all credits. Where charges are settled with their bill, what they had come to on the day on which money
    moved is settled first, and the rest of the bill stays overdue. Source: the supply and use regulations' 违约金 rule,
    with the utility's figures.

    Args:
        debts: bills; charges themselves do not count.
        credits: all of the account; those after ``through`` do not count.
    """
    moves: dict[date, int] = {}
    for credit in credits:
        moves[credit.value_date] = moves.get(credit.value_date, 0) + credit.amount_fen
    dues = {debt.key: debt.due for debt in debts}
    first = min(dues.values(), default=through) + timedelta(days=1)
    years = {date(year, 1, 1) for year in range(first.year + 1, through.year + 1)}
    # The day of payment still counts, so that a credit changes what is overdue from the next day on.
    moved = {day + timedelta(days=1) for day in moves}
    edges = moved | {due + timedelta(days=1) for due in dues.values()} | years
    days = sorted(
        day for day in edges | {first, through + timedelta(days=1)} if first <= day <= through + timedelta(days=1)
    )
    sums: dict[int, Decimal] = {debt.key: Decimal(0) for debt in debts}
    settled_first: dict[int, int] = {}
    for start, end in pairwise(days):
        paid = sum(fen for day, fen in moves.items() if day < start)
        if allocation.charges is ChargesWhen.WITH_BILL and start in moved:
            settled_first = {debt.key: _bounded(sums[debt.key], debt.amount_fen, rule) for debt in debts}
        overdue = _in_order((debt for debt in debts if debt.due < start), start, allocation)
        for key, left in _settled(overdue, paid, settled_first):
            rate = rule.per_day if start.year == dues[key].year else rule.per_day_later
            sums[key] += rate * left.debt_fen * (end - start).days
    return {debt.key: _bounded(sums[debt.key], debt.amount_fen, rule) for debt in debts}


def _bounded(charge: Decimal, bill_fen: int, rule: LateRule) -> int:
    fen = int(charge.quantize(Decimal(1), rounding="ROUND_HALF_UP"))
    if fen <= 0:
        return 0
    fen = max(fen, rule.minimum_fen)
    return fen if rule.cap_per_mille is None else min(fen, bill_fen * rule.cap_per_mille // 1000)
