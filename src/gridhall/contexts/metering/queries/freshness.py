"""How fresh readings are (X3): as of when, which gaps, how much is estimated; for one usage point or for millions."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Min

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.metering.models import LakeFile
from gridhall.contexts.metering.queries.catalogue import lake_root, readable_files
from gridhall.contexts.metering.queries.readings import check_version
from gridhall.contexts.metering.types.readings import Freshness, Gap
from gridhall.kernel.spans import DateSpan
from gridhall.lake import engine, points, readings
from gridhall.lake.freshness import COVERAGE, coverage
from gridhall.lake.needs import Channel
from gridhall.runtime.copy import copy_out

#: How many days back gaps are looked for.
WINDOW: Final = 35

FRESHNESS: Final = pa.schema(
    [
        pa.field("usage_point", pa.int64(), nullable=False),
        pa.field("as_of", pa.date32()),  # the last complete day
        pa.field("last_day", pa.date32()),
        pa.field("days", pa.int64(), nullable=False),  # of the window, with readings
        pa.field("absent_days", pa.int64(), nullable=False),  # of the window, since the first reading
        pa.field("incomplete_days", pa.int64(), nullable=False),
        pa.field("missing", pa.int64(), nullable=False),  # slots
        pa.field("estimated", pa.int64(), nullable=False),  # slots
    ]
)


def freshness(
    today: date,
    *,
    usage_points: Sequence[int] | None = None,
    days: int = WINDOW,
    channel: Channel = Channel.IMPORT,
    version: int | None = None,
) -> pa.Table:
    """How fresh the readings of many usage points are, one row each, by two passes over the lake.

    ``as_of`` and ``last_day`` look at all there is; the counts look at the last ``days`` days before ``today``, from a
    usage point's first reading on, so that a new connection has no gaps before its time.

    Args:
        today: the days before it are looked at.
        usage_points: ids; those without any reading appear too, with nothing. None: all that have readings.
    """
    check_version(version)
    window = today - timedelta(days=days)
    begins = LakeFile.objects.filter(channel=channel.value).order_by("first_day").values_list("first_day", flat=True)
    first = min(begins.first() or window, window)
    wanted = None if usage_points is None else np.unique(np.asarray(usage_points, dtype=np.int64))
    with engine.session() as session:

        def covered(span: DateSpan) -> pa.Table:
            files = readable_files(channel, span, version=version)
            if not files:
                return COVERAGE.empty_table()
            with session.scratch():
                return coverage(readings.effective(session, lake_root(), files, span, wanted))

        recent = covered(DateSpan(window, today))
        ever = covered(DateSpan(first, today)) if first < window else recent
    points = ever["usage_point"] if wanted is None else pa.array(wanted)
    return _joined(pa.table({"usage_point": points}), ever, recent, window, today)


def freshness_by_area(
    today: date,
    *,
    organisation: str | None = None,
    days: int = WINDOW,
    channel: Channel = Channel.IMPORT,
    version: int | None = None,
) -> pa.Table:
    """Freshness summed up by transformer area (台区), one row each, those the furthest behind first.

    ``complete_to`` is the day up to which every usage point that ever spoke is complete; ``up_to_date`` counts those
    complete up to yesterday, ``behind`` the others, ``never`` those without any reading.

    Args:
        organisation: the code of a unit, whose whole subtree is meant; None for the whole utility.

    Raises:
        NotFound: when there is no such unit.
    """
    points = _areas(organisation)
    rows = freshness(
        today, usage_points=points["usage_point"].to_pylist(), days=days, channel=channel, version=version
    ).join(points, "usage_point")
    yesterday = pa.scalar(today - timedelta(days=1))
    flags = {
        "up_to_date": pc.fill_null(pc.equal(rows["as_of"], yesterday), False),
        "never": pc.is_null(rows["last_day"]),
    }
    for name, flag in flags.items():
        rows = rows.append_column(name, flag.cast(pa.int64()))
    sums = ("up_to_date", "never", "absent_days", "missing", "estimated")
    found = rows.group_by(["area", "name", "feeder"]).aggregate(
        [("usage_point", "count"), ("as_of", "min"), *((name, "sum") for name in sums)]
    )
    counted = {name: found[f"{name}_sum"] for name in sums}
    behind = pc.subtract(pc.subtract(found["usage_point_count"], counted["up_to_date"]), counted["never"])
    table = pa.table(
        {
            "area": found["area"],
            "name": found["name"],
            "feeder": found["feeder"],
            "usage_points": found["usage_point_count"],
            "complete_to": found["as_of_min"],
            "up_to_date": counted["up_to_date"],
            "behind": behind,
            **{name: counted[name] for name in sums if name != "up_to_date"},
        }
    )
    return table.sort_by([("behind", "descending"), ("never", "descending"), ("area", "ascending")])


def freshness_in_area(
    area: str,
    today: date,
    *,
    organisation: str | None = None,
    days: int = WINDOW,
    channel: Channel = Channel.IMPORT,
) -> pa.Table:
    """Freshness of each usage point of a transformer area, with its ``number``, those the furthest behind first.

    Args:
        area: code of the transformer area; ``-`` for usage points without one.
        organisation: the code of a unit; only its usage points are told.

    Raises:
        NotFound: when there is no such unit.
    """
    units = [unit.id for unit in accounts.organisations(organisation)]
    schema = pa.schema([("usage_point", pa.int64()), ("number", pa.string())])
    found = copy_out(_IN_AREA, [units, area], schema)
    rows = freshness(today, usage_points=found["usage_point"].to_pylist(), days=days, channel=channel)
    joined = rows.join(found, "usage_point")
    # Without any complete day comes first; Arrow's own place for nulls is changing between its versions.
    since = pc.fill_null(joined["as_of"], date(1, 1, 1))
    order = [("since", "ascending"), ("missing", "descending"), ("number", "ascending")]
    return joined.append_column("since", since).sort_by(order).drop_columns(["since"])


def _areas(organisation: str | None) -> pa.Table:
    """The transformer area of each usage point and its feeder; those without one under ``-``."""
    units = [unit.id for unit in accounts.organisations(organisation)]
    schema = pa.schema(
        [("usage_point", pa.int64()), ("area", pa.string()), ("name", pa.string()), ("feeder", pa.string())]
    )
    return copy_out(_AREAS, [units], schema)


_AREAS: Final = """
    SELECT u.id, COALESCE(t.code, '-'), COALESCE(t.name, ''), COALESCE(f.name, '') FROM accounts_usagepoint u
    LEFT JOIN accounts_transformerarea t ON t.id = u.transformer_area_id
    LEFT JOIN accounts_feeder f ON f.id = t.feeder_id
    WHERE u.organisation_id = ANY(%s::bigint[]) ORDER BY u.id
