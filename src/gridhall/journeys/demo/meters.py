"""The meters of the demo utility: which registers each has, and what they showed when the readings begin."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa

from gridhall.contexts.metering.types import RegisterKind
from gridhall.journeys.demo.draws import below
from gridhall.journeys.demo.utility import Utility

_DIGITS, _DECIMALS = 6, 2


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
