"""A year of a home: its months, its hours, its usual day, and homes like it."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from gridhall.channels.hall.usage import words
from gridhall.channels.hall.usage.days import Days, Int64s, Share
from gridhall.channels.hall.usage.shown import Shown
from gridhall.channels.web import formats
from gridhall.channels.web.charts import Band, Chart, Series
from gridhall.kernel.spans import DateSpan

#: So many days must be there in both years before they are compared.
_ENOUGH = 7
_SUMMER, _WINTER = (6, 7, 8), (12, 1, 2)


@dataclass(frozen=True)
class Year:
    """What the year's page shows."""

    span: DateSpan
    total_wh: int
    per_day_wh: float | None
    compared: str
    months: Chart
    shares: list[Share]
    split_says: str
    heat: Chart | None
    week: Chart | None
    seasons: Chart | None
    exported: Chart | None


def months_of(year: int) -> list[DateSpan]:
    """The twelve months of a year."""
    return [DateSpan.month(year, month) for month in range(1, 13)]


def in_year(days: Days, year: int) -> Int64s:
    """The places of the days of a year."""
    return days.within(DateSpan(date(year, 1, 1), date(year + 1, 1, 1)))


def of_year(home: Shown, year: int) -> Year:
    """What there is to say about a year."""
    days = home.imported
    chosen = in_year(days, year)
    shares = days.split(chosen)
    return Year(
        span=DateSpan(date(year, 1, 1), date(year + 1, 1, 1)),
        total_wh=days.total(chosen),
        per_day_wh=days.mean_day(chosen),
        compared=_with_year_before(days, year),
        months=_months_chart(home, year),
        shares=shares,
        split_says=words.split_sentence(shares),
        heat=_heat(home, year),
        week=_week(home, chosen),
        seasons=_seasons(home, chosen),
        exported=_exported(home, year),
    )


def _same_day_before(day: date) -> date | None:
    return None if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def _with_year_before(days: Days, year: int) -> str:
    """How the year compares with the year before, over the days that both have whole."""
    pairs = [
        (day, before)
        for day in days.days
        if day.year == year and (before := _same_day_before(day)) and days.complete(day) and days.complete(before)
    ]
    if len(pairs) < _ENOUGH:
        return ""
    now = sum(int(days.wh[days.place[day]]) for day, _before in pairs)
    then = sum(int(days.wh[days.place[day]]) for _day, day in pairs)
    first, last = pairs[0][0], pairs[-1][0]
    if first == date(year, 1, 1) and len(pairs) == (last - first).days + 1:
        what = _("in the same time of %(year)s") % {"year": year - 1}
        return words.compared(now, then, what)
    what = _("on the same days of %(year)s") % {"year": year - 1}
    said = words.compared(now, then, what)
    if not said:
        return ""
    span = f"{formats.short_day(first)} – {formats.short_day(last)}"
    return _("%(days)s: %(compared)s") % {"days": span, "compared": said}


def period_series(days: Days, groups: list[Int64s], *, estimated: list[bool]) -> list[Series]:
    """Bars of groups of days, stacked by period of the day where the tariff tells periods apart, in kWh."""
    empty = [not len(places) for places in groups]

    def bars(sums: list[int]) -> list[float | None]:
        return [None if nothing else wh / 1000 for wh, nothing in zip(sums, empty, strict=True)]

    if not days.periods:
        totals = [days.total(places) for places in groups]
        return [Series(pgettext("energy", "used"), bars(totals), estimated=estimated)]
    by_period = np.array([days.by_period[places].sum(axis=0) for places in groups])
    named = [*days.periods, None]
    return [
        Series(
            words.name_of(period), bars(by_period[:, place].tolist()),
            role=words.role_of(period, place), estimated=estimated, stack="periods",
        )
        for place, period in enumerate(named)
        if by_period[:, place].any()
    ]  # fmt: skip


def _months_chart(home: Shown, year: int) -> Chart:
    days, months = home.imported, months_of(year)
    groups = [days.within(month) for month in months]
    series = period_series(days, groups, estimated=[days.is_estimate(places) for places in groups])
    before = [days.within(month) for month in months_of(year - 1)]
    if any(len(places) for places in before):
        totals = [days.total(places) / 1000 if len(places) else None for places in before]
        if not days.periods:
            series = [replace(each, name=str(year)) for each in series]
        series.append(Series(str(year - 1), totals, role="muted"))
    known = [(days.total(places), month) for places, month in zip(groups, months, strict=True) if len(places)]
    says = ""
    if known:
        whole = [each for each in known if home.month_total(each[1]) is not None] or known
        most = max(whole, key=lambda each: each[0])
        least = min(whole, key=lambda each: each[0])
        says = words.sentence(
            _("Most was used in %(month)s: %(kwh)s")
            % {"month": formats.month(most[1].start), "kwh": words.kwh(most[0])},
            ""
            if least[1] == most[1]
            else _("least in %(month)s: %(kwh)s")
            % {"month": formats.month(least[1].start), "kwh": words.kwh(least[0])},
        )
    return Chart(
        name="months", kind="bars", says=says, x_name=pgettext("axis", "Month"), unit="kWh", series=series,
        x=[words.month_name(month.start) for month in months],
        links=[month_link(home, month) for month in months],
    )  # fmt: skip


