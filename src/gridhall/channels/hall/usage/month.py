"""A month of a home, day by day."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from gridhall.channels.hall.usage import words
from gridhall.channels.hall.usage.days import Share
from gridhall.channels.hall.usage.shown import Shown
from gridhall.channels.hall.usage.year import period_series
from gridhall.channels.web import formats
from gridhall.channels.web.charts import Chart, Series
from gridhall.kernel.spans import DateSpan

#: So many complete days make a month worth comparing.
_ENOUGH = 5


@dataclass(frozen=True)
class Month:
    """What the month's page shows."""

    span: DateSpan
    total_wh: int
    per_day_wh: float | None
    compared: str
    days: Chart
    shares: list[Share]
    split_says: str
    exported: Chart | None


@dataclass(frozen=True)
class Remark:
    """Something to know about days: which, how many, where to look."""

    day: date
    link: str
    missing: int | None
    estimated: int


def of_month(home: Shown, month: DateSpan) -> Month:
    """What there is to say about a month."""
    days = home.imported
    chosen = days.within(month)
    shares = days.split(chosen)
    return Month(
        span=month,
        total_wh=days.total(chosen),
        per_day_wh=days.mean_day(chosen),
        compared=_compared(home, month),
        days=_days_chart(home, month),
        shares=shares,
        split_says=words.split_sentence(shares),
        exported=_exported(home, month),
    )


def day_link(home: Shown, day: date) -> str:
    """The address of a day's page; empty where it may not be seen."""
    if not home.visible(DateSpan(day, day + timedelta(days=1))) or day < home.first:
        return ""
    return reverse("hall.usage-day", kwargs={"home": home.home.key, "when": day.isoformat()})


def before(month: DateSpan) -> DateSpan:
    """The month before.

    >>> str(before(DateSpan.month(2026, 1)))
    '[2025-12-01, 2026-01-01)'
    """
    last = month.start - timedelta(days=1)
    return DateSpan.month(last.year, last.month)


def _compared(home: Shown, month: DateSpan) -> str:
    """How a usual day of the month compares with one of the month before, and of the same month a year ago."""
    days = home.imported
    own = [day for day in month if days.complete(day)]
    mean = words.per_day(days, own)
    if mean is None or len(own) < _ENOUGH:
        return ""
    found = []
    for other in (before(month), DateSpan.month(month.start.year - 1, month.start.month)):
        theirs = [day for day in other if days.complete(day)]
        usual = words.per_day(days, theirs)
        if usual is not None and len(theirs) >= _ENOUGH:
            what = _("in %(month)s") % {"month": formats.month(other.start)}
            found.append(words.compared(mean, usual, what))
    said = [each for each in found if each]
    return words.sentence(_("A usual day takes %(compared)s") % {"compared": said[0]}, *said[1:]) if said else ""


def _days_chart(home: Shown, month: DateSpan) -> Chart:
    days = home.imported
    shown = list(month)
    known = [day for day in shown if days.energy(day) is not None]
    groups = [np.array([days.place[day]] if day in known else [], dtype=np.int64) for day in shown]
    series = period_series(days, groups, estimated=[bool(days.estimated[places].sum()) for places in groups])
    says = ""
    if known:
        most = max(known, key=lambda day: days.wh[days.place[day]])
        least = min(
            (day for day in known if days.complete(day)), key=lambda day: days.wh[days.place[day]], default=most
        )
        says = words.sentence(
            _("Most was used on %(day)s (%(weekday)s): %(kwh)s") % _told(home, most),
            _("least on %(day)s (%(weekday)s): %(kwh)s") % _told(home, least) if least != most else "",
        )
    return Chart(
        name="days", kind="bars", says=says, x_name=pgettext("axis", "Day"), unit="kWh", series=series,
        x=[str(day.day) for day in shown], links=[day_link(home, day) for day in shown],
    )  # fmt: skip


def _told(home: Shown, day: date) -> dict[str, str]:
    return {
        "day": formats.short_day(day),
        "weekday": words.weekday_name(day),
        "kwh": words.kwh(int(home.imported.wh[home.imported.place[day]])),
    }


def _exported(home: Shown, month: DateSpan) -> Chart | None:
    days, shown = home.exported, list(month)
    values = [None if (wh := days.energy(day)) is None else wh / 1000 for day in shown]
    total = sum(days.energy(day) or 0 for day in shown)
    if all(value is None for value in values):
        return None
    says = words.sentence(_("You fed %(kwh)s into the grid") % {"kwh": words.kwh(total)})
    return Chart(
        name="export", kind="bars", says=says, x_name=pgettext("axis", "Day"), unit="kWh",
        series=[Series(_("fed into the grid"), values, role="export")],
        x=[str(day.day) for day in shown], links=[day_link(home, day) for day in shown],
    )  # fmt: skip


def remarks(home: Shown, span: DateSpan) -> list[Remark]:
    """The days of a span with gaps or estimates, in order; days still to come are none."""
    days, found = home.imported, []
    newest = max(days.days, default=None)
    for cut in home.visible(span):
        for day in cut:
            if day < home.first:
                continue
            place = days.place.get(day)
            if place is None:
                # Beyond the newest reading nothing is missing yet: it has not come.
                if newest is not None and day < newest:
                    found.append(Remark(day, day_link(home, day), None, 0))
            elif days.missing[place] or days.estimated[place]:
                found.append(Remark(day, day_link(home, day), int(days.missing[place]), int(days.estimated[place])))
    return found
