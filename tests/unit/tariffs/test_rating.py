"""Guards: rating in columns. Usage is carried on, refusals stay with their bill, batches and order change nothing."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from gridhall.contexts.tariffs import operations, rating
from gridhall.contexts.tariffs.rating import RatingRefused
from gridhall.contexts.tariffs.types import RatedBills
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves, engine
from gridhall.lake.curves import IntervalTooCoarse
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings

ZONE = ZoneInfo("Asia/Shanghai")
MARCH = DateSpan(date(2026, 3, 1), date(2026, 4, 1))
VILLAGE = """
tariff: village
name: village
versions:
  - version: a
    start: 2026-01-01
    source: test
    components:
      - {code: energy, type: energy, tiers: {basis: year, blocks: [{up_to: 1000, price: 0.5}, {price: 0.6}]}}
      - {code: capacity, type: capacity, price: 10, only_for: [works]}
  - version: b
    start: 2026-03-16
    source: test
    components:
      - {code: energy, type: energy, tiers: {basis: year, blocks: [{up_to: 1000, price: 0.7}, {price: 0.8}]}}
"""


@pytest.fixture(scope="module")
def readings() -> Any:
    """Ten usage points; number n uses n + 1 kWh each hour from January to June 2026; number 9 has no readings."""
    start, days, count = date(2026, 1, 1), 181, 9
    numbers = np.tile(np.arange(days), count) + (start - date(1970, 1, 1)).days
    curve = np.repeat((np.arange(count) + 1) * 1000, days * 24).astype(np.int32)
    table = pa.table(
        [
            np.repeat(np.arange(count), days),
            pa.array(numbers.astype(np.int32), pa.date32()),
            pa.ListArray.from_arrays(pa.array(np.arange(count * days + 1, dtype=np.int32) * 24), pa.array(curve)),
            pa.nulls(count * days, pa.list_(pa.int8())),
            np.zeros(count * days, np.int16),
            np.zeros(count * days, np.int16),
        ],
        schema=curves.SCHEMA,
    )
    with engine.session(threads=1) as session:
        yield {Channel.IMPORT: Readings(session, session.table(table))}


def agreements(*rows: dict[str, Any]) -> pa.Table:
    whole = {
        "usage_point": 0, "agreement": 1, "start": date(2026, 3, 1), "end": date(2026, 4, 1), "tier_used_wh": None,
        "allowance": None, "capacity_va": None,
    }  # fmt: skip
    table = pa.Table.from_pylist([whole | row for row in rows])
    types = {"tier_used_wh": pa.int64(), "allowance": pa.string(), "capacity_va": pa.int64()}
    for name, kind in types.items():
        table = table.set_column(table.column_names.index(name), name, table[name].cast(kind))
    return table


def rate(readings: Any, *rows: dict[str, Any], span: DateSpan = MARCH, text: str = VILLAGE) -> RatedBills:
    tariff = operations.parse_tariff(text, name="village")
    return operations.rate(tariff, agreements(*rows), readings, span, zone=ZONE)


def lines(rated: RatedBills, bill: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    return [
        ((line := rated.line(bill["versions"], no)).version, line.code, quantity, amount)
        for no, quantity, amount in zip(bill["line_no"], bill["quantity"], bill["amount"], strict=True)
    ]


def test_a_settlement_change_carries_the_usage_on(readings: Any):
    """March in two rows of one agreement, cut on the 11th, is priced as in one, where no rounding is between."""
    one = rate(readings, {"tier_used_wh": 700_000})
    split = rate(
        readings,
        {"end": date(2026, 3, 11), "tier_used_wh": 700_000},
        {"start": date(2026, 3, 11)},
    )
    first, second = split.bills()
    assert second["tier_used_wh"] == 700_000 + 240_000 == first["tier_used_after_wh"]
    assert first["total"] + second["total"] == next(one.bills())["total"]


def test_a_row_that_tells_its_usage_is_believed(readings: Any):
    _, second = rate(readings, {"end": date(2026, 3, 11)}, {"start": date(2026, 3, 11), "tier_used_wh": 5_000}).bills()
    assert second["tier_used_wh"] == 5_000


def test_agreements_do_not_mix(readings: Any):
    first, second = rate(
        readings,
        {"usage_point": 2, "agreement": 8, "tier_used_wh": 999_000},
        {"usage_point": 1, "agreement": 7, "tier_used_wh": 0},
    ).bills()
    assert [(bill["agreement"], bill["usage_point"], bill["energy_wh"]) for bill in (first, second)] == [
        (7, 1, 2 * 744_000),
        (8, 2, 3 * 744_000),
    ]


def test_a_change_of_version_keeps_both(readings: Any):
    rated = rate(readings, {"tier_used_wh": 900_000})
    bill = next(rated.bills())
    assert bill["versions"] == ["a", "b"]
    assert lines(rated, bill) == [
        ("a", "energy-1", 100_000, 5000),
        ("a", "energy-2", 260_000, 15600),
        ("b", "energy-2", 384_000, 30720),
    ]


def test_a_bill_names_only_the_versions_of_its_days(readings: Any):
    rated = rate(readings, {"start": date(2026, 3, 20)}, {"agreement": 2, "end": date(2026, 3, 5)})
    assert [bill["versions"] for bill in rated.bills()] == [["b"], ["a"]]
    assert [lines(rated, bill)[0][0] for bill in rated.bills()] == ["b", "a"]


def test_a_refusal_stays_with_its_bill(readings: Any):
    rows = [
        {"agreement": 1, "usage_point": 0},
        {"agreement": 2, "usage_point": 1, "allowance": "works"},
        {"agreement": 3, "usage_point": 2, "allowance": "works", "capacity_va": 100_000},
        {"agreement": 4, "usage_point": 9},
    ]
    rated = rate(readings, *rows)
    bills = list(rated.bills())
    assert [bill["refusal"] for bill in bills] == [None, "missing_capacity", None, "no_readings"]
    assert [bool(bill["line_no"]) for bill in bills] == [True, False, True, False]
    assert bills[1]["total"] == 0
    assert ("a", "capacity", 48_387_097, 48387) in [
        (version, code, quantity, amount) for version, code, quantity, amount in lines(rated, bills[2])
    ]


def test_days_before_the_first_version_are_refused(readings: Any):
    text = VILLAGE.replace("2026-01-01", "2026-02-10")
    span = DateSpan(date(2026, 2, 1), date(2026, 4, 1))
    first, second = rate(readings, {"start": date(2026, 2, 1), "end": date(2026, 4, 1)}, span=span, text=text).bills()
    assert (first["refusal"], second["refusal"]) == ("no_version", None)


def test_batches_change_nothing(readings: Any, monkeypatch: pytest.MonkeyPatch):
    span = DateSpan(date(2026, 1, 1), date(2026, 7, 1))
    rows = [
        {"agreement": 100 - n, "usage_point": n, "start": span.start + timedelta(days=3 * n), "end": span.end}
        for n in range(9)
    ]
    whole = rate(readings, *rows, span=span).table
    monkeypatch.setattr(rating, "BATCH", 2)
    assert rate(readings, *rows, span=span).table.equals(whole)
    assert len(whole) == 9 * 6


def test_columns_that_are_needed(readings: Any):
    tariff = operations.parse_tariff(VILLAGE, name="village")
    for table in (agreements({}).drop_columns("agreement"), agreements({"start": None})):
        with pytest.raises(RatingRefused) as caught:
            operations.rate(tariff, table, readings, MARCH, zone=ZONE)
        assert caught.value.code == "bad_agreements"


def test_no_agreements_no_bills(readings: Any):
    tariff = operations.parse_tariff(VILLAGE, name="village")
    rated = operations.rate(tariff, agreements({}).slice(0, 0), readings, MARCH, zone=ZONE)
    assert len(rated.table) == 0


def test_a_period_inside_an_interval_is_an_error(readings: Any):
    text = """
tariff: village
name: village
versions:
  - version: a
    start: 2026-01-01
    source: test
    time_of_use: {d: {periods: {a: a, b: b}, schedules: [{hours: {a: 08:30-22:00, b: 22:00-08:30}}]}}
    components: [{code: energy, type: energy, time_of_use: d, prices: {a: 1, b: 0.5}}]
"""
    with pytest.raises(IntervalTooCoarse):
        rate(readings, {}, text=text)


def test_lines_explain_themselves(readings: Any):
    rated = rate(readings, {"tier_used_wh": 900_000})
    bill = next(rated.bills())
    explained = operations.explain_lines(
        rated.tariff, bill["versions"], bill["line_no"], bill["quantity"], bill["price"], bill["amount"]
    )
    assert explained[0].formula == "100.000 kWh × 0.50 CNY/kWh = 50.00 CNY"
    assert (explained[0].price, explained[0].source, explained[0].version) == (Decimal("0.5"), "test", "a")
    assert sum(line.amount for line in explained) * 100 == bill["total"]
