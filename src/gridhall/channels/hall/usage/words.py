"""Sentences about usage: what a chart says, with a comparison, in the reader's language."""

from datetime import date, timedelta

from babel.dates import get_day_names, get_month_names
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from gridhall.channels.hall.usage.days import Days, Share
from gridhall.channels.web import formats
from gridhall.channels.web.charts import SeriesRole
from gridhall.contexts.tariffs.types import Period

#: Differences below this are none to speak of, percent.
_ALIKE = 1.0
_ROLES: dict[str, SeriesRole] = {
    "critical": "critical",
    "peak": "peak",
    "flat": "flat",
    "valley": "valley",
    "deep": "deep",
    "high": "critical",
    "normal": "flat",
    "low": "valley",
    "day": "peak",
    "night": "valley",
    "off-peak": "valley",
    "shoulder": "flat",
}
_OTHERS: tuple[SeriesRole, ...] = ("peak", "flat", "valley", "critical")


def role_of(period: Period | None, place: int) -> SeriesRole:
    """The colour of a period: the same everywhere for the four that everybody knows."""
    if period is None:
        return "muted"
    return _ROLES.get(period.code, _OTHERS[place % len(_OTHERS)])


def name_of(period: Period | None) -> str:
    """A period's name in the reader's language."""
    if period is None:
        return _("other hours")
    return formats.in_language(period)


def month_name(day: date) -> str:
    """A month's short name, for an axis."""
    return str(get_month_names("abbreviated", locale=formats.locale())[day.month])


def weekday_name(day: date) -> str:
    """The day of the week."""
    return str(get_day_names("wide", locale=formats.locale())[day.weekday()])


def as_of(day: date, today: date) -> str:
    """Up to when readings are there."""
    if day == today - timedelta(days=1):
        return _("Readings up to yesterday 24:00")
    return _("Readings up to %(day)s 24:00") % {"day": formats.short_day(day)}


def percent(now: float, before: float) -> float | None:
    """By how many percent something is more than before; None where there was nothing."""
    return None if before <= 0 else 100 * (now - before) / before


def in_percent(value: float) -> str:
    """A share in percent, never broken from its sign at the end of a line."""
    return f"{formats.number(value, 0)}%"


def compared(now: float, before: float, what: str) -> str:
    """How something compares: “12 % more than in September”; empty where there was nothing to compare with.

    Args:
        what: what it is compared with, as it stands after “than”.
    """
    change = percent(now, before)
    if change is None:
        return ""
    if abs(change) < _ALIKE:
        return pgettext("comparison", "about as much as %(what)s") % {"what": what}
    values = {"percent": in_percent(abs(change)), "what": what}
    if change > 0:
        return pgettext("comparison", "%(percent)s more than %(what)s") % values
    return pgettext("comparison", "%(percent)s less than %(what)s") % values


def sentence(*parts: str) -> str:
    """Parts of a sentence put together, those that are empty left out."""
    english = formats.locale().startswith("en")
    text = ("; " if english else "；").join(part for part in parts if part)
    return text + ("." if english else "。") if text else ""


def kwh(wh: float) -> str:
    """Energy with its unit."""
    return f"{formats.energy(round(wh))}\u00a0kWh"


def split_sentence(shares: list[Share]) -> str:
    """Which period most of the energy fell into."""
    told = [share for share in shares if share.period is not None and share.wh]
    if not told:
        return ""
    most = max(told, key=lambda share: share.wh)
    return sentence(
        _("%(percent)s of it was used in %(period)s hours")
        % {"percent": in_percent(most.percent), "period": name_of(most.period)}
    )


def clock(hour: int) -> str:
    """A full hour on the clock.

    >>> clock(7)
    '07:00'
    """
    return f"{hour:02}:00"


def hours_sentence(hours: list[float | None]) -> str:
    """When most and when least is used."""
    known = [(value, hour) for hour, value in enumerate(hours) if value is not None]
    if not known:
        return ""
    most, least = max(known)[1], min(known)[1]
    return sentence(
        _("On average most is used from %(from)s to %(to)s") % {"from": clock(most), "to": clock(most + 1)},
        _("least from %(from)s to %(to)s") % {"from": clock(least), "to": clock(least + 1)},
    )


def per_day(days: Days, wanted: list[date]) -> float | None:
    """The mean energy of the complete days among some, Wh."""
    found = [days.wh[days.place[day]] for day in wanted if days.complete(day)]
    return float(sum(found) / len(found)) if found else None
