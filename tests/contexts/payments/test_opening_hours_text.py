"""Guards: hours written in one cell are read as meant, written back the same, and refused where they mean nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhall.contexts.payments.rules.opening_hours import HoursInvalid
from gridhall.contexts.payments.rules.opening_hours_text import exceptions_of, exceptions_text, week_of, week_text

DAY = [["08:30", "17:00"]]


@pytest.mark.parametrize(
    "text",
    ["Mo-Fr 08:30-17:00; Sa 09:00-12:00", "mo-fr 8:30-17:00;sa 9:00-12:00", "周一至周五 08:30-17:00；周六 09:00-12:00",
     "周一到周五08:30—17:00；周六 9：00～12：00；周日 休息", "Mo,Tu,We,Th,Fr 08:30-17:00; Sa 09:00-12:00; Su off",
     "每天 08:30-17:00; 星期六 09:00-12:00; 星期天 off"],
)  # fmt: skip
def test_ways_to_write_the_same(text):
    assert week_of(text) == {str(day): DAY for day in range(1, 6)} | {"6": [["09:00", "12:00"]]}


def test_always_and_never():
    assert week_text(week_of("24/7")) == "24/7"
    assert week_of("") == {} == week_of("Mo-Su off")
    assert week_text({}) == ""
    assert week_of("Sa-Mo 09:00-12:00").keys() == {"1", "6", "7"}


@pytest.mark.parametrize(
    "text",
    ["08:30-17:00", "Mo", "Mo 17:00-08:30", "Mo 08:30-25:00", "Mo 08:30-12:00,11:00-13:00", "Foo 08:00-09:00", "Mo 8-9",
     "; x", "Mo-Fr 08:30-17:00 Sa 09:00-12:00", "Mo " + "1" * 5000],
)  # fmt: skip
def test_hours_that_mean_nothing(text):
    with pytest.raises(HoursInvalid):
        week_of(text)


@pytest.mark.parametrize(
    "text", ["2026-13-01 off", "10-01 off", "2026-10-07/2026-10-01 off", "2026-10-01", "0001-01-01/9999-12-31 off"]
)
def test_days_that_mean_nothing(text):
    with pytest.raises(HoursInvalid):
        exceptions_of(text)


SPELLS = st.lists(st.integers(0, 1440), unique=True, min_size=2, max_size=6).map(
    lambda at: [
        [f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}"]
        for a, b in zip(sorted(at)[::2], sorted(at)[1::2], strict=False)
    ]
)


@given(st.dictionaries(st.sampled_from("1234567"), SPELLS))
def test_what_is_written_is_read_back(stored):
    assert week_of(week_text(stored)) == stored == week_of(week_text(stored, chinese=True))


@given(st.dictionaries(st.dates().map(str), SPELLS | st.just([]), max_size=9))
def test_days_that_are_written_are_read_back(stored):
    assert exceptions_of(exceptions_text(stored)) == stored == exceptions_of(exceptions_text(stored, chinese=True))
