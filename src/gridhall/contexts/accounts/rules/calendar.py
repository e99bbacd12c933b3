"""Which days are worked: weekends, public holidays, and the weekend days worked in exchange for a bridge day (调休)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from gridhall.kernel.errors import GridhallError
from gridhall.kernel.spans import DateSpan


class YearNotCovered(GridhallError):
    """The calendar says nothing about a year; to assume that it has no holidays would be wrong."""

    code = "calendar_year_not_covered"


class DayType(StrEnum):
    """What kind of day a day is."""

    WORKDAY = "workday"  # Monday to Friday, nothing special
    WEEKEND = "weekend"  # Saturday or Sunday, nothing special
    HOLIDAY = "holiday"  # a public holiday, or a bridge day off beside one
    MAKEUP_WORKDAY = "makeup_workday"  # a Saturday or Sunday worked in exchange for a bridge day


@dataclass(frozen=True)
class BusinessCalendar:
    """The working days of some years.

    Invariants: holidays and make-up workdays lie in the covered years and have no day in common; a make-up workday is
    a Saturday or a Sunday.

    Attributes:
        years: the years that the calendar speaks about.
        holidays: public holidays and bridge days, all days off that are not mere weekends.
        statutory: those of the holidays that the law names.
        makeup_workdays: weekend days that are worked.
        provisional: years whose bridge days and make-up workdays are not yet announced.
    """

    years: frozenset[int]
    holidays: frozenset[date]
    statutory: frozenset[date] = frozenset()
    makeup_workdays: frozenset[date] = frozenset()
    provisional: frozenset[int] = frozenset()
    names: dict[date, str] = field(default_factory=dict, compare=False)

    def day_type(self, day: date) -> DayType:
        """What kind of day it is.

        Raises:
            YearNotCovered: when the calendar says nothing about its year.
        """
        self._cover([day.year])
        if day in self.holidays:
            return DayType.HOLIDAY
        if day in self.makeup_workdays:
            return DayType.MAKEUP_WORKDAY
        return DayType.WEEKEND if day.weekday() >= 5 else DayType.WORKDAY

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on a day; raises as `day_type`."""
        return self.day_type(day) in {DayType.WORKDAY, DayType.MAKEUP_WORKDAY}

    def add_working_days(self, day: date, count: int) -> date:
        """The ``count``-th working day after a day, or before it for a negative count; 0 gives the next working day
        that is not before it.

        Raises:
            YearNotCovered: when the way there leaves the covered years.

        >>> BusinessCalendar(frozenset({2026}), frozenset({date(2026, 1, 1)})).add_working_days(date(2026, 1, 1), 2)
        datetime.date(2026, 1, 5)
        """
        step = timedelta(days=1 if count >= 0 else -1)
        if count == 0:
            while not self.is_working_day(day):
                day += step
        for _ in range(abs(count)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def within(self, span: DateSpan) -> "BusinessCalendar":
        """The calendar of a span of days only: for a bill run that keeps what it was computed with.

        Raises:
            YearNotCovered: when the calendar says nothing about one of its years.
        """
        years = {day.year for day in span}
        self._cover(years)

        def inside(days: Iterable[date]) -> frozenset[date]:
            return frozenset(day for day in days if day in span)

        return BusinessCalendar(
            years=frozenset(years),
            holidays=inside(self.holidays),
            statutory=inside(self.statutory),
            makeup_workdays=inside(self.makeup_workdays),
            provisional=self.provisional & years,
            names={day: name for day, name in self.names.items() if day in span},
        )

    def _cover(self, years: Iterable[int]) -> None:
        missing = sorted(set(years) - self.years)
        if missing:
            known = f"{min(self.years)} to {max(self.years)}" if self.years else "no year"
            raise YearNotCovered(
                f"The business calendar says nothing about {missing[0]}; it knows {known}.",
                path=f"rules/calendar.yaml:years.{missing[0]}",
                remedy="Add the year to the calendar file of the content folder.",
            )
