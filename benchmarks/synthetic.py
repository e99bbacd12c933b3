"""Invented but plausible readings for benchmarks: fast to make, no two usage points alike, hard to compress by luck.

Each day's curve is one of some thousand daily shapes (a household's base load, morning and evening, with noise in every
slot), stretched by the size of its usage point and shifted a little, so the values differ from row to row.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.lake.curves import SCHEMA
from gridhall.lake.needs import Channel
from gridhall.lake.parts import LakeFile, PartWriter

SLOTS = 96
_SHAPES = 8192


def _shapes(seed: int) -> npt.NDArray[np.int32]:
    """Daily shapes in Wh per quarter-hour, [_SHAPES, SLOTS]; a household's 5 to 15 kWh a day."""
    random = np.random.default_rng(seed)
    hour = np.arange(SLOTS) / 4
    morning = np.exp(-((hour - 7.5 - random.normal(0, 0.7, (_SHAPES, 1))) ** 2) / 2)
    evening = np.exp(-((hour - 19.5 - random.normal(0, 1.0, (_SHAPES, 1))) ** 2) / 6)
    level = 40 + 120 * morning * random.uniform(0.2, 1.5, (_SHAPES, 1)) + 220 * evening * random.uniform(0.4, 1.6)
    return np.asarray(level * random.gamma(4, 0.25, (_SHAPES, SLOTS)), dtype=np.int32)


def tables(
    usage_points: int, days: int, start: date, seed: int = 1, *, first: int = 1, rows: int = 500_000
) -> Iterator[pa.Table]:
    """Readings as lake rows, sorted by usage point and day, some hundred thousand rows at a time.

    Usage points are numbered from ``first``; every slot is measured, every day has 96.
    """
    shapes = _shapes(seed)
    at_once = max(1, rows // days)
    for begin in range(first, first + usage_points, at_once):
        count = min(at_once, first + usage_points - begin)
        random = np.random.default_rng((seed, begin))
        size = np.repeat(random.integers(100, 900, count, dtype=np.int32), days)
        curves = shapes[random.integers(0, _SHAPES, count * days)]
        curves *= size[:, None]
        curves >>= 8
        curves += random.integers(0, 16, (count * days, 1), dtype=np.int32)
        yield rows_of(np.arange(begin, begin + count, dtype=np.int64), days, start, curves)


def rows_of(points: npt.NDArray[np.int64], days: int, start: date, curves: npt.NDArray[np.int32]) -> pa.Table:
    """Lake rows of complete curves ``[len(points) * days, slots]``, usage point by usage point."""
    count, width = curves.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    begin = np.datetime64(start, "D").astype(np.int32)
    return pa.table(
        {
            "usage_point": np.repeat(points, days),
            "day": pa.array(np.tile(np.arange(begin, begin + days, dtype=np.int32), len(points))).cast(pa.date32()),
            "curve": pa.ListArray.from_arrays(pa.array(offsets), pa.array(curves.reshape(-1))),
            "quality": pa.nulls(count, pa.list_(pa.int8())),
            "missing": pa.array(np.zeros(count, dtype=np.int16)),
            "estimated": pa.array(np.zeros(count, dtype=np.int16)),
        },
        schema=SCHEMA,
    )


def curves(usage_points: int, day: date, seed: int = 1) -> pa.Table:
    """One day of readings as lake rows, one row per usage point."""
    return pa.concat_tables(tables(usage_points, 1, day, seed))


def write_readings(
    root: Path, usage_points: int, days: int, start: date, seed: int = 1, *, version: int = 1
) -> list[LakeFile]:
    """Write synthetic import readings into a lake; the files are the caller's to catalogue."""
    writer = PartWriter(root, Channel.IMPORT, version)
    for table in tables(usage_points, days, start, seed):
        writer.write(table)
    return writer.close()


def days_of(start: date, days: int) -> list[date]:
    """The days from ``start``."""
    return [start + timedelta(days=offset) for offset in range(days)]
