"""Promise: a day measured by the old and the new meter in turn is one curve, and both registers agree with it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gridhall.contexts.accounts.models import Organisation, UsagePoint
from gridhall.contexts.metering import operations, queries
from gridhall.contexts.metering.types import RegisterKind
from gridhall.kernel.spans import DateSpan

ZONE = "Asia/Shanghai"
NUMBER = "3301000001"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
EXCHANGE_DAY = date(2026, 1, 15)
OLD_QUARTERS = 42  # until 10:30


def at(day: int, minutes: int = 0) -> datetime:
    return datetime(2025, 12, 31, 16, tzinfo=UTC) + timedelta(days=day - 1, minutes=minutes)


@pytest.fixture
def home(db: None, settings: Any, tmp_path: Path) -> int:
    settings.HOME = tmp_path / "home"
    station = Organisation.objects.create(code="3301", name="某供电所", level=4)
    return UsagePoint.objects.create(number=NUMBER, organisation=station, usage_class="residential").pk


@pytest.fixture
def take(tmp_path: Path) -> Callable[[str, str], Any]:
    """Import a file of that name and content."""

    def take(name: str, content: str) -> Any:
        path = tmp_path / name
        path.write_text(content)
        return operations.import_readings(path, now=NOW, zone=ZONE)

    return take


def quarters(first: int, last: int, wh: int) -> str:
    """Lines of a head-end file for some quarter hours of the day of the exchange."""
    starts = (datetime(2026, 1, 15) + timedelta(minutes=15 * slot) for slot in range(first, last))  # noqa: DTZ001
    return "".join(f"{NUMBER},{start:%Y-%m-%d %H:%M},0.{wh:03}\n" for start in starts)


def test_the_halves_of_two_meters_make_one_day_that_agrees_with_both_registers(
    home: int, take: Callable[[str, str], Any]
) -> None:
    def shown(reading: str) -> dict[RegisterKind, Decimal]:
        return {RegisterKind.IMPORT: Decimal(reading)}

    operations.install_meter("OLD", usage_point=home, at=at(1), readings=shown("99990.00"), now=NOW)
    operations.exchange_meter(
        "NEW", usage_point=home, at=at(15, 15 * OLD_QUARTERS), final=shown("99994.20"), initial=shown("3.00"), now=NOW
    )
    # The head-end system delivers what each meter measured as a file of its own.
    old = take("old.csv", "usage_point,start,kwh\n" + quarters(0, OLD_QUARTERS, 100))
    new = take("new.csv", "usage_point,start,kwh\n" + quarters(OLD_QUARTERS, 96, 50))
    assert (old.accepted, new.accepted) == (42, 54)
    snapshots = take("frozen.csv", "表号,日期,示数\nOLD,2026-01-15,99990.00\nNEW,2026-01-16,5.70\n")
    assert (snapshots.format, snapshots.accepted, snapshots.quarantined) == ("register-csv", 2, 0)

    (day,) = queries.day_curves(home, NUMBER, DateSpan.month(2026, 1))
    assert day.values == (100,) * 42 + (50,) * 54
    assert (day.missing, day.estimated) == (0, 0)
    (check,) = queries.register_checks(DateSpan.month(2026, 1), usage_points=[home], zone=ZONE).to_pylist()
    assert (check["start"], check["interval_wh"], check["register_wh"]) == (EXCHANGE_DAY, 6900, 6900)
    assert check["agrees"]
    (energy,) = queries.register_energy([home], DateSpan(EXCHANGE_DAY, date(2026, 1, 16)), zone=ZONE).to_pylist()
    assert (energy["wh"], energy["estimated"]) == (6900, False)


def test_a_customer_without_intervals_is_read_by_the_month(home: int, take: Callable[[str, str], Any]) -> None:
    operations.install_meter("M1", usage_point=home, at=at(-20), readings={RegisterKind.IMPORT: Decimal(5)}, now=NOW)
    report = take(
        "month.csv", f"户号,抄表日期,示数\n{NUMBER},2026-01-01,105\n{NUMBER},2026-02-01,305.5\n{NUMBER},x,1\n"
    )
    assert (report.accepted, report.quarantined) == (2, 1)
    assert take("again.csv", f"户号,抄表日期,示数\n{NUMBER},2026-02-01,305.50\n").unchanged == 1
    (row,) = queries.register_energy([home], DateSpan.month(2026, 1), zone=ZONE).to_pylist()
    assert (row["wh"], row["estimated"]) == (200_500, False)
