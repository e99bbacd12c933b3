"""Notices for one home, newest first, all told from what is stored: bills, corrections, what waits, who shared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from gridhall.channels.web import formats
from gridhall.contexts.billing.queries import OwnBill, Waiting
from gridhall.contexts.identity.types import Home, Right

#: For so many days after its issue a bill, or a corrected one, is news.
_NEWS: Final = 45
_MOST: Final = 5


@dataclass(frozen=True)
class Notice:
    """One notice; ``day`` is None for what holds without a day, ``url`` empty where there is nothing more to see."""

    icon: str
    tone: str
    text: str
    day: date | None
    url: str


def notices(home: Home, bills: Sequence[OwnBill], waits: Sequence[Waiting], today: date) -> list[Notice]:
    """What is new for this person at this home, newest first."""
    found: list[Notice] = []
    if home.may(Right.BILLS):
        found += _of_bills(home, bills, today)
        found += [
            Notice(
                "hourglass",
                "warn",
                _("The bill for %(period)s is being checked and comes when that is done.")
                % {"period": formats.period(each.span)},
                None,
                "",
            )
            for each in waits
            if home.visible(each.span)
        ]
    if not home.owner:
        text = _("This home was shared with you.")
        if home.until:
            last = formats.full_day(home.until - timedelta(days=1))
            text = _("This home was shared with you until %(day)s.") % {"day": last}
        found.append(Notice("users", "info", text, None, ""))
    dated = sorted((each for each in found if each.day is not None), key=lambda each: each.day or today, reverse=True)
    return [*(each for each in found if each.day is None and each.tone == "warn"), *dated, *(
        each for each in found if each.day is None and each.tone != "warn"
    )][:_MOST]  # fmt: skip


def _of_bills(home: Home, bills: Sequence[OwnBill], today: date) -> Iterator[Notice]:
    by_number = {bill.number: bill for bill in bills}
    newest = next((bill for bill in bills if bill.live), None)
    for bill in bills:
        issued = formats.local(bill.issued_at)
        if not bill.live or (today - issued).days > _NEWS:
            continue
        url = reverse("hall.bill", kwargs={"home": home.key, "number": bill.number})
        values = {"period": formats.period(bill.span), "now": formats.money(bill.total_fen)}
        before = by_number.get(bill.replaces or "")
        if before is not None:
            values["then"] = formats.money(before.total_fen)
            text = _("The bill for %(period)s was corrected: %(now)s instead of %(then)s.")
            yield Notice("refresh", "info", text % values, issued, url)
        elif bill is newest:
            yield Notice("receipt", "good", _("The bill for %(period)s is here: %(now)s.") % values, issued, url)
        if bill is newest and bill.estimated:
            text = _("Part of the readings on the bill for %(period)s is estimated.")
            yield Notice("alert-circle", "warn", text % values, issued, url)
