"""Rows of readings for the days that are still to come, made from those that were by `rules.pace`."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.contexts.billing.rules import pace
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves
from gridhall.lake.curves import SCHEMA

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Month:
    """The running month: ``span`` is all of it, ``until`` the first day of which nothing can be known yet.

    ``off`` are the days of the last weeks and of the month that are not worked.
    """

    span: DateSpan
    until: date
    off: frozenset[date]

    @property
    def before(self) -> DateSpan:
        """The month before."""
        last = self.span.start - timedelta(days=1)
        return DateSpan.month(last.year, last.month)


def days_to_come(
    found: pa.Table, points: Ints, since: Days, as_of: Days, month: Month, zone: str
) -> tuple[list[pa.Table], npt.NDArray[np.bool_]]:
    """Rows for the days after each usage point's last complete one, and which usage points have a pace."""
    able = np.zeros(len(points), bool)
    tables: list[pa.Table] = []
    if not found.num_rows:
        return tables, able
    first = np.datetime64(month.until - timedelta(days=pace.DAYS))
    lengths = pc.list_value_length(found["curve"]).to_numpy()
    place, day = np.searchsorted(points, found["usage_point"].to_numpy()), dates(found["day"])
    counts = (day >= first) & (day >= since[place])
    column = (day - first).astype(np.int64)
    complete = found["missing"].to_numpy() == 0
    off = np.array([(first + each).item() in month.off for each in range(pace.DAYS)])
    usual = _usual_length(place, lengths, len(points))
    for length in np.unique(usual[usual > 0]).tolist():
        mine = np.flatnonzero(usual == length)
        chosen = np.flatnonzero(counts & complete & (lengths == length) & (usual[place] == length))
        values = found["curve"].take(pa.array(chosen)).combine_chunks().flatten().fill_null(0).to_numpy()
        dense = np.zeros((len(mine), pace.DAYS, length), np.int64)
        has = np.zeros((len(mine), pace.DAYS), bool)
        at = np.searchsorted(mine, place[chosen])
        dense[at, column[chosen]] = values.reshape(-1, length)
        has[at, column[chosen]] = True
        expected = pace.pace(dense, has, off)
        able[mine] = expected.known
        for each in month.span:
            who = np.flatnonzero(expected.known & (as_of[mine] < np.datetime64(each)))
            if not len(who):
                continue
            like = (expected.off if each in month.off else expected.worked)[who]
            minutes = curves.MINUTES_PER_DAY // length
            slots = curves.slots(zone, each, minutes) if minutes in curves.RESOLUTIONS else length
            tables.append(_day_table(points[mine[who]], each, _fitted(like, slots)))
    return tables, able


def _usual_length(place: Ints, lengths: npt.NDArray[Any], count: int) -> Ints:
    """The usual number of slots of each usage point's days: that of most of its rows, the greater of two."""
    usual, most = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for length in np.unique(lengths).tolist():
        times = np.bincount(place[lengths == length], minlength=count)
        better = (times >= most) & (times > 0)
        usual[better], most[better] = length, times[better]
    return usual


def _fitted(like: Ints, slots: int) -> Ints:
    """Curves for a day of another length, when clocks change: the last hour is repeated or falls away."""
    if like.shape[1] >= slots:
        return like[:, :slots]
    return np.concatenate([like, like[:, like.shape[1] - slots :]], axis=1)


def _day_table(points: Ints, day: date, like: Ints) -> pa.Table:
    count, slots = like.shape
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * slots)
    curve = pa.ListArray.from_arrays(offsets, pa.array(like.reshape(-1).astype(np.int32)))
    nothing = pa.array(np.zeros(count, np.int16))
    values = [pa.array(points), pa.repeat(pa.scalar(day), count), curve, pa.nulls(count, pa.list_(pa.int8()))]
    return pa.table([*values, nothing, nothing], schema=SCHEMA)


def dates(column: pa.ChunkedArray | pa.Array) -> Days:
    """A column of days, for numpy."""
    return np.asarray(column.to_numpy(), dtype="M8[D]")
