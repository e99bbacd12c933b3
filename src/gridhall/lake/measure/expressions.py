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
from gridhall.lake.needs import DayPattern, DemandNeed, Needs

#: What a day counts as whose curve cannot be measured: more than all days of all time.
UNFIT: Final = 1_000_000

#: More elements than these are added as slices.
_MOST_ELEMENTS: Final = 72


@dataclass(frozen=True)
class DayKind:
    """Days that are measured alike: the same registers at the same slots.

    ``example`` stands for all of them; ``days`` ascend.
    """

    pattern: DayPattern
    example: date
    days: tuple[date, ...]
    changes: bool  # the clock does, on these days

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


def lengths_at(kinds: Sequence[DayKind], zone: str | ZoneInfo, minutes: int) -> list[int]:
    """The lengths that curves of so many minutes per slot have on days of these kinds."""
    return sorted({ranges[-1].stop for kind in kinds if (ranges := kind.ranges(zone, minutes))})


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
    session: Session,
    curve: ArrayValue,
    day: DateValue,
    kinds: Sequence[DayKind],
    zone: str | ZoneInfo,
    register: int,
    usual: int | None = None,
) -> IntegerValue:
    """The Wh that a row counts in a register; without meaning for a curve that is `UNFIT`.

    Only the bounds of slices depend on day and length, and those are single integers: a choice between sums of slices
    would carry whole arrays through every branch, at more than twice the time.

    Args:
        usual: the minutes per slot of most rows, where the engine adds up single elements faster than slices.
    """
    parts = _parts(session, curve, day, kinds, zone, frozenset({register}))
    if not parts:
        return ibis.literal(0, "int64")
    general: IntegerValue = _folded([session.total(part) for part in parts], lambda one, other: one + other)
    if usual is None:
        return general
    return ibis.coalesce(_by_elements(session, curve, day, kinds, zone, register, usual), general)


def _by_elements(
    session: Session,
    curve: ArrayValue,
    day: DateValue,
    kinds: Sequence[DayKind],
    zone: str | ZoneInfo,
    register: int,
    usual: int,
) -> IntegerValue:
    """The sum of a register's elements; NULL for rows of other lengths, with gaps, or of days when clocks change.

    Slots that count on some kinds of day only are multiplied by 1 or 0, so there is no branch at all.
    """
    length = MINUTES_PER_DAY // usual
    plain = [kind for kind in kinds if not kind.changes and kind.ranges(zone, usual)]
    days_of: dict[int, list[date]] = {}
    for kind in plain:
        for each in kind.ranges(zone, usual) or ():
            if each.register == register:
                for slot in range(each.first, each.stop):
                    days_of.setdefault(slot, []).extend(kind.days)
    if not days_of or len(days_of) > _MOST_ELEMENTS:
        return ibis.null("int64")
    covered = sorted(each for kind in plain for each in kind.days)
    fits = curve.length() == length
    if len(covered) < sum(len(kind.days) for kind in kinds):
        fits = fits & _among(day, covered)
    found = ibis.cases((fits, ibis.literal(0, "int64")), else_=ibis.null("int64"))
    together: dict[tuple[date, ...], list[int]] = {}
    for slot, days in days_of.items():
        together.setdefault(tuple(sorted(days)), []).append(slot)
    for same, slots in together.items():
        elements = [session.element(curve, slot).cast("int64") for slot in slots]
        part = _folded(elements, lambda one, other: one + other)
        found = found + (part if len(same) == len(covered) else part * _among(day, same).cast("int64"))
    return found


def demand(
    session: Session,
    curve: ArrayValue,
    day: DateValue,
    kinds: Sequence[DayKind],
    zone: str | ZoneInfo,
    need: DemandNeed,
    lengths: Sequence[int],
) -> IntegerValue:
    """The highest average W of a row over the windows that lie wholly in the need's registers; 0 where none does.

    Windows are counted from the day's first slot. A missing slot adds nothing to its window, so the demand is one that
    was certainly reached. Where readings are coarser than the window, each reading is a window.

    Args:
        lengths: the lengths of curve that occur.
    """
    peaks: list[IntegerValue] = [ibis.literal(0, "int64")]
    if any(minutes_of(length) >= need.window for length in lengths):
        factor = _watts(curve, lengths, need)
        for part in _parts(session, curve, day, kinds, zone, need.registers):
            peaks.append(part.maxs().cast("int64").fill_null(0) * factor)
    for length in lengths:
        if minutes_of(length) < need.window and _serves(minutes_of(length), need):
            peaks += _windows(session, curve, day, kinds, zone, need, length, alone=len(lengths) == 1)
    return ibis.greatest(*peaks) if len(peaks) > 1 else peaks[0]


def _watts(curve: ArrayValue, lengths: Sequence[int], need: DemandNeed) -> IntegerValue:
    """W for each Wh of a slot; 0 where slots are shorter than the window."""
    factors = {
        length: 60 // minutes_of(length) if minutes_of(length) >= need.window else 0
        for length in lengths
        if minutes_of(length)
    }
    values = set(factors.values())
    if len(values) == 1:
        return ibis.literal(values.pop(), "int64")
    return _cases(
        [(curve.length() == length, ibis.literal(factor, "int64")) for length, factor in factors.items()],
        ibis.literal(0, "int64"),
    )


