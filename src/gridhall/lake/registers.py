"""What one row of readings counts in each register, as expressions over its curve.

A day's pattern of registers becomes slices of its curve, once for each resolution that readings may have and once more
for each day on which clocks change. Rows choose theirs by day and by length of curve.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import ibis
from ibis.expr.types import ArrayValue, BooleanValue, DateValue, IntegerValue

from gridhall.lake import curves
from gridhall.lake.curves import MINUTES_PER_DAY, RESOLUTIONS, IntervalTooCoarse, ResolutionUnknown, SlotRange
from gridhall.lake.engine import Session
from gridhall.lake.needs import DayPattern, DemandNeed, Needs, Slice

#: What a day counts as whose curve cannot be measured: more than all days of all time.
UNFIT: Final = 1_000_000


@dataclass(frozen=True)
class DayKind:
    """Days that are measured alike: the same registers at the same slots.

    ``example`` stands for all of them; ``days`` ascend.
    """

    pattern: DayPattern
    example: date
    days: tuple[date, ...]
    changes: bool  # the clock does, on these days

    def runs(self) -> tuple[Slice, ...]:
        """The pattern's slices, neighbours of one register joined."""
        joined: list[Slice] = []
        for piece in self.pattern.slices:
            if joined and joined[-1].register == piece.register:
                joined[-1] = Slice(joined[-1].start, piece.end, piece.register)
            else:
                joined.append(piece)
        return tuple(joined)

    def ranges(self, zone: str | ZoneInfo, minutes: int) -> tuple[SlotRange, ...] | None:
        """The runs of slots at that resolution; None where it cannot tell the registers apart."""
        try:
            return curves.ranges_of(zone, self.example, minutes, self.pattern)
        except (IntervalTooCoarse, ResolutionUnknown):
            return None


def day_kinds(needs: Sequence[Needs], zone: str | ZoneInfo) -> list[DayKind]:
    """The days of some spans that do not overlap, sorted into kinds; the most frequent kind comes last."""
    found: dict[tuple[DayPattern, date | None], list[date]] = {}
    for need in needs:
        end = need.span.end
        assert end is not None
        changing = set(curves.clock_changes(zone, need.span.start, end))
        for day in need.span:
            found.setdefault((need.pattern(day), day if day in changing else None), []).append(day)
    kinds = [DayKind(pattern, days[0], tuple(days), change is not None) for (pattern, change), days in found.items()]
    return sorted(kinds, key=lambda kind: len(kind.days))


def costliest_register(kinds: Sequence[DayKind], count: int) -> int:
    """The register with the most minutes over all days: the one worth deriving from the total."""
    minutes = [0] * count
    for kind in kinds:
        for piece in kind.pattern.slices:
            minutes[piece.register] += (piece.end - piece.start) * len(kind.days)
    return minutes.index(max(minutes))


def days_counted(
    curve: ArrayValue, day: DateValue, kinds: Sequence[DayKind], zone: str | ZoneInfo, demands: Sequence[DemandNeed]
) -> IntegerValue:
    """1 for a row whose curve can be measured, `UNFIT` for one whose length does not fit its day or the registers."""
    one, unfit = ibis.literal(1, "int64"), ibis.literal(UNFIT, "int64")
    days: dict[tuple[int, ...], list[date]] = {}
    for kind in kinds:
        fitting = tuple(
            ranges[-1].stop
            for minutes in RESOLUTIONS
            if (ranges := kind.ranges(zone, minutes)) and all(_serves(minutes, demand) for demand in demands)
        )
        days.setdefault(fitting, []).extend(kind.days)
    branches = [
        (_among(day, sorted(each)), curve.length().isin(lengths).ifelse(one, unfit) if lengths else unfit)
        for lengths, each in sorted(days.items(), key=lambda item: len(item[1]))
    ]
    return _cases(branches[:-1], branches[-1][1])


def energy(
    session: Session, curve: ArrayValue, day: DateValue, kinds: Sequence[DayKind], zone: str | ZoneInfo, register: int
) -> IntegerValue:
    """The Wh that a row counts in a register; without meaning for a curve that is `UNFIT`.

    Only the bounds of slices depend on day and length, and those are single integers: a choice between sums of slices
    would carry whole arrays through every branch, at more than twice the time.
    """
    most = max(sum(1 for run in kind.runs() if run.register == register) for kind in kinds)
    sums = []
    for turn in range(_most_ranges(kinds, zone, register, most)):
        first, stop = _bounds(curve, day, kinds, zone, register, turn)
        sums.append(session.total(session.part(curve, first, stop)))
    return _folded(sums, lambda one, other: one + other) if sums else ibis.literal(0, "int64")


def _most_ranges(kinds: Sequence[DayKind], zone: str | ZoneInfo, register: int, most: int) -> int:
    """How many runs of slots a register has at most on a day; an hour lived twice can split one."""
    for kind in kinds:
        if kind.changes:
            for minutes in RESOLUTIONS:
                mine = [run for run in kind.ranges(zone, minutes) or () if run.register == register]
                most = max(most, len(mine))
    return most


