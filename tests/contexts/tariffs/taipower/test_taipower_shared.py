"""Promise: each of Taipower's plans is imported and billed as arithmetic by hand has it, or refused with all reasons.

The arithmetic below takes its prices and hours from the published tables, not from the importer.
"""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from gridhall.contexts.tariffs import operations, taipower
from gridhall.contexts.tariffs.document import check, parse
from gridhall.contexts.tariffs.document.reading import read_yaml
from gridhall.contexts.tariffs.taipower import Choice, Meter, Reason, TaipowerRefused
from gridhall.contexts.tariffs.types import Calendar
from gridhall.contexts.tariffs.yaml_text import as_yaml
from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.engine import DuckDB
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings

TAIPEI = ZoneInfo("Asia/Taipei")
HOME = Choice(monthly=True, meter=Meter("single", 110, 10))
CONTRACTED = {Reason.OVER_CONTRACT, Reason.POWER_FACTOR}
ALL = CONTRACTED | {Reason.ZERO_USAGE, Reason.SEVERAL_CONTRACTS}
#: Plan → what keeps it out, with every choice made.
OUTCOMES: dict[str, set[Reason]] = {
    "residential_non_tou": set(),
    "lighting_non_business_tiered": set(),
    "lighting_business_tiered": set(),
    "residential_simple_2_tier": set(),
    "residential_simple_3_tier": set(),
    "low_voltage_power": set(),
    "lighting_standard_2_tier": ALL,
    "lighting_standard_3_tier": ALL,
    "low_voltage_2_tier": ALL - {Reason.ZERO_USAGE},
    "low_voltage_three_stage": ALL - {Reason.ZERO_USAGE},
    "low_voltage_ev": CONTRACTED,
    "high_voltage_power": ALL,
    "high_voltage_2_tier": ALL,
    "high_voltage_three_stage": ALL,
    "high_voltage_batch": ALL,
    "high_voltage_ev": CONTRACTED,
    "extra_high_voltage_power": ALL,
    "extra_high_voltage_2_tier": ALL,
    "extra_high_voltage_three_stage": ALL,
    "extra_high_voltage_batch": ALL,
}


@pytest.fixture
def plans(shared: Path) -> Path:
    return shared / "tariffs" / "taipower_plans_2025-10.json"


def curve(day: date) -> list[int]:
    """Wh by hour of a made-up household: more in the evening, more on weekends, no two days alike."""
    return [
        400 + 37 * hour + (900 if hour >= 18 else 0) + 11 * day.day + 50 * (day.weekday() >= 5) for hour in range(24)
    ]


def bill(
    plan: Path,
    name: str,
    choice: Choice,
    month: DateSpan,
    *,
    holidays: frozenset[date] = frozenset(),
    size: int = 1,
    **terms: int,
) -> tuple[dict[str, int], int]:
    """The lines (code → amount in cents) and the total of one month's bill."""
    tariff = taipower.load(plan, name, choice)
    counts = {"quality": None, "missing": 0, "estimated": 0}
    rows = [{"usage_point": 1, "day": day, "curve": [size * wh for wh in curve(day)], **counts} for day in month]
    columns = {"usage_point": pa.array([1], pa.int64()), "agreement": pa.array([1], pa.int64())}
    columns |= {"start": pa.array([month.start], pa.date32()), "end": pa.array([month.end], pa.date32())}
    columns |= {name: pa.array([value], pa.int64()) for name, value in terms.items()}
    with DuckDB(threads=1) as session:
        readings = {Channel.IMPORT: Readings.of(session, pa.Table.from_pylist(rows, schema=SCHEMA))}
        rated = operations.rate(
            tariff, pa.table(columns), readings, month, zone=TAIPEI, calendar=Calendar(holidays=holidays)
        )
    (row,) = rated.table.to_pylist()
    lines: dict[str, int] = {}
    for line_no, amount in zip(row["line_no"], row["amount"], strict=True):
        code = rated.line(row["versions"], line_no).code
        lines[code] = lines.get(code, 0) + amount
    return lines, row["total"]


def cents(amount: Decimal) -> int:
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize("plan", OUTCOMES)
def test_imported_or_refused_with_all_reasons(plans: Path, plan: str) -> None:
    choice = Choice(monthly=True, meter=Meter("single", 110, 10), contract=taipower.INSTALLED)
    if not OUTCOMES[plan]:
        content = taipower.content(plans, plan, choice)
        assert parse(read_yaml(as_yaml(content), name=plan)) == check(content, name=plan)
        return
    with pytest.raises(TaipowerRefused) as refused:
        taipower.load(plans, plan, choice)
    assert {each.reason for each in refused.value.because} == OUTCOMES[plan]
    assert all(each.path.startswith("plans[") for each in refused.value.because)


def test_all_twenty_are_here(plans: Path) -> None:
    assert taipower.plans(plans).keys() == OUTCOMES.keys()