def _windows(
    session: Session,
    curve: ArrayValue,
    day: DateValue,
    kinds: Sequence[DayKind],
    zone: str | ZoneInfo,
    need: DemandNeed,
    length: int,
    *,
    alone: bool,
) -> list[IntegerValue]:
    """The W of each window of several slots, for rows of that length; 0 for rows to which a window does not apply.

    Windows are masked by a factor rather than chosen by cases, and elements are added one by one rather than as slices:
    both alternatives take ten times as long.
    """
    minutes = minutes_of(length)
    at_once = need.window // minutes
    days_of: dict[int, list[date]] = {}
    for kind in kinds:
        ranges = kind.ranges(zone, minutes) or ()
        if not ranges or ranges[-1].stop != length:
            continue
        for begin, end in _merged([(each.first, each.stop) for each in ranges if each.register in need.registers]):
            for first in range(-(-begin // at_once) * at_once, end // at_once * at_once, at_once):
                days_of.setdefault(first, []).extend(kind.days)
    every = sum(len(kind.days) for kind in kinds)
    masks: dict[tuple[date, ...], IntegerValue | None] = {}
    windows = []
    for first, days in days_of.items():
        key = tuple(sorted(days))
        if key not in masks:
            conditions = [] if alone else [curve.length() == length]
            conditions += [] if len(key) == every else [_among(day, key)]
            masks[key] = _folded(conditions, lambda one, other: one & other).cast("int64") if conditions else None
        slots = [session.element(curve, slot).fill_null(0).cast("int64") for slot in range(first, first + at_once)]
        watts = _folded(slots, lambda one, other: one + other) * ibis.literal(60 // need.window, "int64")
        mask = masks[key]
        windows.append(watts if mask is None else watts * mask)
    return windows


def minutes_of(length: int) -> int:
    """The minutes per slot of a day of 23 to 25 hours with so many slots; 0 where none fits."""
    return next((each for each in RESOLUTIONS if 23 * 60 <= length * each <= 25 * 60), 0)


def _serves(minutes: int, need: DemandNeed) -> bool:
    """Whether a demand's windows are made of whole slots of so many minutes."""
    return minutes >= need.window or (minutes > 0 and need.window % minutes == 0)


def _parts(
    session: Session,
    curve: ArrayValue,
    day: DateValue,
    kinds: Sequence[DayKind],
    zone: str | ZoneInfo,
    chosen: frozenset[int],
) -> list[ArrayValue]:
    """The pieces of a curve that count in some registers, as many as the day with the most has; empty beyond."""
    plain = {kind: _merged([(s.start, s.end) for s in kind.pattern.slices if s.register in chosen]) for kind in kinds}
    changed: dict[DayKind, list[tuple[int, list[tuple[int, int]]]]] = {}
    for kind in kinds:
        if kind.changes:
            del plain[kind]
            changed[kind] = [
                (ranges[-1].stop, _merged([(each.first, each.stop) for each in ranges if each.register in chosen]))
                for minutes in RESOLUTIONS
                if (ranges := kind.ranges(zone, minutes))
            ]
    most = max(
        [len(runs) for runs in plain.values()] + [len(runs) for fits in changed.values() for _, runs in fits], default=0
    )
    if all(runs == [(0, MINUTES_PER_DAY)] for runs in plain.values()) and all(
        runs == [(0, length)] for fits in changed.values() for length, runs in fits
    ):
        return [curve]
    parts = []
    for turn in range(most):
        bounds = [
            (kind.days, _by_length(curve, fits, turn, 0), _by_length(curve, fits, turn, 1))
            for kind, fits in changed.items()
        ]
        days_of: dict[tuple[int, int], list[date]] = {}
        for kind, runs in plain.items():
            days_of.setdefault(runs[turn] if turn < len(runs) else (0, 0), []).extend(kind.days)
        for (start, end), days in sorted(days_of.items(), key=lambda item: len(item[1])):
            bounds.append((tuple(sorted(days)), _slot(curve, start), _slot(curve, end)))
        # Every row's day is of some kind, so the last and most frequent needs no question.
        first = _cases([(_among(day, days), low) for days, low, _ in bounds[:-1]], bounds[-1][1])
        stop = _cases([(_among(day, days), high) for days, _, high in bounds[:-1]], bounds[-1][2])
        parts.append(session.part(curve, first, stop))
    return parts


def _slot(curve: ArrayValue, minute: int) -> IntegerValue:
    """The slot at which a minute of a day of 24 hours begins."""
    if minute == 0:
        return ibis.literal(0, "int64")
    length = curve.length()
    if minute == MINUTES_PER_DAY:
        return length
    shared = math.gcd(minute, MINUTES_PER_DAY)
    return ((length * (minute // shared)) // (MINUTES_PER_DAY // shared)).cast("int64")


def _by_length(
    curve: ArrayValue, fits: Sequence[tuple[int, Sequence[tuple[int, int]]]], turn: int, side: int
) -> IntegerValue:
    branches = [
        (curve.length() == length, ibis.literal(runs[turn][side], "int64")) for length, runs in fits if turn < len(runs)
    ]
    return _cases(branches, ibis.literal(0, "int64"))


def _cases(branches: Sequence[tuple[BooleanValue, IntegerValue]], otherwise: IntegerValue) -> IntegerValue:
    return ibis.cases(*branches, else_=otherwise) if branches else otherwise


def _among(day: DateValue, days: Sequence[date]) -> BooleanValue:
    if (days[-1] - days[0]).days + 1 == len(days):
        return day == days[0] if len(days) == 1 else day.between(days[0], days[-1])
    return day.isin(days)


def _merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ascending ranges, those that touch joined."""
    runs: list[tuple[int, int]] = []
    for first, stop in ranges:
        if runs and runs[-1][1] == first:
            runs[-1] = (runs[-1][0], stop)
        else:
            runs.append((first, stop))
    return runs


def any_of(conditions: Sequence[BooleanValue]) -> BooleanValue:
    """True where one of the conditions is."""
    joined: BooleanValue = _folded(conditions, lambda one, other: one | other)
    return joined


def _folded(values: Sequence[Any], join: Callable[[Any, Any], Any]) -> Any:
    return list(itertools.accumulate(values, join))[-1]
