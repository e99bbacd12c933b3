"""Whether a printed receipt is genuine."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Final

from django.conf import settings

from gridhall.contexts.payments.queries.receipts import receipt
from gridhall.contexts.payments.types import TakenReceipt
from gridhall.kernel import checkcodes
from gridhall.kernel.errors import NotFound

#: Day and number in the books without the dash; a bill's number has nineteen digits.
_FORM: Final = re.compile(r"([0-9]{8})([0-9]{9,10})")


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


def names_receipt(number: str) -> bool:
    """Whether a number as people type it has the form of a receipt's, which no bill's has.

    >>> [names_receipt(typed) for typed in ("20260302-000000007", " 20260302 000000007", "20260301-000000028-00")]
    [True, True, False]
    """
    return _FORM.fullmatch(_typed(number)) is not None


def genuine_receipt(number: str, code: str) -> TakenReceipt | None:
    """The receipt of this number and code, both as people type them; None when the two do not belong together.

    No answer tells whether such a receipt exists.
    """
    form = _FORM.fullmatch(_typed(number))
    try:
        found = receipt(int(form[2]) if form else 0)
    except NotFound:
        # As much work as for one that exists.
        epoch = datetime.fromtimestamp(0, UTC)
        checkcodes.same(receipt_code(TakenReceipt(0, "", "", "", "", 0, 0, epoch, epoch.date(), ())), code)
        return None
    genuine = checkcodes.same(receipt_code(found), code) and form is not None
    return found if genuine and form is not None and f"{found.value_date:%Y%m%d}" == form[1] else None


def _typed(number: str) -> str:
    """Without spaces and dashes; full-width digits as plain ones."""
    return re.sub(r"[\s\-–—]", "", unicodedata.normalize("NFKC", number))
