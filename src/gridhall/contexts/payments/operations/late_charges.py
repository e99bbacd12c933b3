"""Late-payment charges: what is right by value dates, posted as a difference to what was posted before."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from gridhall.contexts.payments.models import LateCharge
from gridhall.contexts.payments.queries.accounts import Books, books_of_many
from gridhall.contexts.payments.rules.waterfall import late_charges
from gridhall.contexts.payments.settings import rules
from gridhall.runtime.audit import Act


def assess(accounts: Iterable[int], through: date, *, act: Act) -> int:
    """This will bring the late-payment charges of accounts to what is right through a day, and give how many changed.

    Assessed again nothing changes; money that arrives late with an earlier value date takes charges back. One
    transaction, and five statements whatever the number: whoever has many hands them over by the hundred.

    Args:
        accounts: ids.
        through: the last day that counts.
    """
    with transaction.atomic():
        rows = [
            LateCharge(
                account_id=books.account, organisation_id=books.organisation, bill_id=bill, through_date=through,
                amount_fen=difference, posted_at=act.at, actor=act.actor,
            )
            for books in books_of_many(list(accounts), lock=True).values()
            for bill, difference in _differences(books, through).items()
        ]  # fmt: skip
        LateCharge.objects.bulk_create(rows)
    return len(rows)


def _differences(books: Books, through: date) -> dict[int, int]:
    """By bill what is to be added to its charge, or taken from it."""
    figures, allocation = rules().late_charges, rules().allocation.rule()
    rule = (figures.residential if books.residential else figures.other).rule()
    right = late_charges(books.debts, books.credits, rule, through, allocation)
    found = {bill: right.get(bill, 0) - books.charged.get(bill, 0) for bill in right.keys() | books.charged.keys()}
    return {bill: difference for bill, difference in sorted(found.items()) if difference}
