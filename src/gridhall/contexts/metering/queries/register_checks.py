"""Interval readings against registers: what the slots of some days add up to, and how far the register moved."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db import connection

from gridhall.contexts.metering.queries.catalogue import lake_root, readable_files
from gridhall.contexts.metering.queries.meters import installed_of, snapshots
from gridhall.contexts.metering.queries.readings import check_span, check_version
from gridhall.contexts.metering.rules.registers import Installed, RegisterKind, disagreements, energy_between, tolerance
from gridhall.kernel.spans import DateSpan
from gridhall.lake import engine, readings
from gridhall.lake.daycurves import day_start
from gridhall.lake.freshness import day_energy
from gridhall.lake.needs import Channel

#: One row per usage point and stretch of days ``[start, end)`` between two readings taken at midnight.
REGISTER_DAYS: Final = pa.schema(
    [
        pa.field("usage_point", pa.int64(), nullable=False),
        pa.field("start", pa.date32(), nullable=False),
        pa.field("end", pa.date32(), nullable=False),
        pa.field("register_wh", pa.int64(), nullable=False),
        pa.field("tolerance_wh", pa.int64(), nullable=False),
    ]
)
#: Usage points looked at together.
_AT_ONCE: Final = 5_000


def register_days(
    usage_points: Sequence[int], span: DateSpan, *, channel: Channel = Channel.IMPORT, version: int | None = None,
    zone: str | None = None,
) -> pa.Table:  # fmt: skip
    """By how much a channel's register advanced between readings at midnight; day by day where it is frozen daily.

    Exchanges and rollovers inside a stretch are included; stretches with a reading that is not believed, or that is an
    estimate, are left out. The tolerance is the multiplier times the last digit, once for each meter of the stretch.

    Raises:
        SpanEmpty, VersionUnknown: as their names say.
    """
    check_span(span)
    check_version(version)
    zone = zone or settings.TIME_ZONE
    assert span.end is not None
    start, end = day_start(zone, span.start), day_start(zone, span.end)
    rows = [
        (point, *stretch)
        for first in range(0, len(usage_points), _AT_ONCE)
        for (point, kind), found in groupby(
            snapshots(list(usage_points[first : first + _AT_ONCE]), start, end, version), key=itemgetter(0, 1)
        )
        if RegisterKind(kind).channel is channel
        for stretch in _stretches(installed_of(found), start, end, zone)
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(REGISTER_DAYS)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, REGISTER_DAYS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=REGISTER_DAYS)


def register_checks(
    span: DateSpan, *, usage_points: Sequence[int] | None = None, channel: Channel = Channel.IMPORT,
    version: int | None = None, zone: str | None = None,
) -> pa.Table:  # fmt: skip
    """Where interval readings and registers can be compared, whether they agree.

    Only stretches whose days are all there without a missing slot are compared.

    Args:
        usage_points: ids; None: all that have a meter.

    Returns:
        The columns of `REGISTER_DAYS`, ``interval_wh`` int64, ``estimated`` int64 (slots) and ``agrees`` bool.
    """
    points = list(usage_points) if usage_points is not None else _metered()
    told = register_days(points, span, channel=channel, version=version, zone=zone)
    files = readable_files(channel, span, version=version)
    wanted = np.unique(np.asarray(told["usage_point"]))
    with engine.session() as session, session.scratch():
        days = day_energy(readings.effective(session, lake_root(), files, span, wanted))
    days = days.filter(pc.equal(days["missing"], 0))
    # Sums over a stretch are differences of running sums; a day that is not there shows in the running count.
    keys = _keys(days["usage_point"], days["day"])
    sums = np.concatenate([[0], np.cumsum(np.asarray(days["wh"], dtype=np.int64))])
    estimates = np.concatenate([[0], np.cumsum(np.asarray(days["estimated"], dtype=np.int64))])
    starts = np.searchsorted(keys, _keys(told["usage_point"], told["start"]))
    ends = np.searchsorted(keys, _keys(told["usage_point"], told["end"]))
    lengths = _numbers(told["end"]) - _numbers(told["start"])
    interval_wh = sums[ends] - sums[starts]
    agrees = ~disagreements(interval_wh, np.asarray(told["register_wh"]), np.asarray(told["tolerance_wh"]))
    table = (
        told.append_column("interval_wh", pa.array(interval_wh))
        .append_column("estimated", pa.array(estimates[ends] - estimates[starts]))
        .append_column("agrees", pa.array(agrees))
    )
    return table.filter(pa.array(ends - starts == lengths))


def _stretches(
    installed: Sequence[Installed], start: datetime, end: datetime, zone: str
) -> Iterator[tuple[date, date, int, int]]:
    local = ZoneInfo(zone)
    moments = {one.at for each in installed for one in each.snapshots if start <= one.at <= end}
    midnights = sorted(at for at in moments if at == day_start(zone, at.astimezone(local).date()))
    for first, last in pairwise(midnights):
        found = energy_between(installed, first, last)
        if found is None or found.energy is None or found.estimated:
            continue
        allowed = sum(
            tolerance(each.multiplier, each.dial)
            for each in installed
            if each.snapshots and each.snapshots[0].at < last and each.snapshots[-1].at > first
        )
        yield first.astimezone(local).date(), last.astimezone(local).date(), found.energy, allowed


def _metered() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT usage_point_id FROM metering_meterinstallation ORDER BY 1")
        return [point for (point,) in cursor.fetchall()]


def _keys(points: Any, days: Any) -> Any:
    """Usage point and day as one ascending number."""
    return np.asarray(points, dtype=np.int64) * 10**6 + _numbers(days)


def _numbers(days: Any) -> Any:
    return np.asarray(days.cast(pa.int32()), dtype=np.int64)
