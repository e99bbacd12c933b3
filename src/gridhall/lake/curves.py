"""The shape of a row in the lake, and which slot of a curve a clock time falls in.

A row is one usage point and one local day. Its ``curve`` holds the energy of each slot in the order of time, so a day
has 96 quarter-hours, but 92 on the day when clocks go forward and 100 when they go back. Every slot is known by the
wall-clock time at which it starts: prices are agreed by wall clock, and an hour that is lived twice belongs to the same
period both times.
"""

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.kernel.errors import GridhallError
from gridhall.lake.needs import DayPattern

MINUTES_PER_DAY: Final = 1440

#: Minutes per slot that the lake accepts; each divides an hour.
RESOLUTIONS: Final = (15, 30, 60, 5, 10, 20)

#: One row per usage point and local day. Energy in Wh (reactive: varh), NULL where missing.
SCHEMA: Final = pa.schema(
    [
        pa.field("usage_point", pa.int64(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("curve", pa.list_(pa.int32()), nullable=False),
        pa.field("quality", pa.list_(pa.int8())),
        pa.field("missing", pa.int16(), nullable=False),
        pa.field("estimated", pa.int16(), nullable=False),
    ]
)


class Quality(IntEnum):
    """How the value of a slot came about; a row without quality is measured throughout."""

    MEASURED = 0
    MISSING = 1
    INTERPOLATED = 2
    LIKE_DAY = 3
    EDITED = 4
    SUSPECT = 5  # kept, but validation has flagged it


class ResolutionUnknown(GridhallError):
    """The slots of a curve do not divide the day into an accepted number of minutes."""

    code = "resolution_unknown"


class IntervalTooCoarse(GridhallError):
    """A price period begins inside a slot, so the readings cannot tell its two sides apart."""

    code = "interval_too_coarse"


@dataclass(frozen=True)
class SlotRange:
    """Slots ``first`` up to but not including ``stop``, all counted in one register."""

    first: int
    stop: int
    register: int


@lru_cache(maxsize=4096)
def _day_bounds(zone: str, day: date) -> tuple[datetime, datetime]:
    """The instants, in UTC, at which a local day begins and ends."""
    local = ZoneInfo(zone)
    following = day + timedelta(days=1)
    return (
        datetime(day.year, day.month, day.day, tzinfo=local).astimezone(UTC),
        datetime(following.year, following.month, following.day, tzinfo=local).astimezone(UTC),
    )


def day_minutes(zone: str | ZoneInfo, day: date) -> int:
    """How long a local day lasts: 1440 minutes, but for the days when clocks change.

    >>> day_minutes("Europe/London", date(2013, 3, 31)), day_minutes("Asia/Shanghai", date(2013, 3, 31))
    (1380, 1440)
    """
    begin, end = _day_bounds(str(zone), day)
    return int((end - begin).total_seconds()) // 60


def slots(zone: str | ZoneInfo, day: date, minutes: int) -> int:
    """How many slots of so many minutes a local day has.

    >>> [slots("Europe/London", date(2013, 10, 27), minutes) for minutes in (15, 30, 60)]
    [100, 50, 25]

    Raises:
        ResolutionUnknown: when the minutes do not divide an hour, or not this day.
    """
    length = day_minutes(zone, day)
    if minutes not in RESOLUTIONS or length % minutes:
        raise ResolutionUnknown(
            f"Slots of {minutes} minutes do not divide {day} in {zone}, which lasts {length} minutes.",
            remedy="Use 60, 30, 20, 15, 10 or 5 minutes.",
        )
    return length // minutes


def resolution(zone: str | ZoneInfo, day: date, length: int) -> int:
    """The minutes per slot of a curve of that length.

    >>> resolution("Europe/London", date(2013, 3, 31), 46)
    30

    Raises:
        ResolutionUnknown: when no accepted resolution gives that many slots on that day.
    """
    lasting = day_minutes(zone, day)
    minutes, rest = divmod(lasting, length) if length > 0 else (0, 0)
    if rest or minutes not in RESOLUTIONS:
        expected = ", ".join(str(lasting // each) for each in sorted(RESOLUTIONS, reverse=True) if lasting % each == 0)
        raise ResolutionUnknown(
            f"A curve of {length} values does not fit {day} in {zone}.", remedy=f"That day has {expected} slots."
        )
    return minutes


@lru_cache(maxsize=4096)
def _wall_minutes(zone: str, day: date, minutes: int) -> npt.NDArray[np.int32]:
    count = slots(zone, day, minutes)
    begin, _ = _day_bounds(str(zone), day)
    if day_minutes(zone, day) == MINUTES_PER_DAY and not _changes_within(zone, day):
        walls = np.arange(0, MINUTES_PER_DAY, minutes, dtype=np.int32)
    else:
        local = ZoneInfo(zone)
        starts = [(begin + timedelta(minutes=slot * minutes)).astimezone(local) for slot in range(count)]
        walls = np.array([start.hour * 60 + start.minute for start in starts], dtype=np.int32)
    walls.setflags(write=False)
    return walls


def _changes_within(zone: str, day: date) -> bool:
    begin, end = _day_bounds(str(zone), day)
    local = ZoneInfo(zone)
    return begin.astimezone(local).utcoffset() != end.astimezone(local).utcoffset()


def wall_minutes(zone: str | ZoneInfo, day: date, minutes: int) -> npt.NDArray[np.int32]:
    """The wall-clock time, in minutes after midnight, at which each slot of a day starts; read-only.

    >>> wall_minutes("Europe/London", date(2013, 3, 31), 60)[:4].tolist()
    [0, 120, 180, 240]

    Raises:
        ResolutionUnknown: as `slots`.
    """
    return _wall_minutes(str(zone), day, minutes)


def clock_changes(zone: str | ZoneInfo, first: date, stop: date) -> list[date]:
    """The days in ``[first, stop)`` whose slots do not simply follow the clock from 0:00 to 24:00.

    >>> clock_changes("Europe/London", date(2013, 1, 1), date(2014, 1, 1))
    [datetime.date(2013, 3, 31), datetime.date(2013, 10, 27)]
    """
    return list(_clock_changes(str(zone), first, stop))


@lru_cache(maxsize=256)
def _clock_changes(zone: str, first: date, stop: date) -> tuple[date, ...]:
    days = (first + timedelta(days=offset) for offset in range((stop - first).days))
    return tuple(day for day in days if _changes_within(zone, day) or day_minutes(zone, day) != MINUTES_PER_DAY)


def slot_of(zone: str | ZoneInfo, day: date, minutes: int, wall_minute: int, *, second_time: bool = False) -> int:
    """The slot that a wall-clock time falls in.

    Args:
        wall_minute: minutes after midnight as the clock on the wall shows it.
        second_time: where the clock shows that time twice, mean the second.

    >>> slot_of("Europe/London", date(2013, 10, 27), 30, 90), slot_of("Europe/London", date(2013, 10, 27), 30, 120)
    (3, 6)

    Raises:
        ResolutionUnknown: when the minutes do not divide the day.
        ValueError: when the clock never shows that time on that day.
    """
    walls = wall_minutes(zone, day, minutes)
    found = np.flatnonzero((walls <= wall_minute) & (wall_minute < walls + minutes))
    if not len(found):
        raise ValueError(f"the clock in {zone} does not show {wall_minute // 60}:{wall_minute % 60:02} on {day}")
    return int(found[-1] if second_time else found[0])


def slots_of(
    zone: str | ZoneInfo,
    days: npt.NDArray[np.datetime64],
    wall: npt.NDArray[np.integer],
    minutes: int,
    keys: npt.NDArray[np.generic] | None = None,
) -> npt.NDArray[np.int32]:
    """The slot of each reading, given its local day and wall-clock minute.

    A time that the clock shows twice means the first slot where a key has it first in the arrays, and the second where
    it has it again. A time that the clock never shows, or one inside a slot, gives -1.

    Args:
        days: local days, ``datetime64[D]``.
        wall: minutes after local midnight, same length.
        keys: whose readings they are (any sortable values, same length); None: all of one usage point.
    """
    found = (wall // minutes).astype(np.int32)
    found[(wall % minutes != 0) | (wall < 0) | (wall >= MINUTES_PER_DAY)] = -1
    if not len(days):
        return found
    first, last = days.min().astype(object), days.max().astype(object)
    for day in _clock_changes(str(zone), first, last + timedelta(days=1)):
        first_slot = np.full(MINUTES_PER_DAY, -1, dtype=np.int32)
        last_slot = first_slot.copy()
        walls = wall_minutes(zone, day, minutes)
        last_slot[walls] = np.arange(len(walls))
        first_slot[walls[::-1]] = np.arange(len(walls))[::-1]
        where = np.flatnonzero((days == np.datetime64(day)) & (found >= 0))
        found[where] = first_slot[wall[where]]
        twice = where[first_slot[wall[where]] != last_slot[wall[where]]]
        if len(twice):
            whose = np.zeros(len(twice), dtype=np.int8) if keys is None else keys[twice]
            order = np.lexsort((wall[twice], whose))  # stable: equal keys and times keep their order
            again = (whose[order][1:] == whose[order][:-1]) & (wall[twice][order][1:] == wall[twice][order][:-1])
            later = twice[order[1:][again]]
            found[later] = last_slot[wall[later]]
    return found


def registers_of_slots(zone: str | ZoneInfo, day: date, minutes: int, pattern: DayPattern) -> npt.NDArray[np.int32]:
    """The register that each slot of a day counts in; read-only.

    Raises:
        ResolutionUnknown: as `slots`.
        IntervalTooCoarse: when a period begins inside a slot.
    """
    return _registers_of_slots(str(zone), day, minutes, pattern)


@lru_cache(maxsize=8192)
def _registers_of_slots(zone: str, day: date, minutes: int, pattern: DayPattern) -> npt.NDArray[np.int32]:
    walls = wall_minutes(zone, day, minutes)
    starts = np.array([piece.start for piece in pattern.slices])
    registers = np.array([piece.register for piece in pattern.slices], dtype=np.int32)
    for before, piece in zip(pattern.slices, pattern.slices[1:], strict=False):
        inside = (walls < piece.start) & (piece.start < walls + minutes)
        if before.register != piece.register and inside.any():
            raise IntervalTooCoarse(
                f"A price period begins at {piece.start // 60}:{piece.start % 60:02}, "
                f"inside a slot of the {minutes}-minute readings of {day}.",
                remedy="Finer readings are needed for this tariff.",
            )
    found = registers[np.searchsorted(starts, walls, side="right") - 1]
    found.setflags(write=False)
    return found


def ranges_of(zone: str | ZoneInfo, day: date, minutes: int, pattern: DayPattern) -> tuple[SlotRange, ...]:
    """A day's slots as runs that count in one register, in the order of time.

    >>> from gridhall.lake.needs import Slice
    >>> night = DayPattern((Slice(0, 420, 1), Slice(420, 1440, 0)))
    >>> ranges_of("Europe/London", date(2013, 3, 31), 60, night)
    (SlotRange(first=0, stop=6, register=1), SlotRange(first=6, stop=23, register=0))

    Raises:
        ResolutionUnknown: as `slots`.
        IntervalTooCoarse: when a period begins inside a slot.
    """
    registers = registers_of_slots(zone, day, minutes, pattern)
    edges = [0, *(np.flatnonzero(np.diff(registers)) + 1).tolist(), len(registers)]
    return tuple(SlotRange(first, stop, int(registers[first])) for first, stop in itertools.pairwise(edges))
