"""The invented utility as plain records, in the order in which they must be stored; positions are WGS-84 degrees."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from gridhall.contexts.accounts.types import CustomerKind, OrganisationLevel, Terms, UsageClass
from gridhall.journeys.demo.curves import Loads
from gridhall.kernel.spans import DateSpan


@dataclass(frozen=True)
class Period:
    """The days of the demo: readings from ``first`` up to but not including ``today``; ``last_month`` is whole."""

    first: date
    today: date
    last_month: DateSpan

    @classmethod
    def up_to(cls, today: date) -> "Period":
        """Thirteen whole months and the days of the running one: last month, and the year before it."""
        months = today.year * 12 + today.month - 1
        first = DateSpan.month((months - 13) // 12, (months - 13) % 12 + 1).start
        return cls(first, today, DateSpan.month((months - 1) // 12, (months - 1) % 12 + 1))


class Role(StrEnum):
    """Situations that occur in the demo utility and that its pages, tests and tours look for."""

    SEVERAL_HOMES = "owner-of-several-homes"
    LANDLORD_SETTLES = "tenant-settled-by-landlord"
    TENANT_SETTLES = "landlord-contract-settled-by-tenant"
    SETTLEMENT_CHANGE = "settlement-changes-mid-month"
    CHAIN_SHOP = "chain-shop"
    FARM = "farm"
    FACTORY = "factory"
    EV_HOME = "ev-home"
    HOME_CHARGER = "home-charger"
    PUBLIC_CHARGER = "public-charger"
    PV_HOME = "pv-home"
    BATTERY_HOME = "battery-home"
    MOVED_IN = "moved-in-mid-month"
    MOVED_OUT = "moved-out-vacant"
    PROTECTED = "protected-household"
    LARGE_HOUSEHOLD = "household-of-five-or-more"
    HEAT_PUMP = "heat-pump"
    GAP = "fault-gap"
    LONG_GAP = "fault-long-gap"
    SPIKE = "fault-spike"
    STUCK = "fault-stuck-meter"


@dataclass(frozen=True)
class Unit:
    """An organisation."""

    code: str
    name: str
    level: OrganisationLevel
    parent: str | None


@dataclass(frozen=True)
class Place:
    """A substation, or a service location by its address."""

    code: str
    name: str
    organisation: str
    longitude: float
    latitude: float


@dataclass(frozen=True)
class Line:
    """A feeder."""

    code: str
    name: str
    substation: str


@dataclass(frozen=True)
class Area:
    """A transformer area."""

    code: str
    name: str
    feeder: str
    dedicated: bool
    capacity_va: int
    longitude: float
    latitude: float


@dataclass(frozen=True)
class Point:
    """A usage point; ``row`` in the loads."""

    number: str
    organisation: str
    area: str
    address: str
    usage_class: UsageClass
    longitude: float
    latitude: float
    multiplier: Decimal


@dataclass(frozen=True)
class Person:
    """A customer."""

    number: str
    kind: CustomerKind
    name: str
    phone: str


@dataclass(frozen=True)
class Account:
    """A settlement account."""

    number: str
    organisation: str
    customer: str


@dataclass(frozen=True)
class Settled:
    """Which account settles from a day on, to a day or until notice."""

    account: str
    start: date
    end: date | None


@dataclass(frozen=True)
class Contract:
    """An agreement with its settlements."""

    usage_point: str
    customer: str
    tariff: str
    start: date
    end: date | None
    settled: tuple[Settled, ...]
    terms: Terms = field(default_factory=Terms)


@dataclass
class Utility:
    """Everything to store; ``points`` and ``loads`` have the same order; ``roles`` names who plays what by 户号."""

    units: list[Unit] = field(default_factory=list)
    substation: Place | None = None
    feeders: list[Line] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    roles: dict[Role, list[str]] = field(default_factory=lambda: {role: [] for role in Role})
    loads: Loads | None = None
