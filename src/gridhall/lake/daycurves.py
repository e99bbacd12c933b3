"""One usage point's day as a value: what readers of feeds yield, what downloads and pages are written from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from gridhall.lake import curves
from gridhall.lake.curves import Quality
from gridhall.lake.needs import Channel

#: Qualities of a value that no meter gave; one that a person has put right (`Quality.EDITED`) is none of them.
ESTIMATED = frozenset({Quality.INTERPOLATED, Quality.LIKE_DAY})


@dataclass(frozen=True)
class DayCurve:
    """The energy of one usage point, channel and local day.

    Attributes:
        usage_point: the usage-point number (户号), as outside.
        values: Wh (reactive: varh) of each slot in the order of time; None where missing.
        quality: a `Quality` code for each slot; None when all are measured.
    """

    usage_point: str
    channel: Channel
    day: date
    values: tuple[int | None, ...]
    quality: tuple[int, ...] | None = None

    @property
    def missing(self) -> int:
        """How many slots have no value."""
        return sum(value is None for value in self.values)

    @property
    def estimated(self) -> int:
        """How many slots hold an estimate."""
        return 0 if self.quality is None else sum(code in ESTIMATED for code in self.quality)

    @property
    def energy(self) -> int:
        """The sum of the values there are, Wh."""
        return sum(value for value in self.values if value is not None)

    def minutes(self, zone: str) -> int:
        """The length of a slot.

        Raises:
            ResolutionUnknown: when so many slots do not make this day.
        """
        return curves.resolution(zone, self.day, len(self.values))

    def slots(self, zone: str) -> Iterator[tuple[datetime, int | None, Quality]]:
        """The start of each slot as a local, aware time, its value, and its quality."""
        length = timedelta(minutes=self.minutes(zone))
        start = day_start(zone, self.day)
        local = ZoneInfo(zone)
        for index, value in enumerate(self.values):
            code = Quality.MEASURED if self.quality is None else Quality(self.quality[index])
            yield (start + index * length).astimezone(local), value, Quality.MISSING if value is None else code


def day_start(zone: str, day: date) -> datetime:
    """The instant, in UTC, at which a local day begins.

    >>> day_start("Asia/Shanghai", date(2026, 1, 1)).isoformat()
    '2025-12-31T16:00:00+00:00'
    """
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def from_rows(rows: pa.RecordBatch | pa.Table, channel: Channel, numbers: Mapping[int, str]) -> Iterator[DayCurve]:
    """The rows of the lake as day curves, in their order; ``numbers`` gives the number of each usage-point id."""
    names = rows.schema.names
    points, days = rows.column("usage_point").to_pylist(), rows.column("day").to_pylist()
    values = rows.column("curve").to_pylist()
    qualities = rows.column("quality").to_pylist() if "quality" in names else [None] * len(points)
    for point, day, curve, quality in zip(points, days, values, qualities, strict=True):
        yield DayCurve(numbers[point], channel, day, tuple(curve), None if quality is None else tuple(quality))
