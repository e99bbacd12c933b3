"""Times of a file to local days and minutes since local midnight, also where clocks change.

All times are whole minutes since 1970-01-01 00:00, either of the wall clock or of UTC; a day is its number since then.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridhall.lake import curves

Int64s = npt.NDArray[np.int64]

MINUTES_PER_DAY: Final = 1440
EPOCH: Final = date(1970, 1, 1)
#: The finest grid of readings; all transitions of today's zones lie on it.
GRID: Final = 5
#: Stands for a time that the clock does not show.
NEVER: Final = -1


def number_of(day: date) -> int:
    """The number of a day since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The day of that number."""
    return EPOCH + timedelta(days=int(number))


@lru_cache(maxsize=512)
def _midnights(zone: str, year: int) -> Int64s:
    """UTC minutes at which each day of a year begins."""
    local = ZoneInfo(zone)
    first = date(year, 1, 1)
    begins = []
    for offset in range((date(year + 1, 1, 1) - first).days):
        day = first + timedelta(days=offset)
        begin = datetime(day.year, day.month, day.day, tzinfo=local).astimezone(UTC)
        begins.append(int(begin.timestamp()) // 60)
    return np.array(begins, dtype=np.int64)


def place_instants(zone: str, minutes: Int64s) -> tuple[Int64s, Int64s]:
    """Local day and minutes elapsed since its midnight, of UTC minutes.

    >>> day, elapsed = place_instants("Europe/London", np.array([22752060]))  # 2013-04-05T01:00Z
    >>> day_of(day[0]), int(elapsed[0])
    (datetime.date(2013, 4, 5), 120)
    """
    if not len(minutes):
        return minutes, minutes
    first = day_of(int(minutes.min()) // MINUTES_PER_DAY).year
    last = day_of(int(minutes.max()) // MINUTES_PER_DAY + 1).year
    years = range(first - 1, last + 1)
    midnights = np.concatenate([_midnights(zone, year) for year in years])
    index = np.searchsorted(midnights, minutes, side="right") - 1
    return index + number_of(date(years[0], 1, 1)), minutes - midnights[index]


def place_wall(zone: str, minutes: Int64s) -> tuple[Int64s, Int64s, npt.NDArray[np.bool_]]:
    """Local day and minutes elapsed since its midnight, of wall-clock minutes on the 5-minute grid.

    A time that the clock shows twice is placed at its first showing and flagged; one that it never shows is `NEVER`.

    >>> from datetime import datetime
    >>> def wall(text): return np.array([int(datetime.fromisoformat(text + "Z").timestamp()) // 60])
    >>> place_wall("Europe/London", wall("2013-03-31T01:30"))[1].tolist()
    [-1]
    >>> [part.tolist() for part in place_wall("Europe/London", wall("2013-10-27T01:30"))[1:]]
    [[90], [True]]
    """
    days, elapsed = np.divmod(minutes, MINUTES_PER_DAY)
    twice = np.zeros(len(minutes), dtype=np.bool_)
    if len(minutes):
        for change in curves.clock_changes(zone, day_of(int(days.min())), day_of(int(days.max()) + 1)):
            rows = np.flatnonzero(days == number_of(change))
            if len(rows):
                first, last = _showings(zone, change)
                wall = elapsed[rows]
                elapsed[rows] = first[wall]
                twice[rows] = first[wall] != last[wall]
    return days, elapsed, twice


def second_showing(zone: str, day: int, elapsed: int) -> int:
    """Minutes since midnight at which the clock shows again what it showed after ``elapsed`` minutes."""
    first, last = _showings(zone, day_of(day))
    wall = int(np.flatnonzero(first == elapsed)[0])
    return int(last[wall])


@lru_cache(maxsize=1024)
def _showings(zone: str, day: date) -> tuple[Int64s, Int64s]:
    walls = curves.wall_minutes(zone, day, GRID)
    first = np.full(MINUTES_PER_DAY, NEVER, dtype=np.int64)
    last = first.copy()
    last[walls] = np.arange(len(walls)) * GRID
    first[walls[::-1]] = np.arange(len(walls))[::-1] * GRID
    return first, last


# -- texts of times, one by one, where the fast reader does not know the form -----------------------------------------

_TIME = re.compile(
    r"""^\s*(?P<y>\d{4})\s*[-/.年]?\s*(?P<m>\d{1,2})\s*[-/.月]?\s*(?P<d>\d{1,2})\s*日?
    (?:(?:\s+|T|\s*)(?P<H>\d{1,2})[:：时h](?P<M>\d{2})分?(?:[:：](?P<S>\d{2})(?:[.,]\d+)?)?秒?)?
    \s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2})?\s*$""",
    re.VERBOSE,
)
_COMPACT = re.compile(r"^\s*(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})[T ]?(?:(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})?)?\s*$")
_DAY_FIRST = re.compile(
    r"^\s*(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4})(?:\s+(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2}))?)?\s*$"
)


class TimeUnclear(ValueError):
    """The text is no time of day on a calendar day; the message says why."""


def parse_time(text: str) -> tuple[int, bool]:
    """This will read a time: minutes since 1970, and whether they are of UTC (it had an offset) or of the wall clock.

    24:00 is the midnight at the day's end.

    >>> parse_time("1970/1/2 0:30"), parse_time("1970-01-01T08:00+08:00"), parse_time("1970年1月1日 24:00")
    ((1470, False), (0, True), (1440, False))

    Raises:
        TimeUnclear: when it cannot be read, or names no time that exists; also for seconds that are not 0.
    """
    match = _COMPACT.match(text) or _TIME.match(text)
    if not match:
        _refuse_day_first(text)
        raise TimeUnclear("this is no date and time")
    part = match.groupdict()
    hour, minute = int(part["H"] or 0), int(part["M"] or 0)
    if hour > 24 or (hour == 24 and minute) or minute > 59:
        raise TimeUnclear(f"there is no {hour}:{minute:02} on a clock")
    if int(part["S"] or 0):
        raise TimeUnclear("a slot starts at a full minute")
    try:
        day = date(int(part["y"]), int(part["m"]), int(part["d"]))
    except ValueError as error:
        raise TimeUnclear("there is no such day") from error
    minutes = number_of(day) * MINUTES_PER_DAY + hour * 60 + minute
    zone = part.get("zone")
    if not zone:
        return minutes, False
    if zone not in {"Z", "UTC"}:
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = int(digits[:2]) * 60 + int(digits[2:])
        minutes -= offset if zone[0] == "+" else -offset
    return minutes, True


def parse_day(text: str) -> int:
    """This will read a day, as its number since 1970; a time of midnight after it is allowed.

    Raises:
        TimeUnclear: when it cannot be read.
    """
    minutes, aware = parse_time(text)
    if aware or minutes % MINUTES_PER_DAY or "24:00" in text:
        raise TimeUnclear("this is no plain day")
    return minutes // MINUTES_PER_DAY


def _refuse_day_first(text: str) -> None:
    if _DAY_FIRST.match(text):
        raise TimeUnclear("day and month could be either way round; write YYYY-MM-DD")
