"""Promise: readings held in memory measure to the watt-hour what the engine measures, or leave it to the engine."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.engine import DuckDB
from gridhall.lake.held import Held
from gridhall.lake.measure import measure
from gridhall.lake.needs import DayPattern, DemandNeed, Needs, Slice
from gridhall.lake.readings import Readings

FIRST = date(2018, 1, 1)


def rows(points: int, days: int, slots: int, *, seed: int = 1, first: date = FIRST, **changes: Any) -> pa.Table:
    random = np.random.default_rng(seed)
    count = points * days
    columns = {
        "usage_point": np.repeat(np.arange(points) * 3 + 5, days),
        "day": [first + timedelta(days=day) for _ in range(points) for day in range(days)],
        "curve": random.integers(-50, 4000, (count, slots)).tolist(),
        "quality": [None] * count,
        "missing": random.integers(0, 3, count),
        "estimated": np.zeros(count, dtype=int),
    }
    return pa.table(columns | changes, schema=SCHEMA)


def members(points: list[int], start: date, end: date) -> pa.Table:
    return pa.table(
        {
            "usage_point": pa.array(points, pa.int64()),
            "start": pa.array([start] * len(points), pa.date32()),
            "end": pa.array([end] * len(points), pa.date32()),
        }
    )


def day_pattern(edges: list[int], registers: list[int]) -> DayPattern:
    bounds = [0, *sorted(edges), 1440]
    pairs = zip(bounds, bounds[1:], registers, strict=False)
    return DayPattern(tuple(Slice(start, end, register) for start, end, register in pairs))


WEEKDAYS = day_pattern([480, 1260], [0, 1, 2])
WEEKENDS = day_pattern([720], [0, 2])


def month(start: date, days: int, *, demands: tuple[DemandNeed, ...] = ()) -> Needs:
    span = DateSpan(start, start + timedelta(days=days))
    kinds = tuple(int(day.weekday() >= 5) for day in span)
    return Needs(span, ("a", "b", "c"), (WEEKDAYS, WEEKENDS), kinds, demands)


def both(table: pa.Table, needs: list[Needs], chosen: pa.Table, zone: str = "UTC") -> tuple[pa.Table | None, pa.Table]:
    """What is measured in memory, and by the engine."""
    with DuckDB(threads=1) as session:
        engine = measure(Readings.of(session, table), needs, zone, chosen)
        return Held.of(session, table).at_hand(needs, zone, chosen), engine


@settings(max_examples=25)
@given(st.data())
def test_equals_the_engine(data: st.DataObject) -> None:
    slots = data.draw(st.sampled_from([24, 48, 96]))
    lengths = data.draw(st.lists(st.integers(1, 31), min_size=1, max_size=3))
    table = rows(data.draw(st.integers(1, 4)), sum(lengths), slots, seed=data.draw(st.integers(0, 99)))
    patterns = tuple(
        day_pattern(
            [60 * hour for hour in data.draw(st.sets(st.integers(1, 23), max_size=3))],
            data.draw(st.lists(st.integers(0, 2), min_size=4, max_size=4)),
        )
        for _ in range(7)
    )
    window = data.draw(st.sampled_from([5, 15]))
    demands = (DemandNeed(window, frozenset((0, 1, 2))), DemandNeed(window, frozenset((1,))))
    needs, start = [], FIRST
    for length in lengths:
        span = DateSpan(start, start + timedelta(days=length))
        kinds = tuple(day.weekday() for day in span)
        needs.append(Needs(span, ("a", "b", "c"), patterns, kinds, demands))
        start = span.end or start
    points = sorted(set(table["usage_point"].to_pylist()))
    held, engine = both(table, needs, members(points, FIRST, start))
    assert held is not None
    assert held.select(engine.column_names).equals(engine)


def test_some_members_of_many() -> None:
    table = rows(6, 40, 24)
    needs = [month(date(2018, 1, 5), 20)]
    held, engine = both(table, needs, members([8, 14, 20], FIRST, date(2018, 3, 1)))
    assert held is not None
    assert held.select(engine.column_names).equals(engine)


def test_cells_serve_the_next_price() -> None:
    table = rows(3, 31, 24)
    with DuckDB(threads=1) as session:
        held = Held.of(session, table)
        everybody = members([5, 8, 11], FIRST, date(2018, 2, 1))
        first = held.at_hand([month(FIRST, 31)], "UTC", everybody)
        assert held.grid is not None
        made = dict(held.grid.sums)
        assert held.at_hand([month(FIRST, 31)], "UTC", everybody) == first
        assert held.grid.sums == made


def gap(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table.slice(0, 3), table.slice(4)])


def hole(table: pa.Table) -> pa.Table:
    curves = table["curve"].to_pylist()
    curves[2][5] = None
    return table.set_column(2, SCHEMA.field("curve"), pa.array(curves, pa.list_(pa.int32())))


def shorter(table: pa.Table) -> pa.Table:
    curves = table["curve"].to_pylist()
    curves[2] = curves[2] + curves[2]
    return table.set_column(2, SCHEMA.field("curve"), pa.array(curves, pa.list_(pa.int32())))


@pytest.mark.parametrize(
    "table",
    [gap(rows(2, 10, 24)), hole(rows(2, 10, 24)), shorter(rows(2, 10, 24)), rows(2, 10, 24).slice(0, 0)],
    ids=["a day missing", "a slot missing", "another resolution", "nothing"],
)
def test_what_is_no_grid_is_left_to_the_engine(table: pa.Table) -> None:
    with DuckDB(threads=1) as session:
        assert Held.of(session, table).grid is None


@pytest.mark.parametrize(
    ("needs", "chosen", "zone"),
    [
        ([month(FIRST, 11)], members([5], FIRST, date(2018, 2, 1)), "UTC"),
        ([month(FIRST, 10)], members([5], FIRST, date(2018, 1, 5)), "UTC"),
        ([month(FIRST, 10)], members([5, 5], FIRST, date(2018, 2, 1)), "UTC"),
        ([month(FIRST, 10)], members([6], FIRST, date(2018, 2, 1)), "UTC"),
        (
            [month(FIRST, 10, demands=(DemandNeed(60, frozenset((1,))),))],
            members([5], FIRST, date(2018, 2, 1)),
            "UTC",
        ),
        (
            [Needs(DateSpan(FIRST, date(2018, 1, 11)), ("a", "b", "c"), (WEEKDAYS, WEEKENDS), (0, 1) * 5)],
            members([5], FIRST, date(2018, 2, 1)),
            "UTC",
        ),
        (
            [Needs(DateSpan(FIRST, date(2018, 1, 11)), ("a", "b"), (day_pattern([20], [0, 1]),), (0,) * 10)],
            members([5], FIRST, date(2018, 2, 1)),
            "UTC",
        ),
    ],
    ids=["beyond the days", "own days", "twice", "unknown", "wide window", "holidays", "inside a slot"],
)
def test_what_does_not_fit_is_left_to_the_engine(needs: list[Needs], chosen: pa.Table, zone: str) -> None:
    with DuckDB(threads=1) as session:
        assert Held.of(session, rows(2, 10, 48)).at_hand(needs, zone, chosen) is None


def test_days_on_which_clocks_change_are_left_to_the_engine() -> None:
    first = date(2018, 3, 9)
    with DuckDB(threads=1) as session:
        held = Held.of(session, rows(1, 5, 24, first=first))
        everybody = members([5], first, date(2018, 4, 1))
        assert held.at_hand([month(first, 5)], "America/New_York", everybody) is None
        assert held.at_hand([month(first, 5)], "America/Phoenix", everybody) is not None


def test_values_whose_sums_leave_32_bits_are_left_to_the_engine() -> None:
    table = rows(1, 2, 24, curve=[[2**31 - 1] * 24] * 2)
    with DuckDB(threads=1) as session:
        assert Held.of(session, table).at_hand([month(FIRST, 2)], "UTC", members([5], FIRST, date(2018, 2, 1))) is None
