"""Bill numbers: made from what the bill is for, so that a resumed run gives each bill the number it would have had."""

from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from gridhall.kernel.errors import Refused

#: Room for agreements and for the corrections of one period: YYYYMMDD, then these digits. Nineteen in all, which a
#: 64-bit integer holds until the year 9223.
_AGREEMENTS: Final = 10**9
_REVISIONS: Final = 100


class NumberExhausted(Refused):
    """A bill number has no room left: a hundred corrections of one period, or a thousand million agreements."""

    code = "bill_number_exhausted"


class NumberUnreadable(Refused):
    """What was given is no bill number."""

    code = "bill_number_unreadable"


def first_numbers(start: npt.NDArray[np.datetime64], agreement: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The numbers of the first bills of these agreements for periods that begin on these days, elementwise.

    >>> first_numbers(np.array(["2013-01-17"], "M8[D]"), np.array([42]))
    array([2013011700000004200])

    Raises:
        NumberExhausted: when an agreement's id has more than nine digits.
    """
    if agreement.size and int(agreement.max()) >= _AGREEMENTS:
        raise NumberExhausted(f"agreement {int(agreement.max())} has too many digits for a bill number.")
    days = start.astype("M8[D]")
    year = days.astype("M8[Y]").astype(np.int64) + 1970
    month = days.astype("M8[M]").astype(np.int64) % 12 + 1
    day = (days - days.astype("M8[M]")).astype(np.int64) + 1
    return np.asarray(((year * 100 + month) * 100 + day) * _AGREEMENTS * _REVISIONS + agreement * _REVISIONS)


def next_revision(number: int) -> int:
    """The number of the bill that replaces this one.

    >>> next_revision(2013011700000004200)
    2013011700000004201

    Raises:
        NumberExhausted: after ninety-nine corrections.
    """
    if number % _REVISIONS == _REVISIONS - 1:
        raise NumberExhausted(f"bill {show(number)} has been corrected {_REVISIONS - 1} times.")
    return number + 1


def start_of(number: int) -> date:
    """The first day of the period of a bill.

    >>> start_of(2013011700000004201)
    datetime.date(2013, 1, 17)
    """
    days = number // (_AGREEMENTS * _REVISIONS)
    return date(days // 10_000, days // 100 % 100, days % 100)


def show(number: int) -> str:
    """A number as people read it.

    >>> show(2013011700000004201)
    '20130117-000000042-01'
    """
    digits = f"{number:019d}"
    return f"{digits[:8]}-{digits[8:17]}-{digits[17:]}"


def read(text: str) -> int:
    """A number as people write it, with or without its dashes.

    >>> read("20130117-000000042-01"), read("2013011700000004201")
    (2013011700000004201, 2013011700000004201)

    Raises:
        NumberUnreadable: when it is not nineteen digits that begin with a date.
    """
    digits = text.strip().replace("-", "")
    try:
        if len(digits) != 19 or not digits.isascii() or not digits.isdigit():
            raise ValueError
        start_of(int(digits))
    except ValueError:
        raise NumberUnreadable(
            f"{text!r} is no bill number.",
            path="number",
            remedy="A number has 19 digits, as in 20130117-000000042-00; `gridhall bill list` shows them.",
        ) from None
    return int(digits)
