"""Energy of each register in each tier, where tiers fill in the order of time.

Nearly every usage point stays within one tier over a month, and one that does not crosses a limit on one day. So
everybody is measured once, the few who cross are looked at day by day, and only the days of crossing slot by slot.
"""

from collections.abc import Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.lake import curves
from gridhall.lake.measure.registers import aggregate, measure, of_members
from gridhall.lake.needs import Needs
from gridhall.lake.readings import Readings

Integers = npt.NDArray[np.int64]

#: Members that cross a limit are looked at in lots of so many: a month of one is some 3,000 numbers.
_AT_ONCE: Final = 50_000
_NO_LIMIT: Final = 2**62


def measure_chronological(readings: Readings, needs: Needs, zone: str | ZoneInfo, limits: pa.Table) -> pa.Table:
    """Split each register's energy among tiers that fill in the order of time.

    A limit that is reached inside a slot splits the slot at the watt-hour. Readings must not be negative: a tier once
    filled is not emptied again.

    Args:
        needs: of one span within one tier period; its demands are not measured here.
        limits: ``usage_point int64, start date32, end date32, used int64`` (Wh counted in the tier period before
            ``start``), ``limit_0 …`` int64 (Wh at which each tier ends, ascending; NULL: never). One more tier than
            limits. A usage point may occur more than once.

    Returns:
        One row per member with readings: ``usage_point, member`` (row of ``limits``), ``wh_<register>_<tier>`` int64,
        ``days, missing, estimated``; ordered by member.

    Raises:
        IntervalTooCoarse, ResolutionUnknown: as `measure`.
    """
    needs = Needs(needs.span, needs.registers, needs.patterns, needs.pattern_of_day, (), needs.channel)
    members = limits.select(["usage_point", "start", "end"])
    found = measure(readings, needs, zone, members)
    member = found["member"].to_numpy()
    edges = _edges(limits)[member]
    used = limits["used"].to_numpy()[member]
    count, tiers = len(needs.registers), edges.shape[1] + 1
    by_register = np.stack([found[f"wh_{register}"].to_numpy() for register in range(count)], axis=1)
    split = np.zeros((len(found), count, tiers), dtype=np.int64)
    begin = (used[:, None] >= edges).sum(axis=1)
    after = used + by_register.sum(axis=1)
    end = np.maximum(begin, (after[:, None] > edges).sum(axis=1))
    if count == 1:
        # One register needs no order of time: only how much of each tier is filled.
        split[:, 0, :] = _fill(edges, used, after)
    else:
        stays = np.flatnonzero(begin == end)
        split[stays, :, begin[stays]] = by_register[stays]
        crossing = np.flatnonzero(begin != end)
        for lot in np.array_split(crossing, -(-len(crossing) // _AT_ONCE)) if len(crossing) else []:
            chosen = limits.take(pa.array(member[lot]))
            split[lot] = _crossing(readings, needs, zone, chosen, edges[lot], used[lot])
    columns = {f"wh_{register}_{tier}": split[:, register, tier] for register in range(count) for tier in range(tiers)}
    kept = {name: found[name] for name in ("usage_point", "member")}
    counts = {name: found[name] for name in ("days", "missing", "estimated")}
    return pa.table(kept | columns | counts)


def _edges(limits: pa.Table) -> Integers:
    names = sorted((name for name in limits.column_names if name.startswith("limit_")), key=lambda name: int(name[6:]))
    columns = [pc.fill_null(limits[name], _NO_LIMIT).to_numpy() for name in names]
    return np.stack(columns, axis=1) if columns else np.zeros((len(limits), 0), dtype=np.int64)


def _fill(edges: Integers, before: Integers, after: Integers) -> Integers:
    """How much of each tier lies between two counts, [..., tiers], for edges [rows, limits] and counts [rows, ...].

    A tier's share is the difference of two positions clipped to it, so the shares add up to the whole exactly.
    """
    shape = (len(edges),) + (1,) * (before.ndim - 1)
    bounds = [edges[:, index].reshape(shape) for index in range(edges.shape[1])]
    shares = []
    for tier in range(len(bounds) + 1):
        one, other = before, after
        if tier < len(bounds):
            one, other = np.minimum(one, bounds[tier]), np.minimum(other, bounds[tier])
        if tier > 0:
            one, other = np.maximum(one, bounds[tier - 1]), np.maximum(other, bounds[tier - 1])
        shares.append(other - one)
    return np.stack(shares, axis=-1)


def _crossing(
    readings: Readings, needs: Needs, zone: str | ZoneInfo, limits: pa.Table, edges: Integers, used: Integers
) -> Integers:
    """The split ``[rows of limits, registers, tiers]`` of members who pass a limit within the span."""
    session, count = readings.session, len(needs.registers)
    split = np.zeros((len(limits), count, edges.shape[1] + 1), dtype=np.int64)
    numbers = np.arange(len(limits), dtype=np.int64)
    with session.scratch():
        rows = of_members(readings, limits.select(["usage_point", "start", "end"]), numbers)
        daily = aggregate(readings, rows, [needs], zone, ["usage_point", "member", "day"])
        order = np.lexsort((daily["day"].to_numpy(), daily["member"].to_numpy()))
        daily = daily.take(pa.array(order))
        owner = daily["member"].to_numpy()
        by_register = np.stack([daily[f"wh_{register}"].to_numpy() for register in range(count)], axis=1)
        after = used[owner] + _running(owner, by_register.sum(axis=1))
        before = after - by_register.sum(axis=1)
        begin = (before[:, None] >= edges[owner]).sum(axis=1)
        end = np.maximum(begin, (after[:, None] > edges[owner]).sum(axis=1))
        stays = begin == end
        whole: Any = (owner[stays], slice(None), begin[stays])
        np.add.at(split, whole, by_register[stays])
        crossed = daily.select(["member", "day"]).filter(pa.array(~stays))
        keys = session.table(crossed.append_column("before", pa.array(before[~stays])))
        wanted = rows.join(keys, [rows.member == keys.member, rows.day == keys.day]).select(
            rows.member, rows.day, rows.curve, keys.before
        )
        for whose, starts, matrix, slots in _alike(session.collect(wanted), needs, zone):
            counted = starts[:, None] + np.cumsum(matrix, axis=1)
            shares = _fill(edges[whose], counted - matrix, counted)
            for register in range(count):
                place: Any = (whose, register)
                np.add.at(split, place, shares[:, slots == register].sum(axis=1))
    return split


def _running(owner: Integers, values: Integers) -> Integers:
    """Running sums that begin anew with each owner; rows of an owner are neighbours."""
    total = np.cumsum(values)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    lengths = np.diff(np.append(first, len(owner)))
    return total - np.repeat((total - values)[first], lengths)


def _alike(
    rows: pa.Table, needs: Needs, zone: str | ZoneInfo
) -> Iterator[tuple[Integers, Integers, Integers, npt.NDArray[np.int32]]]:
    """Rows of one day and one length together: whose, Wh counted before, the curves as a matrix, registers by slot."""
    lengths = pc.list_value_length(rows["curve"]).to_numpy()
    days = np.asarray(rows["day"].to_numpy(), dtype="datetime64[D]")
    for day in np.unique(days):
        for length in np.unique(lengths[days == day]):
            part = rows.filter(pa.array((days == day) & (lengths == length)))
            values = pc.fill_null(pc.list_flatten(part["curve"]), 0).to_numpy()
            plain = day.astype(object)
            minutes = curves.resolution(zone, plain, int(length))
            slots = curves.registers_of_slots(zone, plain, minutes, needs.pattern(plain))
            matrix = values.astype(np.int64).reshape(-1, length)
            yield part["member"].to_numpy(), part["before"].to_numpy(), matrix, slots
