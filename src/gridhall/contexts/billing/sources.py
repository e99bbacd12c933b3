"""What a calculation stands on, fetched once and pinned: agreements, readings, tariff documents, the calendar."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from django.conf import settings

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing.errors import NothingToBillFrom
from gridhall.contexts.billing.models import PinnedTariff
from gridhall.contexts.billing.rating import Sources
from gridhall.contexts.metering import queries as metering
from gridhall.contexts.tariffs.document import parse
from gridhall.contexts.tariffs.document.reading import read_text, read_yaml
from gridhall.contexts.tariffs.plan import compile_tariff
from gridhall.contexts.tariffs.types import Calendar, Tariff
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.lake.engine import session
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


@contextmanager
def pinned(version: int, calendar: Mapping[str, Any]) -> Iterator[Sources]:
    """A session with the lake as of a readings version."""
    with session(memory_limit="3GB") as opened:
        yield Sources(
            session=opened,
            root=metering.lake_root(),
            version=version,
            files={channel: metering.readable_files(channel, version=version) for channel in Channel},
            zone=ZoneInfo(settings.TIME_ZONE),
            calendar=calendar_from(calendar),
        )


def calendar_of(span: DateSpan) -> dict[str, list[str]]:
    """The utility's public holidays and make-up workdays of a span, in the form that a run keeps."""
    return {"holidays": [], "makeup_workdays": []}


def calendar_from(kept: Mapping[str, Any]) -> Calendar:
    """The calendar that a run kept."""
    return Calendar(
        frozenset(date.fromisoformat(day) for day in kept.get("holidays", ())),
        frozenset(date.fromisoformat(day) for day in kept.get("makeup_workdays", ())),
    )


def pin(code: str) -> Tariff:
    """The current document of a tariff, kept from now on for as long as the bills that it prices.

    Raises:
        NotFound: when there is no such tariff.
    """
    text = _text_of(code)
    tariff = _compiled(text)
    PinnedTariff.objects.bulk_create(
        [PinnedTariff(digest=tariff.digest, code=tariff.code, document=text)], ignore_conflicts=True
    )
    return tariff


@lru_cache(maxsize=64)
def pinned_tariff(digest: str) -> Tariff:
    """A document that bills were priced with."""
    return _compiled(PinnedTariff.objects.get(digest=digest).document)


def _text_of(code: str) -> str:
    for file in sorted(content("tariffs").glob("*.yaml")):
        text = read_text(file)
        if f"tariff: {code}" in text.splitlines()[:10]:
            return text
    raise NotFound(f"There is no tariff {code}.", path=code, remedy="Publish it first: see `gridhall tariff --help`.")


def _compiled(text: str) -> Tariff:
    return compile_tariff(parse(read_yaml(text, name="tariff")), text=text)


def without_agreement(organisation: str | None, span: DateSpan) -> pa.Table:
    """The days of a span on which usage points have no agreement: ``usage_point, organisation, start, end``."""
    points = accounts.usage_points_of(organisation)
    covered = accounts.billable(organisation, span).select(["usage_point", "start", "end"])
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