"""
_IN_AREA: Final = """
    SELECT u.id, u.number FROM accounts_usagepoint u
    LEFT JOIN accounts_transformerarea t ON t.id = u.transformer_area_id
    WHERE u.organisation_id = ANY(%s::bigint[]) AND COALESCE(t.code, '-') = %s ORDER BY u.id
"""


def freshness_of(
    usage_point: int,
    today: date,
    *,
    days: int = WINDOW,
    channel: Channel = Channel.IMPORT,
    version: int | None = None,
) -> Freshness:
    """How fresh the readings of one usage point are, with every gap of the last ``days`` days."""
    check_version(version)
    window = today - timedelta(days=days)
    rows = _days_of(usage_point, DateSpan(window, today), channel, version)
    if not any(missing == 0 for _, missing, _ in rows) or rows[0][0] > window:
        # When it was complete last, and since when there are readings at all, lies before the window.
        first = LakeFile.objects.filter(channel=channel.value).aggregate(first=Min("first_day"))["first"] or window
        ever = _days_of(usage_point, DateSpan(min(first, window), today), channel, version)
    else:
        ever = rows
    missing = {day: count for day, count, _ in rows}
    # Before the first reading of all there is no gap, only a time before.
    start = max(ever[0][0], window) if ever else today
    return Freshness(
        usage_point=usage_point,
        as_of=max((day for day, count, _ in ever if count == 0), default=None),
        last_day=ever[-1][0] if ever else None,
        window=window,
        gaps=tuple(_gaps(missing, DateSpan(start, today))) if start < today else (),
        missing=sum(missing.values()),
        estimated=sum(count for _, _, count in rows),
        days=len(rows),
    )


def _days_of(usage_point: int, span: DateSpan, channel: Channel, version: int | None) -> list[tuple[date, int, int]]:
    """Day, missing slots and estimated slots of each day with readings, in order."""
    found = points.rows_of(lake_root(), readable_files(channel, span, version=version), span, usage_point)
    return list(zip(*(found[name].to_pylist() for name in ("day", "missing", "estimated")), strict=True))


def _joined(points: pa.Table, ever: pa.Table, recent: pa.Table, window: date, today: date) -> pa.Table:
    bounds = ever.select(["usage_point", "first_day", "last_day", "last_complete_day"])
    counts = recent.select(["usage_point", "days", "incomplete_days", "missing", "estimated"])
    rows = points.join(bounds, "usage_point").join(counts, "usage_point").sort_by("usage_point")
    starts = pc.max_element_wise(rows["first_day"], pa.scalar(window), skip_nulls=False)
    expected = pc.fill_null(pc.subtract(_number(today), starts.cast(pa.int32()).cast(pa.int64())), 0)
    days = pc.fill_null(rows["days"], 0)
    return pa.table(
        {
            "usage_point": rows["usage_point"],
            "as_of": rows["last_complete_day"],
            "last_day": rows["last_day"],
            "days": days,
            "absent_days": pc.subtract(expected, days),
            **{name: pc.fill_null(rows[name], 0) for name in ("incomplete_days", "missing", "estimated")},
        }
    ).cast(FRESHNESS)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _gaps(missing: dict[date, int], span: DateSpan) -> Iterator[Gap]:
    """Days that are absent or incomplete, those alike and in a row together."""
    lacking = [(day, missing.get(day)) for day in span if missing.get(day) != 0]
    start = 0
    for index, (before, after) in enumerate(pairwise([*lacking, (date.max, None)]), 1):
        if after[0] - before[0] != timedelta(days=1) or after[1] != before[1]:
            yield Gap(lacking[start][0], before[0], before[1])
            start = index
