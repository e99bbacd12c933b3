"""Promise: what the lake measures equals, to the watt-hour, a slow count slot by slot, whatever the zone, the day's
length, the resolution, the gaps and the pattern of registers."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA, IntervalTooCoarse, ResolutionUnknown
from gridhall.lake.engine import Session
from gridhall.lake.measure import DemandWindowUnfit, measure, measure_chronological, measure_priced
from gridhall.lake.needs import DayPattern, DemandNeed, Needs, Slice
from gridhall.lake.readings import Readings

#: Spans in which clocks go forward, go back, and stay.
SPANS = [
    ("Europe/London", DateSpan(date(2013, 3, 29), date(2013, 4, 3))),
    ("Europe/London", DateSpan(date(2013, 10, 25), date(2013, 10, 30))),
    ("America/New_York", DateSpan(date(2018, 3, 9), date(2018, 3, 14))),
    ("America/New_York", DateSpan(date(2018, 11, 3), date(2018, 11, 6))),
    ("Asia/Shanghai", DateSpan(date(2026, 2, 27), date(2026, 3, 4))),
]

Values = tuple[int | None, ...]
Rows = dict[tuple[int, date], Values]


def starts(zone: str, day: date, minutes: int) -> list[int]:
    """The wall-clock minute of each slot, by walking the day in UTC: the definition."""
    local = ZoneInfo(zone)
    following = day + timedelta(days=1)
    moment = datetime(day.year, day.month, day.day, tzinfo=local).astimezone(UTC)
    end = datetime(following.year, following.month, following.day, tzinfo=local).astimezone(UTC)
    found = []
    while moment < end:
        wall = moment.astimezone(local)
        found.append(wall.hour * 60 + wall.minute)
        moment += timedelta(minutes=minutes)
    return found


def register_at(pattern: DayPattern, minute: int) -> int:
    return next(piece.register for piece in pattern.slices if piece.start <= minute < piece.end)


def table_of(rows: Rows) -> pa.Table:
    return pa.table(
        {
            "usage_point": [point for point, _ in rows],
            "day": [day for _, day in rows],
            "curve": list(rows.values()),
            "quality": [None] * len(rows),
            "missing": [sum(value is None for value in values) for values in rows.values()],
            "estimated": [0] * len(rows),
        },
        schema=SCHEMA,
    )


@dataclass(frozen=True)
class Case:
    zone: str
    needs: Needs
    rows: Rows
    minutes: dict[int, int]  # of each usage point


@st.composite
def patterns(draw: st.DrawFn, registers: int, grid: int) -> DayPattern:
    """Boundaries on a grid of minutes, often in the hours that clocks skip or repeat."""
    cut = st.one_of(st.integers(1, 1440 // grid - 1), st.integers(1, 180 // grid))
    edges = [0, *sorted(grid * each for each in draw(st.sets(cut, max_size=5))), 1440]
    return DayPattern(
        tuple(Slice(first, stop, draw(st.integers(0, registers - 1))) for first, stop in itertools.pairwise(edges))
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone, span = draw(st.sampled_from(SPANS))
    registers = draw(st.integers(1, 4))
    minutes = {point: draw(st.sampled_from([15, 30, 60])) for point in range(1, draw(st.integers(1, 3)) + 1)}
    kinds = tuple(draw(st.lists(patterns(registers, max(minutes.values())), min_size=1, max_size=3)))
    of_day = tuple(draw(st.integers(0, len(kinds) - 1)) for _ in range(span.days))
    demands = tuple(
        DemandNeed(window, frozenset(draw(st.sets(st.integers(0, registers - 1), min_size=1))))
        for window in draw(st.sampled_from([(), (15,), (60,), (30, 60)]))
    )
    needs = Needs(span, tuple(f"r{i}" for i in range(registers)), kinds, of_day, demands)
    rows: Rows = {}
    for point, resolution in minutes.items():
        for day in [span.start - timedelta(days=1), *span]:
            if draw(st.integers(0, 5)):
                seed, gap = draw(st.integers(0, 2**31 - 1)), draw(st.sampled_from([0, 0, 7, 2]))
                rows[point, day] = values_of(seed, gap, len(starts(zone, day, resolution)))
    return Case(zone, needs, rows, minutes)


def values_of(seed: int, gap: int, count: int) -> Values:
    """Values that differ from slot to slot, up to 2^31 - 1; with ``gap`` every so-manieth missing."""
    value, found = seed, []
    for slot in range(count):
        value = (value * 1103515245 + 12345) % 2**31
        found.append(None if gap and slot % gap == 1 else value)
    return tuple(found)


def counted(case: Case, days: Sequence[date], point: int) -> list[int]:
    """Wh per register over some days, slot by slot."""
    sums = [0] * len(case.needs.registers)
    for day in days:
        walls = starts(case.zone, day, case.minutes[point])
        for minute, value in zip(walls, case.rows.get((point, day), (0,) * len(walls)), strict=True):
            sums[register_at(case.needs.pattern(day), minute)] += value or 0
    return sums


def highest(case: Case, days: Sequence[date], point: int, demand: DemandNeed) -> int:
    """The highest W over the windows that lie wholly within the demand's registers, slot by slot."""
    minutes = case.minutes[point]
    at_once = max(1, demand.window // minutes)
    peaks = [0]
    for day in days:
        values = case.rows.get((point, day))
        if values is None:
            continue
        inside = [
            register_at(case.needs.pattern(day), minute) in demand.registers
            for minute in starts(case.zone, day, minutes)
        ]
        for first in range(0, len(values) - at_once + 1, at_once):
            if all(inside[first : first + at_once]):
                window = sum(value or 0 for value in values[first : first + at_once])
                peaks.append(window * 60 // (at_once * minutes))
    return max(peaks)


slow = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@slow
@given(case=cases())
def test_registers_and_demands_equal_a_count_slot_by_slot(session: Session, case: Case) -> None:
    with session.scratch():
        found = measure(Readings.of(session, table_of(case.rows)), case.needs, case.zone)
    expected = []
    for point in case.minutes:
        days = [day for day in case.needs.span if (point, day) in case.rows]
        if not days:
            continue
        energy = {f"wh_{i}": wh for i, wh in enumerate(counted(case, days, point))}
        demands = {f"w_{i}": highest(case, days, point, need) for i, need in enumerate(case.needs.demands)}
        gaps = sum(value is None for day in days for value in case.rows[point, day])
        counts = {"days": len(days), "missing": gaps, "estimated": 0}
        expected.append({"usage_point": point} | energy | demands | counts)
    assert found.to_pylist() == expected
    assert {str(field.type) for field in found.schema} == {"int64"}


@slow
@given(case=cases(), data=st.data())
def test_members_are_measured_each_over_its_own_days(session: Session, case: Case, data: st.DataObject) -> None:
    days = list(case.needs.span)
    members = []
    for point in case.minutes:
        cut = data.draw(st.integers(0, len(days)))
        halves = [(0, cut), (cut, len(days))] if data.draw(st.booleans()) else [(0, len(days))]
        members += [(point, days[a], days[b - 1] + timedelta(days=1)) for a, b in halves if a < b]
    listed = pa.table(
        {
            "usage_point": pa.array([each[0] for each in members], pa.int64()),
            "start": pa.array([each[1] for each in members], pa.date32()),
            "end": pa.array([each[2] for each in members], pa.date32()),
        }
    )
    with session.scratch():
        found = measure(Readings.of(session, table_of(case.rows)), case.needs, case.zone, listed)
    expected = []
    for number, (point, start, end) in enumerate(members):
        mine = [day for day in days if start <= day < end and (point, day) in case.rows]
        if mine:
            expected.append((point, number, *counted(case, mine, point), len(mine)))
    names = ["usage_point", "member", *(f"wh_{i}" for i in range(len(case.needs.registers))), "days"]
    assert [tuple(row[name] for name in names) for row in found.to_pylist()] == expected


@slow
@given(case=cases(), data=st.data())
def test_segments_in_one_pass_equal_each_alone(session: Session, case: Case, data: st.DataObject) -> None:
    span = case.needs.span
    cut = data.draw(st.integers(1, span.days - 1))
    middle = span.start + timedelta(days=cut)
    halves = [
        Needs(DateSpan(span.start, middle), case.needs.registers, case.needs.patterns, case.needs.pattern_of_day[:cut]),
        Needs(DateSpan(middle, span.end), case.needs.registers, case.needs.patterns, case.needs.pattern_of_day[cut:]),
    ]
    with session.scratch():
        readings = Readings.of(session, table_of(case.rows))
        together = measure(readings, halves, case.zone).to_pylist()
        apart = [
            row | {"segment": index}
            for index, half in enumerate(halves)
            for row in measure(readings, half, case.zone).to_pylist()
        ]
    assert together == apart


@slow
@given(case=cases(), data=st.data())
def test_tiers_fill_in_the_order_of_time(session: Session, case: Case, data: st.DataObject) -> None:
    days = list(case.needs.span)
    points = list(case.minutes)
    scale = 2**31 * 24 * len(days)
    limits, used = {}, {}
    for point in points:
        limits[point] = sorted(data.draw(st.lists(st.integers(0, scale), min_size=2, max_size=2)))
        used[point] = data.draw(st.integers(0, scale))
    listed = pa.table(
        {
            "usage_point": pa.array(points, pa.int64()),
            "start": pa.array([days[0]] * len(points), pa.date32()),
            "end": pa.array([days[-1] + timedelta(days=1)] * len(points), pa.date32()),
            "used": pa.array([used[point] for point in points], pa.int64()),
            "limit_0": pa.array([limits[point][0] for point in points], pa.int64()),
            "limit_1": pa.array([limits[point][1] for point in points], pa.int64()),
        }
    )
    with session.scratch():
        readings = Readings.of(session, table_of(case.rows))
        found = measure_chronological(readings, case.needs, case.zone, listed)
    expected = []
    for number, point in enumerate(points):
        split = [[0] * 3 for _ in case.needs.registers]
        position = used[point]
        for day in (day for day in days if (point, day) in case.rows):
            walls = starts(case.zone, day, case.minutes[point])
            for minute, value in zip(walls, case.rows[point, day], strict=True):
                register = register_at(case.needs.pattern(day), minute)
                left = value or 0
                for tier, limit in enumerate([*limits[point], None]):
                    part = left if limit is None else min(left, max(0, limit - position))
                    split[register][tier] += part
                    position += part
                    left -= part
        if any((point, day) in case.rows for day in days):
            expected.append((point, number, *(wh for each in split for wh in each)))
    names = ["usage_point", "member", *(f"wh_{r}_{t}" for r in range(len(case.needs.registers)) for t in range(3))]
    assert [tuple(row[name] for name in names) for row in found.to_pylist()] == expected


@slow
@given(case=cases(), data=st.data())
def test_price_series_equal_a_sum_slot_by_slot(session: Session, case: Case, data: st.DataObject) -> None:
    days = list(case.needs.span)
    step = data.draw(st.sampled_from([1000, 1]))
    prices: dict[date, Values] = {}
    for day in days[: data.draw(st.integers(0, len(days)))]:
        seed, gap = data.draw(st.integers(0, 2**31 - 1)), data.draw(st.sampled_from([0, 3]))
        raw = values_of(seed, gap, len(starts(case.zone, day, 60)))
        prices[day] = tuple(None if value is None else (value % 2000 - 500) * step for value in raw)
    listed = pa.table(
        {
            "day": pa.array(list(prices), pa.date32()),
            "prices": pa.array([list(values) for values in prices.values()], pa.list_(pa.int64())),
        }
    )
    points = list(case.minutes)
    members = pa.table(
        {
            "usage_point": pa.array(points, pa.int64()),
            "start": pa.array([days[0]] * len(points), pa.date32()),
            "end": pa.array([days[-1] + timedelta(days=1)] * len(points), pa.date32()),
        }
    )
    with session.scratch():
        readings = Readings.of(session, table_of(case.rows))
        found = measure_priced(readings, listed, case.zone, members, case.needs.span)
    expected = []
    for number, point in enumerate(points):
        wh = priced = unpriced = 0
        for day in (day for day in days if (point, day) in case.rows):
            values = case.rows[point, day]
            at_once = 60 // case.minutes[point]
            hourly = prices.get(day, (None,) * (len(values) // at_once))
            for slot, value in enumerate(values):
                price = hourly[slot // at_once]
                wh += value or 0
                priced += (value or 0) * (price or 0)
                unpriced += (value or 0) if price is None else 0
        if any((point, day) in case.rows for day in days):
            expected.append((point, number, wh, priced, unpriced))
    names = ["usage_point", "member", "wh", "priced", "unpriced"]
    assert [tuple(row[name] for name in names) for row in found.to_pylist()] == expected


DAY = date(2026, 3, 2)


def one_day(pattern: Sequence[tuple[int, int, int]], demands: tuple[DemandNeed, ...] = ()) -> Needs:
    slices = tuple(Slice(*each) for each in pattern)
    names = tuple(f"r{i}" for i in range(max(each.register for each in slices) + 1))
    return Needs(DateSpan(DAY, DAY + timedelta(days=1)), names, (DayPattern(slices),), (0,), demands)


def test_a_period_inside_a_slot_is_refused_with_its_place(session: Session) -> None:
    readings = Readings.of(session, table_of({(7, DAY): (1,) * 24}))
    with pytest.raises(IntervalTooCoarse) as caught:
        measure(readings, one_day([(0, 510, 0), (510, 1440, 1)]), "Asia/Shanghai")
    assert caught.value.path == "usage point 7, 2026-03-02"
    assert "8:30" in caught.value.message


def test_a_curve_that_does_not_fit_its_day_is_refused(session: Session) -> None:
    readings = Readings.of(session, table_of({(7, DAY): (1,) * 95}))
    with pytest.raises(ResolutionUnknown) as caught:
        measure(readings, one_day([(0, 1440, 0)]), "Asia/Shanghai")
    assert "95 values" in caught.value.message


@pytest.mark.parametrize("window", [45, 7, 0])
def test_a_demand_window_that_does_not_divide_the_hour_is_refused(session: Session, window: int) -> None:
    readings = Readings.of(session, table_of({(7, DAY): (1,) * 96}))
    with pytest.raises(DemandWindowUnfit):
        measure(readings, one_day([(0, 1440, 0)], (DemandNeed(window, frozenset({0})),)), "Asia/Shanghai")


def test_a_demand_window_that_cuts_a_slot_is_refused(session: Session) -> None:
    readings = Readings.of(session, table_of({(7, DAY): (1,) * 96}))
    with pytest.raises(DemandWindowUnfit):
        measure(readings, one_day([(0, 1440, 0)], (DemandNeed(20, frozenset({0})),)), "Asia/Shanghai")


def test_prices_that_change_within_a_reading_are_refused(session: Session) -> None:
    readings = Readings.of(session, table_of({(7, DAY): (1,) * 24}))
    half_hourly = pa.table(
        {"day": pa.array([DAY], pa.date32()), "prices": pa.array([[1, 2] * 24], pa.list_(pa.int64()))}
    )
    members = pa.table(
        {
            "usage_point": pa.array([7], pa.int64()),
            "start": pa.array([DAY], pa.date32()),
            "end": pa.array([DAY + timedelta(days=1)], pa.date32()),
        }
    )
    with pytest.raises(IntervalTooCoarse):
        measure_priced(readings, half_hourly, "Asia/Shanghai", members, DateSpan(DAY, DAY + timedelta(days=1)))


def test_nobody_to_measure_gives_an_empty_result_with_all_columns(session: Session) -> None:
    needs = one_day([(0, 480, 0), (480, 1440, 1)])
    nobody = pa.table(
        {
            "usage_point": pa.array([], pa.int64()),
            "start": pa.array([], pa.date32()),
            "end": pa.array([], pa.date32()),
        }
    )
    readings = Readings.of(session, table_of({(7, DAY): (1,) * 24}))
    found = measure(readings, needs, "Asia/Shanghai", nobody)
    assert found.num_rows == 0
    assert {"usage_point", "member", "wh_0", "wh_1", "days", "missing", "estimated"} == set(found.column_names)