@pytest.mark.parametrize(
    ("plan", "choice", "reason"),
    [
        ("residential_non_tou", Choice(), Reason.BILLING_CYCLE),
        ("residential_non_tou", Choice(monthly=True), Reason.METER_NEEDED),
        ("residential_non_tou", Choice(monthly=True, meter=Meter("single", 440, 10)), Reason.METER_NEEDED),
        ("residential_non_tou", Choice(monthly=True, meter=Meter("single", 110, 15)), Reason.MINIMUM_USAGE),
        ("low_voltage_power", Choice(), Reason.CONTRACT_NEEDED),
        ("low_voltage_power", Choice(contract="需量經常契約"), Reason.OVER_CONTRACT),
        ("no_such_plan", Choice(), Reason.UNKNOWN_PLAN),
    ],
)
def test_what_depends_on_the_supply_is_asked_for(plans: Path, plan: str, choice: Choice, reason: Reason) -> None:
    with pytest.raises(TaipowerRefused) as refused:
        taipower.load(plans, plan, choice)
    assert refused.value.code == reason.value


@pytest.mark.parametrize(
    ("month", "prices"),
    [
        (DateSpan.month(2026, 7), ["1.78", "2.55", "3.80", "5.14", "6.44", "8.86"]),
        (DateSpan.month(2026, 2), ["1.78", "2.26", "3.13", "4.24", "5.27", "7.03"]),
    ],
)
def test_tiers_of_a_household(plans: Path, month: DateSpan, prices: list[str]) -> None:
    used = Decimal(sum(sum(curve(day)) for day in month)) / 1000
    edges = [Decimal(each) for each in (0, 120, 330, 500, 700, 1000)] + [used]
    assert used > 700
    expected = sum(
        cents((min(top, used) - bottom) * Decimal(price))
        for bottom, top, price in zip(edges, edges[1:], prices, strict=False)
        if used > bottom
    )
    assert bill(plans, "residential_non_tou", HOME, month)[1] == expected


def test_a_household_that_is_away_pays_the_minimum(plans: Path) -> None:
    assert bill(plans, "residential_non_tou", HOME, DateSpan.month(2026, 7), size=0)[1] == 100_00


def by_period(month: DateSpan, holidays: frozenset[date], period_of) -> dict[str, Decimal]:
    used: dict[str, Decimal] = {}
    for day in month:
        off = day in holidays or day.weekday() >= 5
        for hour, energy in enumerate(curve(day)):
            period = "off_peak" if off else period_of(hour)
            used[period] = used.get(period, Decimal(0)) + Decimal(energy) / 1000
    return used


@pytest.mark.parametrize("size", [1, 3])
def test_two_stages(plans: Path, size: int) -> None:
    """Summer, simple two-stage: peak on weekdays from 9; holidays are off-peak; above 2,000 kWh 1.04 more each."""
    month, holidays = DateSpan.month(2026, 9), frozenset([date(2026, 9, 25), date(2026, 9, 28)])
    used = by_period(month, holidays, lambda hour: "peak" if hour >= 9 else "off_peak")
    total = size * sum(used.values())
    expected = {
        "energy": cents(size * used["peak"] * Decimal("5.16")) + cents(size * used["off_peak"] * Decimal("2.06")),
        "basic": 75_00,
    }
    if total > 2000:
        expected["surcharge"] = cents((total - 2000) * Decimal("1.04"))
    assert ("surcharge" in expected) == (size == 3)
    lines, billed = bill(plans, "residential_simple_2_tier", Choice(), month, holidays=holidays, size=size)
    assert billed == sum(expected.values())
    assert sum(lines.values()) == billed


def test_three_stages(plans: Path) -> None:
    """Other months, simple three-stage: peak 16-22, semi-peak 6-11, 14-16 and 22-24, the rest off-peak."""

    def period_of(hour: int) -> str:
        if 16 <= hour < 22:
            return "peak"
        return "semi_peak" if 6 <= hour < 11 or hour >= 14 else "off_peak"

    month, holidays = DateSpan.month(2026, 2), frozenset(date(2026, 2, 16) + timedelta(days=n) for n in range(5))
    used = by_period(month, holidays, period_of)
    prices = {"peak": "6.36", "semi_peak": "4.48", "off_peak": "1.99"}
    expected = sum(cents(used[period] * Decimal(price)) for period, price in prices.items()) + 75_00
    assert bill(plans, "residential_simple_3_tier", Choice(), month, holidays=holidays)[1] == expected


@pytest.mark.parametrize(("month", "price"), [(DateSpan.month(2026, 6), "4.08"), (DateSpan.month(2026, 1), "3.87")])
def test_a_contracted_capacity(plans: Path, month: DateSpan, price: str) -> None:
    """Low-voltage power, 21 kW installed: 137.50 per kW whatever was drawn, and energy by season."""
    used = Decimal(sum(sum(curve(day)) for day in month)) / 1000
    choice = Choice(contract=taipower.INSTALLED)
    lines, total = bill(plans, "low_voltage_power", choice, month, size=40, contract_demand_w=21_000)
    assert lines["contract"] == 21 * 137_50
    assert total == 21 * 137_50 + cents(40 * used * Decimal(price))


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"plans": 3}', '{"plans": [1]}', '{"plans": [{"id": "x"}]}', "[" * 99_999]
)
def test_any_other_file_is_refused(text: str) -> None:
    with pytest.raises(TaipowerRefused) as refused:
        taipower.load(text, "x")
    assert refused.value.code in {Reason.MALFORMED.value, Reason.UNKNOWN_PLAN.value}
