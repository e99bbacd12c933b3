"""A day of a home, quarter-hour by quarter-hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from gridhall.channels.hall.usage import words
from gridhall.channels.hall.usage.days import Days, Share
from gridhall.channels.hall.usage.shown import Shown
from gridhall.channels.web import formats
from gridhall.channels.web.charts import Band, Chart, Series
from gridhall.kernel.spans import DateSpan

#: How far back days of the same kind are compared.
BACK = timedelta(days=28)
#: So many of them are needed.
_ENOUGH = 3


@dataclass(frozen=True)
class Day:
    """What the day's page shows.

    Attributes:
        slots, minutes: how many values the day has and how long each of them lasts.
        missing, estimated: how many of them.
        lasts: hours, where clocks change: 23 or 25; else None.
    """

    day: date
    total_wh: int
    compared: str
    curve: Chart
    shares: list[Share]
    split_says: str
    slots: int
    minutes: int
    missing: int
    estimated: int
    exported_wh: int | None
    lasts: int | None


def of_day(home: Shown, day: date) -> Day | None:
    """What there is to say about a day; None where it has no reading."""
    days = home.imported
    if day not in days:
        return None
    values, guessed, walls, minutes = days.slots(day)
    place = days.place[day]
    chosen = np.array([place], dtype=np.int64)
    like = _like(home, day)
    usual = words.per_day(days, like)
    what = _("on usual days off") if not home.is_workday(day) else _("on usual working days")
    enough = usual is not None and len(like) >= _ENOUGH and days.complete(day)
    names = [f"{wall // 60:02}:{wall % 60:02}" for wall in walls]
    series = [Series(_("average power"), _kw(values, minutes), estimated=guessed)]
    if len(like) >= _ENOUGH:
        middle = _usual(days, like, len(values))
        if middle:
            series.append(Series(_("usual day of this kind"), _kw(middle, minutes), role="muted"))
    if day in home.exported:
        fed, _guessed, _walls, fed_minutes = home.exported.slots(day)
        if len(fed) == len(values):
            series.append(Series(_("fed into the grid"), _kw(fed, fed_minutes), role="export"))
    hours = len(values) * minutes // 60
    shares = days.split(chosen)
    return Day(
        day=day,
        total_wh=int(days.wh[place]),
        compared=words.compared(float(days.wh[place]), usual or 0.0, what) if enough else "",
        curve=Chart(
            name="curve", kind="lines", says=_highest(values, names, minutes), unit="kW",
            x_name=pgettext("time", "From"), x=names, series=series, places=2,
            bands=_bands(days, day), every=max(1, 180 // minutes), height=300,
        ),
        shares=shares,
        split_says=words.split_sentence(shares),
        slots=len(values),
        minutes=minutes,
        missing=int(days.missing[place]),
        estimated=int(days.estimated[place]),
        exported_wh=home.exported.energy(day),
        lasts=None if hours == 24 else hours,
    )  # fmt: skip


def _kw(values: Sequence[float | None], minutes: int) -> list[float | None]:
    return [None if value is None else value * 60 / minutes / 1000 for value in values]


def _like(home: Shown, day: date) -> list[date]:
    """The complete days of the weeks before that are of the same kind: working days or days off."""
    kind = home.is_workday(day)
    earlier = DateSpan(day - BACK, day)
    return [each for each in earlier if home.imported.complete(each) and home.is_workday(each) is kind]


def _usual(days: Days, like: list[date], slots: int) -> list[float | None]:
    """The mean of each slot over days with as many slots."""
    curves = [values for values, *_rest in map(days.slots, like) if len(values) == slots]
    if len(curves) < _ENOUGH:
        return []
    return [float(mean) for mean in np.array(curves, dtype=np.float64).mean(axis=0)]


def _highest(values: Sequence[int | None], names: Sequence[str], minutes: int) -> str:
    known = [(value, at) for at, value in enumerate(values) if value is not None]
    if not known:
        return ""
    most, at = max(known, key=lambda each: each[0])
    return words.sentence(
        _("Most power was taken at %(time)s: %(kw)s kW")
        % {"time": names[at], "kw": formats.number(most * 60 / minutes / 1000, 2)},
        _("each point is the average of %(minutes)s minutes") % {"minutes": minutes},
    )


def _bands(days: Days, day: date) -> list[Band]:
    """The periods of the day's slots, as bands."""
    found, at = [], 0
    for place, run in groupby(days.period_of_slots(day)):
        length = len(list(run))
        if place is not None:
            period = days.periods[place]
            found.append(Band(at, at + length - 1, words.role_of(period, place), words.name_of(period)))
        at += length
    return found
