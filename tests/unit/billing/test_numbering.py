"""Guards the promise that a bill has one number, made from what it is for, whoever computes it and how often."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhall.contexts.billing.rules.numbering import (
    NumberExhausted,
    NumberUnreadable,
    first_numbers,
    next_revision,
    read,
    show,
    start_of,
)

DAYS = st.dates(date(1970, 1, 1), date(9222, 12, 31))
AGREEMENTS = st.integers(1, 999_999_999)


@given(DAYS, AGREEMENTS)
def test_a_number_is_read_as_it_is_shown_and_tells_its_period(day: date, agreement: int) -> None:
    number = int(first_numbers(np.array([day], "M8[D]"), np.array([agreement]))[0])
    assert read(show(number)) == read(str(number)) == number
    assert start_of(number) == day
    assert show(number) == f"{day:%Y%m%d}-{agreement:09d}-00" or day.year < 1000


@given(st.lists(st.tuples(DAYS, AGREEMENTS), unique=True, min_size=1, max_size=20))
def test_two_periods_never_share_a_number_not_even_corrected(keys: list[tuple[date, int]]) -> None:
    days, agreements = zip(*keys, strict=True)
    numbers = first_numbers(np.array(days, "M8[D]"), np.array(agreements)).tolist()
    assert len({number + revision for number in numbers for revision in (0, 99)}) == 2 * len(keys)


def test_after_ninety_nine_corrections_a_number_is_refused() -> None:
    with pytest.raises(NumberExhausted):
        next_revision(2013011700000004299)
    with pytest.raises(NumberExhausted):
        first_numbers(np.array(["2013-01-01"], "M8[D]"), np.array([10**9]))


@pytest.mark.parametrize(
    "text", ["", "1", "x" * 19, "20131301-000000001-00", "２０１３０１０１００００００００１００", "-" * 19]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NumberUnreadable):
        read(text)
