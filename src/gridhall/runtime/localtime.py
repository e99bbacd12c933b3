"""The utility's clock: moments and days as they read where it serves (``settings.TIME_ZONE``)."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings


def zone() -> ZoneInfo:
    """The utility's time zone."""
    return ZoneInfo(settings.TIME_ZONE)


def local(moment: datetime) -> datetime:
    """A moment as the utility's clocks show it."""
    return moment.astimezone(zone())


def local_day(moment: datetime) -> date:
    """The day that a moment falls on where the utility serves."""
    return local(moment).date()


def noon(day: date) -> datetime:
    """Noon of a day: the moment of what is dated by its day alone."""
    return datetime.combine(day, time(12), zone())
