"""Which period of the day (尖峰平谷) each hour of each day belongs to under a tariff, for pages and charts."""

from datetime import date
from typing import Final

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.document.consistency import applies_on, day_types_told_apart
from gridhall.contexts.tariffs.rules.pieces import day_type, is_active
from gridhall.contexts.tariffs.types import Calendar, Period, PeriodsOfDays, Plan, Tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import DayPattern, Slice

_REMEMBERED: Final = 64


def periods_of(tariff: Tariff, span: DateSpan, calendar: Calendar) -> PeriodsOfDays:
    """The periods by which delivered energy is priced on each day of a closed span.

    Args:
        calendar: of the utility; the tariff's own days are added.
    """
    key = ("periods", span, calendar)
    if key not in tariff.memo:
        if len(tariff.memo) >= _REMEMBERED:
            tariff.memo.clear()
        tariff.memo[key] = _periods_of(tariff, span, calendar)
    found: PeriodsOfDays = tariff.memo[key]
    return found


def _periods_of(tariff: Tariff, span: DateSpan, calendar: Calendar) -> PeriodsOfDays:
    known = Calendar(
        calendar.holidays | tariff.calendar.holidays, calendar.makeup_workdays | tariff.calendar.makeup_workdays
    )
    periods: dict[str, Period] = {}
    patterns: dict[date, DayPattern] = {}
    for plan in tariff.plans:
        within = plan.span & span
        if within is None:
            continue
        for day in within:
            name = _division(plan, day)
            if name is None:
                continue
            division = plan.text.time_of_use[name]
            for code, label in division.periods.items():
                periods.setdefault(code, Period(code, label.zh_hans, label.en))
            kind = day_type(day, day_types_told_apart(division), known)
            schedule = next(each for each in division.schedules if applies_on(each, day, kind, plan.text.seasons))
            places = {code: place for place, code in enumerate(periods)}
            patterns[day] = DayPattern(tuple(Slice(start, end, places[code]) for start, end, code in schedule.slices()))
    return PeriodsOfDays(tuple(periods.values()), patterns)


def _division(plan: Plan, day: date) -> str | None:
    """The division by which the first priced energy of a day is told apart, or None."""
    for part in plan.text.components:
        if not isinstance(part, models.Energy) or part.channel != "import" or part.surplus_only:
            continue
        if part.time_of_use is not None and is_active(part, day, plan.text.seasons):
            return part.time_of_use
    return None
