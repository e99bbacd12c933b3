"""When a place is open: its hours by weekday, and days that are otherwise. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from gridhall.kernel.errors import Refused

#: From and to in minutes of a day, ascending; 0 to 1440 is all day.
Spells = tuple[tuple[int, int], ...]
_CLOCK: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
_DAY: Final = 24 * 60
_LOOK_AHEAD: Final = 14


class HoursInvalid(Refused):
    """Hours cannot be understood; the path says where."""

    code = "opening_hours_invalid"


@dataclass(frozen=True)
class Hours:
    """When a place is open.

    Attributes:
        weekdays: 1 Monday to 7 Sunday → spells; a weekday that is missing is closed.
        exceptions: a day → its spells; none: closed.
    """

    weekdays: Mapping[int, Spells]
    exceptions: Mapping[date, Spells]

    def on(self, day: date) -> Spells:
        """The spells of a day."""
        return self.exceptions[day] if day in self.exceptions else self.weekdays.get(day.isoweekday(), ())


@dataclass(frozen=True)
class Opening:
    """How a place stands at a moment.

    Attributes:
        open: whether it is.
        until: when it closes, for an open one; None where it does not close within the days looked at.
        opens: when it opens next, for a closed one; None where it does not within two weeks.
    """

    open: bool
    until: datetime | None = None
    opens: datetime | None = None


def hours_of(weekdays: Mapping[str, Any], exceptions: Mapping[str, Any]) -> Hours:
    """Hours as they are stored and imported: ``{"1": [["08:30", "17:30"]]}`` and ``{"2026-10-01": []}``.

    Raises:
        HoursInvalid: an unknown weekday or day, a clock time that is none, or spells that overlap.

    >>> hours_of({"1": [["08:30", "12:00"], ["13:00", "17:30"]]}, {"2026-10-01": []}).weekdays[1]
    ((510, 720), (780, 1050))
    """
    found: dict[int, Spells] = {}
    for key, spells in weekdays.items():
        if key not in {"1", "2", "3", "4", "5", "6", "7"}:
            raise HoursInvalid(f"There is no weekday {key!r}.", path="hours", remedy="Write 1 for Monday to 7.")
        found[int(key)] = _spells(spells, f"hours.{key}")
    days: dict[date, Spells] = {}
    for key, spells in exceptions.items():
        try:
            day = date.fromisoformat(key)
        except ValueError:
            raise HoursInvalid(f"There is no day {key!r}.", path="exceptions", remedy="Write 2026-10-01.") from None
        days[day] = _spells(spells, f"exceptions.{key}")
    return Hours(found, days)


def _spells(written: Any, path: str) -> Spells:
    if not isinstance(written, Sequence) or isinstance(written, str):
        raise HoursInvalid("Opening hours are a list of pairs.", path=path)
    found: list[tuple[int, int]] = []
    for pair in written:
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise HoursInvalid("Opening hours are pairs of from and to.", path=path)
        start, end = (_minutes(each, path) for each in pair)
        if start >= end or (found and start < found[-1][1]):
            raise HoursInvalid("Opening hours run forward and do not overlap.", path=path)
        found.append((start, end))
    return tuple(found)


def _minutes(written: Any, path: str) -> int:
    match = _CLOCK.fullmatch(written) if isinstance(written, str) else None
    minutes = int(match[1]) * 60 + int(match[2]) if match else _DAY + 1
    if minutes > _DAY:
        raise HoursInvalid(f"{written!r} is no clock time.", path=path, remedy="Write 08:30; midnight is 24:00.")
    return minutes


def opening(hours: Hours, at: datetime) -> Opening:
    """How a place stands at a moment of its own zone.

    >>> daily = hours_of({str(day): [["09:00", "17:00"]] for day in range(1, 6)}, {})
    >>> opening(daily, datetime(2026, 11, 20, 18, 0)).opens  # a Friday evening
    datetime.datetime(2026, 11, 23, 9, 0)
    >>> opening(daily, datetime(2026, 11, 20, 16, 59)).until
    datetime.datetime(2026, 11, 20, 17, 0)
    """
    now = at.hour * 60 + at.minute
    spell = next((each for each in hours.on(at.date()) if each[0] <= now < each[1]), None)
    if spell is not None:
        return Opening(True, until=_until(hours, at, spell[1]))
    for ahead in range(_LOOK_AHEAD + 1):
        day = at.date() + timedelta(days=ahead)
        for start, _ in hours.on(day):
            if ahead or start > now:
                return Opening(False, opens=_moment(day, start, at))
    return Opening(False)


def _until(hours: Hours, at: datetime, end: int) -> datetime | None:
    """When it closes; a place that is open past midnight goes on into the next day."""
    day = at.date()
    for _ in range(_LOOK_AHEAD):
        if end < _DAY:
            return _moment(day, end, at)
        day += timedelta(days=1)
        following = next((each for each in hours.on(day) if each[0] == 0), None)
        if following is None:
            return _moment(day, 0, at)
        end = following[1]
    return None


def _moment(day: date, minutes: int, like: datetime) -> datetime:
    return datetime.combine(day, time(minutes // 60, minutes % 60), like.tzinfo)
