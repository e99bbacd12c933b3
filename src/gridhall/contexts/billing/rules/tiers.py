"""Since when the tiers of a price count, and where the position in them comes from."""

from datetime import date, timedelta
from enum import StrEnum

from gridhall.contexts.tariffs.types import Plan, Tariff


class TierSource(StrEnum):
    """Where the energy used in the tier year before a period was taken from."""

    NONE = "none"  # the period begins a tier year, or the supply, or the price has no tiers that outlast a month
    BILLS = "bills"  # the sum of the live bills before, which cover every day since the tier year or supply began
    READINGS = "readings"  # measured, because bills do not cover the days before
    OPENING = "opening"  # an opening value from the system before, and what followed it


def tier_start(tariff: Tariff, day: date) -> date | None:
    """The first day of the tier year or season that holds a day; None where limits count over a month or less.

    Where components differ, the earliest counts: a longer memory is harmless, a shorter one would forget usage.
    """
    plan = tariff.plan_on(day)
    if plan is None:
        return None
    starts = []
    for component in plan.text.components:
        tiers = getattr(component, "tiers", None)
        if tiers is None:
            continue
        if tiers.basis == "year":
            starts.append(_year_start(tiers.year_starts, day))
        elif tiers.basis == "season":
            starts.append(_season_start(plan, day))
    return min(starts, default=None)


def _year_start(written: str, day: date) -> date:
    month, first = (int(part) for part in written.split("-"))
    this_year = date(day.year, month, first)
    return this_year if this_year <= day else date(day.year - 1, month, first)


def _season_start(plan: Plan, day: date) -> date:
    def seasons(of: date) -> frozenset[str]:
        return frozenset(code for code, season in plan.text.seasons.items() if season.contains(of.month, of.day))

    here, start = seasons(day), day
    for _ in range(366):
        before = start - timedelta(days=1)
        if seasons(before) != here:
            break
        start = before
    return start
