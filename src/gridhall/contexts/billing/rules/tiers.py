"""Since when the tiers of a price count, and where the position in them comes from."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from gridhall.contexts.tariffs.types import Plan, Tariff
from gridhall.kernel.spans import DateSpan


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


@dataclass(frozen=True)
class TierLimits:
    """The upper limits of the tiers that one bill counts against, in Wh, and over what they count.

    ``limits_wh`` leaves out the last tier, which is open; ``since`` is the first day that counts.
    """

    limits_wh: tuple[int, ...]
    basis: str
    since: date


def limits_of(tariff: Tariff, span: DateSpan, since: date, household_size: int | None) -> TierLimits | None:
    """The limits of a bill's tiers as its charges count them: with household extra, and shared where supply began late.

    Args:
        span: of the bill, within a month.
        since: the first day of the customer's supply.
        household_size: persons, as the agreement has it; None where it has none.

    Returns:
        None where no price in force on the first day has tiers.
    """
    plan = tariff.plan_on(span.start)
    found = [] if plan is None else [part for part in plan.text.components if getattr(part, "tiers", None) is not None]
    part = next((each for each in found if plan is not None and _active(plan, each, span.start)), None)
    if plan is None or part is None:
        return None
    tiers: Any = part.tiers  # type: ignore[union-attr]
    whole, counted = _basis_span(plan, part, span)
    extra = _extra_wh(tiers, household_size or 0, _months_of(plan, part))
    share = _share(tiers, whole, counted, max(since, whole.start))
    limits = []
    for block in tiers.blocks[:-1]:
        full = (int(block.up_to * 1_000_000) // 1000 + extra) * share
        limits.append(int((full + Fraction(1, 2)) // 1))
    start = span.start if tiers.basis in ("month", "day") else max(since, whole.start)
    return TierLimits(tuple(limits), tiers.basis, start)


def _basis_span(plan: Plan, part: Any, span: DateSpan) -> tuple[DateSpan, DateSpan]:
    """The whole of what the limits count over, and the part of it that the bill is."""
    if part.tiers.basis == "year":
        start = _year_start(part.tiers.year_starts, span.start)
        return DateSpan(start, date(start.year + 1, start.month, start.day)), span
    if part.tiers.basis == "season":
        end = span.start
        while (end - span.start).days < 366 and _active(plan, part, end):
            end += timedelta(days=1)
        return DateSpan(_season_start(plan, part, span.start), end), span
    return DateSpan.month(span.start.year, span.start.month), span


def _months_of(plan: Plan, part: Any) -> int:
    if part.tiers.basis == "year":
        return 12
    if part.tiers.basis == "season":
        return sum(len(plan.text.seasons[name].months or ()) for name in part.season or [])
    return 1


def _extra_wh(tiers: Any, persons: int, months: int) -> int:
    extra = 0
    for step in sorted(tiers.household, key=lambda each: int(each.from_persons)):
        if persons >= step.from_persons:
            times = persons - step.from_persons + 1 if step.each_person else 1
            extra = int(step.add_kwh_per_month * 1000) * months * times
    return extra


def _share(tiers: Any, whole: DateSpan, counted: DateSpan, since: date) -> Fraction:
    assert whole.end is not None
    if tiers.basis == "day":
        return Fraction(counted.days)
    if tiers.basis == "month":
        return Fraction(counted.days, whole.days) if tiers.prorating == "days" else Fraction(1)
    if tiers.prorating == "days":
        return Fraction((whole.end - since).days, whole.days)
    if tiers.prorating == "months":
        months = (whole.end.year - since.year) * 12 + whole.end.month - since.month
        return Fraction(min(months, 12), 12)
    return Fraction(1)