def month_link(home: Shown, month: DateSpan) -> str:
    """The address of a month's page; empty where nothing of it may be seen."""
    if not home.visible(month) or not month.end or month.end <= home.first:
        return ""
    return reverse("hall.usage-month", kwargs={"home": home.home.key, "when": f"{month.start:%Y-%m}"})


def _heat(home: Shown, year: int) -> Chart | None:
    days, months = home.imported, months_of(year)
    rows, links = [], []
    for month in months:
        places = days.within(month)
        if len(places):
            hours = days.average_hours(places)
            values = [None if value is None else value / 1000 for value in hours]
            rows.append(Series(words.month_name(month.start), values))
            links.append(month_link(home, month))
    if not rows:
        return None
    says = words.hours_sentence(days.average_hours(in_year(days, year)))
    return Chart(
        name="hours", kind="heat", says=says, x_name=pgettext("axis", "Hour"), unit="kW", series=rows, places=2,
        x=[f"{hour:02}" for hour in range(24)], row_links=links, height=72 + 26 * len(rows),
    )  # fmt: skip


def hour_bands(days: Days) -> list[Band]:
    """The periods of the newest day with periods, as bands over 24 hours; none where they begin inside an hour."""
    if not len(days) or not days.periods:
        return []
    patterns = days.patterns
    newest = next((day for day in reversed(days.days) if day in patterns), None)
    if newest is None or any(each.start % 60 or each.end % 60 for each in patterns[newest].slices):
        return []
    return [
        Band(
            each.start // 60, each.end // 60 - 1,
            words.role_of(days.periods[each.register], each.register), words.name_of(days.periods[each.register]),
        )
        for each in patterns[newest].slices
    ]  # fmt: skip


def _hours_chart(name: str, says: str, series: list[Series], bands: list[Band]) -> Chart:
    return Chart(
        name=name, kind="lines", says=says, x_name=pgettext("axis", "Hour"), unit="kW", series=series, places=2,
        bands=bands, every=3, x=[words.clock(hour) for hour in range(24)],
    )  # fmt: skip


def _in_kw(hours: list[float | None]) -> list[float | None]:
    return [None if value is None else value / 1000 for value in hours]


def _two(home: Shown, name: str, one: tuple[str, Int64s], two: tuple[str, Int64s], says: str) -> Chart | None:
    """Two usual days in one picture; None where one of them has no days."""
    days = home.imported
    if not len(one[1]) or not len(two[1]):
        return None
    series = [
        Series(one[0], _in_kw(days.average_hours(one[1]))),
        Series(two[0], _in_kw(days.average_hours(two[1])), role="muted"),
    ]
    means = days.mean_day(one[1]), days.mean_day(two[1])
    if means[0] is not None and means[1] is not None:
        says = says % {"one": words.kwh(means[0]), "two": words.kwh(means[1])}
        change = words.compared(means[0], means[1], two[0])
    else:
        says, change = "", ""
    return _hours_chart(name, words.sentence(says, change), series, hour_bands(days))


def _week(home: Shown, chosen: Int64s) -> Chart | None:
    days = home.imported
    working = np.array([home.is_workday(days.days[place]) for place in chosen.tolist()], dtype=np.bool_)
    return _two(
        home, "week", (_("days off"), chosen[~working]), (_("working days"), chosen[working]),
        _("A usual day off takes %(one)s, a working day %(two)s"),
    )  # fmt: skip


def _seasons(home: Shown, chosen: Int64s) -> Chart | None:
    days = home.imported

    def of(months: tuple[int, ...]) -> Int64s:
        return np.array([place for place in chosen.tolist() if days.days[place].month in months], dtype=np.int64)

    return _two(
        home, "seasons", (_("summer"), of(_SUMMER)), (_("winter"), of(_WINTER)),
        _("A usual day takes %(one)s in summer and %(two)s in winter"),
    )  # fmt: skip


def _exported(home: Shown, year: int) -> Chart | None:
    days, months = home.exported, months_of(year)
    chosen = in_year(days, year)
    if not len(chosen):
        return None
    groups = [days.within(month) for month in months]
    totals = [days.total(places) / 1000 if len(places) else None for places in groups]
    fed, used = days.total(chosen), home.imported.total(in_year(home.imported, year))
    says = words.sentence(
        _("You fed %(kwh)s into the grid") % {"kwh": words.kwh(fed)},
        _("that is %(percent)s of what you took from it") % {"percent": words.in_percent(100 * fed / used)}
        if used
        else "",
    )
    return Chart(
        name="export", kind="bars", says=says, x_name=pgettext("axis", "Month"), unit="kWh",
        series=[Series(_("fed into the grid"), totals, role="export")],
        x=[words.month_name(month.start) for month in months], links=[month_link(home, month) for month in months],
    )  # fmt: skip


def newest_compared(home: Shown, year: int) -> DateSpan | None:
    """The newest calendar month of a year that is complete, for the comparison with similar homes."""
    for month in reversed(months_of(year)):
        if month.end and month.end <= home.newest + timedelta(days=1) and home.month_total(month) is not None:
            return month
    return None


def reactive(home: Shown, span: DateSpan) -> dict[str, Any] | None:
    """Reactive energy and the mean power factor of a span; None where no reactive energy is measured."""
    chosen = home.reactive.within(span)
    if not len(chosen):
        return None
    used = home.imported.within(span)
    active, varh = home.imported.total(used), home.reactive.total(chosen)
    if not active:
        return None
    return {"kvarh": varh / 1000, "factor": round(active / (active**2 + varh**2) ** 0.5, 2)}
