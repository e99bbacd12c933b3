"""What can be done with tariffs: read and check a document, rate agreements, price files, publish a version.

Everything but publishing works without a database; engines are imported only when something is rated.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from gridhall.contexts.tariffs.types import (
    Calendar,
    ExplainedLine,
    GivenTerms,
    Priced,
    PriceSeries,
    PublishedVersion,
    RatedBills,
    Tariff,
)
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


def load_tariff(file: Path) -> Tariff:
    """Read, check and compile a tariff file: this house's YAML, or a URDB rate in JSON.

    Raises:
        UnreadableDocument: the file is not readable text or YAML.
        InvalidDocument: the document is wrong; carries all problems, each with file, line and place.
        UrdbRefused: a URDB rate that could not be priced exactly.
    """
    from gridhall.contexts.tariffs.loading import load_tariff as load

    return load(file)


def price_files(
    tariff: Tariff,
    files: Mapping[Channel, Path],
    span: DateSpan,
    *,
    zone: ZoneInfo,
    terms: GivenTerms = GivenTerms(),
    calendar: Calendar = Calendar(),
    prices: Path | None = None,
    missing: Literal["bill", "refuse"] = "bill",
) -> Priced:
    """Price every usage point of reading files over a span, one bill a calendar month; needs no database.

    Readings before the span count as used where they belong to the running tier year (or, for a yearly minimum, to
    the running year), as far as the file has them, unless the terms say what was used.

    Args:
        files: of readings by channel; import is needed.
        zone: of clock times and days.
        prices: a series for the tariff's dynamic components, instead of the file that it names.
        missing: whether bills with gaps are refused.

    Raises:
        RatingRefused: no bill could be priced, or the span or files make none possible.
        FileRefused: a file cannot be read.
    """
    from gridhall.contexts.tariffs.pricing import price_files as price

    return price(tariff, files, span, zone=zone, terms=terms, calendar=calendar, prices=prices, missing=missing)


def tells_holidays_apart(tariff: Tariff) -> bool:
    """Whether some price depends on holidays or make-up workdays, so that a calendar is needed to rate it."""
    from gridhall.contexts.tariffs.document.consistency import day_types_told_apart

    divisions = [division for plan in tariff.plans for division in plan.text.time_of_use.values()]
    return any({"holiday", "makeup"} & day_types_told_apart(division) for division in divisions)


def read_series(file: Path, *, minutes: int, zone: ZoneInfo) -> PriceSeries:
    """Read a price series from CSV or Parquet: a column of times (``start``) and one of prices (``price``).

    Args:
        minutes: the step of the series.
        zone: of times without offset, and of the days.

    Raises:
        BadPriceSeries: with file, line and column.
    """
    from gridhall.contexts.tariffs.series import read_series as read

    return read(file, minutes=minutes, zone=zone)


def document_schema() -> dict[str, Any]:
    """The JSON Schema of tariff documents."""
    from gridhall.contexts.tariffs.document import json_schema

    return json_schema()


def explain_lines(
    tariff: Tariff,
    versions: Sequence[str],
    line_no: Sequence[int],
    quantity: Sequence[int],
    price: Sequence[int],
    amount: Sequence[int],
) -> list[ExplainedLine]:
    """Each line of a bill in words, from the columns of its row in `RatedBills`.

    Raises:
        KeyError: when the tariff lacks one of the versions.
    """
    from gridhall.contexts.tariffs.explaining import explain_lines as explain

    return explain(tariff, versions, line_no, quantity, price, amount)


def parse_tariff(text: str, *, name: str) -> Tariff:
    """Check and compile the text of a tariff document.

    Args:
        name: of the file or record, for messages.

    Raises:
        UnreadableDocument, InvalidDocument: as `load_tariff`.
    """
    from gridhall.contexts.tariffs.loading import parse_tariff as parse

    return parse(text, name=name)


def publish(text: str, *, name: str, at: datetime) -> Sequence[PublishedVersion]:
    """Publish a tariff document: its new versions come into force on their days. Needs the database.

    The document holds the published versions unchanged (an open end may be set) and any number of new ones.
    Publishing the same text again changes nothing.

    Args:
        text: of the document.
        name: of the file, for messages.
        at: now.

    Returns:
        The versions that are new.

    Raises:
        UnreadableDocument, InvalidDocument: as `load_tariff`.
        PublishedVersionChanged: when a published version is missing or says something else.
    """
    from gridhall.contexts.tariffs.publishing import publish as write

    return write(text, name=name, at=at)
