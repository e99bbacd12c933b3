"""Late-payment charges: what is right by value dates, posted as a difference to what was posted before."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from gridhall.contexts.payments.models import LateCharge
from gridhall.contexts.payments.queries.accounts import books_of
from gridhall.contexts.payments.rules.waterfall import late_charges
from gridhall.contexts.payments.settings import rules
from gridhall.runtime.audit import Act


def assess(accounts: Iterable[int], through: date, *, act: Act) -> int:
    """This will bring the late-payment charges of accounts to what is right through a day, and give how many changed.

    Assessed again nothing changes; money that arrives late with an earlier value date takes charges back.

    Args:
        accounts: ids; each is decided in a transaction of its own.
        through: the last day that counts.
    """
    changed = 0
    for account in accounts:
        with transaction.atomic():
            changed += _assess(account, through, act)
    return changed


def _assess(account: int, through: date, act: Act) -> int:
    books = books_of(account, lock=True)
    figures, allocation = rules().late_charges, rules().allocation.rule()
    rule = (figures.residential if books.residential else figures.other).rule()
    right = late_charges(books.debts, books.credits, rule, through, allocation)
    rows = [
        LateCharge(
            account_id=account, organisation_id=books.organisation, bill_id=bill, through_date=through,
            amount_fen=difference, posted_at=act.at, actor=act.actor,
        )
        for bill in right.keys() | books.charged.keys()
        if (difference := right.get(bill, 0) - books.charged.get(bill, 0))
    ]  # fmt: skip
    LateCharge.objects.bulk_create(rows)
    return len(rows)
