"""What a calculation stands on, fetched once and pinned: agreements, readings, tariff documents, the calendar."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from django.conf import settings

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing.errors import NothingToBillFrom
from gridhall.contexts.billing.models import PinnedTariff
from gridhall.contexts.billing.rating import Document, Sources
from gridhall.contexts.metering import queries as metering
from gridhall.contexts.tariffs import queries as tariffs
from gridhall.contexts.tariffs.operations import load_tariff, parse_tariff, read_series
from gridhall.contexts.tariffs.types import Calendar, PriceSeries, Tariff
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.lake.engine import DuckDB, Session, session
from gridhall.lake.needs import Channel
from gridhall.runtime.content import content
from gridhall.runtime.copy import copy_out

_SINCE = """
SELECT a.id, a.usage_point_id, a.customer_id, lower(a.span), p.id
FROM accounts_customeragreement a
LEFT JOIN accounts_customeragreement p ON p.usage_point_id = a.usage_point_id AND p.customer_id = a.customer_id
    AND upper(p.span) = lower(a.span)
WHERE a.id BETWEEN %s AND %s
"""
_SINCE_SCHEMA = pa.schema(
    [
        ("agreement", pa.int64()),
        ("usage_point", pa.int64()),
        ("customer", pa.int64()),
        ("since", pa.date32()),
        ("before", pa.int64()),
    ]
)


def organisation_id(code: str | None) -> int | None:
    """The id of a unit; None for the whole utility.

    Raises:
        NotFound: when there is none.
    """
    return None if code is None else accounts.organisation_by_code(code).id


def newest_version() -> int:
    """The readings version of now.

    Raises:
        NothingToBillFrom: when no readings have been imported.
    """
    version = metering.latest_version()
    if version is None:
        raise NothingToBillFrom("No readings have been imported yet.", remedy="Import some: `gridhall import FILE`.")
    return version


def agreements(organisation: str | None, span: DateSpan) -> pa.Table:
    """Who is to be billed, as `accounts.queries.billable`, with ``since``.

    ``since`` is the first day of the customer's uninterrupted supply at the usage point: who changes the tariff goes on
    in the same tier year and does not get its allowance twice.

    Raises:
        NotFound: when there is no such organisation.
    """
    table = accounts.billable(organisation, span)
    return with_since(table)


def with_since(table: pa.Table) -> pa.Table:
    """Add the column ``since`` to a table that has ``agreement``."""
    ids = table["agreement"].to_numpy()
    if not len(ids):
        return table.append_column("since", pa.array([], pa.date32()))
    found = copy_out(_SINCE, [int(ids.min()), int(ids.max())], _SINCE_SCHEMA)
    known, since = found["agreement"].to_numpy(), found["since"].to_numpy().astype("M8[D]").copy()
    order = np.argsort(known)
    known, since = known[order], since[order]
    before = found["before"].fill_null(-1).to_numpy()[order]
    place = {int(known[row]): row for row in np.flatnonzero(before >= 0)}
    for row in place.values():
        since[row] = _first_day(int(before[row]), since[row].item())
    return table.append_column("since", pa.array(since[np.searchsorted(known, ids)], pa.date32()))


def _first_day(before: int | None, day: date) -> date:
    """Follow a customer's agreements at one usage point back to the first."""
    while before is not None:
        row = copy_out(_SINCE, [before, before], _SINCE_SCHEMA).to_pylist()[0]
        day, before = row["since"], row["before"]
    return day


def as_of(opened: Session, version: int, calendar: Mapping[str, Any]) -> Sources:
    """The lake as of a readings version, read in a session, with the calendar that a run kept."""
    return Sources(
        session=opened,
        root=metering.lake_root(),
        version=version,
        files={channel: metering.readable_files(channel, version=version) for channel in Channel},
        zone=ZoneInfo(settings.TIME_ZONE),
        calendar=calendar_from(calendar),
    )


def lake_session() -> DuckDB:
    """A session with the lake's engine, to be closed by ``with``."""
    return session(memory_limit="3GB")


def calendar_of(span: DateSpan) -> dict[str, list[str]]:
    """The utility's public holidays and make-up workdays of a span, in the form that a run keeps.

    Years that the calendar does not cover are named, so that a tariff which tells holidays apart is not billed wrongly.
    """
    try:
        holidays, makeup = accounts.holidays(span), accounts.makeup_workdays(span)
    except GridhallError as error:
        return {"holidays": [], "makeup_workdays": [], "unknown": [str(error)]}
    return {
        "holidays": sorted(day.isoformat() for day in holidays),
        "makeup_workdays": sorted(day.isoformat() for day in makeup),
    }


def calendar_from(kept: Mapping[str, Any]) -> Calendar:
    """The calendar that a run kept."""
    return Calendar(
        frozenset(date.fromisoformat(day) for day in kept.get("holidays", ())),
        frozenset(date.fromisoformat(day) for day in kept.get("makeup_workdays", ())),
    )


