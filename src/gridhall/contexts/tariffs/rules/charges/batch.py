"""A batch of bills in columns: what was measured, on what terms, and the lines charged so far."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.rules.arithmetic import Integers, Worth, half_up
from gridhall.contexts.tariffs.rules.pieces import Layout, Piece
from gridhall.contexts.tariffs.types import Line, Plan
from gridhall.lake.needs import Channel

Mask = npt.NDArray[np.bool_]

#: Why a bill cannot be priced.
REASONS: Final = (
    "no_readings",
    "no_version",
    "missing_capacity",
    "missing_contract_demand",
    "reactive_readings_missing",
    "export_readings_missing",
    "price_missing",
    "annual_minimum_needs_year",
    "unknown_power_factor_standard",
)


@dataclass
class Measured:
    """What one channel measured on one piece: Wh per register, W per demand, days with readings; a column each."""

    layout: Layout
    energy: list[Integers]
    demand: list[Integers]
    days: Integers

    def of_period(self, division: str | None, period: str | None) -> Integers:
        """The energy of a period, Wh."""
        registers = self.layout.registers(division, period)
        if not registers:
            return np.zeros(len(self.energy[0]), dtype=np.int64)
        total = self.energy[registers[0]]
        for register in registers[1:]:
            total = total + self.energy[register]
        return total


@dataclass
class BilledPiece:
    """A piece with the days that each bill has of it, and what was measured by channel.

    ``number`` is the piece's index in the whole span; ``counts`` are days and slots read, missing, estimated.
    """

    number: int
    piece: Piece
    days: Integers
    measured: Mapping[Channel, Measured]
    counts: Mapping[str, Integers] = field(default_factory=dict)


@dataclass(frozen=True)
class Terms:
    """The terms of each bill's agreement, in columns; zero or empty where an agreement has none."""

    household_size: Integers
    allowance: npt.NDArray[np.object_]
    capacity_va: Integers
    contract_demand_w: Integers
    power_factor_standard: Integers
    since: npt.NDArray[np.datetime64]


@dataclass
class Charge:
    """One line in columns: integer quantities and prices in the line's scales, amounts in fen."""

    plan_index: int
    line: Line
    quantity: Integers
    price: Integers | int
    amount: Integers
    fund: bool = False
    #: What the amount is rounded from, in fen: factors and divisor; None where the amount is exact.
    worth: Worth | None = None


class Intervals(Protocol):
    """Measurements at interval level, asked for only by components that need them."""

    def chronological(
        self, batch: "Batch", part: BilledPiece, limits: Sequence[Integers], used: Integers
    ) -> list[list[Integers]]:
        """Wh ``[tier][register]`` of a piece's import, tiers filled in order of time."""

    def priced(
        self, batch: "Batch", part: BilledPiece, component: models.Dynamic
    ) -> tuple[Integers, Integers, Integers, int]:
        """Wh, Σ Wh × integer price, Wh without a price, and the scale of the integer prices."""


@dataclass
class Batch:
    """Bills of one month, worked on together; or of several months that nothing runs through.

    ``rows`` are their rows in the table of agreements, ``start`` and ``end`` their days; ``parts`` the pieces of the
    month by plan, in order of time; ``used`` is the Wh used in the running tier year (of which ``tier_key`` names the
    first day, −1 unknown) and is moved on as tiers are filled.
    """

    rows: Integers
    start: npt.NDArray[np.datetime64]
    end: npt.NDArray[np.datetime64]
    plans: list[Plan]
    parts: list[list[BilledPiece]]
    terms: Terms
    intervals: Intervals
    used: Integers
    tier_key: Integers
    #: Every bill is for a whole month under one plan.
    whole: bool = False
    months: int = 1
    #: The bills of several months in which a component does not apply, by its code.
    inactive: Mapping[str, Mask] = field(default_factory=dict)
    charges: list[Charge] = field(default_factory=list)
    #: 0, or 1 + the index into `REASONS`.
    refusal: npt.NDArray[np.int8] = field(init=False)

    def __post_init__(self) -> None:
        self.refusal = np.zeros(len(self.rows), dtype=np.int8)

    @property
    def size(self) -> int:
        """The number of bills."""
        return len(self.rows)

    def zeros(self) -> Integers:
        """A column of zeros, to be written to."""
        return np.zeros(self.size, dtype=np.int64)

    @cached_property
    def nothing(self) -> Integers:
        """The column of zeros that nobody writes to."""
        column = self.zeros()
        column.setflags(write=False)
        return column

    def added(self, total: Integers, column: Integers) -> Integers:
        """The sum of two columns."""
        return column if total is self.nothing else total + column

    def sum(self, columns: Iterable[Integers]) -> Integers:
        """The sum of columns; zeros without any."""
        listed = list(columns)
        total = listed[0] if listed else self.zeros()
        for column in listed[1:]:
            total = total + column
        return total

    @cached_property
    def everyone(self) -> Mask:
        """All bills."""
        return np.ones(self.size, dtype=np.bool_)

    def where(self, mask: Mask, column: Integers) -> Integers:
        """A column, zero outside the mask."""
        return column if mask is self.everyone else np.where(mask, column, 0)

    def refuse(self, which: Mask, code: str) -> None:
        """Refuse bills; the first reason stays."""
        if which.any():
            self.refusal[which & (self.refusal == 0)] = REASONS.index(code) + 1

    def charge(
        self,
        plan_index: int,
        line: Line,
        quantity: Integers,
        *,
        scale: int,
        share: tuple[Integers | int, int] = (1, 1),
        fund: bool = False,
    ) -> None:
        """Add a line: quantity × price × share, rounded half up to whole fen.

        Args:
            quantity: integers with ``scale`` decimal places of the line's unit.
            share: numerator and denominator, such as days of the bill over days of the month.
        """
        assert line.price is not None
        price = integer(line.price, line.price_scale)
        numerator, denominator = share
        factors, divisor = (quantity, price, numerator), 10 ** (scale + line.price_scale - 2) * denominator
        amount = half_up(factors, divisor, rows=self.size)
        if line.scale == scale and isinstance(numerator, int) and numerator == denominator:
            shown = quantity
        else:
            shown = half_up([quantity, 10 ** (line.scale - scale), numerator], denominator, rows=self.size)
        self.charges.append(Charge(plan_index, line, shown, price, amount, fund, (factors, divisor)))


def integer(value: Decimal, scale: int) -> int:
    """A decimal as an integer of so many places; exact.

    Raises:
        ValueError: when the places do not suffice.
    """
    scaled = value.scaleb(scale)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value} has more than {scale} decimal places")
    return int(scaled)
