"""The stream of one import: batches of a file in, parts of the lake out, with what was found on the way.

Most days go straight into a part. Days that the lake has already wait to be merged; days with a gap or a possible spike
wait for a second look, which needs the weeks around them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.metering.operations.merging import merge
from gridhall.contexts.metering.operations.second_look import Absent, SecondLook
from gridhall.contexts.metering.operations.snapshots import StoredSnapshots
from gridhall.contexts.metering.operations.spools import DaySpool, RejectedSpool
from gridhall.contexts.metering.rules import validation
from gridhall.contexts.metering.rules.thresholds import Thresholds
from gridhall.contexts.metering.rules.validation import Finding
from gridhall.kernel.errors import GridhallError
from gridhall.kernel.spans import DateSpan
from gridhall.lake import engine
from gridhall.lake.curves import Quality
from gridhall.lake.existing import Existing
from gridhall.lake.formats import Batch, Days, FileRefused, lake_table
from gridhall.lake.needs import Channel
from gridhall.lake.parts import LakeFile, PartWriter

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

#: What merging and the second look may use of the engine.
_ENGINE_MEMORY: Final = "1GB"
_EPOCH: Final = date(1970, 1, 1)
#: Rows that gather before a part is written: so few that writing starts while the file is still being read.
_WAITING: Final = 245_760
#: Of each usage point the peaks of so many days are remembered while a file is read.
_RECENT: Final = 5


class TooManyBadRows(FileRefused):
    """So many rows are bad that the file is not what it was taken for."""

    code = "too_many_bad_rows"


@dataclass
class Counts:
    """What an import counts; see `ImportReport`."""

    read_rows: int = 0
    accepted: int = 0
    accepted_rows: int = 0
    unchanged: int = 0
    revised: int = 0
    duplicate_rows: int = 0
    estimated: int = 0
    missing: int = 0
    suspects: int = 0
    rounded: int = 0
    first_day: date | None = None
    last_day: date | None = None
    mends: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add_registers(self, read_rows: int, stored: StoredSnapshots, zone: ZoneInfo) -> None:
        """This will count register readings that were stored."""
        self.read_rows += read_rows
        self.accepted += stored.accepted
        self.accepted_rows += stored.accepted
        self.revised += stored.revised
        self.unchanged += stored.unchanged
        self.duplicate_rows += stored.duplicates
        self.mends += stored.mended
        days = [each.astimezone(zone).date() for each in (stored.first, stored.last) if each]
        if days:
            self.first_day = min(self.first_day or days[0], days[0])
            self.last_day = max(self.last_day or days[-1], days[-1])


class Intake:
    """Takes in one file; `take` each batch, then `finish`. Nothing is visible until the caller says so.

    Args:
        root: of the lake.
        files: visible so far, of the channel.
        version: of the import.
        folder: for what waits, removed by the caller.
    """

    def __init__(
        self, *, root: Path, files: Sequence[LakeFile], channel: Channel, version: int, zone: str,
        rules: Thresholds, folder: Path,
    ) -> None:  # fmt: skip
        self._root, self._files, self._channel, self._version = root, list(files), channel, version
        self._zone, self._rules, self._folder = zone, rules, folder
        self._existing = Existing(root, files)
        self._writer = PartWriter(root, channel, version, rows_in_memory=_WAITING)
        self._open: list[PartWriter] = [self._writer]
        self._to_merge = DaySpool(folder / "merge.arrow")
        self._to_look = DaySpool(folder / "look.arrow")
        self.rejected = RejectedSpool(folder / "rejected.arrow")
        self.counts = Counts()
        self._told = _Told()
        self._stuck: list[tuple[int, int]] = []
        self._stuck_rows = 0

    def take(self, batch: Batch) -> None:
        """This will take in a batch."""
        counts = self.counts
        counts.read_rows += batch.read_rows
        counts.duplicate_rows += batch.duplicate_rows
        counts.rounded += batch.rounded
        counts.mends += batch.mends
        self.rejected.add(batch.rejected)
        if self.rejected.rows > self._rules.most_bad_rows:
            first = batch.rejected[0]
            raise TooManyBadRows(
                f"More than {self._rules.most_bad_rows:,} of {counts.read_rows:,} rows so far are bad, "
                f"for instance line {first.line}: {first.reason}",
                remedy="Is it the right file, unit (--unit), zone (--zone)? Are its usage points open?",
            )
        for days in batch.days:
            self._take_days(days)

    def _take_days(self, days: Days) -> None:
        points, numbers, wh = days.usage_points, days.days, days.wh
        slots = wh.shape[1]
        self._bounds(numbers)
        shown = validation.figures(wh)
        usual = self._told.add(days, shown.peak, shown.total, validation.minutes_of(slots))
        known_before = self._existing.known(points, numbers)
        look = validation.worth_a_look(shown, usual, slots, self._rules)
        stuck = np.flatnonzero(validation.stuck(shown, slots, self._rules))
        self._stuck_rows += len(stuck)
        self._stuck += [(int(points[at]), int(numbers[at])) for at in stuck[: 20 - len(self._stuck)].tolist()]
        aside = look | (shown.known < slots)
        if known_before.any():
            at = np.flatnonzero(known_before)
            told = None if days.quality is None else days.quality[at]
            self._to_merge.add(points[at], numbers[at], wh[at], sparse=days.sparse, quality=told)
            aside &= ~known_before
            self.counts.accepted += int(shown.known[~known_before].sum())
        else:
            self.counts.accepted += int(shown.known.sum())
        if aside.any():
            at = np.flatnonzero(aside)
            told = None if days.quality is None else days.quality[at]
            self._to_look.add(points[at], numbers[at], wh[at], sparse=days.sparse, look=look[at], quality=told)
        straight = ~aside & ~known_before
        if straight.all():
            self._write(self._writer, points, numbers, wh, days.quality)
        elif straight.any():
            at = np.flatnonzero(straight)
            told = None if days.quality is None else days.quality[at]
            self._write(self._writer, points[at], numbers[at], wh[at], told)

    def _write(
        self, writer: PartWriter, points: Int64s, days: npt.NDArray[np.integer[Any]], wh: Int32s,
        quality: npt.NDArray[np.int8] | None,
    ) -> None:  # fmt: skip
        if len(points):
            self.counts.accepted_rows += len(points)
            writer.write(lake_table(points, days.astype(np.int32), wh, quality))

    def _bounds(self, days: npt.NDArray[np.integer[Any]]) -> None:
        if len(days):
            first, last = _EPOCH + timedelta(int(days.min())), _EPOCH + timedelta(int(days.max()))
            self.counts.first_day = min(self.counts.first_day or first, first)
            self.counts.last_day = max(self.counts.last_day or last, last)

    def finish(self) -> list[LakeFile]:
        """This will merge, fill, mark, and give the parts of the import, all of them durable."""
        written = self._close(self._writer)
        absent = self._told.absent()
        if self._to_merge.rows or self._to_look.rows or len(absent.usage_points):
            with engine.session(memory_limit=_ENGINE_MEMORY, spill=self._folder / "spill") as session:
                written += self._merged(session, len(written))
                written += self._looked_at(session, written, absent)
        self._find()
        return written

    def _merged(self, session: engine.Session, number: int) -> list[LakeFile]:
        if not self._to_merge.rows:
            return []
        writer = self._opened(number, revision=True)

        def take(points: Int64s, days: Int64s, wh: Int32s, quality: npt.NDArray[np.int8]) -> None:
            gaps = (quality == Quality.MISSING).any(axis=1)
            shown = validation.figures(wh)
            look = validation.worth_a_look(shown, np.zeros(len(wh), np.int64), wh.shape[1], self._rules)
            aside = gaps | look
            at = np.flatnonzero(aside)
            self._to_look.add(points[at], days[at], wh[at], revision=True, look=look[at], quality=quality[at])
            at = np.flatnonzero(~aside)
            self._write(writer, points[at], days[at], wh[at], quality[at])

        merged = merge(self._to_merge.table(), session, self._root, self._files, take)
        self.counts.unchanged += merged.unchanged
        self.counts.revised += merged.revised
        self.counts.accepted += merged.accepted
        return self._close(writer)

    def _looked_at(self, session: engine.Session, written: Sequence[LakeFile], absent: Absent) -> list[LakeFile]:
        if not self._to_look.rows and not len(absent.usage_points):
            return []
        base = self._opened(len(written), revision=False)
        revised = self._opened(len(written) + 500_000, revision=True)

        def take(
            points: Int64s, days: Int64s, wh: Int32s, quality: npt.NDArray[np.int8], revision: npt.NDArray[np.bool_]
        ) -> None:
            for writer, rows in ((base, np.flatnonzero(~revision)), (revised, np.flatnonzero(revision))):
                self._write(writer, points[rows], days[rows], wh[rows], quality[rows])

        looking = SecondLook(
            session, self._root, [*self._files, *written], self._zone, self._rules, take, self._holidays()
        )
        counts = looking.at(self._to_look.table(), absent)
        self.counts.estimated += counts.estimated
        self.counts.missing += counts.missing
        self.counts.suspects += counts.suspects
        if counts.suspects:
            self.counts.findings.append(
                Finding(
                    "metering.readings.spike",
                    f"{counts.suspects} readings stand far above what their usage points usually draw; they are kept "
                    "and marked as suspect.",
                    {"readings": counts.suspects, "examples": counts.examples},
                )
            )
        if counts.estimated or counts.missing:
            self.counts.findings.append(
                Finding(
                    "metering.readings.gap",
                    f"{counts.estimated + counts.missing} slots had no reading: {counts.estimated} were estimated and "
                    f"marked, {counts.missing} stay empty.",
                    {"estimated": counts.estimated, "missing": counts.missing, "whole_days": counts.absent_days},
                )
            )
        return self._close(base) + self._close(revised)

    def _find(self) -> None:
        if self._stuck_rows:
            self.counts.findings.append(
                Finding(
                    "metering.readings.stuck",
                    f"{self._stuck_rows} days show one and the same value in every slot: a stuck meter, or a made-up "
                    "curve.",
                    {
                        "days": self._stuck_rows,
                        "examples": [
                            {"usage_point_id": point, "day": str(_EPOCH + timedelta(day))} for point, day in self._stuck
                        ],
                    },
                )
            )
        still = self._told.without_energy(self._rules.zero_days)
        if len(still):
            self.counts.findings.append(
                Finding(
                    "metering.readings.zero",
                    f"{len(still)} usage points show no energy at all on {self._rules.zero_days} days or more.",
                    {"usage_points": len(still), "examples": [{"usage_point_id": int(each)} for each in still[:20]]},
                )
            )
        if self.counts.duplicate_rows:
            self.counts.findings.append(
                Finding(
                    "metering.readings.duplicate",
                    f"{self.counts.duplicate_rows} rows repeat an earlier row of the file; they count once.",
                    {"rows": self.counts.duplicate_rows},
                )
            )

    def _opened(self, first_number: int, *, revision: bool) -> PartWriter:
        writer = PartWriter(self._root, self._channel, self._version, revision=revision, first_number=first_number)
        self._open.append(writer)
        return writer

    def _close(self, writer: PartWriter) -> list[LakeFile]:
        files = writer.close()
        self._open.remove(writer)
        return files

    def usage_points(self) -> Int64s:
        """The usage points that the file told of."""
        return self._told.usage_points()

    def _holidays(self) -> frozenset[date]:
        """Public holidays around the days of the file; none where the calendar does not reach."""
        if self.counts.first_day is None or self.counts.last_day is None:
            return frozenset()
        reach = timedelta(days=self._rules.reach_days + 1)
        try:
            return accounts.holidays(DateSpan(self.counts.first_day - reach, self.counts.last_day + reach))
        except GridhallError:
            return frozenset()

    def abandon(self) -> None:
        """This will stop writing; the caller removes the parts."""
        for writer in self._open:
            writer.abandon()
        self._open.clear()
        self._to_merge.close()
        self._to_look.close()
        self.rejected.close()


class _Told:
    """What a file has told of each usage point so far, by its code in the file."""

    def __init__(self) -> None:
        self._points = np.zeros(1024, dtype=np.int64)
        self._first = np.zeros(1024, dtype=np.int64)
        self._last = np.zeros(1024, dtype=np.int64)
        self._days = np.zeros(1024, dtype=np.int64)
        self._zero = np.zeros(1024, dtype=np.int64)
        self._peaks = np.zeros((1024, _RECENT), dtype=np.int32)  # W
        self._next = np.zeros(1024, dtype=np.int64)

    def add(self, days: Days, peak: Int32s, total: Int64s, minutes: int) -> Int64s:
        """This will note rows and give for each the usual peak of its usage point, Wh a slot; 0 where not known yet."""
        codes = days.codes
        self._grow(int(codes.max()) + 1)
        numbers = days.days.astype(np.int64)
        order = np.lexsort((numbers, codes))
        sorted_codes = codes[order]
        starts = np.flatnonzero(np.append(True, sorted_codes[1:] != sorted_codes[:-1]))
        sizes = np.diff(np.append(starts, len(order)))
        each = sorted_codes[starts]
        self._points[each] = days.usage_points[order[starts]]
        first, last = numbers[order[starts]], numbers[order[starts + sizes - 1]]
        fresh = self._days[each] == 0
        self._first[each] = np.where(fresh, first, np.minimum(self._first[each], first))
        self._last[each] = np.where(fresh, last, np.maximum(self._last[each], last))
        self._days[each] += sizes
        self._zero[each] += np.add.reduceat((total[order] == 0).astype(np.int64), starts)
        from_end = np.repeat(starts + sizes, sizes) - np.arange(len(order)) - 1
        kept = from_end < _RECENT
        size_of = np.minimum(np.repeat(sizes, sizes), _RECENT)
        place = (self._next[sorted_codes] + size_of - 1 - from_end) % _RECENT
        watts = np.minimum(peak[order].astype(np.int64) * 60 // minutes, np.iinfo(np.int32).max)
        self._peaks[sorted_codes[kept], place[kept]] = watts[kept]
        self._next[each] = (self._next[each] + np.minimum(sizes, _RECENT)) % _RECENT
        ranked = np.sort(self._peaks[each], axis=1)
        count = (ranked > 0).sum(axis=1)
        median = ranked[np.arange(len(each)), np.minimum(_RECENT - 1, _RECENT - count + count // 2)]
        usual = np.zeros(len(order), dtype=np.int64)
        usual[order] = np.repeat(np.where(count >= 3, median, 0).astype(np.int64), sizes)
        return usual * minutes // 60

    def absent(self) -> Absent:
        """The usage points of which days between the first and the last are not told."""
        codes = np.flatnonzero((self._days > 0) & (self._last - self._first + 1 > self._days))
        points = self._points[codes]
        order = np.argsort(points)
        return Absent(points[order], self._first[codes][order], self._last[codes][order])

    def usage_points(self) -> Int64s:
        """Those that were told of, ascending."""
        found: Int64s = np.sort(self._points[self._days > 0])
        return found

    def without_energy(self, least: int) -> Int64s:
        """The usage points that showed nothing on all their days, of which there are enough."""
        found: Int64s = self._points[(self._days >= max(1, least)) & (self._zero == self._days)]
        return found

    def _grow(self, most: int) -> None:
        while len(self._points) < most:
            for name in ("_points", "_first", "_last", "_days", "_zero", "_peaks", "_next"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros_like(old)]))
