"""A Green Button feed as whole local days, with every reading that could not be taken and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from gridhall.kernel.errors import GridhallError
from gridhall.lake import curves
from gridhall.lake.curves import Quality
from gridhall.lake.daycurves import DayCurve, day_start
from gridhall.lake.greenbutton import espi
from gridhall.lake.greenbutton.feed import (
    Block,
    GreenButtonDoctype,
    GreenButtonNamespace,
    GreenButtonTooLarge,
    GreenButtonUnreadable,
    Interval,
    ReadingType,
    Resources,
    blocks,
    resources,
)
from gridhall.lake.needs import Channel

__all__ = [
    "GreenButtonDoctype",
    "GreenButtonEmpty",
    "GreenButtonNamespace",
    "GreenButtonReadingType",
    "GreenButtonTooLarge",
    "GreenButtonUnreadable",
    "RejectedReading",
    "read",
]

#: Days held open before the longest untouched series is given out; bounds the memory, whatever the file holds.
_OPEN_DAYS: Final = 20_000
_LARGEST: Final = 2**31 - 1
_LONGEST: Final = 18  # characters of a value
_GREATEST_POWER: Final = 12
_NOTHING: Final = Fraction(0)
_EARLIEST, _LATEST = 0, int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())


class GreenButtonEmpty(GridhallError):
    """The feed holds no interval readings."""

    code = "greenbutton_empty"


class GreenButtonReadingType(GridhallError):
    """No interval of the feed can be understood: it lacks a ReadingType, or has one that is no interval energy."""

    code = "greenbutton_reading_type"


@dataclass(frozen=True)
class RejectedReading:
    """An interval (or a whole block) that is not taken: where it stands, which field, what it says, and why not.

    ``reason`` is a stable code, ``remedy`` a sentence; ``start`` (local, with offset) and ``kwh`` say again what the
    interval said, as far as it can be told.
    """

    line: int
    field: str
    value: str
    reason: str
    remedy: str
    usage_point: str = ""
    start: str = ""
    kwh: str = ""


@dataclass
class _Day:
    values: list[int | None]
    quality: list[int]


class _Series:
    """The open days of one usage point and channel."""

    def __init__(self, number: str, channel: Channel) -> None:
        self.number = number
        self.channel = channel
        self.days: dict[tuple[date, int], _Day] = {}
        #: What rounding to whole Wh has left over so far, for each day: the day's sum stays right.
        self.rest: dict[tuple[date, int], Fraction] = {}

    def curves(self) -> Iterator[DayCurve]:
        for (day, _), held in sorted(self.days.items()):
            if all(value is None for value in held.values):
                continue  # its only readings were rejected
            quality = tuple(held.quality) if any(held.quality) else None
            yield DayCurve(self.number, self.channel, day, tuple(held.values), quality)


def read(
    path: Path, *, zone: str, usage_point: str | None = None, channel: Channel | None = None
) -> Iterator[DayCurve | RejectedReading]:
    """Read a feed of any size and give its days, in zone's local days, each with its slots in the order of time.

    Values are taken to whole Wh with the ReadingType's power of ten; where that leaves fractions of a Wh, they are
    carried to the next slot, so that a day's sum is right. Whatever is not interval energy of electricity (power,
    running counts, net flow, gas, water) is rejected by block; customer data is passed over.

    Args:
        path: the feed.
        zone: the local zone of the days.
        usage_point: the number to file the readings under, for a feed of one usage point that calls it otherwise.
        channel: the one to read; readings of the others are passed over. None: all.

    Raises:
        GreenButtonUnreadable: when the file is no well-formed XML, with line and column.
        GreenButtonDoctype: when it declares a document type.
        GreenButtonTooLarge: when one entry does not fit in memory.
        GreenButtonNamespace: when it is no Atom feed.
        GreenButtonEmpty: when no entry holds interval readings.
        GreenButtonReadingType: when no block has a ReadingType that gridhall can take.
    """
    found = resources(path)
    if not found.blocks:
        raise GreenButtonEmpty(
            "The feed holds no interval readings.",
            path=str(path),
            remedy=f"Intervals stand in <IntervalBlock xmlns={espi.ESPI!r}> entries; ask for the usage feed.",
        )
    if usage_point is not None and len(found.usage_points) > 1:
        raise GreenButtonReadingType(
            f"The feed holds {len(found.usage_points)} usage points and cannot be filed under one number.",
            path=str(path),
        )
    yield from _Reader(path, found, zone, usage_point, channel).run()


class _Reader:
    def __init__(
        self, path: Path, found: Resources, zone: str, usage_point: str | None, channel: Channel | None
    ) -> None:
        self.path = path
        self.found = found
        self.zone = zone
        self.local = ZoneInfo(zone)
        self.usage_point = usage_point
        self.channel = channel
        self.series: dict[str, _Series] = {}  # by meter reading; the longest untouched first
        self.understood = 0
        self.refused: RejectedReading | None = None
        self._day, self._midnight, self._next_midnight = date.min, 0, 0

    def run(self) -> Iterator[DayCurve | RejectedReading]:
        for block in blocks(self.path):
            yield from self._take(block)
            while len(self.series) > 1 and sum(len(each.days) for each in self.series.values()) > _OPEN_DAYS:
                yield from self.series.pop(next(iter(self.series))).curves()
        if not self.understood and self.refused:
            raise GreenButtonReadingType(
                f"No readings of this feed can be taken: {self.refused.reason} ({self.refused.value}).",
                path=f"{self.path}:{self.refused.line}:{self.refused.field}",
                remedy=self.refused.remedy,
            )
        for each in self.series.values():
            yield from each.curves()

    def _take(self, block: Block) -> Iterator[RejectedReading]:
        resolved = self._resolve(block)
        if isinstance(resolved, RejectedReading):
            self.refused = self.refused or resolved
            yield resolved
            return
        meter_reading, number, kind, channel = resolved
        self.understood += 1
        if self.channel is not None and channel is not self.channel:
            return
        series = self.series.pop(meter_reading, None) or _Series(number, channel)
        self.series[meter_reading] = series
        length = kind.interval_length
        start = block.start
        for interval in block.intervals:
            seconds = interval.duration or length
            begins = interval.start if interval.start is not None else start
            if begins is not None and seconds:
                start = begins + seconds
            if wrong := self._place(series, kind, interval, begins, seconds):
                field, value, reason, remedy = wrong
                yield RejectedReading(
                    interval.line,
                    field,
                    value,
                    reason,
                    remedy,
                    number,
                    self._told_start(begins),
                    _told_kwh(interval, kind),
                )

    def _day_of(self, begins: int) -> tuple[date, int]:
        """The local day of an instant and when it began; both in the last day asked for, mostly."""
        if not self._midnight <= begins < self._next_midnight:
            self._day = datetime.fromtimestamp(begins, UTC).astimezone(self.local).date()
            self._midnight = int(day_start(self.zone, self._day).timestamp())
            self._next_midnight = self._midnight + curves.day_minutes(self.zone, self._day) * 60
        return self._day, self._midnight

    def _told_start(self, begins: int | None) -> str:
        if begins is None or not _EARLIEST <= begins < _LATEST:
            return ""
        return datetime.fromtimestamp(begins, UTC).astimezone(self.local).isoformat(timespec="minutes")

    def _resolve(self, block: Block) -> tuple[str, str, ReadingType, Channel] | RejectedReading:
        """Find what a block's values are, or why they cannot be taken."""

        def reject(field: str, value: object, reason: str, remedy: str) -> RejectedReading:
            return RejectedReading(block.line, field, str(value), reason, remedy, number or "")

        number = self.usage_point
        address = next((each for link in block.links if (each := self.found.meter_reading_of(link))), None)
        if address is None:
            return reject("link", " ".join(block.links), "meter_reading_missing",
                          "The block's up link must lead to a MeterReading entry.")  # fmt: skip
        number = number or self.found.number_of(address)
        if not number:
            return reject(
                "link", address, "usage_point_missing", "The MeterReading must stand under a UsagePoint entry."
            )
        kind = self.found.type_of(address)
        if kind is None:
            return reject("ReadingType", address, "reading_type_missing",
                          "The MeterReading needs a related link to a ReadingType entry.")  # fmt: skip
        if kind.commodity not in espi.ELECTRICITY:
            return reject("commodity", kind.commodity, "commodity_not_electricity", "Only electricity is taken.")
        if kind.accumulation not in (0, espi.DELTA):
            return reject("accumulationBehaviour", kind.accumulation, "not_interval_data",
                          "Running counts are imported as register snapshots.")  # fmt: skip
        if abs(kind.multiplier) > _GREATEST_POWER:
            return reject("powerOfTenMultiplier", kind.multiplier, "unit_unknown", "Powers from -12 to 12 are taken.")
        channel = espi.channel_of(kind.uom, kind.flow)
        if channel is None:
            return reject("uom" if kind.uom not in (espi.WATT_HOURS, espi.VAR_HOURS) else "flowDirection",
                          f"{kind.uom}/{kind.flow}", "unit_unknown",
                          "Energy in Wh or varh, delivered or received, is taken; power and net are not.")  # fmt: skip
        return address, number, kind, channel

    def _place(
        self, series: _Series, kind: ReadingType, interval: Interval, begins: int | None, seconds: int | None
    ) -> tuple[str, str, str, str] | None:
        """Put a value into its slot, or say what is wrong with it: field, value, reason, remedy."""
        if begins is None or not _EARLIEST <= begins < _LATEST:
            return "start", str(begins), "time_missing", "Give the start in seconds since 1970."
        if not seconds or seconds % 60 or seconds // 60 not in curves.RESOLUTIONS:
            return (
                "duration",
                str(seconds),
                "interval_length",
                "Intervals of 5, 10, 15, 20, 30 or 60 minutes are taken.",
            )
        if not interval.value.removeprefix("-").isdecimal() or len(interval.value) > _LONGEST:
            return "value", interval.value, "value_missing", "Give a whole number."
        qualities = interval.quality or (kind.default_quality,)
        if any(code not in espi.QUALITY_READ for code in qualities):
            return "quality", str(qualities[0]), "not_a_reading", "Projections and unknown qualities are not taken."
        minutes = seconds // 60
        day, midnight = self._day_of(begins)
        slot, off = divmod(begins - midnight, seconds)
        if off:
            return "start", str(begins), "off_the_grid", f"Intervals of {minutes} minutes start at whole multiples."
        key = (day, minutes)
        held = series.days.get(key)
        if held is None:
            try:
                count = curves.slots(self.zone, day, minutes)
            except curves.ResolutionUnknown:
                return "duration", str(seconds), "interval_length", f"Such intervals do not divide {day}."
            held = series.days[key] = _Day([None] * count, [Quality.MISSING] * count)
        value, rest = _whole(int(interval.value), kind.multiplier, series.rest.get(key, _NOTHING))
        if not -_LARGEST <= value <= _LARGEST:
            return (
                "value",
                interval.value,
                "value_out_of_range",
                "More than an interval can hold: is the power of ten right?",
            )
        before = held.values[slot]
        if before is not None:
            if abs(before - value) <= (key in series.rest):
                return None
            return "value", interval.value, "duplicate_interval", "Another value for this interval stands before it."
        if kind.multiplier < 0:
            series.rest[key] = rest
        held.values[slot] = value
        held.quality[slot] = max(espi.QUALITY_READ[code] for code in qualities)
        return None


def _told_kwh(interval: Interval, kind: ReadingType) -> str:
    if not interval.value.removeprefix("-").isdecimal() or len(interval.value) > _LONGEST:
        return interval.value[:_LONGEST]
    return f"{Decimal(interval.value).scaleb(kind.multiplier - 3):f}"


def _whole(value: int, power: int, rest: Fraction) -> tuple[int, Fraction]:
    """A value in whole Wh, and what is left over for the next."""
    if power >= 0:
        return value * 10**power, rest
    exact = Fraction(value, 10**-power) + rest
    return round(exact), exact - round(exact)
