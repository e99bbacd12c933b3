"""Since when the tiers of a price count, and where the position in them comes from."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from gridhall.contexts.tariffs.types import Plan, Tariff


class TierSource(StrEnum):
    """Where the energy used in the tier year before a period was taken from."""

    NONE = "none"  # the period begins a tier year, or the supply, or the price has no tiers that outlast a month
    BILLS = "bills"  # the sum of the live bills before, which cover every day since the tier year or supply began
    READINGS = "readings"  # measured, because bills do not cover the days before
    OPENING = "opening"  # an opening value from the system before, and what followed it


def tier_start(tariff: Tariff, day: date) -> date | None:
    """The first day of the tier year or season that holds a day; None where limits count over a month or less.

    The document's check sees to it that components in force together agree.
    """
    plan = tariff.plan_on(day)
    if plan is None:
        return None
    for component in plan.text.components:
        tiers = getattr(component, "tiers", None)
        if tiers is None or not _active(plan, component, day):
            continue
        if tiers.basis == "year":
            return _year_start(tiers.year_starts, day)
        if tiers.basis == "season":
            return _season_start(plan, component, day)
    return None


def _active(plan: Plan, component: Any, day: date) -> bool:
    """Whether a component applies on a day of the year."""
    if component.months is not None and day.month not in component.months:
        return False
    names = [component.season] if isinstance(component.season, str) else component.season
    return names is None or any(plan.text.seasons[name].contains(day.month, day.day) for name in names)


def _year_start(written: str, day: date) -> date:
    month, first = (int(part) for part in written.split("-"))
    this_year = date(day.year, month, first)
    return this_year if this_year <= day else date(day.year - 1, month, first)


def _season_start(plan: Plan, component: Any, day: date) -> date:
    start = day
    while (day - start).days < 366 and _active(plan, component, start - timedelta(days=1)):
        start -= timedelta(days=1)
    return start
