"""Meters at a usage point, and what their registers say about a span."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from django.conf import settings
from django.db import connection

from gridhall.contexts.metering.models import MeterInstallation
from gridhall.contexts.metering.rules.registers import (
    Dial,
    Installed,
    RegisterKind,
    Snapshot,
    energy_between,
    greatest_demand,
)
from gridhall.contexts.metering.types import Installation, Register
from gridhall.kernel.spans import DateSpan
from gridhall.lake.daycurves import day_start

#: Usage points whose register readings are held at a time.
_AT_ONCE: Final = 20_000

REGISTER_ENERGY: Final = pa.schema(
    [
        pa.field("usage_point", pa.int64(), nullable=False),
        pa.field("register", pa.string(), nullable=False),
        pa.field("wh", pa.int64()),  # W of the demand register; null where a finding forbids a figure
        pa.field("from", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("to", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("estimated", pa.bool_(), nullable=False),
        pa.field("rollovers", pa.int32(), nullable=False),
        pa.field("finding", pa.string()),  # why there is no figure
    ]
)


def installations(usage_point: int) -> list[Installation]:
    """The meters of a usage point, the oldest first."""
    rows = (
        MeterInstallation.objects.filter(usage_point_id=usage_point)
        .select_related("meter")
        .prefetch_related("meter__registers")
        .order_by("span")
    )
    return [
        Installation(
            id=row.pk,
            meter=row.meter.serial,
            usage_point=row.usage_point_id,
            start=row.span.lower,
            end=row.span.upper,
            multiplier=row.multiplier,
            registers=tuple(
                Register(RegisterKind(each.kind), Dial(each.digits, each.decimals))
                for each in row.meter.registers.all()
            ),
        )
        for row in rows
    ]


def register_energy(
    usage_points: Sequence[int] | npt.NDArray[np.int64],
    span: DateSpan,
    *,
    version: int | None = None,
    zone: str | None = None,
) -> pa.Table:
    """What the registers of usage points say about a span of local days; for billing those without interval data.

    One row per usage point and register with any readings: whole Wh (varh; for ``max_demand`` W), from when to when
    readings cover the span, whether a bound had to be interpolated or a reading was an estimate, and the finding that
    forbids a figure. Meter exchanges and rollovers are included. A ``to`` before the end of the span means that the
    newest reading is older: the energy after it is not known.

    Args:
        version: as of a readings version; readings taken by hand count once they were known.
        zone: of the span's days; the utility's by default.
    """
    zone = zone or settings.TIME_ZONE
    assert span.end is not None
    start, end = day_start(zone, span.start), day_start(zone, span.end)
    points = np.unique(np.asarray(usage_points, dtype=np.int64))
    parts = [
        _table(_energies(points[first : first + _AT_ONCE].tolist(), start, end, version))
        for first in range(0, len(points), _AT_ONCE)
    ]
    return pa.concat_tables(parts) if parts else REGISTER_ENERGY.empty_table()


def _energies(points: list[int], start: datetime, end: datetime, version: int | None) -> Iterator[tuple[Any, ...]]:
    for (point, kind), rows in groupby(snapshots(points, start, end, version), key=itemgetter(0, 1)):
        installed = installed_of(rows)
        if kind == RegisterKind.MAX_DEMAND:
            greatest = greatest_demand(installed, start, end)
            if greatest is not None:
                yield point, kind, greatest, start, end, False, 0, None
            continue
        found = energy_between(installed, start, end)
        if found is not None:
            finding = found.findings[0].message if found.findings else None
            yield point, kind, found.energy, found.start, found.end, found.estimated, found.rollovers, finding


def installed_of(rows: Iterator[tuple[Any, ...]]) -> list[Installed]:
    """The readings of one usage point and register as meters in turn."""
    return [
        Installed(
            meter=str(installation),
            dial=Dial(digits, decimals),
            multiplier=multiplier,
            snapshots=[Snapshot(at, reading, estimated) for *_, at, reading, estimated in readings],
        )
        for (installation, multiplier, digits, decimals), readings in groupby(rows, key=itemgetter(2, 3, 4, 5))
    ]


def snapshots(
    points: list[int], start: datetime, end: datetime, version: int | None
) -> Iterator[tuple[int, str, int, Decimal, int, int, datetime, Decimal, bool]]:
    """The readings in force of each register within the span, and the nearest before and after it, in time order."""
    known: dict[str, Any] = {"points": points, "start": start, "end": end, "version": version}
    visible = "TRUE" if version is None else _VISIBLE
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOTS.format(visible=visible), known)
        while rows := cursor.fetchmany(10_000):
            yield from rows


#: Readings of files up to the version, and those taken by hand before the next file came.
_VISIBLE: Final = """(r.source_id <= %(version)s OR r.source_id IS NULL AND r.available_at <
    COALESCE((SELECT min(n.available_at) FROM metering_import n WHERE n.id > %(version)s), 'infinity'))"""

_SNAPSHOTS: Final = """
WITH register AS (
    SELECT i.id, i.usage_point_id, i.multiplier, i.span, g.kind, g.digits, g.decimals
    FROM metering_meterinstallation i JOIN metering_meterregister g ON g.meter_id = i.meter_id
    WHERE i.usage_point_id = ANY(%(points)s) AND i.span && tstzrange(%(start)s, %(end)s, '[]')
)
SELECT q.usage_point_id, q.kind, q.id, q.multiplier, q.digits, q.decimals, e.at, e.reading, e.estimated
FROM register q CROSS JOIN LATERAL (
    SELECT DISTINCT ON (r.at) r.at, r.reading, r.estimated
    FROM metering_registerreading r
    WHERE r.installation_id = q.id AND r.kind = q.kind AND {visible}
      AND r.at >= COALESCE((SELECT max(r.at) FROM metering_registerreading r
            WHERE r.installation_id = q.id AND r.kind = q.kind AND r.at <= %(start)s AND {visible}), %(start)s)
      AND r.at <= COALESCE((SELECT min(r.at) FROM metering_registerreading r
            WHERE r.installation_id = q.id AND r.kind = q.kind AND r.at >= %(end)s AND {visible}), %(end)s)
    ORDER BY r.at, r.id DESC
) e
ORDER BY q.usage_point_id, q.kind, lower(q.span), e.at
"""


def _table(rows: Iterator[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(REGISTER_ENERGY)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, REGISTER_ENERGY, strict=True)]
    return pa.Table.from_arrays(arrays, schema=REGISTER_ENERGY)
