"""Promise: interval readings that do not add up to what the register counted are found, within the last digit."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from gridhall.contexts.accounts.models import Organisation, UsagePoint
from gridhall.contexts.metering import operations, queries
from gridhall.contexts.metering.types import RegisterKind
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IMPORT, EXPORT = RegisterKind.IMPORT, RegisterKind.EXPORT
WEEK = DateSpan(date(2026, 1, 1), date(2026, 1, 8))


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2025, 12, 31, 16, tzinfo=UTC) + timedelta(days=day - 1, hours=hour)


@pytest.fixture
def home(put_readings: Callable[..., int]) -> int:
    station = Organisation.objects.create(code="3301", name="某供电所", level=4)
    point = UsagePoint.objects.create(number="3301000001", organisation=station, usage_class="residential").pk
    readings = {IMPORT: Decimal(100), EXPORT: Decimal(0)}
    operations.install_meter("M1", usage_point=point, at=at(1), readings=readings, multiplier=Decimal(2), now=NOW)
    return point


def read(point: int, moment: datetime, reading: str, export: str = "0") -> None:
    shown = {IMPORT: Decimal(reading), EXPORT: Decimal(export)}
    operations.record_reading(usage_point=point, at=moment, readings=shown, now=NOW)


def found(point: int, channel: Channel = Channel.IMPORT) -> list[tuple[int, int, int, int, bool]]:
    rows = queries.register_checks(WEEK, usage_points=[point], channel=channel, zone="Asia/Shanghai").to_pylist()
    return [(row["start"].day, row["end"].day, row["interval_wh"], row["register_wh"], row["agrees"]) for row in rows]


def test_each_day_is_compared_with_its_frozen_register(home: int, put_readings: Callable[..., int]) -> None:
    put_readings([(home, date(2026, 1, day), [100] * 96, None) for day in range(1, 5)])
    # 9.6 kWh a day through a multiplier of 2; the register shows hundredths, cut off.
    for day, reading in [(2, "104.80"), (3, "109.59"), (4, "114.39"), (5, "119.30")]:
        read(home, at(day), reading)
    assert found(home) == [
        (1, 2, 9600, 9600, True),
        (2, 3, 9600, 9580, True),
        (3, 4, 9600, 9600, True),
        (4, 5, 9600, 9820, False),
    ]


def test_days_with_missing_slots_and_readings_off_midnight_are_not_compared(
    home: int, put_readings: Callable[..., int]
) -> None:
    put_readings([(home, date(2026, 1, 1), [100] * 96, None), (home, date(2026, 1, 2), [None, *[100] * 95], None)])
    put_readings([(home, date(2026, 1, day), [100] * 96, None) for day in (3, 4)])
    read(home, at(2, 9), "106")
    read(home, at(3), "109.6")
    read(home, at(5), "119.2")
    assert found(home) == [(3, 5, 19_200, 19_200, True)]


def test_an_exchange_within_the_day_counts_both_meters(home: int, put_readings: Callable[..., int]) -> None:
    put_readings([(home, date(2026, 1, 1), [100] * 96, None)])
    operations.exchange_meter(
        "M2", usage_point=home, at=at(1, 10), now=NOW,
        final={IMPORT: Decimal(102), EXPORT: Decimal(0)}, initial={IMPORT: Decimal(0), EXPORT: Decimal(0)},
    )  # fmt: skip
    read(home, at(2), "5.6")
    assert found(home) == [(1, 2, 9600, 9600, True)]


def test_export_has_its_own_register(home: int, put_readings: Callable[..., int]) -> None:
    put_readings([(home, date(2026, 1, 1), [10] * 96, None)], Channel.EXPORT)
    read(home, at(2), "104.8", export="0.48")
    assert found(home, Channel.EXPORT) == [(1, 2, 960, 960, True)]
    assert found(home) == []


def test_nothing_to_compare_is_no_finding(home: int) -> None:
    assert found(home) == []
    assert queries.register_checks(WEEK, zone="Asia/Shanghai").num_rows == 0
