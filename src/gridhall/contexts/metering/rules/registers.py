"""What cumulative registers say: energy between readings, rollover, meter exchange, the check against intervals.

A register counts in units of kWh (kvarh, for demand kW) at the meter's terminals; the multiplier (CT × PT, 综合倍率)
makes them those of the usage point. It shows ``digits`` whole digits and ``decimals`` places and starts again at zero
after its last digit is full. Everything is exact: readings and multipliers are `Decimal`, energy is whole Wh.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gridhall.lake.needs import Channel

#: Without a power limit, a rollover is believed only where it makes the register advance by less than this share.
ROLLOVER_SHARE: Final = Decimal("0.1")

_WH_PER_UNIT: Final = 1000


class RegisterKind(StrEnum):
    """What one register of a meter counts; IEC 61968 reading types, in the words of DL/T 645 meters."""

    IMPORT = "import"  # 正向有功总
    IMPORT_CRITICAL = "import_critical"  # 正向有功尖
    IMPORT_PEAK = "import_peak"  # 正向有功峰
    IMPORT_FLAT = "import_flat"  # 正向有功平
    IMPORT_VALLEY = "import_valley"  # 正向有功谷
    IMPORT_DEEP_VALLEY = "import_deep_valley"  # 正向有功深谷
    EXPORT = "export"  # 反向有功总
    REACTIVE = "reactive"  # 正向无功总
    REACTIVE_EXPORT = "reactive_export"  # 反向无功总
    MAX_DEMAND = "max_demand"  # 最大需量; reset at each reading, not cumulative

    @property
    def channel(self) -> Channel | None:
        """The interval channel whose sum this register must equal; None where there is no such channel."""
        return Channel(self.value) if self.value in set(Channel) else None


class FindingKind(StrEnum):
    """Why a reading or an advance is not believed; codes are stable."""

    BACKWARD = "register_backward"
    TOO_FAST = "register_too_fast"
    OFF_THE_DIAL = "register_off_the_dial"
    DISAGREES = "register_disagrees_with_intervals"


@dataclass(frozen=True)
class Finding:
    """A reading that is not believed: what kind, a sentence, and the figures that show it."""

    kind: FindingKind
    message: str
    data: dict[str, str]


@dataclass(frozen=True)
class Dial:
    """The face of a register: whole digits before the point and places after it.

    >>> Dial(digits=5, decimals=2).full
    Decimal('100000')
    """

    digits: int
    decimals: int = 2

    def __post_init__(self) -> None:
        if not (1 <= self.digits <= 9 and 0 <= self.decimals <= 4):
            raise ValueError(f"a dial has 1 to 9 digits and 0 to 4 places, not {self.digits} and {self.decimals}")

    @property
    def full(self) -> Decimal:
        """The reading at which the register starts again at zero; never shown itself."""
        return Decimal(10) ** self.digits

    @property
    def last_digit(self) -> Decimal:
        """The smallest step the register shows."""
        return Decimal(1).scaleb(-self.decimals)


@dataclass(frozen=True)
class Snapshot:
    """What a register showed at an instant (示数)."""

    at: datetime
    reading: Decimal
    estimated: bool = False


@dataclass(frozen=True)
class Advance:
    """The energy between two readings of one register, exact Wh (varh); a fraction only where the meter shows one."""

    energy: Decimal
    rolled_over: bool


def on_the_dial(reading: Decimal, dial: Dial) -> Finding | None:
    """Say why a register of this face cannot show a reading: negative, too many digits, or too many places."""
    if not reading.is_finite() or reading < 0 or reading >= dial.full:
        return Finding(
            FindingKind.OFF_THE_DIAL,
            f"a register of {dial.digits} digits shows 0 to {dial.full - dial.last_digit}, not {reading}",
            {"reading": str(reading), "digits": str(dial.digits)},
        )
    if reading != reading.quantize(dial.last_digit, rounding=ROUND_FLOOR):
        return Finding(
            FindingKind.OFF_THE_DIAL,
            f"a register of {dial.decimals} decimal places cannot show {reading}",
            {"reading": str(reading), "decimals": str(dial.decimals)},
        )
    return None


def advance(
    earlier: Snapshot, later: Snapshot, *, dial: Dial, multiplier: Decimal, most_w: int | None = None
) -> Advance | Finding:
    """Give the energy between two readings of one register.

    A later reading below the earlier one is a rollover only where that is plausible: within what ``most_w`` (the
    greatest power the connection can carry, W) allows in the time between, or, where that is unknown, where the
    register would have advanced by less than a tenth of its dial. Anything else backward is a finding, never negative
    energy.

    >>> from datetime import UTC
    >>> first, second = Snapshot(datetime(2026, 1, 1, tzinfo=UTC), Decimal("9998.50")), Snapshot(
    ...     datetime(2026, 2, 1, tzinfo=UTC), Decimal("3.25"))
    >>> advance(first, second, dial=Dial(4), multiplier=Decimal(20))
    Advance(energy=Decimal('95000.00'), rolled_over=True)
    """
    for snapshot in (earlier, later):
        if wrong := on_the_dial(snapshot.reading, dial):
            return wrong
    if later.at < earlier.at:
        raise ValueError(f"readings must be in time order, not {earlier.at} before {later.at}")
    step = later.reading - earlier.reading
    rolled = step < 0
    if rolled:
        step += dial.full
    most = _most(earlier.at, later.at, multiplier, most_w)
    if rolled and step > (dial.full * ROLLOVER_SHARE if most is None else most):
        return Finding(
            FindingKind.BACKWARD,
            f"the register went back from {earlier.reading} to {later.reading}; "
            f"a rollover would mean {step * multiplier} kWh, more than is plausible",
            _shown(earlier, later, multiplier),
        )
    if most is not None and step > most:
        return Finding(
            FindingKind.TOO_FAST,
            f"from {earlier.reading} to {later.reading} is {step * multiplier} kWh, "
            f"more than {most_w} W can carry in the time",
            _shown(earlier, later, multiplier),
        )
    return Advance(step * multiplier * _WH_PER_UNIT, rolled)


@dataclass(frozen=True)
class Installed:
    """One register of one meter during its time at a usage point.

    Invariants: ``snapshots`` ascend in time; the first is the reading at installation where it is known, the last the
    reading at removal once the meter is gone. The multiplier belongs to the place: elsewhere the meter has another.
    """

    meter: str
    dial: Dial
    multiplier: Decimal
    snapshots: Sequence[Snapshot]
    removed: bool = False


@dataclass(frozen=True)
class RegisterEnergy:
    """What the registers of a usage point say about a span.

    Attributes:
        energy: whole Wh (varh); None where a finding forbids a figure.
        start: from when on readings cover the span; later than asked where no reading is older.
        end: until when; earlier than asked where no reading is newer.
        estimated: a bound fell between two readings and was interpolated, or a reading was itself an estimate.
        rollovers: how many rollovers the figure includes.
        findings: what is not believed.
    """

    energy: int | None
    start: datetime
    end: datetime
    estimated: bool
    rollovers: int
    findings: tuple[Finding, ...]


def energy_between(
    installed: Sequence[Installed], start: datetime, end: datetime, *, most_w: int | None = None
) -> RegisterEnergy | None:
    """Add up a usage point's register over ``[start, end)``, across meter exchanges; None where no readings touch it.

    Where a bound falls between two readings, the energy between them is shared out evenly in time and the result is
    marked estimated. Parts that touch add up exactly: the register's count at a bound is rounded down once, for the
    part before it and the part after it alike.
    """
    total, rollovers, estimated = 0, 0, False
    covered: list[tuple[datetime, datetime]] = []
    findings: list[Finding] = []
    for register in installed:
        for earlier, later in pairwise(register.snapshots):
            inside_from, inside_to = max(earlier.at, start), min(later.at, end)
            if later.at <= start or earlier.at >= end or inside_to <= inside_from:
                continue
            moved = advance(earlier, later, dial=register.dial, multiplier=register.multiplier, most_w=most_w)
            covered.append((inside_from, inside_to))
            if isinstance(moved, Finding):
                findings.append(moved)
                continue
            base, whole = Fraction(earlier.reading * register.multiplier * _WH_PER_UNIT), Fraction(moved.energy)
            low, cut_low = _position(base, whole, earlier.at, later.at, inside_from)
            high, cut_high = _position(base, whole, earlier.at, later.at, inside_to)
            total += high - low
            rollovers += moved.rolled_over
            estimated |= cut_low or cut_high or earlier.estimated or later.estimated
    if not covered:
        return None
    return RegisterEnergy(
        energy=None if findings else total,
        start=min(low for low, _ in covered),
        end=max(high for _, high in covered),
        estimated=estimated or _holes(covered),
        rollovers=rollovers,
        findings=tuple(findings),
    )


def spread(installed: Sequence[Installed], edges: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Share a register's energy out over time, evenly between two readings: whole Wh from each edge to the next.

    What lies between two readings adds up exactly to what the register counted; before the first and after the last
    reading there is nothing.

    Args:
        edges: ascending instants, seconds since 1970.

    Raises:
        ValueError: when a reading is not believed; ask `energy_between` first.
    """
    counted = np.zeros(len(edges), dtype=np.int64)
    for register in installed:
        for earlier, later in pairwise(register.snapshots):
            moved = advance(earlier, later, dial=register.dial, multiplier=register.multiplier)
            if isinstance(moved, Finding):
                raise ValueError(moved.message)
            start, end = int(earlier.at.timestamp()), int(later.at.timestamp())
            base, whole = Fraction(earlier.reading * register.multiplier * _WH_PER_UNIT), Fraction(moved.energy)
            unit = math.lcm(base.denominator, whole.denominator)
            rest, step, length = int(base % 1 * unit), int(whole * unit), end - start
            most = (rest + step) * length
            passed = (np.clip(edges, start, end) - start).astype(np.int64 if most < 2**62 else object)
            counted += ((rest * length + step * passed) // (unit * length)).astype(np.int64)
    return np.diff(counted)


def greatest_demand(installed: Iterable[Installed], start: datetime, end: datetime) -> int | None:
    """The highest reading of a demand register within ``(start, end]``, W; None where there is none.

    A demand register is reset when it is read, so the reading at the end of a month holds that month's maximum.
    """
    shown = [
        snapshot.reading * register.multiplier * _WH_PER_UNIT
        for register in installed
        for snapshot in register.snapshots
        if start < snapshot.at <= end
    ]
    return int(max(shown).to_integral_value(ROUND_FLOOR)) if shown else None


def tolerance(multiplier: Decimal, dial: Dial) -> int:
    """By how many Wh the interval sum may differ from a register's advance: the multiplier times the last digit.

    Both readings are cut off at the last digit, so their difference is uncertain by one.

    >>> tolerance(Decimal(60), Dial(6, 2))
    600
    """
    return int((multiplier * dial.last_digit * _WH_PER_UNIT).to_integral_value(ROUND_CEILING))


def disagreements(
    interval_wh: npt.NDArray[np.int64], register_wh: npt.NDArray[np.int64], tolerance_wh: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Mark the days whose interval sum lies outside the tolerance of the register's advance; all in Wh, one a day."""
    return np.asarray(np.abs(interval_wh - register_wh) > tolerance_wh)


def disagreement(interval_wh: int, register_wh: int, tolerance_wh: int) -> Finding | None:
    """The finding for one day whose interval sum and register differ by more than the tolerance."""
    figures = (np.array([value], dtype=np.int64) for value in (interval_wh, register_wh, tolerance_wh))
    if not disagreements(*figures)[0]:
        return None
    return Finding(
        FindingKind.DISAGREES,
        f"the intervals add up to {interval_wh} Wh, the register advanced by {register_wh} Wh "
        f"(tolerance {tolerance_wh} Wh)",
        {"interval_wh": str(interval_wh), "register_wh": str(register_wh), "tolerance_wh": str(tolerance_wh)},
    )


def _most(start: datetime, end: datetime, multiplier: Decimal, most_w: int | None) -> Decimal | None:
    """The furthest a register can move in the time, in its own units; None where no limit is known."""
    if most_w is None:
        return None
    return Decimal(most_w) * Decimal((end - start).total_seconds()) / (3600 * _WH_PER_UNIT) / multiplier


def _position(base: Fraction, whole: Fraction, start: datetime, end: datetime, bound: datetime) -> tuple[int, bool]:
    """The count at a bound, whole Wh, and whether the bound cut an advance in two."""
    if bound <= start:
        return int(base // 1), False
    if bound >= end:
        return int((base + whole) // 1), False
    share = Fraction(int((bound - start).total_seconds()), int((end - start).total_seconds()))
    return int((base + whole * share) // 1), True


def _holes(covered: Sequence[tuple[datetime, datetime]]) -> bool:
    """Whether the covered parts leave time between them for which no reading speaks."""
    ordered = sorted(covered)
    return any(later[0] > earlier[1] for earlier, later in pairwise(ordered))


def _shown(earlier: Snapshot, later: Snapshot, multiplier: Decimal) -> dict[str, Any]:
    return {
        "earlier": str(earlier.reading),
        "earlier_at": earlier.at.isoformat(),
        "later": str(later.reading),
        "later_at": later.at.isoformat(),
        "multiplier": str(multiplier),
    }
