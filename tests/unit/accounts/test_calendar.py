"""Guards: the business calendar knows holidays, bridge days and make-up workdays, and says so when it does not."""

from datetime import date, timedelta
from pathlib import Path

import holidays as published
import pytest
from ruamel.yaml import YAML

from gridhall.contexts.accounts import calendar
from gridhall.contexts.accounts.calendar import CalendarInvalid, parse
from gridhall.contexts.accounts.rules.calendar import DayType, YearNotCovered
from gridhall.kernel.spans import DateSpan

D = date


def parsed(text: str) -> calendar.BusinessCalendar:
    return parse(YAML(typ="rt").load(text))


YEAR = """
years:
  2026:
    holidays: {2026-01-01: 元旦, 2026-02-17: 春节}
    bridge_days: [2026-01-02]
    makeup_workdays: [2026-01-04]
"""


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (D(2026, 1, 1), DayType.HOLIDAY),
        (D(2026, 1, 2), DayType.HOLIDAY),
        (D(2026, 1, 3), DayType.WEEKEND),
        (D(2026, 1, 4), DayType.MAKEUP_WORKDAY),
        (D(2026, 1, 5), DayType.WORKDAY),
    ],
)
def test_what_kind_of_day(day: date, kind: DayType) -> None:
    assert parsed(YEAR).day_type(day) == kind


def test_working_days_are_counted_over_holidays_and_make_up_days() -> None:
    year = parsed(YEAR)
    assert year.add_working_days(D(2026, 1, 1), 1) == D(2026, 1, 4)
    assert year.add_working_days(D(2026, 1, 1), 2) == D(2026, 1, 5)
    assert year.add_working_days(D(2026, 1, 5), -1) == D(2026, 1, 4)
    assert year.add_working_days(D(2026, 1, 1), 0) == D(2026, 1, 4)
    assert year.add_working_days(D(2026, 1, 5), 0) == D(2026, 1, 5)


def test_a_year_without_entry_is_an_error_never_a_year_without_holidays() -> None:
    year = parsed(YEAR)
    for ask in (
        lambda: year.day_type(D(2027, 1, 1)),
        lambda: year.within(DateSpan(D(2026, 12, 31), D(2027, 1, 2))),
        lambda: year.add_working_days(D(2026, 12, 31), 1),
    ):
        with pytest.raises(YearNotCovered, match="2027"):
            ask()


def test_a_utilitys_own_days_win() -> None:
    own = "utility:\n  days_off: {2026-01-04: 检修日, 2026-06-22: 公司纪念日}\n  workdays: [2026-01-02, 2026-01-03]\n"
    year = parsed(YEAR + own)
    kinds = [year.day_type(D(2026, 1, day)) for day in (1, 2, 3, 4)]
    assert kinds == [DayType.HOLIDAY, DayType.WORKDAY, DayType.MAKEUP_WORKDAY, DayType.HOLIDAY]
    assert year.names[D(2026, 6, 22)] == "公司纪念日"


def test_a_span_keeps_its_own_days_only() -> None:
    january = parsed(YEAR).within(DateSpan.month(2026, 1))
    assert january.holidays == {D(2026, 1, 1), D(2026, 1, 2)}
    assert january.makeup_workdays == {D(2026, 1, 4)}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (("years:", "jahre:"), "calendar.yaml"),
        (("[2026-01-04]", "[2026-01-05]"), "calendar.yaml"),
        (("[2026-01-04]", "['2026-01-04']"), "calendar.yaml:6:years.2026.makeup_workdays"),
        (("[2026-01-04]", "[2025-01-04]"), "calendar.yaml:6:years.2026.makeup_workdays"),
        (("[2026-01-02]", "2026-01-02"), "calendar.yaml:5:years.2026.bridge_days"),
        (("[2026-01-02]", "[2026-01-04]"), "calendar.yaml"),
        (("bridge_days", "bridges"), "calendar.yaml:3:years.2026"),
        (("{2026-01-01: 元旦, 2026-02-17: 春节}", "[2026-01-01]"), "calendar.yaml:4:years.2026.holidays"),
        (("2026:", "year:"), "calendar.yaml:3:years.year"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_place(change: tuple[str, str], path: str) -> None:
    with pytest.raises(CalendarInvalid) as caught:
        parsed(YEAR.replace(*change, 1))
    assert caught.value.path == path


def test_a_file_that_is_no_yaml_names_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "calendar.yaml").write_text("years:\n  2026: {\n", encoding="utf-8")
    monkeypatch.setenv("GRIDHALL_CONTENT", str(tmp_path))
    with pytest.raises(CalendarInvalid) as caught:
        calendar.read()
    assert caught.value.path.startswith("calendar.yaml:")


def test_an_edited_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules").mkdir()
    file = tmp_path / "rules" / "calendar.yaml"
    monkeypatch.setenv("GRIDHALL_CONTENT", str(tmp_path))
    file.write_text(YEAR, encoding="utf-8")
    assert calendar.read().day_type(D(2026, 1, 4)) == DayType.MAKEUP_WORKDAY
    file.write_text(YEAR.replace("[2026-01-04]", "[2026-01-10]"), encoding="utf-8")
    assert calendar.read().day_type(D(2026, 1, 4)) == DayType.WEEKEND


@pytest.mark.parametrize("year", range(2012, 2028))
def test_the_shipped_calendar_agrees_with_what_is_published(year: int) -> None:
    shipped = calendar.read()
    known = published.country_holidays("CN", years=year)
    for day in DateSpan(D(year, 1, 1), D(year + 1, 1, 1)):
        assert (day in shipped.holidays) == (day in known), day
        if year not in shipped.provisional:
            assert shipped.is_working_day(day) == known.is_working_day(day), day


def test_the_shipped_calendar_knows_the_long_week_of_2026() -> None:
    shipped = calendar.read()
    week = [D(2026, 2, 14) + timedelta(days=n) for n in range(11)]
    worked = [day.day for day in week if shipped.is_working_day(day)]
    assert worked == [14, 24]
    assert shipped.provisional == {2027}
    assert shipped.add_working_days(D(2026, 2, 13), 2) == D(2026, 2, 24)
