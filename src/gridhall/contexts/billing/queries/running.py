"""The running month of a home: one row read, nothing computed."""

from dataclasses import dataclass
from datetime import date, datetime

from gridhall.contexts.billing.models import RunningMonth
from gridhall.kernel.spans import DateSpan


@dataclass(frozen=True)
class Tiers:
    """Where a household stands in the tiers of its price.

    Attributes:
        basis: over what the limits count: day, month, season, year.
        since: the first day that counts.
        limits_wh: upper limits of all tiers but the last, ascending.
        used_wh: what has counted so far; ``now`` the tier that has been reached, from 1.
        forecast_wh, at_end: the same at the end of the month; None where nothing can be said.
    """

    basis: str
    since: date
    limits_wh: tuple[int, ...]
    used_wh: int
    now: int
    forecast_wh: int | None
    at_end: int | None

    @property
    def left_wh(self) -> int | None:
        """What is left of this tier; None in the last one."""
        return None if self.now > len(self.limits_wh) else self.limits_wh[self.now - 1] - self.used_wh


@dataclass(frozen=True)
class Running:
    """The unbilled days of one agreement; estimates.

    Attributes:
        span: the running month, or the agreement's part of it; what is billed already left out.
        as_of: the newest complete day of readings; None where none is known of the last two months.
        days: days that count so far; ``days_read`` those with readings; ``missing``, ``estimated`` slots on these.
        charges_fen: None where they cannot be priced.
        before: the first unbilled day before the running month, with energy and charges; None: all is billed.
        same_days_wh: the same days of the month before.
        periods: (period of the day, Wh), where the price tells them apart.
        forecast_wh, forecast_fen: of the span at this pace; None where too little is known.
    """

    tariff_code: str
    span: DateSpan
    as_of: date | None
    days: int
    days_read: int
    missing: int
    estimated: int
    energy_wh: int
    export_wh: int
    charges_fen: int | None
    separate_fen: int | None
    before: date | None
    before_wh: int
    before_fen: int | None
    same_days_wh: int | None
    periods: tuple[tuple[str, int], ...]
    tiers: Tiers | None
    forecast_wh: int | None
    forecast_fen: int | None
    computed_at: datetime


def running(usage_point: int, customer: int) -> Running | None:
    """The newest running month of a customer at a usage point; None where there is none. One query.

    Args:
        usage_point, customer: ids.
    """
    row = (
        RunningMonth.objects.filter(usage_point_id=usage_point, agreement__customer_id=customer)
        .order_by("-start_date", "-agreement_id")
        .first()
    )
    if row is None:
        return None
    tiers = None
    if row.tier_basis and row.tier is not None and row.tier_since_date is not None:
        tiers = Tiers(
            basis=row.tier_basis, since=row.tier_since_date, limits_wh=tuple(row.tier_limits_wh),
            used_wh=row.tier_after_wh, now=row.tier, forecast_wh=row.forecast_tier_wh, at_end=row.forecast_tier,
        )  # fmt: skip
    return Running(
        tariff_code=row.tariff_code,
        span=DateSpan(row.start_date, row.end_date),
        as_of=row.as_of_date,
        days=row.days,
        days_read=row.days_read,
        missing=row.missing,
        estimated=row.estimated,
        energy_wh=row.energy_wh,
        export_wh=row.export_wh,
        charges_fen=row.charges_fen,
        separate_fen=row.separate_fen,
        before=row.before_date,
        before_wh=row.before_wh,
        before_fen=row.before_fen,
        same_days_wh=row.same_days_wh,
        periods=tuple(zip(row.periods, row.periods_wh, strict=True)),
        tiers=tiers,
        forecast_wh=row.forecast_wh,
        forecast_fen=row.forecast_fen,
        computed_at=row.computed_at,
    )
