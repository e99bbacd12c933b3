"""Guards the demo's registers: they count the true energy exactly, on a dial, through the multiplier."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from gridhall.contexts.metering.types import RegisterKind
from gridhall.journeys.demo import cast, meters, pack
from gridhall.journeys.demo.headend import Delivery
from gridhall.journeys.demo.pack import Size
from gridhall.journeys.demo.utility import Period
from gridhall.kernel.spans import DateSpan

UTILITY = cast.build(pack.read(Size.BLOCK), seed=1, period=Period.up_to(date(2026, 3, 5)))


def delivery(month: int, wh: int) -> Delivery:
    count = len(UTILITY.points)
    return Delivery(
        DateSpan.month(2025, month), {}, np.full(count, wh), np.zeros(count, np.int64), np.zeros(count, np.int64)
    )


def shown(file: Path) -> dict[tuple[str, str], Decimal]:
    with file.open(encoding="utf-8") as rows:
        return {(row["usage_point"], row["register"]): Decimal(row["reading"]) for row in csv.DictReader(rows)}


def test_a_register_shows_its_first_reading_and_all_energy_since(tmp_path: Path) -> None:
    meters.note_sums(delivery(2, 123_456), tmp_path)
    meters.note_sums(delivery(3, 1_000), tmp_path)
    file = meters.write_readings(UTILITY, tmp_path, date(2025, 4, 1), tmp_path / "r.csv")
    readings = shown(file)
    first = meters.first_readings(UTILITY, RegisterKind.IMPORT)
    for row, point in enumerate(UTILITY.points):
        advanced = readings[point.number, "import"] - first[row]
        exact = Decimal(124_456) / 1000 / point.multiplier
        assert exact - Decimal("0.01") < advanced <= exact


def test_energy_of_later_days_does_not_count_yet(tmp_path: Path) -> None:
    meters.note_sums(delivery(2, 5_000), tmp_path)
    meters.note_sums(delivery(3, 7_000), tmp_path)
    march = shown(meters.write_readings(UTILITY, tmp_path, date(2025, 3, 1), tmp_path / "r.csv"))
    first = meters.first_readings(UTILITY, RegisterKind.IMPORT)
    assert march[UTILITY.points[0].number, "import"] == first[0] + 5


def test_works_have_multipliers_and_two_way_meters_an_export_register() -> None:
    registers = meters.registers(UTILITY)
    assert registers[RegisterKind.EXPORT]
    assert all(UTILITY.points[row].multiplier > 1 for row in registers[RegisterKind.REACTIVE])
    assert all(first < 1_000_000 for first in meters.first_readings(UTILITY, RegisterKind.EXPORT))
