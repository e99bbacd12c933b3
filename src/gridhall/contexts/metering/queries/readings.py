"""Interval readings as day curves, as of any readings version."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.contexts.metering.exports import ROWS
from gridhall.contexts.metering.models import Import
from gridhall.contexts.metering.queries.catalogue import lake_root, readable_files, readable_files_of
from gridhall.contexts.metering.types.readings import SpanEmpty, VersionUnknown
from gridhall.kernel.spans import DateSpan
from gridhall.lake import engine, points, readings
from gridhall.lake.curves import SCHEMA
from gridhall.lake.daycurves import DayCurve, from_rows
from gridhall.lake.freshness import in_order
from gridhall.lake.needs import Channel
from gridhall.lake.parts import LakeFile
from gridhall.lake.readings import Readings

#: Rows held at a time while many usage points are read; about 400 bytes each at 96 slots.
_ROWS_AT_ONCE: Final = 60_000


def day_curves(
    usage_point: int, number: str, span: DateSpan, *, channel: Channel = Channel.IMPORT, version: int | None = None
) -> list[DayCurve]:
    """The days of one usage point in a span that have readings, in order, with the quality of each slot.

    Args:
        usage_point: id.
        number: under which the curves are shown.
        version: as of a readings version; None: the newest.
    """
    rows = rows_of(usage_point, span, channels=(channel,), version=version)[channel]
    return list(from_rows(rows, channel, {usage_point: number}))


def rows_of(
    usage_point: int, *spans: DateSpan, channels: Sequence[Channel] = tuple(Channel), version: int | None = None
) -> dict[Channel, pa.Table]:
    """The days of one usage point by channel, in the form of `curves.SCHEMA`; for pages: one query, no engine to open.

    Args:
        usage_point: id.
        spans: the days wanted; of what lies between them nothing is read.
        channels: those wanted; one without readings has an empty table.
        version: as of a readings version; None: the newest.

    Raises:
        SpanEmpty: when a span has no end.
        VersionUnknown: when there is no such version.
    """
    for span in spans:
        check_span(span)
    check_version(version)
    if not spans:
        return {channel: SCHEMA.empty_table() for channel in channels}
    whole = DateSpan(min(span.start for span in spans), max(span.end for span in spans if span.end is not None))
    files = readable_files_of(channels, whole, version=version)
    return points.rows_by_channel(lake_root(), files, spans, usage_point)


@contextmanager
def opened(
    channel: Channel, span: DateSpan, *, version: int | None = None, usage_points: Sequence[int] | None = None
) -> Iterator[Readings]:
    """The readings in force of a channel and span, open while the block lasts.

    Raises:
        SpanEmpty: when the span has no end.
        VersionUnknown: when there is no such version.
    """
    check_span(span)
    check_version(version)
    files = readable_files(channel, span, version=version)
    wanted = None if usage_points is None else np.unique(np.asarray(usage_points, dtype=np.int64))
    with engine.session() as session, session.scratch():
        yield readings.effective(session, lake_root(), files, span, wanted)


def tables(
    numbers: Mapping[int, str], span: DateSpan, *, channels: Sequence[Channel], version: int | None = None
) -> Iterator[pa.Table]:
    """The days of many usage points, in the columns of `exports.ROWS`, group by group in the order of their ids.

    A usage point's days stand together, in the order of channel and day. Memory is bounded by the group.
    """
    check_span(span)
    check_version(version)
    files = {channel: readable_files(channel, span, version=version) for channel in channels}
    ids = np.array(sorted(numbers), dtype=np.int64)
    at_once = max(1, _ROWS_AT_ONCE // (span.days * max(1, sum(bool(each) for each in files.values()))))
    with engine.session() as session:
        for first in range(0, len(ids), at_once):
            group = _Group(ids[first : first + at_once], span, numbers)
            parts = [group.of(session, channel, files[channel]) for channel in channels if files[channel]]
            rows = pa.concat_tables(parts) if parts else ROWS.empty_table()
            if rows.num_rows:
                if len(parts) > 1:
                    rows = rows.sort_by([("usage_point", "ascending"), ("channel", "ascending"), ("day", "ascending")])
                yield rows


@dataclass(frozen=True)
class _Group:
    points: npt.NDArray[np.int64]
    span: DateSpan
    numbers: Mapping[int, str]

    def of(self, session: engine.DuckDB, channel: Channel, files: list[LakeFile]) -> pa.Table:
        """This group's days of a channel."""
        with session.scratch():
            found = in_order(readings.effective(session, lake_root(), files, self.span, self.points))
        names = pa.array([self.numbers[point] for point in self.points.tolist()], pa.string())
        places = np.searchsorted(self.points, np.asarray(found["usage_point"]))
        return pa.table(
            {
                "usage_point": names.take(pa.array(places)),
                "channel": pa.array([channel.value]).take(pa.array(np.zeros(len(places), dtype=np.int8))),
                **{name: found[name] for name in ("day", "curve", "quality", "missing", "estimated")},
            }
        ).cast(ROWS)


def check_span(span: DateSpan) -> None:
    """Refuse a span without an end.

    Raises:
        SpanEmpty: as it says.
    """
    if span.end is None:
        raise SpanEmpty("The span has no end.", path="to", remedy="Give the day after the last one wanted.")


def check_version(version: int | None) -> None:
    """Refuse a readings version that never was.

    Raises:
        VersionUnknown: as it says.
    """
    if version is not None and not Import.objects.filter(pk=version).exists():
        raise VersionUnknown(
            f"There is no readings version {version}.", path="as-of", remedy="A version is the number of an import."
        )
