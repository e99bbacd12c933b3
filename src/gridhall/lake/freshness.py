"""How fresh and how whole readings are, per usage point, counted in one pass over the lake."""

from typing import Final

import ibis
import pyarrow as pa

from gridhall.lake.curves import SCHEMA
from gridhall.lake.readings import Readings

#: What `coverage` gives: days are counts of days with a row; slots, missing and estimated are counts of slots.
COVERAGE: Final = pa.schema(
    [
        pa.field("usage_point", pa.int64(), nullable=False),
        pa.field("first_day", pa.date32()),
        pa.field("last_day", pa.date32()),
        pa.field("last_complete_day", pa.date32()),
        pa.field("days", pa.int64(), nullable=False),
        pa.field("incomplete_days", pa.int64(), nullable=False),
        pa.field("missing", pa.int64(), nullable=False),
        pa.field("estimated", pa.int64(), nullable=False),
    ]
)


def coverage(readings: Readings) -> pa.Table:
    """Count, for each usage point, its days, its gaps and its estimates; curves themselves are not read.

    A day is complete when none of its slots is missing; estimated slots have a value and count apart.
    """
    rows = readings.table
    counted = rows.group_by(rows.usage_point).aggregate(
        first_day=rows.day.min(),
        last_day=rows.day.max(),
        last_complete_day=rows.day.max(where=rows.missing == 0),
        days=rows.day.count(),
        incomplete_days=(rows.missing > 0).sum(),
        missing=rows.missing.cast("int64").sum(),
        estimated=rows.estimated.cast("int64").sum(),
    )
    return readings.session.collect(counted.order_by(ibis.asc("usage_point"))).cast(COVERAGE)


def in_order(readings: Readings) -> pa.Table:
    """The rows sorted by usage point and day, for a handful of usage points or days that fit in memory."""
    rows = readings.table.select(*SCHEMA.names)
    return readings.session.collect(rows.order_by([rows.usage_point, rows.day]))


def day_energy(readings: Readings) -> pa.Table:
    """The energy of each usage point and day: ``usage_point, day, wh, missing, estimated``, by usage point and day.

    ``wh`` is the sum of the slots there are, so a day with missing slots has too little.
    """
    rows = readings.table
    summed = rows.select(
        "usage_point", "day", wh=readings.session.total(rows.curve), missing=rows.missing, estimated=rows.estimated
    )
    return readings.session.collect(summed.order_by(["usage_point", "day"]))
