"""What other parts of the house see of tariffs: a checked tariff, its plans and lines, and rated bills.

A `Tariff` has one `Plan` for each dated version. A plan lists its `Line`s: every line that a bill under it can have,
with price and source. Rated bills are columns over accounts (`RatedBills`), one account or a million.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from gridhall.contexts.tariffs.document.models import VersionText
from gridhall.contexts.tariffs.document.parts import Label
from gridhall.contexts.tariffs.document.parts import in_both_languages as in_both_languages
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import DayPattern

if TYPE_CHECKING:
    import pyarrow as pa

    from gridhall.lake.formats import Rejected

#: ``line_no`` of a bill = this × (index of the version among the bill's versions) + ``Line.position``.
LINES_PER_VERSION: Final = 1000


@dataclass(frozen=True)
class Calendar:
    """Public holidays and the weekend days worked in exchange for them (调休)."""

    holidays: frozenset[date] = frozenset()
    makeup_workdays: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Line:
    """One line that a bill can have.

    ``price`` is in currency per ``unit``; None where each bill has its own (a series' mean, an adjustment's rate).
    ``scale`` is the number of decimal places of the line's integer quantities, ``price_scale`` that of its integer
    prices in `RatedBills`. ``settlement`` is ``separate`` for lines outside the bill's total.
    """

    position: int
    code: str
    component: str
    label: Label
    unit: str
    scale: int
    price: Decimal | None
    price_scale: int
    source: str
    version: str
    tier: int | None = None
    period: str | None = None
    settlement: Literal["bill", "separate"] = "bill"

    @property
    def source_label(self) -> Label:
        """The source in the reader's language."""
        return in_both_languages(self.source)

    def quantity(self, scaled: int) -> Decimal:
        """The quantity in ``unit`` of an integer quantity."""
        return Decimal(int(scaled)).scaleb(-self.scale)

    def price_of(self, scaled: int) -> Decimal:
        """The price in currency per unit of an integer price."""
        return Decimal(int(scaled)).scaleb(-self.price_scale)


@dataclass(frozen=True)
class Plan:
    """One dated version, checked and ready to price: its text as models, its span, the lines its bills can have."""

    version: str
    span: DateSpan
    text: VersionText
    lines: tuple[Line, ...]
    #: What was worked out of it once, such as what must be measured on which days.
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Tariff:
    """A checked tariff: plans in order of time, not overlapping.

    ``digest`` is the SHA-256 of the document's text; ``zone`` where the document fixes one.
    """

    code: str
    name: Label
    currency: str
    zone: str | None
    calendar: Calendar
    plans: tuple[Plan, ...]
    digest: str = ""
    origin: str = ""
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def plan_on(self, day: date) -> Plan | None:
        """The plan in force on a day, or None in a gap between versions."""
        return next((plan for plan in self.plans if day in plan.span), None)

    def plan(self, version: str) -> Plan:
        """The plan of a version.

        Raises:
            KeyError: when the tariff has no such version.
        """
        found = next((plan for plan in self.plans if plan.version == version), None)
        if found is None:
            raise KeyError(f"tariff {self.code} has no version {version}")
        return found


@dataclass(frozen=True)
class PriceSeries:
    """Prices by interval: ``table`` has ``day date32, prices list<int64>``, one price per slot in the order of time.

    Prices are integers with ``scale`` decimal places, in currency per kWh; a null is a price that is missing.
    ``minutes`` is the length of a slot. Days are local, with 23 or 25 hours where clocks change.
    """

    minutes: int
    scale: int
    table: "pa.Table"
    source: str = ""


@dataclass(frozen=True)
class PublishedVersion:
    """A version that has been published: ``span`` is when it is in force, ``digest`` the SHA-256 of its content."""

    tariff: str
    version: str
    span: DateSpan
    digest: str


@dataclass(frozen=True)
class PublishedDocument:
    """A document as it was published."""

    tariff: str
    digest: str
    text: str
    published_at: datetime


class DraftState(StrEnum):
    """Where a draft stands; approved, rejected and withdrawn are final."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Values with their Chinese labels."""
        labels = ("起草中", "待审批", "已批准", "已退回", "已撤回")
        return list(zip([word.value for word in cls], labels, strict=True))


@dataclass(frozen=True)
class Draft:
    """A draft; people are named as the audit trail names them."""

    id: int
    code: str
    title: str
    text: str
    based_on: str
    effective_date: date | None
    state: DraftState
    revision: int
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime
    submitted_by: str | None
    submitted_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    note: str


