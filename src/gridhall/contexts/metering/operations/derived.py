"""Day curves for those who have no interval readings: what their registers counted, shared out evenly in time.

Bills of such customers then come about like all others. The sum is what the registers say, to the Wh; the hours are an
estimate and marked as such, so that a price by the hour is not taken for measured.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from django.db import connection, transaction

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.metering.models import Import
from gridhall.contexts.metering.operations.imports import being_written, catalogue, one_at_a_time, tidy
from gridhall.contexts.metering.queries.catalogue import lake_root, readable_files
from gridhall.contexts.metering.queries.meters import installed_of, snapshots
from gridhall.contexts.metering.queries.readings import check_span
from gridhall.contexts.metering.rules.registers import Installed, RegisterKind, energy_between, spread
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves, engine, readings
from gridhall.lake.curves import Quality
from gridhall.lake.daycurves import day_start
from gridhall.lake.formats import lake_table
from gridhall.lake.freshness import coverage
from gridhall.lake.needs import Channel
from gridhall.lake.parts import PartWriter

_MINUTES: Final = 60
_AT_ONCE: Final = 2_000
_WRITTEN_AT_ONCE: Final = 500
_EPOCH: Final = date(1970, 1, 1)


@dataclass
class DerivedCurves:
    """What became of the usage points that have registers.

    Attributes:
        version: the readings version from which the curves count; None where none was made.
        derived: usage points that have curves now; ``energy``: what they add up to, Wh (varh).
        measured: usage points left alone because they have interval readings in the span.
        unread: usage points whose registers do not reach over the whole span.
        unbelieved: usage points with a register reading that is not believed.
    """

    version: int | None = None
    derived: int = 0
    energy: int = 0
    measured: int = 0
    unread: int = 0
    unbelieved: int = 0


def derive_curves(
    span: DateSpan, *, now: datetime, zone: str, organisation: str | None = None, channel: Channel = Channel.IMPORT
) -> DerivedCurves:
    """This will make hourly day curves from the registers of usage points without any interval readings in a span.

    Curves of interval readings that come later take their place. A second call changes nothing, for there are curves.

    Args:
        span: whole local days with an end; registers must be read at or before its start and at or after its end.
        now: the present moment; becomes ``available_at``.
        organisation: the code of a unit, whose whole subtree is meant; None for the whole utility.

    Raises:
        NotFound: when there is no such unit.
        SpanEmpty: when the span has no end.
    """
    check_span(span)
    report = DerivedCurves()
    with one_at_a_time():
        tidy(lake_root())
        points = _metered(accounts.usage_points_of(organisation)["id"].to_pylist())
        points = _without_intervals(points, span, channel, report)
        days = _Days.of(span, zone)
        found = _derived(points, days, channel, report)
        first = next(found, None)
        if first is None:
            return report
        with being_written(lake_root()) as version, PartWriter(lake_root(), channel, version) as writer:
            for some in _batched(chain([first], found)):
                energy = np.stack([each for _, each in some])
                days.write(writer, [point for point, _ in some], energy)
                report.derived += len(some)
                report.energy += int(energy.sum())
            written = writer.close()
            with transaction.atomic():
                row = Import.objects.create(
                    id=version, file_name=f"registers {span}", file_bytes=0, format="derived-from-registers",
                    content_sha256=hashlib.sha256(f"{version} {span}".encode()).hexdigest(), channel=channel.value,
                    zone=zone, again=True, available_at=now, first_day=span.start, last_day=days.all[-1],
                    accepted_rows=report.derived * len(days.all), estimated=report.derived * (len(days.edges) - 1),
                )  # fmt: skip
                catalogue(row, written)
    report.version = version
    return report


@dataclass(frozen=True)
class _Days:
    """The days of a span, the instants at which their slots begin and end, and the first slot of each."""

    all: tuple[date, ...]
    edges: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]

    @classmethod
    def of(cls, span: DateSpan, zone: str) -> "_Days":
        days = tuple(span)
        slots = np.array([curves.slots(zone, day, _MINUTES) for day in days], dtype=np.int64)
        start = int(day_start(zone, span.start).timestamp())
        return cls(days, start + np.arange(slots.sum() + 1, dtype=np.int64) * _MINUTES * 60, slots)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """When the first day begins and the last one ends."""
        return datetime.fromtimestamp(int(self.edges[0]), UTC), datetime.fromtimestamp(int(self.edges[-1]), UTC)

    def write(self, writer: PartWriter, points: Sequence[int], energy: npt.NDArray[np.int64]) -> None:
        """This will write the days of some usage points; ``energy`` has a row for each, a column for each slot."""
        numbers = np.array([(day - _EPOCH).days for day in self.all], dtype=np.int32)
        starts = np.cumsum(self.slots) - self.slots
        for count in np.unique(self.slots).tolist():
            rows = np.flatnonzero(self.slots == count)
            places = starts[rows][:, None] + np.arange(count)
            wh = energy[:, places].reshape(-1, count).astype(np.int32)
            quality = np.full(wh.shape, Quality.INTERPOLATED, dtype=np.int8)
            of_point = np.repeat(np.array(points, dtype=np.int64), len(rows))
            writer.write(lake_table(of_point, np.tile(numbers[rows], len(points)), wh, quality))


def _batched(
    found: Iterator[tuple[int, npt.NDArray[np.int64]]],
) -> Iterator[list[tuple[int, npt.NDArray[np.int64]]]]:
    while some := list(islice(found, _WRITTEN_AT_ONCE)):
        yield some


def _derived(
    points: Sequence[int], days: _Days, channel: Channel, report: DerivedCurves
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    start, end = days.bounds
    for first in range(0, len(points), _AT_ONCE):
        some = list(points[first : first + _AT_ONCE])
        told = set()
        for (point, kind), rows in groupby(snapshots(some, start, end, None), key=itemgetter(0, 1)):
            if RegisterKind(kind).channel is not channel:
                continue
            told.add(point)
            energy = _energy(installed_of(rows), days, report)
            if energy is not None:
                yield point, energy
        report.unread += len(some) - len(told)


def _energy(installed: list[Installed], days: _Days, report: DerivedCurves) -> npt.NDArray[np.int64] | None:
    start, end = days.bounds
    found = energy_between(installed, start, end)
    if found is not None and found.findings:
        report.unbelieved += 1
        return None
    if found is None or found.start > start or found.end < end:
        report.unread += 1
        return None
    return spread(installed, days.edges)


def _metered(points: list[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT usage_point_id FROM metering_meterinstallation WHERE usage_point_id = ANY(%s) ORDER BY 1",
            [points],
        )
        return [point for (point,) in cursor.fetchall()]


def _without_intervals(points: list[int], span: DateSpan, channel: Channel, report: DerivedCurves) -> list[int]:
    files = readable_files(channel, span)
    if not files or not points:
        return points
    wanted = np.array(points, dtype=np.int64)
    with engine.session() as session, session.scratch():
        measured: pa.ChunkedArray = coverage(readings.effective(session, lake_root(), files, span, wanted))[
            "usage_point"
        ]
    left = np.setdiff1d(wanted, np.asarray(measured))
    report.measured = len(points) - len(left)
    return [int(point) for point in left]
