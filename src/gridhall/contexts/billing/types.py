"""What billing gives to others: frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gridhall.contexts.billing.rules.tiers import TierSource
from gridhall.contexts.tariffs.types import ExplainedLine, Tariff
from gridhall.kernel.spans import DateSpan


@dataclass(frozen=True)
class RunReport:
    """What a bill run has come to.

    Attributes:
        run: its id.
        organisation: code of the unit it ran over, with all below; None for the whole utility.
        bills: bills issued by it, over all times it was taken up.
        total_fen: their sum.
        parked: open items of the work list that it left, by reason.
    """

    run: int
    organisation: str | None
    span: DateSpan
    bills: int
    total_fen: int
    parked: dict[str, int]
    readings_version: int


@dataclass(frozen=True)
class RunSummary:
    """A run in a list."""

    run: int
    organisation: str | None
    span: DateSpan
    kind: str
    status: str
    bills: int
    parked: int
    total_fen: int
    started_at: datetime


@dataclass(frozen=True)
class BillSummary:
    """A bill in a list."""

    number: str
    usage_point: str
    account: str
    span: DateSpan
    tariff_code: str
    energy_wh: int
    total_fen: int
    status: str
    estimated: int


@dataclass(frozen=True)
class BillView:
    """A bill as it was issued; the amounts of its lines are exact and sum to its total.

    ``tariff`` is the pinned document. Quantities that were not measured or do not apply are None.
    """

    number: str
    run: int
    usage_point: str
    account: str
    organisation: str
    span: DateSpan
    tariff: Tariff
    versions: tuple[str, ...]
    readings_version: int
    lines: tuple[ExplainedLine, ...]
    total_fen: int
    separate_fen: int
    tax_fen: int
    energy_wh: int
    export_wh: int | None
    reactive_varh: int | None
    demand_w: int | None
    power_factor: int | None
    tier_used_wh: int
    tier_used_after_wh: int
    days_read: int
    missing: int
    estimated: int
    issued_at: datetime
    status: str
    replaces: str | None
    reason: str
    cancelled_at: datetime | None
    cancelled_reason: str
    replaced_by: str | None


@dataclass(frozen=True)
class TierPosition:
    """Where a bill began and ended in the tiers of its tier year.

    Attributes:
        since: the first day that counts.
        source: where the position before came from.
        bills_before: the live bills whose energy it is the sum of.
        limits_wh: upper limits of the tiers as the bill counts them, household extras included; the last is open.
    """

    since: date
    used_before_wh: int
    used_after_wh: int
    source: TierSource
    bills_before: tuple[str, ...]
    limits_wh: tuple[int, ...]


@dataclass(frozen=True)
class DayOfReadings:
    """The readings of one day as the bill saw them; ``energy_wh`` is None where there are none."""

    day: date
    energy_wh: int | None
    missing: int
    estimated: int


@dataclass(frozen=True)
class Printable:
    """What is printed of a bill; ``slots`` is how many slots the period has."""

    bill: BillView
    tiers: TierPosition | None
    slots: int


@dataclass(frozen=True)
class Explanation:
    """A bill with where everything comes from, and its recomputation.

    Attributes:
        recomputed_total_fen: None when it could not be computed again; ``problem`` says why.
        equal: whether every line came out the same, to the fen.
        slots: how many slots the period has.
        entries: kind, fen, value date and moment of posting of its ledger entries.
    """

    bill: BillView
    recomputed_total_fen: int | None
    equal: bool
    problem: str
    tiers: TierPosition | None
    days: tuple[DayOfReadings, ...]
    slots: int
    entries: tuple[tuple[str, int, date, datetime], ...]


@dataclass(frozen=True)
class ParkedItem:
    """A line of the clerks' work list."""

    id: int
    usage_point: str
    account: str | None
    span: DateSpan
    code: str
    reason: str
    next_step: str
    details: Mapping[str, Any]
    run: int
    parked_at: datetime
    released: bool


@dataclass(frozen=True)
class EntryView:
    """A ledger entry in an account's statement, with the balance after it."""

    kind: str
    bill: str | None
    amount_fen: int
    value_date: date
    posted_at: datetime
    balance_fen: int


@dataclass(frozen=True)
class CorrectedBill:
    """One bill that a correction replaces, cancels or adds.

    Attributes:
        old: number of the bill that is cancelled; None for a period that had none.
        new: number of the bill in its place; None where nothing is owed for the period any more.
        changes: what is different, in words.
    """

    old: str | None
    new: str | None
    usage_point: str
    span: DateSpan
    old_total_fen: int
    new_total_fen: int
    changes: tuple[str, ...]


