"""Promise: what PySAM cannot bill comes out as a slow calculation by hand has it: charges and tiers by real days, leap
years, the days on which clocks change, quarter-hour demand, tiers in the order of use and pro rata.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import by_hand
import numpy as np
import pyarrow as pa
import pytest
from benchmarks import utilityrate5
from benchmarks.urdb_vs_pysam import unrounded

from gridhall.contexts.tariffs import operations, urdb
from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.engine import DuckDB
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings

NOON = [[0] * 12 + [1] * 12 for _ in range(12)]
FLAT = [[0] * 24 for _ in range(12)]
SUMMER_TWO = [[0] * 24 for _ in range(5)] + [[1] * 9 + [2] * 15 for _ in range(4)] + [[0] * 24 for _ in range(3)]

TIERED = {
    "label": "tiered",
    "energyratestructure": [
        [{"max": 300, "rate": 0.11, "adj": 0.0042}, {"max": 700.5, "rate": 0.171}, {"rate": 0.29}],
        [{"max": 300, "rate": 0.2}, {"max": 700.5, "rate": 0.25}, {"rate": 0.3}],
    ],
    "energyweekdayschedule": NOON,
    "energyweekendschedule": FLAT,
    "fixedchargefirstmeter": 0.3712,
    "fixedchargeunits": "$/day",
}
DAILY = {
    "label": "daily",
    "energyratestructure": [
        [{"max": 8.2, "rate": 0.1, "unit": "kWh daily"}, {"rate": 0.2, "unit": "kWh daily"}],
        [{"max": 11.1, "rate": 0.3, "unit": "kWh daily"}, {"rate": 0.4, "unit": "kWh daily"}],
        [{"max": 11.1, "rate": 0.5, "unit": "kWh daily"}, {"rate": 0.6, "unit": "kWh daily"}],
    ],
    "energyweekdayschedule": SUMMER_TWO,
    "energyweekendschedule": SUMMER_TWO,
    "mincharge": 3.5,
    "minchargeunits": "$/day",
}
DEMAND = {
    "label": "demand",
    "energyratestructure": [[{"rate": 0.07719}]],
    "energyweekdayschedule": FLAT,
    "energyweekendschedule": FLAT,
    "demandratestructure": [
        [{"max": 1, "rate": 4.5}, {"max": 2.25, "rate": 6, "adj": 0.125}, {"rate": 9}],
        [{"max": 1, "rate": 7}, {"max": 2.25, "rate": 8}, {"rate": 11.11}],
    ],
    "demandweekdayschedule": NOON,
    "demandweekendschedule": FLAT,
    "flatdemandstructure": [[{"rate": 0}], [{"max": 1.5, "rate": 2}, {"rate": 3}]],
    "flatdemandmonths": [0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0],
    "fixedmonthlycharge": 12.34,
    "minmonthlycharge": 45,
}
RATES = [TIERED, DAILY, DEMAND]


def supply(zone: str, span: DateSpan, minutes: int, seed: int) -> tuple[list[tuple[datetime, int]], pa.Table]:
    """Local start and Wh of each interval, and the same as lake rows."""
    random = np.random.default_rng(seed)
    local = ZoneInfo(zone)
    intervals, rows = [], []
    for day in span:
        begin = datetime(day.year, day.month, day.day, tzinfo=local).astimezone(UTC)
        following = day + timedelta(days=1)
        end = datetime(following.year, following.month, following.day, tzinfo=local).astimezone(UTC)
        count = int((end - begin).total_seconds()) // 60 // minutes
        curve = random.gamma(1.2, 14 * minutes, count).astype(int).tolist()
        starts = [(begin + timedelta(minutes=minutes * slot)).astimezone(local) for slot in range(count)]
        intervals += [(start.replace(tzinfo=None), energy) for start, energy in zip(starts, curve, strict=True)]
        rows.append({"usage_point": 7, "day": day, "curve": curve, "quality": None, "missing": 0, "estimated": 0})
    return intervals, pa.Table.from_pylist(rows, schema=SCHEMA)


def billed(rate: Mapping[str, Any], rows: pa.Table, span: DateSpan, zone: str, **how: Any) -> dict[int, Decimal]:
    """Our unrounded bill of each month."""
    tariff = urdb.load(json.dumps(rate), **how)
    agreements = pa.table(
        {
            "usage_point": pa.array([7], pa.int64()),
            "agreement": pa.array([1], pa.int64()),
            "start": pa.array([span.start], pa.date32()),
            "end": pa.array([span.end], pa.date32()),
        }
    )
    with DuckDB(threads=1) as session:
        readings = {Channel.IMPORT: Readings.of(session, rows)}
        table = operations.rate(tariff, agreements, readings, span, zone=ZoneInfo(zone)).table
    return {bill["start"].month: unrounded(tariff, bill) for bill in table.to_pylist()}


@pytest.mark.parametrize("rate", RATES, ids=[str(rate["label"]) for rate in RATES])
@pytest.mark.parametrize(
    ("zone", "year", "minutes"),
    [("America/New_York", 2024, 60), ("America/Los_Angeles", 2023, 15), ("Europe/London", 2013, 30)],
)
def test_a_year_by_hand(rate: dict[str, Any], zone: str, year: int, minutes: int) -> None:
    span = DateSpan(date(year, 1, 1), date(year + 1, 1, 1))
    intervals, rows = supply(zone, span, minutes, seed=year)
    exact = json.loads(json.dumps(rate), parse_float=Decimal)
    expected = by_hand.price(exact, intervals, minutes)
    assert billed(rate, rows, span, zone) == {month: each.total for (_, month), each in expected.items()}


@pytest.mark.parametrize("within", ["chronological", "proportional"])
def test_both_ways_of_filling_tiers_are_pysams(within: Any) -> None:
    rate = {name: value for name, value in TIERED.items() if not name.startswith("fixed")}
    span = DateSpan(date(2018, 1, 1), date(2019, 1, 1))
    intervals, rows = supply("UTC", span, 60, seed=3)
    inputs = utilityrate5.rates_of(rate, chronological=within == "chronological")
    theirs = utilityrate5.bills(inputs, [energy / 1000 for _, energy in intervals])
    ours = billed(rate, rows, span, "UTC", within=within)
    # Pro rata, energies are split to whole Wh, PySAM's to fractions of one: a thousandth of a cent, never a cent.
    off = max(abs(ours[month + 1] - Decimal(theirs.total[month])) for month in range(12))
    assert off < (Decimal("0.0000001") if within == "chronological" else Decimal("0.0005"))


def test_by_hand_and_pysam_agree_with_each_other() -> None:
    """The slow calculation is itself checked where PySAM can follow it."""
    intervals, _ = supply("UTC", DateSpan(date(2018, 1, 1), date(2019, 1, 1)), 60, seed=4)
    for rate in (DEMAND, {name: value for name, value in DAILY.items() if not name.startswith("min")}):
        theirs = utilityrate5.bills(utilityrate5.rates_of(rate), [energy / 1000 for _, energy in intervals])
        expected = by_hand.price(json.loads(json.dumps(rate), parse_float=Decimal), intervals, 60)
        for (_, month), each in expected.items():
            assert abs(each.total - Decimal(theirs.total[month - 1])) < Decimal("0.0000001")
