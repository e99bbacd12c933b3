"""What can be done with tariffs: read and check a document, rate agreements, publish a version."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gridhall.contexts.tariffs.types import Calendar, Measurable, RatedBills, Tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel

if TYPE_CHECKING:
    import pyarrow as pa


def rate(
    tariff: Tariff,
    agreements: "pa.Table",
    readings: Mapping[Channel, Measurable],
    span: DateSpan,
    *,
    zone: ZoneInfo,
    calendar: Calendar = Calendar(),
    prices: "Mapping[str, pa.Table] | None" = None,
) -> RatedBills:
    """Rate agreements over a span: one bill per row of ``agreements`` and calendar month.

    Args:
        tariff: all rows are under this tariff; group by tariff before calling.
        agreements: columns ``usage_point int64, agreement int64, start date32, end date32`` (clipped to ``span``),
            and, each nullable and optional: ``household_size int16, allowance string, capacity_va int64,
            contract_demand_w int64, power_factor_standard int16`` (90, 85, 80), ``tier_used_wh int64`` (energy used in
            the running tier year or season before ``start``; null = 0, or carried on from an earlier row of the same
            agreement), ``since date32`` (first day of the agreement, for limits prorated in its first year),
            ``charged_fen int64`` (billed in the running year before ``start``, for a yearly minimum).
        readings: measurable readings by channel; import is always needed, the others where the tariff asks.
        span: what to rate; cut by calendar month, versions, tier years and seasons inside.
        zone: of clock times and days.
        calendar: holidays and make-up workdays, joined with the document's own.
        prices: price series by component code, ``day date32, prices list<int64>`` per slot scaled by 10⁻⁹.

    Returns:
        RatedBills: see its columns. Usage is carried from month to month within a tier year.

    Raises:
        RatingRefused: the tariff cannot price this exactly, with a typed code (``no_version``,
            ``interval_too_coarse``, ``missing_capacity``, ``missing_contract_demand``, ``reactive_readings_missing``,
            ``export_readings_missing``, ``price_series_missing``, ``price_missing``, …).
    """
    from gridhall.contexts.tariffs.rating import rate_agreements

    return rate_agreements(tariff, agreements, readings, span, zone=zone, calendar=calendar, prices=prices or {})
