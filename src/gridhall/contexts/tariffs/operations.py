"""What can be done with tariffs: read and check a document, rate agreements, publish a version."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gridhall.contexts.tariffs.types import Calendar, PriceSeries, RatedBills, Tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel

if TYPE_CHECKING:
    import pyarrow as pa

    from gridhall.lake.readings import Readings


def rate(
    tariff: Tariff,
    agreements: "pa.Table",
    readings: "Mapping[Channel, Readings]",
    span: DateSpan,
    *,
    zone: ZoneInfo,
    calendar: Calendar = Calendar(),
    prices: Mapping[str, PriceSeries] | None = None,
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
        readings: lake readings by channel; import is always needed, the others where the tariff asks.
        span: what to rate; cut by calendar month, versions, tier years and seasons inside.
        zone: of clock times and days.
        calendar: holidays and make-up workdays, joined with the document's own.
        prices: price series by code of the dynamic component.

    Returns:
        RatedBills: see its columns. Usage is carried from month to month within a tier year. A bill that cannot be
        priced exactly is not an exception but has a ``refusal``, so that one account does not stop a million.

    Raises:
        RatingRefused: nothing can be priced: ``price_series_missing``, ``bad_agreements``.
        IntervalTooCoarse: a period begins inside an interval of the readings.
    """
    from gridhall.contexts.tariffs.rating import rate_agreements

    return rate_agreements(tariff, agreements, readings, span, zone=zone, calendar=calendar, prices=prices or {})
