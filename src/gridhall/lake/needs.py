"""What a price asks of interval data: the vocabulary between tariffs, which state needs, and the lake, which measures.

Clock times are minutes after local midnight on the wall clock, 0 to 1440; the lake turns them into slots of a day's
curve, also on the days when clocks change.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gridhall.kernel.spans import DateSpan


class Channel(StrEnum):
    """What a register of a meter counts."""

    IMPORT = "import"  # active energy delivered to the customer, Wh
    EXPORT = "export"  # active energy received from the customer, Wh
    REACTIVE = "reactive"  # reactive energy, inductive, varh
    REACTIVE_EXPORT = "reactive_export"  # reactive energy, capacitive, varh


@dataclass(frozen=True)
class Slice:
    """From one wall-clock minute to another (exclusive), counted in the register of that index."""

    start: int
    end: int
    register: int


@dataclass(frozen=True)
class DayPattern:
    """One kind of day.

    Invariants: slices ascend, touch, and cover 0 to 1440 exactly once.
    """

    slices: tuple[Slice, ...]

    def __post_init__(self) -> None:
        edge = 0
        for piece in self.slices:
            if piece.start != edge or piece.end <= piece.start:
                raise ValueError(f"slices must tile the day: one starts at {piece.start}, expected {edge}")
            edge = piece.end
        if edge != 1440:
            raise ValueError(f"slices must reach 24:00, they end at minute {edge}")


@dataclass(frozen=True)
class DemandNeed:
    """The highest average power over a window, within some registers; windows are whole slots from midnight.

    ``window`` is in minutes; where readings are coarser, the reading interval is used.
    """

    window: int
    registers: frozenset[int]


@dataclass(frozen=True)
class Needs:
    """The energy registers and demands of one span of days under one plan.

    ``pattern_of_day[i]`` is the index into ``patterns`` of the i-th day of ``span``.
    """

    span: DateSpan
    registers: tuple[str, ...]
    patterns: tuple[DayPattern, ...]
    pattern_of_day: tuple[int, ...]
    demands: tuple[DemandNeed, ...] = ()
    channel: Channel = Channel.IMPORT

    def __post_init__(self) -> None:
        if len(self.pattern_of_day) != self.span.days:
            raise ValueError(f"{self.span.days} days need as many patterns, not {len(self.pattern_of_day)}")

    def pattern(self, day: date) -> DayPattern:
        """The pattern of a day of the span."""
        return self.patterns[self.pattern_of_day[(day - self.span.start).days]]
