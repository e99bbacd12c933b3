"""Promise: registers stand in for interval readings that are not there: their sum to the Wh, the hours estimates."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from gridhall.channels.cli import readings
from gridhall.channels.cli.app import app
from gridhall.contexts.accounts.models import Organisation, UsagePoint
from gridhall.contexts.metering import operations, queries
from gridhall.contexts.metering.types import RegisterKind
from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import Quality

ZONE = "Europe/London"
MARCH = DateSpan.month(2026, 3)  # the clocks go forward on the 29th
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo(ZONE))


@pytest.fixture
def homes(put_readings: Callable[..., int], settings: Any) -> list[int]:
    """Read by the month, with an exchange; the same with intervals; read to the 20th; never read again."""
    settings.TIME_ZONE = ZONE
    station = Organisation.objects.create(code="3301", name="某供电所", level=4)
    points = [
        UsagePoint.objects.create(number=f"A{n}", organisation=station, usage_class="residential").pk for n in range(4)
    ]
    for index, point in enumerate(points):
        shown = {RegisterKind.IMPORT: Decimal(100)}
        operations.install_meter(f"M{index}", usage_point=point, at=at(2, 20), readings=shown, now=NOW)
    operations.exchange_meter(
        "N0", usage_point=points[0], at=at(3, 11, 9), final={RegisterKind.IMPORT: Decimal("173.33")},
        initial={RegisterKind.IMPORT: Decimal("0.5")}, multiplier=Decimal(3), now=NOW,
    )  # fmt: skip
    for point in points[:2]:
        shown = {RegisterKind.IMPORT: Decimal("200.5")}
        operations.record_reading(usage_point=point, at=at(4, 3), readings=shown, now=NOW)
    operations.record_reading(
        usage_point=points[2], at=at(3, 20), readings={RegisterKind.IMPORT: Decimal(120)}, now=NOW
    )
    put_readings([(points[1], date(2026, 3, 4), [10] * 24, None)])
    return points


def test_the_month_is_the_registers_to_the_wh_and_every_hour_is_an_estimate(homes: list[int]) -> None:
    report = operations.derive_curves(MARCH, now=NOW, zone=ZONE)
    assert (report.derived, report.measured, report.unread, report.unbelieved) == (1, 1, 2, 0)
    days = queries.day_curves(homes[0], "A0", MARCH)
    (register,) = queries.register_energy([homes[0]], MARCH, zone=ZONE).to_pylist()
    assert sum(day.energy for day in days) == register["wh"] == report.energy
    assert [len(day.values) for day in days] == [24] * 28 + [23] + [24] * 2
    assert all(set(day.quality or ()) == {Quality.INTERPOLATED} and not day.missing for day in days)
    assert queries.latest_version() == report.version
    before, after = days[9].energy, days[11].energy
    assert after > 2 * before


def test_a_second_time_changes_nothing_and_intervals_that_come_later_win(homes: list[int], tmp_path: Path) -> None:
    operations.derive_curves(MARCH, now=NOW, zone=ZONE)
    again = operations.derive_curves(MARCH, now=NOW, zone=ZONE)
    assert (again.version, again.derived, again.measured) == (None, 0, 2)
    late = tmp_path / "late.csv"
    late.write_text("usage_point,day,curve\nA0,2026-03-05," + ";".join(["0.2"] * 24) + "\n")
    operations.import_readings(late, now=NOW, zone=ZONE)
    day = queries.day_curves(homes[0], "A0", MARCH)[4]
    assert (day.energy, day.estimated) == (4_800, 0)


def test_the_command_tells_who_was_left_alone(homes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "with_database", lambda: None)
    span = ["--from", "2026-03-01", "--to", "2026-04-01"]
    told = json.loads(CliRunner().invoke(app, ["readings", "derive", *span, "--json"]).stdout)
    assert (told["derived"], told["measured"], told["unread"]) == (1, 1, 2)
    assert CliRunner().invoke(app, ["readings", "derive", *span]).exit_code == 0
