"""The running month of a home: one row read, nothing computed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection

from gridhall.kernel.spans import DateSpan

_RUNNING: Final = """
    SELECT r.tariff_code, r.start_date, r.end_date, r.as_of_date, r.days, r.days_read, r.missing, r.estimated,
        r.energy_wh, r.export_wh, r.charges_fen, r.separate_fen, r.before_date, r.before_wh, r.before_fen,
        r.same_days_wh, r.forecast_wh, r.forecast_fen, r.computed_at, r.periods, r.periods_wh,
        r.tier_basis, r.tier_since_date, r.tier_limits_wh, r.tier_after_wh, r.tier, r.forecast_tier_wh, r.forecast_tier
    FROM billing_runningmonth r JOIN accounts_customeragreement a ON a.id = r.agreement_id
    WHERE r.usage_point_id = %s AND a.customer_id = %s
    ORDER BY r.start_date DESC, r.agreement_id DESC LIMIT 1
"""


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
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING, [usage_point, customer])
        row = cursor.fetchone()
    if row is None:
        return None
    code, start, end, as_of, days, days_read, missing, estimated, energy, export, charges, separate, *rest = row
    before, before_wh, before_fen, same_days, forecast_wh, forecast_fen, computed_at, periods, periods_wh, *tiers = rest
    return Running(
        tariff_code=code, span=DateSpan(start, end), as_of=as_of, days=days, days_read=days_read, missing=missing,
        estimated=estimated, energy_wh=energy, export_wh=export, charges_fen=charges, separate_fen=separate,
        before=before, before_wh=before_wh, before_fen=before_fen, same_days_wh=same_days,
        periods=tuple(zip(periods, periods_wh, strict=True)), tiers=_tiers(*tiers), forecast_wh=forecast_wh,
        forecast_fen=forecast_fen, computed_at=computed_at,
    )  # fmt: skip


def _tiers(
    basis: str, since: date | None, limits: list[int], used: int, now: int | None, forecast: int | None,
    at_end: int | None,
) -> Tiers | None:  # fmt: skip
    if not basis or now is None or since is None:
        return None
    return Tiers(basis, since, tuple(limits), used, now, forecast, at_end)
