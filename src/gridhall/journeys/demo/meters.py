"""The meters of the demo utility: which registers each has, and what they show when readings begin and months end.

Registers count the true energy, so that they disagree with interval readings that were spoilt on purpose.
"""

import csv
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from gridhall.contexts.metering.types import RegisterKind
from gridhall.journeys.demo.draws import below
from gridhall.journeys.demo.headend import Delivery
from gridhall.journeys.demo.utility import Utility

_DIGITS, _DECIMALS = 6, 2
_STEP = Decimal(1).scaleb(-_DECIMALS)


def registers(utility: Utility) -> dict[RegisterKind, list[int]]:
    """Which rows of the utility have which register."""
    loads = utility.loads
    assert loads is not None
    return {
        RegisterKind.IMPORT: list(range(len(utility.points))),
        RegisterKind.EXPORT: [row for row in range(len(utility.points)) if loads.solar_shape[row] >= 0],
        RegisterKind.REACTIVE: [row for row in range(len(utility.points)) if loads.reactive_shape[row] >= 0],
    }


def first_readings(utility: Utility, kind: RegisterKind) -> list[Decimal]:
    """What each usage point's register showed at the beginning, kWh or kvarh on the dial."""
    assert utility.loads is not None
    salt = 300 + list(RegisterKind).index(kind)
    return [Decimal(value).scaleb(-_DECIMALS) for value in below(utility.loads.key, salt, 4_000_000).tolist()]


def serial(number: str) -> str:
    """The number on the plate of a usage point's meter."""
    return f"YZ{number[2:]}"


def meters(utility: Utility, ids: dict[str, int], *, since: date, zone: ZoneInfo) -> pa.Table:
    """Give all meters in the form that `metering.operations.install_meters` takes; ``ids`` by 户号."""
    at = datetime(since.year, since.month, since.day, tzinfo=zone)
    rows = [
        (utility.points[row], kind, first)
        for kind, members in registers(utility).items()
        for row, first in ((row, shown[row]) for shown in (first_readings(utility, kind),) for row in members)
    ]
    rows.sort(key=lambda entry: entry[0].number)
    count = len(rows)
    return pa.table(
        {
            "usage_point": pa.array([ids[point.number] for point, _, _ in rows], pa.int64()),
            "serial": [serial(point.number) for point, _, _ in rows],
            "at": pa.array([at] * count, pa.timestamp("us", "UTC")),
            "multiplier": pa.array([point.multiplier for point, _, _ in rows], pa.decimal128(10, 4)),
            "register": [str(kind) for _, kind, _ in rows],
            "digits": pa.array([_DIGITS] * count, pa.int16()),
            "decimals": pa.array([_DECIMALS] * count, pa.int16()),
            "reading": pa.array([first for _, _, first in rows], pa.decimal128(13, 4)),
        }
    )


def note_sums(delivery: Delivery, folder: Path) -> None:
    """Keep the true energy of a delivery, for the registers of later days; once more for the same days replaces it."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            RegisterKind.IMPORT: delivery.imported_wh,
            RegisterKind.EXPORT: delivery.exported_wh,
            RegisterKind.REACTIVE: delivery.reactive_varh,
        }
    )
    target = folder / f"{delivery.span.start}.parquet"
    fresh = target.with_suffix(".new")
    pq.write_table(table, fresh)
    fresh.replace(target)


def write_readings(utility: Utility, sums: Path, day: date, file: Path) -> Path:
    """Write what every register showed at the beginning of a day, as a CSV file of register readings.

    Args:
        sums: the folder that `note_sums` filled, with all days before.
        day: the frozen reading (日冻结) of its midnight.
    """
    tables = [pq.read_table(part) for part in sorted(sums.glob("*.parquet")) if date.fromisoformat(part.stem) < day]
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow(["usage_point", "at", "register", "reading"])
        for kind, rows in registers(utility).items():
            first = first_readings(utility, kind)
            energy = sum(table[kind].to_numpy() for table in tables)
            for row in rows:
                advanced = Decimal(int(energy[row])) / 1000 / utility.points[row].multiplier
                shown = (first[row] + advanced).quantize(_STEP, rounding=ROUND_DOWN) % 10**_DIGITS
                writer.writerow([utility.points[row].number, f"{day} 00:00", str(kind), str(shown)])
    return file
