"""Meters and their time at a usage point, as values."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gridhall.contexts.metering.rules.registers import Dial, RegisterKind


@dataclass(frozen=True)
class Register:
    """One counter of a meter and its face."""

    kind: RegisterKind
    dial: Dial


@dataclass(frozen=True)
class Installation:
    """A meter's time at a usage point, ``[start, end)``; ``end`` None while it is there.

    The multiplier (CT × PT, 综合倍率) turns what the meter counts into what the usage point used.
    """

    id: int
    meter: str
    usage_point: int
    start: datetime
    end: datetime | None
    multiplier: Decimal
    registers: tuple[Register, ...]
