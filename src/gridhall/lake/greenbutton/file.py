"""A Green Button feed in the form that every import reads: batches of days, and rejected rows with line and reason."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import pyarrow as pa

from gridhall.lake.curves import Quality
from gridhall.lake.daycurves import DayCurve
from gridhall.lake.formats import bytes_in
from gridhall.lake.formats.quantities import NO_VALUE
from gridhall.lake.formats.rows import Batch, Days, Limits, Points, Rejected, Resolve, shown
from gridhall.lake.greenbutton.feed import resources
from gridhall.lake.greenbutton.reading import RejectedReading, read
from gridhall.lake.needs import Channel

#: Days and rejected readings gathered into one batch.
_AT_ONCE: Final = 5_000
_EPOCH: Final = date(1970, 1, 1)


class GreenButtonFile:
    """A feed, ready to be read once for one channel; a context manager.

    Args:
        path: of the file.
        zone: the local zone of the days.
        channel: the readings to take; `channels` says which there are.
        limits: what can be believed.
        resolve: gives the utility's id of usage-point numbers; None: all are known.
        usage_point: the number to file the readings under, where the feed calls its one usage point otherwise.

    Raises:
        FileRefused: when there is no such file, or it changes while it is read.
        GreenButtonUnreadable, GreenButtonDoctype, GreenButtonTooLarge, GreenButtonNamespace: on opening.
    """

    format: Final = "greenbutton"
    #: Rejected readings are handed back as rows of a long CSV.
    columns: Final = ("usage_point", "start", "kwh")

    def __init__(
        self,
        path: Path | str,
        *,
        zone: str,
        channel: Channel = Channel.IMPORT,
        limits: Limits | None = None,
        resolve: Resolve | None = None,
        usage_point: str | None = None,
    ) -> None:
        self._found = bytes_in.find(Path(path), trust_content=True)
        self._zone, self._channel, self._limits = zone, channel, limits or Limits()
        self._points = Points(resolve)
        self._usage_point = usage_point
        self._sparse = False
        self.size = self._found.size
        self.channels = resources(self._found.path).channels

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """This will let go of the file; it is open only while `batches` runs."""

    @property
    def names(self) -> list[str]:
        """The usage-point numbers met so far, by code."""
        return self._points.names

    @property
    def consumed(self) -> int:
        """Bytes read so far are not known; a progress bar shows that work is going on."""
        return 0

    def sha256(self) -> str:
        """The SHA-256 of the content.

        Raises:
            FileChanged: when the file was written to meanwhile.
        """
        digest = bytes_in.sha256(self._found.path)
        self._found.unchanged()
        return digest

    def batches(self) -> Iterator[Batch]:
        """The whole feed, once: its days of readings and its rejected ones.

        Raises:
            GreenButtonEmpty, GreenButtonReadingType: when nothing of the feed can be taken.
        """
        days: list[DayCurve] = []
        rejected: list[Rejected] = []
        told: set[tuple[str, date]] = set()
        found = read(self._found.path, zone=self._zone, usage_point=self._usage_point, channel=self._channel)
        for each in found:
            if isinstance(each, RejectedReading):
                rejected.append(_rejected(each))
            elif wrong := self._unbelievable(each) or _again(each, told):
                rejected.append(wrong)
            else:
                days.append(each)
            if len(days) + len(rejected) >= _AT_ONCE:
                yield self._batch(days, rejected)
                days, rejected = [], []
        if days or rejected:
            yield self._batch(days, rejected)

    def _unbelievable(self, day: DayCurve) -> Rejected | None:
        def refuse(value: str, code: str, reason: str, remedy: str) -> Rejected:
            original = (day.usage_point, day.day.isoformat(), value)
            return Rejected(0, "IntervalBlock", shown(value), code, reason, remedy, original)

        if not self._limits.first_day <= day.day < self._limits.stop_day:
            return refuse(
                day.day.isoformat(), "day_unbelievable",
                "The day lies in the future or long ago.", "Check the start times of the feed.",
            )  # fmt: skip
        if self._limits.most_w is not None:
            most = self._limits.most_w * day.minutes(self._zone) // 60
            high = next((value for value in day.values if value is not None and abs(value) > most), None)
            if high is not None:
                return refuse(
                    str(high),
                    "too_large",
                    f"No usage point draws more than {self._limits.most_w} W.",
                    "Check the feed's power of ten.",
                )
        return None

    def _batch(self, days: list[DayCurve], rejected: list[Rejected]) -> Batch:
        by_slots: dict[int, list[DayCurve]] = defaultdict(list)
        for day in days:
            by_slots[len(day.values)].append(day)
        groups: list[Days] = [self._days(group, rejected) for group in by_slots.values()]
        readings = sum(len(day.values) - day.missing for day in days)
        return Batch(
            days=[group for group in groups if len(group.codes)],
            rejected=rejected,
            read_rows=readings + len(rejected),
            names=self._points.names,
        )

    def _days(self, days: list[DayCurve], rejected: list[Rejected]) -> Days:
        codes = self._points.codes(pa.array([day.usage_point for day in days]).dictionary_encode())
        ids = self._points.ids(codes)
        for row in np.flatnonzero(ids < 0).tolist():
            number = days[row].usage_point
            rejected.append(
                Rejected(
                    0,
                    "UsagePoint",
                    shown(number),
                    "usage_point_unknown",
                    "There is no such usage point.",
                    "Open it first, or say whose readings these are.",
                    (number, days[row].day.isoformat(), ""),
                )
            )
        known = np.flatnonzero(ids >= 0)
        wh = np.array(
            [[NO_VALUE if value is None else value for value in days[row].values] for row in known.tolist()],
            dtype=np.int32,
        )
        plain = [Quality.MEASURED] * len(days[0].values)
        quality = np.array([days[row].quality or plain for row in known.tolist()], dtype=np.int8)
        return Days(
            usage_points=ids[known],
            codes=codes[known],
            days=np.array([(days[row].day - _EPOCH).days for row in known.tolist()], dtype=np.int32),
            wh=wh,
            lines=np.zeros(len(known), dtype=np.int64),
            sparse=False,
            quality=quality if quality.any() else None,
        )


def _again(day: DayCurve, told: set[tuple[str, date]]) -> Rejected | None:
    """A day that the feed tells in two places which are too far apart to be put together."""
    key = (day.usage_point, day.day)
    if key not in told:
        told.add(key)
        return None
    return Rejected(
        0, "IntervalBlock", day.day.isoformat(), "duplicate_day", "The feed tells this day twice.",
        "Send each usage point's days together.", (day.usage_point, day.day.isoformat(), ""),
    )  # fmt: skip


def _rejected(each: RejectedReading) -> Rejected:
    reason = _REASONS.get(each.reason, "It cannot be taken.")
    return Rejected(
        each.line, each.field, shown(each.value), each.reason, reason, each.remedy,
        (each.usage_point, each.start, each.kwh),
    )  # fmt: skip


_REASONS: Final = {
    "meter_reading_missing": "The block belongs to no meter reading.",
    "usage_point_missing": "The meter reading belongs to no usage point.",
    "reading_type_missing": "Nothing says in which unit the values are.",
    "commodity_not_electricity": "These are not readings of electricity.",
    "not_interval_data": "These are not readings of intervals.",
    "unit_unknown": "The unit or the direction is not one of energy delivered or received.",
    "time_missing": "Nothing says when the interval was.",
    "interval_length": "The interval's length does not divide the day into slots.",
    "value_missing": "There is no value.",
    "not_a_reading": "The value is not a reading.",
    "off_the_grid": "The interval does not start on a whole slot.",
    "value_out_of_range": "The value is larger than any interval's.",
    "duplicate_interval": "The interval is told twice, with different values.",
}
