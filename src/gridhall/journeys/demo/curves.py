"""Day curves of invented customers: the shapes of 2016 laid on the days of a calendar, varied so that no two are alike.

Integers throughout. A quarter hour of a customer is::

    blend of two shapes, from a near day of 2016 of the same weekday, moved by the customer's own rhythm
    × rated power × habit of the weekday × luck of the day × noise of the quarter hour
    + standby + appliances at the customer's own times + cooling on hot days and heating on cold ones

and close to standby on days away or without an occupant. Photovoltaics are netted behind the meter quarter hour by
quarter hour, through a battery where there is one, so that import and export are what a two-way meter counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from enum import IntEnum
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from gridhall.journeys.demo.draws import UInts, below, draw
from gridhall.journeys.demo.pack import Pack, Shapes
from gridhall.journeys.demo.weather import mean

Ints = npt.NDArray[np.int64]
Curves = npt.NDArray[np.int32]

SLOTS: Final = 96
#: Rows computed at a time, so that the working arrays stay in the processor's cache.
_CHUNK: Final = 64
_NEVER: Final = date.max.toordinal()


class Kind(IntEnum):
    """What a usage point is used for, as far as its curve is concerned."""

    HOME = 0
    SHOP = 1
    WORKS = 2
    FARM = 3
    CHARGER = 4
    HEATING = 5


@dataclass(frozen=True)
class Loads:
    """What makes the curves of n usage points; each field an array of length n.

    Shape rows index the shapes of the pack, -1 where there is none. ``empty_from`` to ``empty_until`` (exclusive, day
    ordinals) nobody lives there.
    """

    key: UInts
    kind: Ints
    shape: Ints
    second_shape: Ints
    peak_w: Ints
    solar_shape: Ints
    solar_w: Ints
    battery_w: Ints
    battery_wh: Ints
    reactive_shape: Ints
    reactive_var: Ints
    empty_from: Ints
    empty_until: Ints

    @classmethod
    def plain(cls, key: UInts, kind: Ints, shape: Ints, second_shape: Ints, peak_w: Ints) -> Self:
        """Loads without photovoltaics, battery, reactive energy or vacancy."""

        def all_of(value: int) -> Ints:
            return np.full(len(key), value, np.int64)  # each field an array of its own: they are filled later

        return cls(
            key=key,
            kind=kind,
            shape=shape,
            second_shape=second_shape,
            peak_w=peak_w,
            solar_shape=all_of(-1),
            solar_w=all_of(0),
            battery_w=all_of(0),
            battery_wh=all_of(0),
            reactive_shape=all_of(-1),
            reactive_var=all_of(0),
            empty_from=all_of(_NEVER),
            empty_until=all_of(_NEVER),
        )

    def take(self, rows: Ints) -> Self:
        """The loads in those rows."""
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True)
class Month:
    """The energy of some days: ``[usage point, day, quarter hour]``, Wh (reactive: varh).

    ``exported`` and ``reactive`` hold only the usage points whose rows ``exporting`` and ``inductive`` list.
    """

    imported: Curves
    exporting: Ints
    exported: Curves
    inductive: Ints
    reactive: Curves


def generate(pack: Pack, loads: Loads, days: Sequence[date], holidays: frozenset[date]) -> Month:
    """Compute the curves of all loads for the given days; days computed in other portions come out the same."""
    exporting = np.flatnonzero(loads.solar_shape >= 0)
    inductive = np.flatnonzero(loads.reactive_shape >= 0)
    imported = np.empty((len(loads.key), len(days), SLOTS), np.int32)
    exported = np.empty((len(exporting), len(days), SLOTS), np.int32)
    reactive = np.empty((len(inductive), len(days), SLOTS), np.int32)
    calendar = _Calendar.of(days, holidays)
    for start in range(0, len(loads.key), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(loads.key)))
        part = loads.take(rows)
        used = _used(pack, part, calendar)
        solar = np.flatnonzero(part.solar_shape >= 0)
        if len(solar):
            taken, given = _behind_the_meter(pack.solar, part.take(solar), calendar, used[solar])
            used[solar] = taken
            exported[np.searchsorted(exporting, rows[solar])] = given
        lagging = np.flatnonzero(part.reactive_shape >= 0)
        if len(lagging):
            reactive[np.searchsorted(inductive, rows[lagging])] = _reactive(
                pack.reactive, part.take(lagging), calendar, used[lagging]
            )
        imported[rows] = used
    return Month(imported, exporting, exported, inductive, reactive)


@dataclass(frozen=True)
class _Calendar:
    """What the days are: ordinals, weekdays (Monday 0), like days of 2016, heat, long holidays."""

    ordinal: Ints
    year: Ints
    of_year: Ints
    weekday: Ints
    like: Ints  # day of 2016 (from 0) with the same weekday and season
    like_closed: Ints  # the same, but Sundays on public holidays
    heat: Ints  # 0 to 16: how much cooling is wanted
    cold: Ints  # 0 to 16: how much heating is wanted
    holiday: Ints  # ordinal of the first day of a holiday of at least five days, else 0

    @classmethod
    def of(cls, days: Sequence[date], holidays: frozenset[date]) -> "_Calendar":
        weekday = [day.weekday() for day in days]
        closed = [6 if day in holidays else day.weekday() for day in days]
        return cls(
            ordinal=np.array([day.toordinal() for day in days]),
            year=np.array([day.year for day in days]),
            of_year=np.array([day.timetuple().tm_yday for day in days]),
            weekday=np.array(weekday),
            like=np.array([_like_day(day, on) for day, on in zip(days, weekday, strict=True)]),
            like_closed=np.array([_like_day(day, on) for day, on in zip(days, closed, strict=True)]),
            heat=np.array([min(max(0, mean(day) - 2250) // 42, 16) for day in days]),
            cold=np.array([min(max(0, 1150 - mean(day)) // 60, 16) for day in days]),
            holiday=np.array([_holiday_start(day, holidays) for day in days]),
        )


def _like_day(day: date, weekday: int) -> int:
    """The day of 2016 (from 0) with that weekday nearest to the same date."""
    same = date(2016, day.month, day.day)
    offset = (weekday - same.weekday() + 3) % 7 - 3
    found = (same - date(2016, 1, 1)).days + offset
    return found + 7 if found < 0 else found - 7 if found > 365 else found


def _holiday_start(day: date, holidays: frozenset[date]) -> int:
    """The ordinal of the first day of the holiday of at least five days that this day belongs to; 0 for none."""
    if day not in holidays:
        return 0
    first = last = day
    while first - timedelta(1) in holidays:
        first -= timedelta(1)
    while last + timedelta(1) in holidays:
        last += timedelta(1)
    return first.toordinal() if (last - first).days >= 4 else 0


def _used(pack: Pack, loads: Loads, calendar: _Calendar) -> Curves:
    """What is used on the customer's side of the meter."""
    key = loads.key
    today = draw(key[:, None] ^ calendar.ordinal.astype(np.uint64)[None, :] * np.uint64(0x9E3779B1), 1)
    slots = draw(today[:, :, None], 2) + np.arange(SLOTS // 4, dtype=np.uint64) * np.uint64(0xD1B54A32D192ED03)
    chance = draw(slots, 3).view(np.uint16).astype(np.int32)  # four draws of 16 bits from each
    noise = 896 + (chance >> 8)  # 0.875 to 1.124 of 1024

    business = np.isin(loads.kind, (Kind.SHOP, Kind.WORKS))
    like = np.where(business[:, None], calendar.like_closed, calendar.like)
    home = loads.kind == Kind.HOME
    rhythm = np.where(home, below(key, 10, 9) - 4, below(key, 10, 3) - 1)  # quarter hours
    weight = (8 + below(key, 11, 7)).astype(np.int32)[:, None, None]  # of 16: the first of the two shapes
    blend = _laid(pack.load, loads.shape, _near(like, today, 20), rhythm) * weight
    blend += _laid(pack.load, loads.second_shape, _near(like, today, 40), -rhythm) * (16 - weight)

    habit = 800 + below(np.add.outer(key, np.arange(7, dtype=np.uint64)), 12, 448)  # per weekday, of 1024
    luck = 820 + below(today, 13, 410)
    # a works stays below the rating of its transformer
    steady = (loads.kind == Kind.WORKS)[:, None]
    habit, luck = np.where(steady, 720 + habit // 4, habit), np.where(steady, 820 + luck // 5, luck)
    scale = loads.peak_w[:, None] * habit[:, calendar.weekday] * luck >> 20
    away = _away(key, calendar) & home[:, None]
    ordinal = calendar.ordinal[None, :]
    empty = (loads.empty_from[:, None] <= ordinal) & (ordinal < loads.empty_until[:, None])
    scale = np.where(away | empty, scale >> 6, scale)

    # 14 bits of the shape, 4 of the blend, 10 of the noise, 2 for quarter hours
    used: Curves = (blend.astype(np.int64) * noise * scale[:, :, None] >> 30).astype(np.int32)
    lived = home[:, None] & ~away & ~empty
    _add_appliances(used, key, today, lived)
    _add_cooling(used, noise, key, today, calendar.heat, lived)
    _add_heating(used, noise, key, today, calendar.cold, lived)
    standby = np.where(loads.kind == Kind.CHARGER, 6, 14 + below(key, 14, 60))
    standby = np.where(empty, 5, standby[:, None])
    used += (standby[:, :, None].astype(np.int32) + (chance & 15)) >> 2
    return used


def _near(like: Ints, today: UInts, bit: int) -> Ints:
    """The like day a week earlier, the same or a week later, by the customer's luck of the day."""
    moved = like + ((today >> np.uint64(bit)) % np.uint64(3)).astype(np.int64) * 7 - 7
    return np.where(moved < 0, moved + 7, np.where(moved > 365, moved - 7, moved))


def _laid(shapes: Shapes, shape: Ints, like: Ints, rhythm: Ints) -> npt.NDArray[np.int16]:
    """The shape of each customer on each of the like days, moved by some quarter hours."""
    flat = shapes.values.reshape(-1)
    length = shapes.values.shape[1]
    start = shape[:, None] * length + (like * SLOTS + rhythm[:, None]).clip(0, length - SLOTS)
    windows = np.lib.stride_tricks.sliding_window_view(flat, SLOTS)
    laid: npt.NDArray[np.int16] = windows[start]
    return laid


def _away(key: UInts, calendar: _Calendar) -> npt.NDArray[np.bool_]:
    """The days on which nobody is at home: two private journeys a year, and long public holidays for some."""
    away = np.zeros((len(key), len(calendar.ordinal)), bool)
    year = calendar.year.astype(np.uint64)[None, :]
    for salt in (30, 31):
        first = below(key[:, None] + year, salt, 420)  # beyond the year's end: no journey
        length = 2 + below(key[:, None] + year, salt + 10, 11)
        away |= (calendar.of_year[None, :] >= first) & (calendar.of_year[None, :] < first + length)
    holiday = calendar.holiday.astype(np.uint64)[None, :]
    away |= (calendar.holiday[None, :] > 0) & (below(key[:, None] ^ holiday, 32, 100) < 35)
    return away


#: Appliances: power in W, quarter hours they run, earliest slot, how many slots later at most, days in 16 they run.
_APPLIANCES: Final = ((900, 3, 26, 8, 13), (1100, 4, 66, 10, 14), (480, 6, 36, 44, 6), (1600, 3, 80, 10, 11))


def _add_appliances(used: Curves, key: UInts, today: UInts, lived: npt.NDArray[np.bool_]) -> None:
    """Breakfast, supper, washing and hot water, each at the customer's own time and not on every day."""
    flat = used.reshape(-1)
    for number, (power, length, earliest, spread, often) in enumerate(_APPLIANCES):
        usual = earliest + below(key, 50 + number, spread)
        size = power * (12 + below(key, 60 + number, 9)) >> 6  # Wh in a quarter hour, 0.75 to 1.25 of the power
        row, day = np.nonzero(lived & (below(today, 70 + number, 16) < often))
        luck = below(today[row, day], 80 + number, 3) - 1
        first = (row * used.shape[1] + day) * SLOTS + (usual[row] + luck).clip(0, SLOTS - length)
        for step in range(length):
            flat[first + step] += size[row].astype(np.int32)


def _add_cooling(
    used: Curves, noise: npt.NDArray[np.int32], key: UInts, today: UInts, heat: Ints, lived: npt.NDArray[np.bool_]
) -> None:
    """Air conditioning on the evenings of hot days, for four homes in five."""
    if not heat.any():
        return
    power = np.where(below(key, 90, 5) > 0, 500 + below(key, 91, 1100), 0)
    evening = np.zeros(SLOTS, np.int32)
    evening[72:] = 8
    evening[80:92] = 12
    evening[:4] = 6
    evening[48:56] = 4
    on = lived & (below(today, 92, 18) < heat[None, :])
    level = np.where(on, power[:, None] * (8 + heat)[None, :] >> 4, 0).astype(np.int32)
    used += (level[:, :, None] * evening * (noise >> 4)) >> 12  # 4 bits of evening, 6 of noise, 2 for quarter hours


def _add_heating(
    used: Curves, noise: npt.NDArray[np.int32], key: UInts, today: UInts, cold: Ints, lived: npt.NDArray[np.bool_]
) -> None:
    """Electric heaters in the mornings and evenings of cold days, for three homes in five."""
    if not cold.any():
        return
    power = np.where(below(key, 94, 5) > 1, 300 + below(key, 95, 700), 0)
    hours = np.zeros(SLOTS, np.int32)
    hours[24:32] = 6
    hours[74:92] = 10
    on = lived & (below(today, 96, 20) < cold[None, :] + 2)
    level = np.where(on & (cold[None, :] > 0), power[:, None] * (6 + cold)[None, :] >> 4, 0).astype(np.int32)
    used += (level[:, :, None] * hours * (noise >> 4)) >> 12  # as for cooling


def _behind_the_meter(shapes: Shapes, loads: Loads, calendar: _Calendar, used: Curves) -> tuple[Curves, Curves]:
    """What the meter counts in either direction when photovoltaics, and a battery, stand behind it.

    The battery starts each day empty, takes what is left over and gives it back when needed, up to its power and
    content; losses are left out.
    """
    like = np.broadcast_to(calendar.like, (len(loads.key), len(calendar.like)))
    sun = _laid(shapes, loads.solar_shape, like, np.zeros(len(loads.key), np.int64)).astype(np.int64)
    cloud = 960 + below(draw(loads.key, 5)[:, None] + calendar.ordinal.astype(np.uint64)[None, :], 6, 128)
    produced = (sun * loads.solar_w[:, None, None] * cloud[:, :, None] >> 26).astype(np.int32)
    surplus = produced - used
    content = np.zeros(surplus.shape[:2], np.int32)
    room = np.broadcast_to(loads.battery_wh[:, None], content.shape).astype(np.int32)
    step = np.broadcast_to((loads.battery_w // 4)[:, None], content.shape).astype(np.int32)
    for slot in range(SLOTS if loads.battery_wh.any() else 0):
        flow = surplus[:, :, slot].clip(np.maximum(-step, -content), np.minimum(step, room - content))
        content += flow
        surplus[:, :, slot] -= flow
    taken: Curves = np.maximum(-surplus, 0)
    given: Curves = np.maximum(surplus, 0)
    return taken, given


def _reactive(shapes: Shapes, loads: Loads, calendar: _Calendar, used: Curves) -> Curves:
    """Inductive energy: mostly in proportion to the active energy, a third with the shape of its own."""
    like = np.broadcast_to(calendar.like_closed, (len(loads.key), len(calendar.like)))
    own = _laid(shapes, loads.reactive_shape, like, np.zeros(len(loads.key), np.int64)).astype(np.int64)
    tangent = loads.reactive_var * 1024 // loads.peak_w
    steady = used.astype(np.int64) * tangent[:, None, None] * 2 >> 10
    return (steady // 3 + (own * loads.reactive_var[:, None, None] >> 16) // 3).astype(np.int32)