@dataclass(frozen=True)
class NotCorrected:
    """A bill that differs from its recomputation and could not be replaced, with the reason."""

    number: str
    code: str
    reason: str


@dataclass(frozen=True)
class CorrectionReport:
    """What a correction did, or with ``posted`` False would do."""

    posted: bool
    readings_version: int
    bills: tuple[CorrectedBill, ...]
    not_corrected: tuple[NotCorrected, ...]

    @property
    def difference_fen(self) -> int:
        """What all accounts together owe more than before."""
        return sum(bill.new_total_fen - bill.old_total_fen for bill in self.bills)


@dataclass(frozen=True)
class LineChange:
    """A line before and after a correction; None where the line is only on one of the two.

    Attributes:
        label: what the line is for, by language: ``zh_hans``, ``en``.
        unit: of the quantity.
        old_quantity, old_price: exact decimals, price in currency per unit.
        old_fen, new_fen: the amounts.
    """

    code: str
    label: Mapping[str, str]
    unit: str
    old_quantity: Decimal | None
    old_price: Decimal | None
    old_fen: int | None
    new_quantity: Decimal | None
    new_price: Decimal | None
    new_fen: int | None

    @property
    def changed(self) -> bool:
        """Whether anything about the line is different."""
        return (self.old_quantity, self.old_price, self.old_fen) != (self.new_quantity, self.new_price, self.new_fen)

    @property
    def difference_fen(self) -> int:
        """What the line adds to the bill."""
        return (self.new_fen or 0) - (self.old_fen or 0)


@dataclass(frozen=True)
class BillChange:
    """A bill that a correction would replace, cancel or add, line by line; energy in Wh, money in fen."""

    bill: CorrectedBill
    old_energy_wh: int | None
    new_energy_wh: int | None
    lines: tuple[LineChange, ...]

    @property
    def difference_fen(self) -> int:
        """What is owed more than before."""
        return self.bill.new_total_fen - self.bill.old_total_fen


@dataclass(frozen=True)
class CorrectionOutcome:
    """What a correction would do, computed and taken back.

    Attributes:
        difference_fen: what all accounts together would owe more than before.
        not_corrected: bills that differ and would have to wait.
    """

    readings_version: int
    difference_fen: int
    bills: tuple[BillChange, ...]
    not_corrected: tuple[NotCorrected, ...]


@dataclass(frozen=True)
class RequestedCorrection:
    """A correction that somebody asks for.

    Attributes:
        bill: the number of the bill.
        organisation, path: name and place of the unit that it belongs to.
        outcome: as it was computed last, at ``computed_at``.
        decision: ``waiting``, ``approved``, ``rejected`` or ``withdrawn``.
    """

    id: int
    bill: str
    usage_point: str
    span: DateSpan
    organisation: str
    path: str
    reason: str
    outcome: CorrectionOutcome
    computed_at: datetime
    requested_by: str
    requested_at: datetime
    decision: str
    decided_by: str
    decided_at: datetime | None
    note: str


@dataclass(frozen=True)
class Decided:
    """What an approval came to.

    Attributes:
        posted: whether the correction was made. False: the figures have changed since the request was last looked at;
            it waits with the new ones, and is to be looked at again.
    """

    posted: bool
    request: RequestedCorrection


@dataclass(frozen=True)
class WhatIfReport:
    """What bills of a span would be under a draft tariff, compared with the tariff in force; nothing was posted.

    Attributes:
        tariff_code: of the draft.
        instead_of: the tariff of the agreements that were compared.
        bills: bills compared.
        not_rated: how many could not be priced under either, by reason.
        percentiles: (share in %, change in fen at that share of the bills), ascending.
        bands: (from %, up to %, number of bills) of the change relative to today's bill; None is open.
    """

    run: int
    span: DateSpan
    tariff_code: str
    instead_of: str
    readings_version: int
    bills: int
    not_rated: Mapping[str, int]
    before_fen: int
    after_fen: int
    higher: int
    lower: int
    same: int
    percentiles: tuple[tuple[int, int], ...]
    bands: tuple[tuple[int | None, int | None, int], ...]


@dataclass(frozen=True)
class RunningReport:
    """What an estimate of the running month came to.

    Attributes:
        span: the running month.
        today: the first day of which nothing could be known.
        agreements: how many have unbilled days in it; ``unpriced`` of these have no charges.
    """

    span: DateSpan
    today: date
    agreements: int
    unpriced: int
    readings_version: int