def _bounds(
    curve: ArrayValue, day: DateValue, kinds: Sequence[DayKind], zone: str | ZoneInfo, register: int, turn: int
) -> tuple[IntegerValue, IntegerValue]:
    """First slot and stop of a register's run of that number; both 0 where the day has no such run."""
    edges: list[tuple[list[date], IntegerValue, IntegerValue]] = []
    plain: dict[tuple[int, int], list[date]] = {}
    for kind in kinds:
        if not kind.changes:
            mine = [run for run in kind.runs() if run.register == register]
            bounds = (mine[turn].start, mine[turn].end) if turn < len(mine) else (0, 0)
            plain.setdefault(bounds, []).extend(kind.days)
            continue
        lengths = []
        for minutes in RESOLUTIONS:
            ranges = kind.ranges(zone, minutes) or ()
            runs = [run for run in ranges if run.register == register]
            if turn < len(runs):
                lengths.append((ranges[-1].stop, runs[turn].first, runs[turn].stop))
        edges.append((list(kind.days), _by_length(curve, lengths, 1), _by_length(curve, lengths, 2)))
    edges += [
        (sorted(days), _slot(curve, start), _slot(curve, end))
        for (start, end), days in sorted(plain.items(), key=lambda item: len(item[1]))
    ]
    last = edges.pop()
    return (
        _cases([(_among(day, days), first) for days, first, _ in edges], last[1]),
        _cases([(_among(day, days), stop) for days, _, stop in edges], last[2]),
    )


def _slot(curve: ArrayValue, minute: int) -> IntegerValue:
    """The slot at which a minute of a day of 24 hours begins."""
    if minute == 0:
        return ibis.literal(0, "int64")
    length = curve.length()
    if minute == MINUTES_PER_DAY:
        return length
    shared = math.gcd(minute, MINUTES_PER_DAY)
    return ((length * (minute // shared)) // (MINUTES_PER_DAY // shared)).cast("int64")


def _by_length(curve: ArrayValue, lengths: Sequence[tuple[int, int, int]], place: int) -> IntegerValue:
    branches = [(curve.length() == each[0], ibis.literal(each[place], "int64")) for each in lengths]
    return _cases(branches, ibis.literal(0, "int64"))


def demand(
    session: Session,
    curve: ArrayValue,
    day: DateValue,
    kinds: Sequence[DayKind],
    zone: str | ZoneInfo,
    need: DemandNeed,
) -> IntegerValue:
    """The highest average W of a row over the windows that lie wholly in the need's registers; NULL where none does.

    Windows are counted from the day's first slot. A missing slot adds nothing to its window, so the demand is one that
    was certainly reached. Where readings are coarser than the window, each reading is a window.
    """
    unknown = ibis.null("int64")
    branches: list[tuple[BooleanValue, IntegerValue]] = []
    for kind in kinds:
        lengths: list[tuple[BooleanValue, IntegerValue]] = []
        for minutes in RESOLUTIONS:
            ranges = kind.ranges(zone, minutes)
            if ranges is not None and _serves(minutes, need):
                length = ranges[-1].stop
                lengths.append((curve.length() == length, _peak(session, curve, ranges, minutes, need)))
        branches.append((_among(day, kind.days), _cases(lengths, unknown)))
    # Every row's day is of some kind, so the last and most frequent kind needs no question.
    return _cases(branches[:-1], branches[-1][1])


def _peak(
    session: Session, curve: ArrayValue, ranges: Sequence[SlotRange], minutes: int, need: DemandNeed
) -> IntegerValue:
    at_once = max(1, need.window // minutes)
    peaks: list[IntegerValue] = []
    for begin, end in _merged([piece for piece in ranges if piece.register in need.registers]):
        first, stop = -(-begin // at_once) * at_once, end // at_once * at_once
        if first >= stop:
            continue
        if at_once == 1:
            whole = (first, stop) == (0, ranges[-1].stop)
            peaks.append((curve if whole else session.part(curve, first, stop)).maxs().cast("int64"))
        else:
            peaks += [session.total(session.part(curve, each, each + at_once)) for each in range(first, stop, at_once)]
    if not peaks:
        return ibis.null("int64")
    highest = peaks[0] if len(peaks) == 1 else ibis.greatest(*peaks)
    return highest * ibis.literal(60 // (at_once * minutes), "int64")


def _serves(minutes: int, need: DemandNeed) -> bool:
    """Whether a demand's windows are made of whole slots of so many minutes."""
    return minutes >= need.window or need.window % minutes == 0


def _cases(branches: Sequence[tuple[BooleanValue, IntegerValue]], otherwise: IntegerValue) -> IntegerValue:
    return ibis.cases(*branches, else_=otherwise) if branches else otherwise


def _among(day: DateValue, days: Sequence[date]) -> BooleanValue:
    if (days[-1] - days[0]).days + 1 == len(days):
        return day == days[0] if len(days) == 1 else day.between(days[0], days[-1])
    return day.isin(days)


def _merged(ranges: Sequence[SlotRange]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for piece in ranges:
        if runs and runs[-1][1] == piece.first:
            runs[-1] = (runs[-1][0], piece.stop)
        else:
            runs.append((piece.first, piece.stop))
    return runs


def any_of(conditions: Sequence[BooleanValue]) -> BooleanValue:
    """True where one of the conditions is."""
    joined: BooleanValue = _folded(conditions, lambda one, other: one | other)
    return joined


def _folded(values: Sequence[Any], join: Callable[[Any, Any], Any]) -> Any:
    return list(itertools.accumulate(values, join))[-1]
