"""Pricing files without a database: a tariff, files of readings, terms; out come bills in words."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.explaining import explain_lines
from gridhall.contexts.tariffs.measuring import channels_of
from gridhall.contexts.tariffs.rating import RatingRefused, rate_agreements
from gridhall.contexts.tariffs.rules.pieces import pieces
from gridhall.contexts.tariffs.series import read_series
from gridhall.contexts.tariffs.types import Calendar, GivenTerms, Priced, PricedBill, PriceSeries, RatedBills, Tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake import engine
from gridhall.lake.curves import SCHEMA
from gridhall.lake.formats import read
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings

#: Rejected rows that are kept to be told; all are counted.
_TOLD: Final = 100

#: What a refusal of one bill means.
REFUSALS: Final = {
    "no_readings": "There are no readings in this month.",
    "missing_readings": "Readings are missing in this month.",
    "no_version": "No version of the tariff is in force on some of the days.",
    "missing_capacity": "The tariff charges capacity, and none was given.",
    "missing_contract_demand": "The tariff charges contracted demand, and none was given.",
    "reactive_readings_missing": "The tariff adjusts by power factor and needs reactive readings.",
    "export_readings_missing": "The tariff prices export and needs export readings.",
    "price_missing": "The price series has no price for some intervals with energy.",
    "annual_minimum_needs_year": "A yearly minimum needs the whole year's bills.",
    "unknown_power_factor_standard": "The power-factor standard is none of 0.90, 0.85, 0.80.",
}
_REMEDIES: Final = {
    "missing_capacity": "Give --capacity-kva.",
    "missing_contract_demand": "Give --contract-demand-kw.",
    "reactive_readings_missing": "Give --reactive FILE.",
    "export_readings_missing": "Give --export FILE.",
    "annual_minimum_needs_year": "Price from 1 January on.",
}


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
    """See `operations.price_files`."""
    priced = Priced()
    before = _counted_from(tariff, span, terms)
    first = before or span.start
    names: dict[str, int] = {}
    tables = {
        channel: _read(priced, file, zone, DateSpan(first, span.end), names, grow=channel is Channel.IMPORT)
        for channel, file in sorted(files.items(), key=lambda item: item[0] is not Channel.IMPORT)
    }
    if not names:
        raise RatingRefused("no_readings", "The file has no usable readings.", path=str(files[Channel.IMPORT]))
    earliest = pc.min(tables[Channel.IMPORT]["day"]).as_py()
    if before is not None and (earliest is None or earliest >= span.start):
        before, first = None, span.start
    series = _series(tariff, zone, prices)
    asked = set().union(*(channels_of(plan) for plan in tariff.plans))
    priced.notes += [f"{file}: no price depends on it." for channel, file in files.items() if channel not in asked]
    if prices is not None and not series:
        priced.notes.append(f"{prices}: no price depends on it.")
    with engine.session() as session:
        readings = {channel: Readings(session, session.table(table)) for channel, table in tables.items()}
        rated = rate_agreements(
            tariff,
            _agreements(len(names), span, before, terms),
            readings,
            DateSpan(first, span.end),
            zone=zone,
            calendar=calendar,
            prices=series,
        )
    _tell(priced, rated, list(names), span, missing)
    return priced


def _read(priced: Priced, file: Path, zone: ZoneInfo, span: DateSpan, names: dict[str, int], *, grow: bool) -> pa.Table:
    """The rows of a file on the days of a span, usage points numbered; only those are kept in memory.

    Args:
        names: the number of each usage point; ``grow`` adds those that are new, otherwise they are passed over and
            told.
    """
    parts = [SCHEMA.empty_table()]
    strangers: set[str] = set()
    for batch in read(file, zone=str(zone)):
        priced.rejected_count += len(batch.rejected)
        priced.rejected += [(str(file), row) for row in batch.rejected[: max(0, _TOLD - len(priced.rejected))]]
        for table in batch.table().to_batches():
            found = pc.unique(table["usage_point"]).to_pylist()
            if grow:
                for name in found:
                    names.setdefault(name, len(names))
            else:
                strangers.update(name for name in found if name not in names)
            number = pc.index_in(table["usage_point"], pa.array(list(names), pa.string())).cast(pa.int64())
            numbered = pa.Table.from_batches([table]).set_column(0, SCHEMA.field(0), number)
            wanted = pc.and_(
                pc.is_valid(number),
                pc.and_(pc.greater_equal(table["day"], span.start), pc.less(table["day"], span.end)),
            )
            parts.append(numbered.filter(wanted))
    if strangers:
        shown = ", ".join(sorted(strangers)[:3])
        priced.notes.append(
            f"{file}: {len(strangers)} usage points are not in the file of imported energy ({shown} …); left out."
        )
    return pa.concat_tables(parts)


def _counted_from(tariff: Tariff, span: DateSpan, terms: GivenTerms) -> date | None:
    """The first day before the span that counts towards its first bills, None when there is none."""
    if terms.tier_used_wh is not None:
        return None
    first = pieces(tariff, DateSpan(span.start, span.start + timedelta(days=1)))[0]
    starts = [first.tier_start] if first.tier_start else []
    if first.plan and any(isinstance(p, models.Minimum) and p.per == "year" for p in first.plan.text.components):
        starts.append(date(span.start.year, 1, 1))
    start = min(starts, default=span.start)
    if terms.move_in is not None:
        start = max(start, terms.move_in)  # what the one before used does not count
    return start if start < span.start else None


def _agreements(count: int, span: DateSpan, before: date | None, terms: GivenTerms) -> pa.Table:
    """A row per usage point for the span, and one before it where earlier readings count."""
    parts = []
    for start, end in ([(before, span.start)] if before else []) + [(span.start, span.end)]:
        numbers = np.arange(count, dtype=np.int64)
        constant: dict[str, tuple[Any, pa.DataType]] = {
            "start": (start, pa.date32()),
            "end": (end, pa.date32()),
            "household_size": (terms.household_size, pa.int64()),
            "allowance": (terms.allowance, pa.string()),
            "capacity_va": (terms.capacity_va, pa.int64()),
            "contract_demand_w": (terms.contract_demand_w, pa.int64()),
            "power_factor_standard": (terms.power_factor_standard, pa.int64()),
            "since": (terms.move_in, pa.date32()),
            "tier_used_wh": (terms.tier_used_wh if start == span.start else None, pa.int64()),
        }
        columns = {name: pa.array([value] * count, kind) for name, (value, kind) in constant.items()}
        parts.append(pa.table({"usage_point": numbers, "agreement": numbers, **columns}))
    return pa.concat_tables(parts)


def _series(tariff: Tariff, zone: ZoneInfo, prices: Path | None) -> dict[str, PriceSeries]:
    found: dict[str, PriceSeries] = {}
    for plan in tariff.plans:
        for part in plan.text.components:
            if not isinstance(part, models.Dynamic):
                continue
            file = prices or (Path(tariff.origin).parent / part.file if part.file else None)
            if file is None:
                raise RatingRefused(
                    "price_series_missing",
                    f"The component {part.code} needs a series of prices.",
                    path=part.code,
                    remedy="Give --prices FILE.",
                )
            found[part.code] = read_series(file, minutes=part.interval, zone=zone)
    return found


def _tell(priced: Priced, rated: RatedBills, names: Sequence[str], span: DateSpan, missing: str) -> None:
    for row in rated.bills():
        if row["start"] < span.start:
            continue
        name = names[row["usage_point"]]
        refusal = row["refusal"]
        if refusal is None and missing == "refuse" and (row["missing"] or row["days_read"] < row["days"]):
            refusal = "missing_readings"
        if refusal is not None:
            priced.refused.append(
                {
                    "usage_point": name,
                    "start": row["start"],
                    "end": row["end"],
                    "code": refusal,
                    "message": REFUSALS.get(refusal, refusal),
                }
            )
            continue
        lines = explain_lines(
            rated.tariff, row["versions"], row["line_no"], row["quantity"], row["price"], row["amount"]
        )
        priced.bills.append(
            PricedBill(
                usage_point=name,
                start=row["start"],
                end=row["end"],
                lines=tuple(line for line in lines if line.settlement == "bill"),
                separate=tuple(line for line in lines if line.settlement == "separate"),
                row=row,
            )
        )
    if not priced.bills and priced.refused:
        first = priced.refused[0]
        raise RatingRefused(
            first["code"],
            first["message"],
            path=f"{first['usage_point']}:{first['start']}",
            remedy=_REMEDIES.get(first["code"], ""),
        )
