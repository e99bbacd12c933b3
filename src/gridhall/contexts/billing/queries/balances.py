"""What an account owes, at any date, by either way of dating."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum

from gridhall.contexts.billing.models import LedgerEntry
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.types import EntryView
from gridhall.kernel.errors import NotFound


def balance(account: int, *, at: date | datetime | None = None, by: Literal["value", "posting"] = "value") -> int:
    """What an account owes, in fen; positive is owed to the utility.

    Args:
        account: id of the settlement account.
        at: by value date the last day that counts; by posting the moment up to which entries count, inclusive.
            None: everything.
        by: ``value`` asks what was owed in truth on a day, corrections counted in their period; ``posting`` asks what
            the books said at a moment.
    """
    return int(_counted(account, at, by).aggregate(sum=Sum("amount_fen"))["sum"] or 0)


def statement(
    account: int, *, at: date | datetime | None = None, by: Literal["value", "posting"] = "value"
) -> Iterator[EntryView]:
    """The entries that `balance` counts, in the order of the same dating, with the running balance."""
    running = 0
    dated = "value_date" if by == "value" else "posted_at"
    for entry in _counted(account, at, by).order_by(dated, "posted_at", "id"):
        running += entry.amount_fen
        yield EntryView(
            kind=entry.kind,
            bill=None if entry.bill_id is None else numbering.show(entry.bill_id),
            amount_fen=entry.amount_fen,
            value_date=entry.value_date,
            posted_at=entry.posted_at,
            balance_fen=running,
        )


def _counted(account: int, at: date | datetime | None, by: Literal["value", "posting"]) -> QuerySet[LedgerEntry]:
    entries = LedgerEntry.objects.filter(account_id=account)
    if at is None:
        return entries
    return entries.filter(value_date__lte=at) if by == "value" else entries.filter(posted_at__lte=at)


def account_id(number: str) -> int:
    """The id of the settlement account of this number.

    Raises:
        NotFound: when no such account has ever been billed.
    """
    found = LedgerEntry.objects.filter(account__number=number).values_list("account_id", flat=True).first()
    if found is None:
        raise NotFound(f"The account {number} is unknown or has no entries.", path="account")
    return int(found)


def end_of_day(day: date, zone: str) -> datetime:
    """The last moment of a local day."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(zone)) - timedelta(microseconds=1)
