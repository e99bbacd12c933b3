"""A span cut where anything changes that prices depend on: the month, the version, the season, the tier year."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, TypeVar

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.document.consistency import applies_on, day_types_told_apart
from gridhall.contexts.tariffs.document.parts import Season, month_day
from gridhall.contexts.tariffs.types import Calendar, Plan, Tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel, DayPattern, DemandNeed, Needs, Slice

T = TypeVar("T")

#: So many results are kept with a plan.
_REMEMBERED: Final = 64
_DAY_NAMES: Final = ("weekday", "weekday", "weekday", "weekday", "weekday", "saturday", "sunday")


@dataclass(frozen=True)
class Piece:
    """Days of one month on which one plan, one set of components and one tier year hold.

    ``plan`` is None on days that no version covers. ``tier_start`` is the first day of the running tier year or
    season, None where no tier accumulates.
    """

    span: DateSpan
    plan: Plan | None
    active: frozenset[str]
    tier_start: date | None

    @property
    def month_days(self) -> int:
        """The number of days of the calendar month."""
        return DateSpan.month(self.span.start.year, self.span.start.month).days


def _remembered(memo: dict[Any, Any], key: Any, make: Callable[[], T]) -> T:
    """What was made before for a key, or is made now."""
    if key not in memo:
        if len(memo) >= _REMEMBERED:
            memo.clear()
        memo[key] = make()
    found: T = memo[key]
    return found


def pieces(tariff: Tariff, span: DateSpan) -> list[Piece]:
    """Cut a span into pieces, in order of time."""
    return list(_remembered(tariff.memo, span, lambda: _pieces(tariff, span)))


def _pieces(tariff: Tariff, span: DateSpan) -> list[Piece]:
    found: list[Piece] = []
    for day in span:
        plan = tariff.plan_on(day)
        active, start = (frozenset[str](), None) if plan is None else _signature(plan, day)
        last = found[-1] if found else None
        if last and day.day != 1 and last.plan is plan and last.active == active and last.tier_start == start:
            found[-1] = Piece(DateSpan(last.span.start, day + timedelta(days=1)), plan, active, start)
        else:
            found.append(Piece(DateSpan(day, day + timedelta(days=1)), plan, active, start))
    return found


def _signature(plan: Plan, day: date) -> tuple[frozenset[str], date | None]:
    seasons = plan.text.seasons
    active = [part for part in plan.text.components if is_active(part, day, seasons)]
    return frozenset(part.code for part in active), _tier_start(active, day, seasons)


def is_active(part: models.Component, day: date, seasons: Mapping[str, Season]) -> bool:
    """Whether a component applies on a day of the year."""
    if part.months is not None and day.month not in part.months:
        return False
    return part.season is None or any(seasons[name].contains(day.month, day.day) for name in part.season)


def _tier_start(active: Iterable[models.Component], day: date, seasons: Mapping[str, Season]) -> date | None:
    for part in active:
        if not isinstance(part, models.Energy) or part.tiers is None:
            continue
        if part.tiers.basis == "year":
            return tier_year(part.tiers.year_starts, day).start
        if part.tiers.basis == "season":
            return season_span(part, day, seasons).start
    return None


def tier_year(starts: str, day: date) -> DateSpan:
    """The year of limits that a day falls in.

    >>> str(tier_year("07-01", date(2026, 3, 5)))
    '[2025-07-01, 2026-07-01)'
    """
    month, first = month_day(starts)
    start = date(day.year, month, first)
    if start > day:
        start = date(day.year - 1, month, first)
    return DateSpan(start, date(start.year + 1, month, first))


def season_span(part: models.Component, day: date, seasons: Mapping[str, Season]) -> DateSpan:
    """The uninterrupted days around ``day`` on which a component applies; at most a year to each side."""
    start, end = day, day + timedelta(days=1)
    while (day - start).days < 366 and is_active(part, start - timedelta(days=1), seasons):
        start -= timedelta(days=1)
    while (end - day).days < 366 and is_active(part, end, seasons):
        end += timedelta(days=1)
    return DateSpan(start, end)


def day_type(day: date, told_apart: frozenset[str], calendar: Calendar) -> str:
    """The type of a day, as far as a division tells types apart."""
    if "holiday" in told_apart and day in calendar.holidays:
        return "holiday"
    if "makeup" in told_apart and day in calendar.makeup_workdays:
        return "makeup"
    return _DAY_NAMES[day.weekday()]


@dataclass(frozen=True)
class Layout:
    """How the registers measured for one plan map to periods.

    ``combinations[r]`` names, for register r, the period of each division in ``divisions``; ``demands`` finds the
    index of a measured demand by window, division and period.
    """

    divisions: tuple[str, ...]
    combinations: tuple[tuple[str, ...], ...]
    demands: Mapping[tuple[int, str | None, str | None], int]
    needs: tuple[Needs, ...]

    def registers(self, division: str | None, period: str | None) -> list[int]:
        """The registers that count in a period of a division; all of them without a division."""
        if division is None:
            return list(range(len(self.combinations)))
        place = self.divisions.index(division)
        return [index for index, names in enumerate(self.combinations) if names[place] == period]


def layout(plan: Plan, spans: Sequence[DateSpan], channel: Channel, calendar: Calendar) -> Layout:
    """What must be measured of a channel under a plan on each of some spans.

    All spans share the registers, so that they can be measured in one pass.
    """
    key = (tuple(spans), channel, calendar)
    return _remembered(plan.memo, key, lambda: _layout(plan, spans, channel, calendar))


def _layout(plan: Plan, spans: Sequence[DateSpan], channel: Channel, calendar: Calendar) -> Layout:
    text = plan.text
    divisions = tuple(
        dict.fromkeys(
            part.time_of_use
            for part in text.components
            if isinstance(part, models.Energy | models.Demand)
            and part.time_of_use is not None
            and channel in _channels(part)
        )
    )
    days = [[_division_patterns(plan, name, day, calendar) for name in divisions] for span in spans for day in span]
    combined = [_combine(tuple(parts)) for parts in days]
    combinations = tuple(sorted({names for pattern in combined for _, _, names in pattern})) or ((),)
    number = {names: index for index, names in enumerate(combinations)}
    patterns: dict[DayPattern, int] = {}
    of_day: list[int] = []
    for pattern in combined:
        key = DayPattern(tuple(Slice(start, end, number[names]) for start, end, names in pattern))
        of_day.append(patterns.setdefault(key, len(patterns)))
    demands: dict[tuple[int, str | None, str | None], int] = {}
    listed: list[DemandNeed] = []
    draft = Layout(divisions, combinations, {}, ())
    for part in text.components:
        if isinstance(part, models.Demand) and channel is Channel.IMPORT:
            names = [None] if part.time_of_use is None else list(text.time_of_use[part.time_of_use].periods)
            for period in names:
                need = DemandNeed(part.window, frozenset(draft.registers(part.time_of_use, period)))
                if not need.registers:
                    continue  # a period without hours on these days
                if need not in listed:
                    listed.append(need)
                demands[part.window, part.time_of_use, period] = listed.index(need)
    needs, at = [], 0
    for span in spans:
        needs.append(
            Needs(
                span=span,
                registers=tuple("|".join(names) or "all" for names in combinations),
                patterns=tuple(patterns),
                pattern_of_day=tuple(of_day[at : at + span.days]),
                demands=tuple(listed),
                channel=channel,
            )
        )
        at += span.days
    return Layout(divisions, combinations, demands, tuple(needs))


def _channels(part: models.Energy | models.Demand) -> tuple[Channel, ...]:
    if isinstance(part, models.Demand):
        return (Channel.IMPORT,)
    if part.net_of_export or part.surplus_only:
        return (Channel.IMPORT, Channel.EXPORT)
    return (Channel(part.channel),)


def _division_patterns(plan: Plan, name: str, day: date, calendar: Calendar) -> tuple[tuple[int, int, str], ...]:
    division = plan.text.time_of_use[name]
    told_apart, patterns = _remembered(
        plan.memo,
        name,
        lambda: (day_types_told_apart(division), [tuple(each.slices()) for each in division.schedules]),
    )
    kind = day_type(day, told_apart, calendar)
    listed = zip(division.schedules, patterns, strict=True)
    return next(slices for each, slices in listed if applies_on(each, day, kind, plan.text.seasons))


@lru_cache(maxsize=1024)
def _combine(parts: tuple[tuple[tuple[int, int, str], ...], ...]) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    """Lay the day patterns of several divisions over each other."""
    edges = sorted({0, 1440} | {start for pattern in parts for start, _, _ in pattern})
    found: list[tuple[int, int, tuple[str, ...]]] = []
    for start, end in pairwise(edges):
        names = tuple(next(name for first, last, name in pattern if first <= start < last) for pattern in parts)
        if found and found[-1][2] == names:
            found[-1] = (found[-1][0], end, names)
        else:
            found.append((start, end, names))
    return tuple(found)
