"""Energy per register, highest demands, and how much of it was really measured.

The same expressions run on every engine of `engine`.
"""

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.kernel.errors import GridhallError
from gridhall.lake import curves
from gridhall.lake.measure import expressions
from gridhall.lake.needs import Needs
from gridhall.lake.readings import Readings

#: Members up to this share of a table's usage points are joined before measuring; more, and all are measured.
_FEW: Final = 4

_COUNTS: Final = ("days", "missing", "estimated")


class DemandWindowUnfit(GridhallError):
    """A demand window is not made of whole slots of the readings, or does not divide an hour."""

    code = "demand_window"


def measure(
    readings: Readings, needs: Needs | Sequence[Needs], zone: str | ZoneInfo, members: pa.Table | None = None
) -> pa.Table:
    """Measure readings as prices need them, in one pass.

    Args:
        readings: of the needs' channel.
        needs: of one span; or of several spans that do not overlap, each a segment of the result.
        zone: of the days and clock times.
        members: ``usage_point int64, start date32, end date32``: whom to measure, each over its own days within the
            needs' spans. A usage point may occur more than once. None: everybody over all days.

    Returns:
        One row per usage point (and segment, and member) with at least one day of readings: ``usage_point``,
        ``segment`` (index into ``needs``, when several are given), ``member`` (row of ``members``, when given),
        ``wh_0 …`` int64 per register, ``w_0 …`` int64 per demand (0 where no window could be measured), ``days``,
        ``missing``, ``estimated`` (slots) int64. Ordered by segment, then member or usage point.

    Raises:
        IntervalTooCoarse: when a register begins inside a slot of the readings.
        ResolutionUnknown: when a curve's length does not fit its day.
        DemandWindowUnfit: when a demand's window is not made of whole slots.
    """
    segments = [needs] if isinstance(needs, Needs) else list(needs)
    _check(segments)
    found = None if members is None else readings.at_hand(segments, zone, members)
    if found is not None:
        return found if not isinstance(needs, Needs) else found.drop_columns("segment")
    with readings.session.scratch():
        if members is None:
            found = aggregate(readings, readings.table, segments, zone, ["usage_point"])
        else:
            found = _measure_members(readings, segments, zone, members)
    return found if not isinstance(needs, Needs) else found.drop_columns("segment")


def _measure_members(
    readings: Readings, segments: Sequence[Needs], zone: str | ZoneInfo, members: pa.Table
) -> pa.Table:
    """Whole members are measured by usage point and picked out afterwards; the others are joined, day by day.

    Joining every row of a million usage points to its member takes longer than measuring it.
    """
    points = members["usage_point"].to_numpy()
    first, stop = _bounds(segments)
    whole = (_dates(members["start"]) <= np.datetime64(first)) & (_dates(members["end"]) >= np.datetime64(stop))
    distinct, counts = np.unique(points, return_counts=True)
    whole &= ~np.isin(points, distinct[counts > 1])
    numbers = np.arange(len(points), dtype=np.int64)
    parts = []
    if whole.any():
        parts.append(_of_whole_members(readings, segments, zone, points[whole], numbers[whole]))
    if not whole.all():
        joined = of_members(readings, members.filter(pa.array(~whole)), numbers[~whole])
        parts.append(aggregate(readings, joined, segments, zone, ["usage_point", "member"]))
    if not parts:
        return aggregate(readings, readings.table.limit(0), segments, zone, ["usage_point"]).append_column(
            "member", pa.array([], pa.int64())
        )
    found = pa.concat_tables([part.select(parts[0].column_names) for part in parts])
    order = np.lexsort((found["member"].to_numpy(), found["segment"].to_numpy()))
    return found.take(pa.array(order)) if len(parts) > 1 else found


def of_members(readings: Readings, members: pa.Table, numbers: npt.NDArray[np.int64]) -> ibis.Table:
    """The rows of members, each over its own days, with the member's number in ``member``."""
    own = members.select(["usage_point", "start", "end"]).append_column("member", pa.array(numbers))
    listed = readings.session.table(own)
    table = readings.table
    if len(members):
        bounds = pc.min_max(members["usage_point"])
        table = table.filter(table.usage_point >= bounds["min"].as_py(), table.usage_point <= bounds["max"].as_py())
    return table.join(
        listed, [table.usage_point == listed.usage_point, table.day >= listed.start, table.day < listed.end]
    ).select(table, listed.member)


