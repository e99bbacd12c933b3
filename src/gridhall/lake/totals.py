"""What usage points used over a span, summed in one pass over the lake."""

from typing import Final

import ibis
import pyarrow as pa

from gridhall.lake.readings import Readings

#: What `energy_of_each` gives; ``days`` counts days with a row, ``missing`` slots without a value.
TOTALS: Final = pa.schema(
    [
        pa.field("usage_point", pa.int64(), nullable=False),
        pa.field("wh", pa.int64(), nullable=False),
        pa.field("days", pa.int64(), nullable=False),
        pa.field("missing", pa.int64(), nullable=False),
    ]
)


def energy_of_each(readings: Readings) -> pa.Table:
    """The energy of each usage point over all the rows, Wh, with what is missing; by usage point."""
    rows = readings.table
    rows = rows.select("usage_point", wh=readings.session.total(rows.curve), missing=rows.missing.cast("int64"))
    summed = rows.group_by("usage_point").aggregate(
        wh=rows.wh.sum().cast("int64"), days=rows.wh.count(), missing=rows.missing.sum().cast("int64")
    )
    return readings.session.collect(summed.order_by(ibis.asc("usage_point"))).cast(TOTALS)
