"""The models of a tariff document: versions and the components of their price.

Energy limits are kWh, demands kW, capacities kVA, prices in the currency per that unit. Dates are spans
``[start, end)``. Every priced component names the source of its prices, or its version does for all of them.
"""

from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from gridhall.contexts.tariffs.document.parts import (
    Code,
    Day,
    Label,
    Months,
    Number,
    Part,
    Positive,
    Price,
    Season,
    SeasonNames,
    Share,
    Source,
    Text,
    TimeOfUse,
    month_day,
)


class Component(Part):
    """What every component of a price has: a code unique in its version, and when and to whom it applies."""

    code: Code
    label: Label | None = None
    source: Source | None = None
    #: Only in these months or seasons (all year by default).
    months: Months | None = None
    season: SeasonNames | None = None
    #: Only for agreements that have one of these allowances (all by default), or none of those excepted.
    only_for: Annotated[list[Code], Field(min_length=1)] | None = None
    except_for: Annotated[list[Code], Field(min_length=1)] | None = None


class Block(Part):
    """One tier: from the limit before up to ``up_to`` (open-ended when absent), at a price or a price per period."""

    up_to: Positive | None = None
    price: Price | None = None
    prices: dict[Code, Price] | None = None


def _ordered(blocks: list[Block]) -> list[Block]:
    """Refuse tiers out of order, a last tier that ends, and a tier before the last that does not."""
    if blocks[-1].up_to is not None:
        raise PydanticCustomError(
            "last_tier_not_open",
            "the last tier must have no up_to, so that all is priced",
            {"place": (len(blocks) - 1, "up_to")},
        )
    before = Decimal(0)
    for index, block in enumerate(blocks[:-1]):
        if block.up_to is None:
            raise PydanticCustomError(
                "tier_without_limit", "tier {tier} lacks up_to", {"tier": index + 1, "place": (index,)}
            )
        if block.up_to <= before:
            raise PydanticCustomError(
                "tiers_out_of_order",
                "tier {tier} ends at {limit}, which is not above {before}",
                {"tier": index + 1, "limit": str(block.up_to), "before": str(before), "place": (index, "up_to")},
            )
        before = block.up_to
    return blocks


class HouseholdExtra(Part):
    """From so many persons on, every limit grows by so many kWh for each month of its basis (or for each person)."""

    from_persons: Annotated[int, Field(ge=1, le=100, strict=True)]
    add_kwh_per_month: Positive
    #: Count the extra once for each person from ``from_persons`` on, instead of once.
    each_person: bool = False


class Tiers(Part):
    """Marginal blocks of energy (阶梯).

    ``basis``: over what the limits count: ``month``, ``year`` and ``season`` (cumulative from their start), or
    ``day`` (the limit times the days of the bill).
    ``within``: how the tiers of a bill spread over time-of-use periods: ``proportional`` to the energy of each
    period, or ``chronological``, as the energy was used.
    ``prorate``: what happens to the limits when an agreement covers only part of the basis: ``days`` (in
    proportion), ``months`` (months begun; basis year) or ``none``.
    """

    basis: Literal["day", "month", "season", "year"] = "month"
    year_starts: str = "01-01"
    within: Literal["proportional", "chronological"] = "proportional"
    prorate: Literal["days", "months", "none"] | None = None
    blocks: Annotated[list[Block], Field(min_length=1)]
    household: list[HouseholdExtra] = []

    @field_validator("blocks")
    @classmethod
    def _blocks(cls, blocks: list[Block]) -> list[Block]:
        return _ordered(blocks)

    @field_validator("year_starts")
    @classmethod
    def _day(cls, value: str) -> str:
        try:
            month, day = month_day(value)
        except ValueError as error:
            raise PydanticCustomError("bad_date", "{problem}", {"problem": str(error)}) from error
        if (month, day) == (2, 29):
            raise PydanticCustomError("bad_date", "a tier year cannot start on 29 February", {})
        return value

    @property
    def prorating(self) -> Literal["days", "months", "none"]:
        """The rule for partial periods: by days for month limits, none for the others, unless the document says."""
        return self.prorate or ("days" if self.basis == "month" else "none")


class Energy(Component):
    """A price per kWh: single, by period, by tier, by tier and period, or by tier with offsets per period.

    ``fund`` marks government funds and surcharges, which a power-factor adjustment leaves out.
    For ``channel: export`` the price is paid to the customer; ``settle: separate`` keeps it off the bill's total,
    in a settlement of its own. ``net_of_export`` subtracts exported from imported energy, period by period, before
    pricing; what is left over of the export is what a component with ``surplus_only`` prices.
    """

    type: Literal["energy"]
    channel: Literal["import", "export"] = "import"
    time_of_use: Code | None = None
    price: Price | None = None
    prices: dict[Code, Price] | None = None
    tiers: Tiers | None = None
    offsets: dict[Code, Price] | None = None
    fund: bool = False
    settle: Literal["bill", "separate"] = "bill"
    net_of_export: bool = False
    surplus_only: bool = False


class Surcharge(Component):
    """A price per kWh of all imported energy, such as a government fund; outside the power-factor adjustment."""

    type: Literal["surcharge"]
    price: Price


class Dynamic(Component):
    """A price per interval from a series (spot, trial): each interval's energy times (its price × factor + adder).

    The series is a CSV or Parquet file with a time and a price column, named relative to the document by ``file``
    or handed in when pricing. ``interval`` is its step in minutes.
    """

    type: Literal["dynamic"]
    channel: Literal["import", "export"] = "import"
    file: Text | None = None
    interval: Literal[5, 10, 15, 30, 60] = 30
    factor: Number = Decimal(1)
    adder: Price | None = None
    settle: Literal["bill", "separate"] = "bill"