def _of_whole_members(
    readings: Readings,
    segments: Sequence[Needs],
    zone: str | ZoneInfo,
    points: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.int64],
) -> pa.Table:
    table = readings.table
    low, high = int(points.min()), int(points.max())
    table = table.filter(table.usage_point >= low, table.usage_point <= high)
    if len(points) * _FEW < high - low + 1:
        table = table.semi_join(readings.session.table(pa.table({"usage_point": points})), "usage_point")
    found = aggregate(readings, table, segments, zone, ["usage_point"])
    order = np.argsort(points, kind="stable")
    ordered = points[order]
    place = np.searchsorted(ordered, found["usage_point"].to_numpy())
    place[place == len(ordered)] = 0
    known = ordered[place] == found["usage_point"].to_numpy()
    member = numbers[order[place]]
    if not known.all():
        found, member = found.filter(pa.array(known)), member[known]
    found = found.append_column("member", pa.array(member))
    order = np.lexsort((member, found["segment"].to_numpy()))
    if bool((np.diff(order) == 1).all()):
        return found
    return found.take(pa.array(order))


def aggregate(
    readings: Readings,
    rows: ibis.Table,
    segments: Sequence[Needs],
    zone: str | ZoneInfo,
    keys: Sequence[str],
    lengths: Sequence[int] | None = None,
) -> pa.Table:
    """Measure rows in one grouped expression; the result is that of `measure`, by other keys.

    Args:
        lengths: the lengths of curve that occur, where a demand asks for them and they are known.
    """
    session, table = readings.session, rows
    first, stop = _bounds(segments)
    table = table.filter(table.day >= first, table.day < stop)
    count = max(len(each.registers) for each in segments)
    demands = segments[0].demands
    kinds = expressions.day_kinds(segments, zone)
    derived = expressions.costliest_register(kinds, count)
    counted = [index for index in range(count) if index != derived]
    usual = _usual_resolution(readings, table) if counted and session.adds_elements_fast else None
    columns: dict[str, Any] = {
        "total": session.total(table.curve),
        "days": expressions.days_counted(table.curve, table.day, kinds, zone, demands),
    }
    for index in counted:
        columns[f"wh_{index}"] = expressions.energy(session, table.curve, table.day, kinds, zone, index, usual)
    if demands:
        # Windows are laid out for the lengths that occur. Those of the first row's resolution are taken for granted and
        # the others counted; only where there are others are all lengths looked for, at the price of another scan.
        supposed = lengths or expressions.lengths_at(kinds, zone, _usual_resolution(readings, table) or 15)
        columns["others"] = (~table.curve.length().isin(supposed)).cast("int64")
        for index, demand in enumerate(demands):
            columns[f"w_{index}"] = expressions.demand(session, table.curve, table.day, kinds, zone, demand, supposed)
    by = list(keys)
    if len(segments) > 1:
        table = table.filter(_within(table.day, segments))
        columns["segment"] = _segment(table.day, segments)
        by.append("segment")
    each_day = table.select(*keys, "missing", "estimated", **columns)
    sums = {
        name: each_day[name].sum().cast("int64") for name in ["total", *(f"wh_{each}" for each in counted), *_COUNTS]
    }
    if demands:
        sums["others"] = each_day.others.sum().cast("int64")
    peaks = {f"w_{each}": each_day[f"w_{each}"].max().cast("int64") for each in range(len(demands))}
    grouped = each_day.group_by(by).aggregate(
        **sums,
        **peaks,
    )
    found = session.collect(grouped)
    if demands and lengths is None and pc.any(pc.greater(found["others"], 0)).as_py():
        occurring = session.collect(table.select(length=table.curve.length()).distinct())
        return aggregate(readings, rows, segments, zone, keys, sorted(occurring["length"].to_pylist()))
    arrays: dict[str, npt.NDArray[np.signedinteger[Any]]] = {
        name: found[name].to_numpy() for name in found.column_names if not name.startswith("w_")
    }
    if len(found) and int(arrays["days"].max()) >= expressions.UNFIT:
        _explain(readings, segments, zone)
    arrays[f"wh_{derived}"] = arrays.pop("total") - sum(
        (arrays[f"wh_{each}"] for each in counted), np.zeros(len(found), dtype=np.int64)
    )
    for index in range(len(demands)):
        arrays[f"w_{index}"] = pc.fill_null(found[f"w_{index}"], 0).to_numpy()
    segment = arrays.get("segment", np.zeros(len(found), dtype=np.int64)).astype(np.int16)
    names = [
        *keys,
        "segment",
        *(f"wh_{each}" for each in range(count)),
        *(f"w_{each}" for each in range(len(demands))),
        *_COUNTS,
    ]
    arrays["segment"] = segment
    order = np.lexsort((arrays[keys[-1]], segment))
    return pa.table({name: arrays[name][order] for name in names})


