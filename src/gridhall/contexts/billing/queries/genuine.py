"""Whether a printed bill is genuine, said to anybody who holds it, and nothing personal with it."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from gridhall.contexts.billing.models import Bill, BillStatus
from gridhall.contexts.billing.rules import checkcodes, numbering
from gridhall.kernel.spans import DateSpan

#: What a code can vouch for; a bill printed while it was in force stays genuine when it is cancelled.
_STATES = (BillStatus.ISSUED.value, BillStatus.CANCELLED.value)


@dataclass(frozen=True)
class Genuine:
    """What is told of a genuine bill.

    Attributes:
        printed_cancelled: the paper itself says that the bill is cancelled.
        cancelled_on: the bill has been cancelled since, or None.
        replaced_by: number of the bill in its place; empty where there is none.
    """

    number: str
    span: DateSpan
    total_fen: int
    issued_at: datetime
    printed_cancelled: bool
    cancelled_on: date | None
    replaced_by: str


def check_code(number: int, total_fen: int, issued_at: datetime, status: str) -> str:
    """The code that is printed on a bill; see `rules.checkcodes`."""
    return checkcodes.make(settings.CHECK_CODE_KEY.encode(), number, total_fen, issued_at, status)


def genuine(number: str, code: str) -> Genuine | None:
    """What is told of the bill with this number and code; None when there is none or the code is not its own.

    Both are taken as people type them. No answer tells which of the two was wrong, nor whether such a bill exists.
    """
    try:
        wanted = numbering.read(number)
    except numbering.NumberUnreadable:
        return None
    row = Bill.objects.filter(number=wanted).first()
    if row is None:
        # As much work as for a bill that exists, so that the time says nothing.
        checkcodes.same(check_code(wanted, 0, datetime.fromtimestamp(0).astimezone(), _STATES[0]), code)
        return None
    printed = [
        status
        for status in _STATES
        if checkcodes.same(check_code(row.number, row.total_fen, row.issued_at, status), code)
        and (status == BillStatus.ISSUED or row.status == BillStatus.CANCELLED)
    ]
    if not printed:
        return None
    return Genuine(
        number=numbering.show(row.number),
        span=DateSpan(row.start_date, row.end_date),
        total_fen=row.total_fen,
        issued_at=row.issued_at,
        printed_cancelled=printed == [BillStatus.CANCELLED.value],
        cancelled_on=None if row.cancelled_at is None else row.cancelled_at.date(),
        replaced_by="" if row.replaced_by is None else numbering.show(row.replaced_by),
    )