@dataclass(frozen=True)
class DraftProblem:
    """One thing to mend in a draft before it can be submitted; with ``warning`` one to know of.

    Attributes:
        code: stable.
        line: of the text, from 1.
        place: keys and indices from the top, as people write them.
    """

    code: str
    message: str
    line: int
    place: str
    remedy: str = ""
    warning: bool = False


@dataclass(frozen=True)
class CheckedDraft:
    """What is to be said of a draft's text.

    Attributes:
        tariff: None where it cannot be priced.
        fresh: the versions that publishing it would add.
        effective_date: the first day of the first of them.
    """

    problems: tuple[DraftProblem, ...]
    tariff: Tariff | None
    fresh: tuple[str, ...]
    effective_date: date | None

    @property
    def publishable(self) -> bool:
        """Whether nothing stands in the way."""
        return self.tariff is not None and not any(not problem.warning for problem in self.problems)


@dataclass(frozen=True)
class ExplainedLine:
    """A line of one bill in words: ``quantity`` × ``price`` = ``amount``, from which source, under which version."""

    code: str
    label: Label
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal
    formula: str
    source: str
    version: str
    tier: int | None
    period: str | None
    settlement: Literal["bill", "separate"]

    @property
    def source_label(self) -> Label:
        """The source in the reader's language."""
        return in_both_languages(self.source)


@dataclass(frozen=True)
class RatedBills:
    """Rated bills in columns, one row per bill.

    ``table`` columns: ``usage_point int64, agreement int64, start date32, end date32, versions list<string>,
    line_no list<int16>, quantity list<int64>, price list<int64>, amount list<int64>`` (fen), ``total int64`` (fen, the
    sum of the lines on the bill), ``separate_total int64`` (fen, lines settled separately), ``tax_included int64``
    (fen, information), ``energy_wh, export_wh, reactive_varh, demand_w int64, power_factor int16`` (hundredths,
    null where not adjusted), ``tier_used_wh int64`` (before the bill), ``tier_used_after_wh int64``,
    ``days int16`` (of the bill), ``days_read int16`` (with readings), ``missing int32, estimated int32`` (slots within
    them), ``refusal string``: null, or the code of why this bill could not be priced (``no_readings``, ``no_version``,
    ``missing_capacity``, ``missing_contract_demand``, ``reactive_readings_missing``, ``export_readings_missing``,
    ``price_missing``, ``annual_minimum_needs_year``, ``unknown_power_factor_standard``); such a bill has no lines
    and must not be issued.

    Lines whose quantity and amount are zero are left out. Rows are ordered by agreement and start.
    """

    tariff: Tariff
    table: "pa.Table"

    def line(self, versions: list[str], line_no: int) -> Line:
        """The line that a bill's ``line_no`` means under the bill's ``versions``."""
        return self.tariff.plan(versions[line_no // LINES_PER_VERSION]).lines[line_no % LINES_PER_VERSION]

    def bills(self) -> Iterator[dict[str, Any]]:
        """Each bill as a plain dictionary of its row; for few bills, not for a million."""
        yield from self.table.to_pylist()


@dataclass(frozen=True)
class GivenTerms:
    """The terms under which all usage points of the files are priced."""

    household_size: int | None = None
    allowance: str | None = None
    capacity_va: int | None = None
    contract_demand_w: int | None = None
    power_factor_standard: int | None = None
    move_in: date | None = None
    tier_used_wh: int | None = None


@dataclass(frozen=True)
class PricedBill:
    """One bill in words; amounts in fen, determinants as in `RatedBills`."""

    usage_point: str
    start: date
    end: date
    lines: tuple[ExplainedLine, ...]
    separate: tuple[ExplainedLine, ...]
    row: Mapping[str, Any]


@dataclass
class Priced:
    """Everything that came of pricing files."""

    bills: list[PricedBill] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    #: The first of the rows of readings that were not taken in, with their file, and how many there are.
    rejected: "list[tuple[str, Rejected]]" = field(default_factory=list)
    rejected_count: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Period:
    """A period of the day: its code in the document (``peak``) and its name."""

    code: str
    zh_hans: str
    en: str


@dataclass(frozen=True)
class PeriodsOfDays:
    """The periods that occur, in the order of the document, and which of them each hour of each day belongs to.

    ``patterns`` holds only days on which energy is priced by period; a slice's register is the place in ``periods``.
    """

    periods: tuple[Period, ...]
    patterns: dict[date, DayPattern]