def pin(code: str) -> Document:
    """The current document of a tariff, kept from now on for as long as the bills that it prices.

    Raises:
        NotFound: when no such tariff has been published.
    """
    text = tariffs.document_as_of(code)
    tariff = parse_tariff(text, name=code)
    series = _series_of(tariff)
    kept = {name: series_form(each) for name, each in series.items()}
    digest = tariff.digest
    if kept:
        digest = hashlib.sha256(json.dumps([digest, kept], sort_keys=True).encode()).hexdigest()
    PinnedTariff.objects.bulk_create(
        [PinnedTariff(digest=digest, code=tariff.code, document=text, series=kept)], ignore_conflicts=True
    )
    return Document(tariff, digest, series)


@lru_cache(maxsize=64)
def pinned_tariff(digest: str) -> Document:
    """A document that bills were priced with.

    Raises:
        NotFound: when no run has pinned it.
    """
    row = PinnedTariff.objects.filter(digest=digest).first()
    if row is None:
        raise NotFound(f"There is no tariff document {digest}.", path=digest)
    series = {name: series_from(each) for name, each in row.series.items()}
    return Document(parse_tariff(row.document, name=row.code), digest, series)


def draft(source: Path | str, span: DateSpan) -> Document:
    """A tariff document from a file, whose price series lie beside it, or from its text; for a simulation.

    A text is somebody's draft, whose newest version starts some day to come: it is taken to hold in the span already.

    Raises:
        InvalidDocument, UnreadableDocument: when it is wrong, with the places.
    """
    if isinstance(source, str):
        tariff = parse_tariff(source, name="draft")
        newest = tariff.plans[-1]
        if newest.span.start > span.start:
            already = replace(newest, span=DateSpan(span.start, newest.span.end), memo={})
            tariff = replace(tariff, plans=(already,), memo={})
        return Document(tariff, tariff.digest, _series_of(tariff))
    tariff = load_tariff(source)
    return Document(tariff, tariff.digest, _series_of(tariff, source.parent))


def current(code: str) -> Document:
    """The current document of a tariff, to look at and not to bill by.

    Raises:
        NotFound: when no such tariff has been published.
    """
    tariff = parse_tariff(tariffs.document_as_of(code), name=code)
    return Document(tariff, tariff.digest, _series_of(tariff))


def _series_of(tariff: Tariff, folder: Path | None = None) -> dict[str, PriceSeries]:
    """The price series of a tariff's dynamic components, from the content folder; absent files are left out."""
    found: dict[str, PriceSeries] = {}
    for plan in tariff.plans:
        for part in plan.text.components:
            name = getattr(part, "file", None)
            if part.type != "dynamic" or not name:
                continue
            path = (folder or content("tariffs")) / name
            # A document that was written in a browser names no file outside of the content folder.
            inside = folder is not None or path.resolve().is_relative_to(content("tariffs").resolve())
            if inside and path.is_file():
                zone = ZoneInfo(tariff.zone or settings.TIME_ZONE)
                found[part.code] = read_series(path, minutes=part.interval, zone=zone)
    return found


def series_form(series: PriceSeries) -> dict[str, Any]:
    """A price series as it is kept with the document."""
    days = [day.isoformat() for day in series.table["day"].to_pylist()]
    prices = series.table["prices"].to_pylist()
    return {"minutes": series.minutes, "scale": series.scale, "source": series.source, "days": days, "prices": prices}


def series_from(kept: Mapping[str, Any]) -> PriceSeries:
    """A price series that was kept."""
    table = pa.table(
        {
            "day": pa.array([date.fromisoformat(day) for day in kept["days"]], pa.date32()),
            "prices": pa.array(kept["prices"], pa.list_(pa.int64())),
        }
    )
    return PriceSeries(kept["minutes"], kept["scale"], table, kept["source"])


def without_agreement(organisation: str | None, span: DateSpan, agreements: pa.Table) -> pa.Table:
    """The days of a span on which usage points have no agreement: ``usage_point, organisation, start, end``.

    Args:
        agreements: of the same organisation and span.
    """
    points = accounts.usage_points_of(organisation)
    covered = agreements.select(["usage_point", "start", "end"])
    first = np.datetime64(span.start, "D")
    # Rows ascend by usage point, then start: the gaps lie before, between and after them.
    owner = covered["usage_point"].to_numpy()
    starts, ends = covered["start"].to_numpy().astype("M8[D]"), covered["end"].to_numpy().astype("M8[D]")
    days = np.zeros(points.num_rows, np.int64)
    ids = points["id"].to_numpy()
    np.add.at(days, np.searchsorted(ids, owner), (ends - starts).astype(np.int64))
    rows = []
    for index in np.flatnonzero(days < span.days).tolist():
        point, unit = int(ids[index]), points["organisation"][index].as_py()
        left, right = np.searchsorted(owner, [point, point + 1])
        edge = first
        for start, end in [
            *zip(starts[left:right], ends[left:right], strict=True),
            (np.datetime64(span.end, "D"),) * 2,
        ]:
            if start > edge:
                rows.append({"usage_point": point, "organisation": unit, "start": edge.item(), "end": start.item()})
            edge = max(edge, end)
    return pa.Table.from_pylist(rows, schema=_GAPS)


_GAPS = pa.schema(
    [("usage_point", pa.int64()), ("organisation", pa.int64()), ("start", pa.date32()), ("end", pa.date32())]
)
