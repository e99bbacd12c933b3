"""Guards: readings held in memory and months rated together give the same bills as the engine month by month."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from benchmarks.synthetic import rows_of
from benchmarks.tariff_vs_pysam import RATES
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhall.contexts.tariffs import operations, stacking, urdb
from gridhall.contexts.tariffs.document import check
from gridhall.contexts.tariffs.plan import compile_tariff
from gridhall.contexts.tariffs.types import Tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake import engine
from gridhall.lake.held import Held
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings

UTC = ZoneInfo("UTC")


@pytest.fixture(scope="module")
def session():
    with engine.session(threads=1) as opened:
        yield opened


def drawn(seed: int, accounts: int, span: DateSpan) -> pa.Table:
    values = np.random.default_rng(seed).integers(0, 4000, size=(accounts * span.days, 24)).astype(np.int32)
    return rows_of(np.arange(accounts, dtype=np.int64) * 2 + 3, span.days, span.start, values)


def agreements(accounts: int, span: DateSpan, **columns: Any) -> pa.Table:
    points = np.arange(accounts, dtype=np.int64) * 2 + 3
    return pa.table(
        {
            "usage_point": points,
            "agreement": points + 100,
            "start": pa.array([span.start] * accounts, pa.date32()),
            "end": pa.array([span.end] * accounts, pa.date32()),
            **columns,
        }
    )


def same(
    session: Any, tariff: Tariff, rows: pa.Table, listed: pa.Table, span: DateSpan, zone: ZoneInfo = UTC
) -> pa.Table:
    """The bills of both ways, which must be the same."""
    with session.scratch():
        held = operations.rate(tariff, listed, {Channel.IMPORT: Held.of(session, rows)}, span, zone=zone).table
        plain = Readings.of(session, rows)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stacking, "possible", lambda *_: False)
            slow = operations.rate(tariff, listed, {Channel.IMPORT: plain}, span, zone=zone).table
    assert held.to_pylist() == slow.to_pylist()
    return held


prices = st.integers(0, 99_999).map(lambda value: Decimal(value).scaleb(-5))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A price with workdays and weekends, seasons, tiers, demand and amounts, of which any may be there."""
    edges = sorted(draw(st.lists(st.integers(1, 23), min_size=2, max_size=2, unique=True)))
    day, night = f"{edges[0]:02}:00-{edges[1]:02}:00", f"{edges[1]:02}:00-{edges[0]:02}:00"
    division = {
        "periods": {"day": "day", "night": "night"},
        "schedules": [
            {"days": ["weekday"], "hours": {"day": day, "night": night}},
            {"days": ["saturday"], "hours": {"night": "00:00-24:00"}},
            {"days": ["sunday"], "hours": {"day": night, "night": day}},
        ],
    }
    by_period = {"day": {"value": draw(prices)}, "night": {"value": draw(prices)}}
    limit = draw(st.integers(1, 900))
    blocks = [{"up_to": limit, "price": draw(prices)}, {"price": draw(prices)}]
    summer = sorted(draw(st.sets(st.integers(1, 12), min_size=1, max_size=11)))
    winter = [month for month in range(1, 13) if month not in summer]
    possible: list[dict[str, Any]] = [
        {"code": "energy", "type": "energy", "time_of_use": "week", "prices": by_period},
        {
            "code": "tiers",
            "type": "energy",
            "months": summer,
            "tiers": {"basis": draw(st.sampled_from(["month", "day"])), "blocks": blocks},
        },
        {"code": "funds", "type": "surcharge", "price": draw(prices), "months": winter},
        {
            "code": "demand",
            "type": "demand",
            "window": 15,
            "time_of_use": "week",
            "prices": by_period,
            "months": winter,
        },
        {"code": "peak", "type": "demand", "window": 60, "price": draw(prices)},
        {"code": "capacity", "type": "capacity", "price": draw(prices)},
        {
            "code": "fixed",
            "type": "fixed",
            "price": draw(prices),
            "per": draw(st.sampled_from(["month", "day", "year"])),
        },
        {"code": "credit", "type": "credit", "price": draw(prices), "per": "month", "only_for": ["poor"]},
        {"code": "quota", "type": "free_quota", "kwh_per_month": 15, "price": draw(prices), "only_for": ["poor"]},
        {"code": "rounding", "type": "rounding"},
        {"code": "minimum", "type": "minimum", "price": draw(st.integers(1, 900)), "per": "month"},
        {"code": "tax", "type": "tax", "mode": draw(st.sampled_from(["added", "included"])), "rate": Decimal("0.13")},
    ]
    chosen = draw(st.lists(st.sampled_from(range(len(possible))), min_size=2, unique=True))
    return {
        "tariff": "drawn",
        "name": "drawn",
        "versions": [
            {
                "version": "1",
                "start": "2017-01-01",
                "source": "drawn by the test",
                "time_of_use": {"week": division},
                "components": [possible[each] for each in sorted(chosen)],
            }
        ],
    }


@settings(max_examples=25)
@given(documents(), st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_any_price(session: Any, document: dict[str, Any], seed: int, months: int):
    start = date(2017, 10, 1)
    month = start.month + months
    span = DateSpan(start, date(2017 + (month - 1) // 12, (month - 1) % 12 + 1, 1))
    tariff = compile_tariff(check(document, name="drawn"))
    terms = {"capacity_va": [100_000, None, 30_500], "allowance": ["poor", None, "other"], "household_size": [1, 5, 8]}
    same(session, tariff, drawn(seed, 3, span), agreements(3, span, **terms), span)


@pytest.mark.parametrize("name", RATES)
def test_a_year_of_us_rates(session: Any, name: str):
    span = DateSpan(date(2018, 1, 1), date(2019, 1, 1))
    tariff = urdb.load(json.dumps(RATES[name]))
    bills = same(session, tariff, drawn(7, 4, span), agreements(4, span), span)
    assert len(bills) == 48
    assert not any(bills["refusal"].to_pylist())


def test_so_many_accounts_that_they_are_worked_on_in_parts(session: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stacking, "BILLS", 30)
    span = DateSpan(date(2018, 1, 1), date(2019, 1, 1))
    same(session, urdb.load(json.dumps(RATES["tiers a day"])), drawn(8, 7, span), agreements(7, span), span)


@pytest.mark.parametrize("case", ["clocks change", "a gap", "no readings", "moved in", "days of another year"])
def test_what_does_not_fit_goes_the_long_way(session: Any, case: str):
    span = DateSpan(date(2018, 1, 1), date(2018, 5, 1))
    rows, listed, zone = drawn(9, 3, span), agreements(3, span), UTC
    if case == "clocks change":
        zone = ZoneInfo("America/New_York")
        curves = [
            row[:23] if day == date(2018, 3, 11) else row
            for row, day in zip(rows["curve"].to_pylist(), rows["day"].to_pylist(), strict=True)
        ]
        rows = rows.set_column(2, rows.schema.field("curve"), pa.array(curves, pa.list_(pa.int32())))
    if case == "a gap":
        rows = pa.concat_tables([rows.slice(0, 40), rows.slice(45)])
    if case == "no readings":
        rows = rows.slice(span.days)
    if case == "moved in":
        listed = listed.set_column(
            2, "start", pa.array([span.start, span.start + timedelta(days=16), span.start], pa.date32())
        )
    if case == "days of another year":
        span = DateSpan(date(2017, 12, 1), date(2018, 5, 1))
        rows, listed = drawn(9, 3, span), agreements(3, span)
    same(session, urdb.load(json.dumps(RATES["time of use with demand"])), rows, listed, span, zone)