def _usual_resolution(readings: Readings, table: ibis.Table) -> int | None:
    """The minutes per slot of the first row at hand; a guess that only speed depends on."""
    sample = readings.session.collect(table.select(length=table.curve.length()).limit(1))["length"].to_pylist()
    return expressions.minutes_of(sample[0]) if sample else None


def _check(segments: Sequence[Needs]) -> None:
    if not segments:
        raise ValueError("there is nothing to measure: no needs were given")
    if len({each.channel for each in segments}) > 1 or len({each.demands for each in segments}) > 1:
        raise ValueError("needs that are measured together have one channel and the same demands")
    ordered = sorted(segments, key=lambda each: each.span.start)
    for one, other in itertools.pairwise(ordered):
        if one.span & other.span:
            raise ValueError(f"needs that are measured together must not overlap: {one.span} and {other.span}")
    for demand in segments[0].demands:
        if demand.window <= 0 or 60 % demand.window:
            raise DemandWindowUnfit(
                f"A demand window of {demand.window} minutes does not divide an hour.",
                remedy="Use 60, 30, 20, 15, 10 or 5 minutes.",
            )


def _lengths(readings: Readings, segments: Sequence[Needs]) -> ibis.Table:
    """The lengths of curve that occur, each with the day and the usage point where it is first found."""
    table = readings.table
    first, stop = _bounds(segments)
    table = table.filter(table.day >= first, table.day < stop).mutate(length=table.curve.length())
    return table.group_by("length", "day").aggregate(usage_point=table.usage_point.min()).order_by("length", "day")


def _explain(readings: Readings, segments: Sequence[Needs], zone: str | ZoneInfo) -> None:
    """Find the first row that cannot be measured and raise what is wrong with it."""
    for row in readings.session.collect(_lengths(readings, segments)).to_pylist():
        need = next((each for each in segments if row["day"] in each.span), None)
        if need is None:
            continue
        try:
            minutes = curves.resolution(zone, row["day"], row["length"])
            curves.ranges_of(zone, row["day"], minutes, need.pattern(row["day"]))
            for demand in need.demands:
                if minutes < demand.window and demand.window % minutes:
                    raise DemandWindowUnfit(
                        f"A demand window of {demand.window} minutes is not made of whole {minutes}-minute slots."
                    )
        except GridhallError as error:
            error.path = f"usage point {row['usage_point']}, {row['day']}"
            raise
    raise AssertionError("a row could not be measured, and no reason was found")


def _bounds(segments: Sequence[Needs]) -> tuple[date, date]:
    ends = [each.span.end for each in segments if each.span.end is not None]
    return min(each.span.start for each in segments), max(ends)


def _within(day: Any, segments: Sequence[Needs]) -> Any:
    inside = [day.between(each.span.start, _last(each)) for each in segments]
    return expressions.any_of(inside)


def _segment(day: Any, segments: Sequence[Needs]) -> Any:
    branches = [
        (day.between(each.span.start, _last(each)), ibis.literal(index, "int16")) for index, each in enumerate(segments)
    ]
    return ibis.cases(*branches, else_=ibis.literal(-1, "int16"))


def _last(need: Needs) -> date:
    assert need.span.end is not None
    return need.span.end - timedelta(days=1)


def _dates(column: Any) -> npt.NDArray[np.datetime64]:
    return np.asarray(column.to_numpy(), dtype="datetime64[D]")
