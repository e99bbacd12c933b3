"""Whether a printed receipt is genuine."""

from datetime import UTC, date, datetime

from django.conf import settings

from gridhall.contexts.payments.queries.receipts import receipt
from gridhall.contexts.payments.types import TakenReceipt
from gridhall.kernel import checkcodes
from gridhall.kernel.errors import NotFound


def receipt_number(id: int, value_date: date) -> str:
    """The number that is printed on a receipt: its day and its number in the books.

    >>> receipt_number(7, date(2026, 3, 2))
    '20260302-000000007'
    """
    return f"{value_date:%Y%m%d}-{id:09}"


def receipt_code(found: TakenReceipt) -> str:
    """The check code of a receipt, for what came; what went back later does not change it."""
    moment = int(found.paid_at.timestamp() * 1_000_000)
    return checkcodes.make(
        settings.CHECK_CODE_KEY.encode(), f"gridhall receipt 1\n{found.id}\n{found.amount_fen}\n{moment}"
    )


def genuine_receipt(number: str, code: str) -> TakenReceipt | None:
    """The receipt of this number and code, both as people type them; None when the two do not belong together.

    No answer tells whether such a receipt exists.
    """
    day, _, id = "".join(number.split()).partition("-")
    try:
        found = receipt(int(id))
    except (NotFound, ValueError):
        # As much work as for one that exists.
        epoch = datetime.fromtimestamp(0, UTC)
        checkcodes.same(receipt_code(TakenReceipt(0, "", "", "", "", 0, 0, epoch, epoch.date(), ())), code)
        return None
    genuine = checkcodes.same(receipt_code(found), code) and f"{found.value_date:%Y%m%d}" == day
    return found if genuine else None
