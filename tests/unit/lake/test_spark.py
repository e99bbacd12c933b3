"""Promise: Spark and DuckDB measure the same readings to the same watt-hour, by the same expressions.

Collected only where pyspark and Java are installed; the run says so where they are not.
"""

import gc
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves
from gridhall.lake.curves import SCHEMA
from gridhall.lake.engine import Session
from gridhall.lake.measure import measure, measure_chronological, measure_priced
from gridhall.lake.needs import Channel, DayPattern, DemandNeed, Needs, Slice
from gridhall.lake.parts import LakeFile, PartWriter
from gridhall.lake.readings import Readings, effective

if TYPE_CHECKING:
    from gridhall.lake.spark import Spark

pytestmark = [
    pytest.mark.needs_spark,
    # pyspark leaves the sockets to its Java side open; they are collected here, not in somebody else's test.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

ZONE = "Europe/London"
SPAN = DateSpan(date(2013, 10, 21), date(2013, 10, 31))
POINTS = np.arange(1, 41, dtype=np.int64)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Spark"]:
    from gridhall.lake.spark import Spark, local

    folder = tmp_path_factory.mktemp("spark")
    with local(folder, cores=2) as started:
        yield Spark(started)
    gc.collect()


def rows(seed: int, points: np.ndarray, days: list[date]) -> pa.Table:
    """Random curves at three resolutions, with gaps, over the day when clocks go back."""
    random = np.random.default_rng(seed)
    found = []
    for point in points.tolist():
        minutes = (15, 30, 60)[point % 3]
        for day in days:
            values = random.integers(0, 2**31, curves.slots(ZONE, day, minutes)).tolist()
            gaps = random.integers(0, len(values), 3).tolist() if point % 4 == 0 else []
            curve = [None if slot in gaps else value for slot, value in enumerate(values)]
            found.append((point, day, curve, None, curve.count(None), 0))
    return pa.table(dict(zip(SCHEMA.names, map(list, zip(*found, strict=True)), strict=True)), schema=SCHEMA)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[LakeFile]]:
    root = tmp_path_factory.mktemp("lake")
    files = []
    for version, points, days in (
        (1, POINTS, list(SPAN)),
        (2, POINTS[::5], list(SPAN)[:4]),
        (3, POINTS[::10], list(SPAN)[2:6]),
    ):
        with PartWriter(root, Channel.IMPORT, version, revision=version > 1) as writer:
            writer.write(rows(version, points, days))
            files += writer.close()
    return root, files


@pytest.fixture
def both(session: Session, spark: "Spark", lake: tuple[Path, list[LakeFile]]) -> Iterator[tuple[Readings, Readings]]:
    root, files = lake
    with session.scratch(), spark.scratch():
        yield effective(session, root, files, SPAN), effective(spark, root, files, SPAN)
    gc.collect()


def needs(demands: tuple[DemandNeed, ...] = ()) -> Needs:
    workday = DayPattern((Slice(0, 60, 1), Slice(60, 480, 2), Slice(480, 1320, 0), Slice(1320, 1440, 2)))
    weekend = DayPattern((Slice(0, 1440, 1),))
    kinds = tuple(int(day.weekday() >= 5) for day in SPAN)
    return Needs(SPAN, ("peak", "night", "valley"), (workday, weekend), kinds, demands)


def members() -> pa.Table:
    ends = [SPAN.start + timedelta(days=4 + point % 7) for point in POINTS.tolist()]
    return pa.table(
        {
            "usage_point": POINTS,
            "start": pa.array([SPAN.start] * len(POINTS), pa.date32()),
            "end": pa.array(ends, pa.date32()),
        }
    )


def test_registers_and_demands(both: tuple[Readings, Readings]) -> None:
    asked = needs((DemandNeed(15, frozenset({0, 2})), DemandNeed(60, frozenset({0, 1, 2}))))
    one, other = (measure(readings, asked, ZONE, members()) for readings in both)
    assert one.num_rows == len(POINTS)
    assert one.equals(other)


def test_tiers_in_the_order_of_time(both: tuple[Readings, Readings]) -> None:
    whole = measure(both[0], needs(), ZONE, members())
    total = sum(whole[f"wh_{index}"].to_numpy() for index in range(3))
    limits = (
        members()
        .append_column("used", pa.array(np.full(len(POINTS), 1000)))
        .append_column("limit_0", pa.array(total // 3))
        .append_column("limit_1", pa.array(total // 2))
    )
    one, other = (measure_chronological(readings, needs(), ZONE, limits) for readings in both)
    assert one.num_rows == len(POINTS)
    assert one.equals(other)


def test_price_series(both: tuple[Readings, Readings]) -> None:
    days = list(SPAN)[1:]
    prices = pa.table(
        {
            "day": pa.array(days, pa.date32()),
            "prices": pa.array(
                [
                    [None if slot == 3 else 100 * slot - 50 for slot in range(curves.slots(ZONE, day, 60))]
                    for day in days
                ],
                pa.list_(pa.int64()),
            ),
        }
    )
    one, other = (measure_priced(readings, prices, ZONE, members(), SPAN) for readings in both)
    assert one.num_rows == len(POINTS)
    assert one.equals(other)