class Capacity(Component):
    """A price per kVA of contracted transformer capacity and month (容量电费)."""

    type: Literal["capacity"]
    price: Price
    prorate: bool = True


class DemandBlock(Block):
    """One tier of demand; ``up_to`` in kW."""


class Demand(Component):
    """A price per kW of the highest average power and month (需量电费).

    ``basis: actual`` charges what was measured, in total, by period (``time_of_use`` with ``prices``), or by tiers.
    ``basis: contracted`` charges the contracted demand C; above ``excess_from`` × C the excess pays
    ``excess_factor`` times the price: D ≤ 1.05 C pays C × p, above it 1.05 C × p + 2 p × (D − 1.05 C).
    ``window`` is the demand interval in minutes; where readings are coarser, theirs is used.
    """

    type: Literal["demand"]
    basis: Literal["actual", "contracted"] = "actual"
    window: Literal[5, 10, 15, 30, 60] = 15
    time_of_use: Code | None = None
    price: Price | None = None
    prices: dict[Code, Price] | None = None
    blocks: Annotated[list[DemandBlock], Field(min_length=1)] | None = None
    excess_from: Annotated[Positive, Field(ge=1)] = Decimal("1.05")
    excess_factor: Positive = Decimal(2)
    prorate: bool = True

    @field_validator("blocks")
    @classmethod
    def _blocks(cls, blocks: list[DemandBlock] | None) -> list[DemandBlock] | None:
        if blocks is not None:
            _ordered(list(blocks))
        return blocks


class PowerFactor(Component):
    """The adjustment by monthly average power factor (力调电费), by the 1983 tables.

    ``standard`` is used where the agreement names none; without either, the agreement is not adjusted.
    ``applies_to`` lists component codes; by default capacity, demand and energy without funds.
    """

    type: Literal["power_factor"]
    standard: Literal["0.90", "0.85", "0.80"] | None = None
    applies_to: Annotated[list[Code], Field(min_length=1)] | None = None

    @field_validator("standard", mode="before")
    @classmethod
    def _two_places(cls, value: object) -> object:
        return f"{value:.2f}" if isinstance(value, Decimal) and value == value.quantize(Decimal("0.01")) else value


class Fixed(Component):
    """An amount per month, day or year; part months and years by days unless ``prorate: false``."""

    type: Literal["fixed"]
    price: Price
    per: Literal["month", "day", "year"] = "month"
    prorate: bool = True


class Credit(Component):
    """An amount in the customer's favour per month, day or kWh; written positive.

    ``refundable: false`` stops at what the other charges of the bill come to.
    """

    type: Literal["credit"]
    price: Price
    per: Literal["month", "day", "kwh"] = "month"
    prorate: bool = True
    refundable: bool = True


class FreeQuota(Component):
    """So many kWh a month free of charge (protected households): a credit of ``price`` for each, up to the use."""

    type: Literal["free_quota"]
    kwh_per_month: Positive
    price: Price
    prorate: bool = False


class Rounding(Component):
    """Lets the charges before minimum and tax come to their exact sum rounded once, half up: a line of the difference.

    Each line of a bill is rounded by itself, so their sum may lie some fen beside the exact sum (尾差); a utility that
    rounds only the total bills the difference as this line says. Where a version starts within a bill, the part of each
    version is rounded.
    """

    type: Literal["rounding"]


class Minimum(Component):
    """A bill's least amount per month, day or year; what the charges fall short of it is a line of its own.

    ``applies_to`` lists the components that count towards it; by default all before tax, except separate settlements.
    """

    type: Literal["minimum"]
    price: Price
    per: Literal["month", "day", "year"] = "month"
    applies_to: Annotated[list[Code], Field(min_length=1)] | None = None
    prorate: bool = True


class Tax(Component):
    """A tax on the amounts: ``included`` in the prices and shown for information, or ``added`` as a line."""

    type: Literal["tax"]
    mode: Literal["included", "added"]
    rate: Share
    applies_to: Annotated[list[Code], Field(min_length=1)] | None = None


AnyComponent = Annotated[
    Energy
    | Surcharge
    | Dynamic
    | Capacity
    | Demand
    | PowerFactor
    | Fixed
    | Credit
    | FreeQuota
    | Rounding
    | Minimum
    | Tax,
    Field(discriminator="type"),
]


class VersionText(Part):
    """One dated version: in force from ``start`` up to ``end`` (by default until the next version starts)."""

    version: Annotated[str, Field(min_length=1, max_length=40)]
    start: Day
    end: Day | None = None
    source: Source | None = None
    note: Text | None = None
    seasons: dict[Code, Season] = {}
    time_of_use: dict[Code, TimeOfUse] = {}
    components: Annotated[list[AnyComponent], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> "VersionText":
        if self.end is not None and self.end <= self.start:
            raise PydanticCustomError(
                "dates_out_of_order",
                "the version ends on {end}, not after its start {start}",
                {"start": str(self.start), "end": str(self.end)},
            )
        return self


class TariffDocument(Part):
    """A tariff: its code, names, currency and dated versions."""

    tariff: Code
    name: Label
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    zone: str | None = None
    note: Text | None = None
    #: Days that count as holidays and make-up workdays besides those of the utility's calendar.
    holidays: list[Day] = []
    makeup_workdays: list[Day] = []
    versions: Annotated[list[VersionText], Field(min_length=1)]

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise PydanticCustomError("unknown_zone", "{zone} is not a time zone", {"zone": value})
        return value
