"""What a page of usage may show of a home: readings of visible days only, with periods, freshness and bounds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa
from django.conf import settings

from gridhall.channels.hall.access import HallRequest
from gridhall.channels.hall.usage.days import Days, joined
from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.accounts.types import AgreedTariff
from gridhall.contexts.identity.types import Home
from gridhall.contexts.metering import queries as metering
from gridhall.contexts.metering.types import PeerMonth
from gridhall.contexts.tariffs import queries as tariffs
from gridhall.contexts.tariffs.types import Calendar, PeriodsOfDays
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel

#: Readings that are older than this many days are called late.
_LATE = 2
#: So far back the newest readings are looked for.
_RECENT = timedelta(days=35)


@dataclass(frozen=True)
class Shown:
    """A home's readings over a span, as far as they may be seen.

    Attributes:
        first: the first day that may have readings to see; ``newest`` the last.
        imported, exported, reactive: days of each channel; those of the span and of what it is compared with, and the
            newest weeks.
        agreed: the customer's tariffs here, oldest first.
    """

    home: Home
    today: date
    first: date
    newest: date
    imported: Days
    exported: Days
    reactive: Days
    agreed: list[AgreedTariff]
    calendar: Calendar

    @cached_property
    def as_of(self) -> date | None:
        """The newest day that may be seen of which every reading is there."""
        return max((day for day in self.imported.days if self.imported.complete(day)), default=None)

    @property
    def late(self) -> bool:
        """Whether newer readings should have come by now, for somebody who is still supplied here."""
        return (
            self.as_of is not None and self.newest == yesterday(self.today) and (self.today - self.as_of).days > _LATE
        )

    def visible(self, span: DateSpan) -> list[DateSpan]:
        """The days of a span that may be seen and are over."""
        past = DateSpan(date.min, self.today)
        return [cut for part in self.home.visible(span) if (cut := part & past) is not None]

    def is_workday(self, day: date) -> bool:
        """Whether people usually work on a day."""
        if day in self.calendar.makeup_workdays:
            return True
        return day.weekday() < 5 and day not in self.calendar.holidays

    def peers(self, span: DateSpan) -> dict[date, PeerMonth]:
        """What similar homes used in the months of a span. One query."""
        size = self.agreed[-1].household_size if self.agreed else None
        return metering.peers_of(self.home.organisation, self.home.usage_class, size, span)

    def month_total(self, month: DateSpan) -> int | None:
        """The energy of a calendar month that may be seen whole and of which every reading is there; else None."""
        if not all(self.home.sees(day) and self.imported.complete(day) for day in month):
            return None
        return self.imported.total(self.imported.within(month))


def yesterday(today: date) -> date:
    """The day before."""
    return today - timedelta(days=1)


def bounds(request: HallRequest) -> tuple[date, date] | None:
    """The first and the last day that may have readings to see; None where there is none. One query."""
    since = metering.readings_since(request.home.usage_point)
    if since is None:
        return None
    spans = request.home.visible(DateSpan(since, max(request.today, since + timedelta(days=1))))
    if not spans or since >= request.today:
        return None
    last = spans[-1].end
    assert last is not None
    return spans[0].start, last - timedelta(days=1)


def shown(request: HallRequest, span: DateSpan, compared: Sequence[DateSpan], edges: tuple[date, date]) -> Shown:
    """The readings of some spans and of the newest weeks, of visible days only. Few queries.

    Args:
        span: what the page is about.
        compared: spans with ends that it is compared with.
        edges: see `bounds`.

    Raises:
        NotFound: when no day of the span may be seen.
    """
    home, today = request.home, request.today
    first, newest = edges
    if not any(part & DateSpan(first, today) for part in home.visible(span)):
        raise NotFound("Nothing of these days may be seen.", path="usage")
    recent = DateSpan(max(newest - _RECENT, first), newest + timedelta(days=1))
    assert recent.end is not None
    start = max(min(each.start for each in (span, recent, *compared)), first)
    whole = DateSpan(start, recent.end)
    wanted = [cut for each in (*compared, span, recent) if (cut := each & whole) is not None]
    agreed = accounts.agreed_tariffs(home.usage_point, home.customer)
    calendar = _calendar(DateSpan(date(start.year, 1, 1), date(recent.end.year + 1, 1, 1)))
    periods = _periods(agreed, whole, calendar)
    sees = _seen(home)
    rows = metering.rows_of(home.usage_point, *wanted)
    imported = Days(sees(rows[Channel.IMPORT]), settings.TIME_ZONE, periods)
    if not any(imported.complete(day) for day in imported.days if day in recent):
        # A meter long silent: since when, the days between tell.
        rows = metering.rows_of(home.usage_point, whole)
        imported = Days(sees(rows[Channel.IMPORT]), settings.TIME_ZONE, periods)
    return Shown(
        home=home, today=today, first=first, newest=newest, agreed=agreed, calendar=calendar, imported=imported,
        exported=Days(sees(rows[Channel.EXPORT]), settings.TIME_ZONE, periods),
        reactive=Days(sees(rows[Channel.REACTIVE]), settings.TIME_ZONE),
    )  # fmt: skip


def _seen(home: Home) -> Callable[[pa.Table], pa.Table]:
    """Takes away the rows of days that may not be seen."""

    def seen(table: pa.Table) -> pa.Table:
        days = np.asarray(table["day"], dtype="datetime64[D]")
        mask = np.zeros(len(days), dtype=np.bool_)
        for span in home.spans:
            part = days >= np.datetime64(span.start)
            if span.end is not None:
                part &= days < np.datetime64(span.end)
            mask |= part
        return table if mask.all() else table.filter(pa.array(mask))

    return seen


def _calendar(span: DateSpan) -> Calendar:
    """The utility's holidays, as far as its calendar knows them."""
    holidays: set[date] = set()
    makeup: set[date] = set()
    assert span.end is not None
    for year in range(span.start.year, span.end.year):
        try:
            known = accounts.business_calendar(year, year)
        except GridhallError:
            continue  # years that nobody has decreed yet have ordinary weeks
        holidays |= known.holidays
        makeup |= known.makeup_workdays
    return Calendar(frozenset(holidays), frozenset(makeup))


def _periods(agreed: list[AgreedTariff], span: DateSpan, calendar: Calendar) -> PeriodsOfDays | None:
    parts = []
    for each in agreed:
        part = each.span & span
        if part is None:
            continue
        try:
            parts.append(tariffs.periods_of(each.code, part, calendar))
        except NotFound:
            continue  # a tariff that was never published tells no hours apart
    return joined(parts)
