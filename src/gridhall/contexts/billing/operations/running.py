"""The running month of every agreement: what the unbilled days would cost and how the month will end."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing import sources
from gridhall.contexts.billing.models import RunningMonth
from gridhall.contexts.billing.pacing import Month
from gridhall.contexts.billing.positions import with_positions
from gridhall.contexts.billing.rating import Document, Sources
from gridhall.contexts.billing.rules import pace
from gridhall.contexts.billing.running import Seen, month_of
from gridhall.contexts.billing.settings import rules as current_rules
from gridhall.contexts.billing.types import RunningReport
from gridhall.contexts.billing.unbilled import unbilled_days
from gridhall.contexts.tariffs.operations import tells_holidays_apart
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act, record
from gridhall.runtime.copy import copy_in

#: Usage points worked on at a time: their curves of four weeks are in memory, some 50 MB.
_AT_ONCE: Final = 2_000
#: Two estimates at once would each put in what the other has just put in.
_LOCK: Final = 7_140_021

#: Told after each batch: agreements done, agreements in all.
Progress = Callable[[int, int], None]


def estimate_running(
    organisation: str | None = None, *, today: date, act: Act, progress: Progress | None = None
) -> RunningReport:
    """This will estimate the unbilled charges of every agreement of an organisation and all below it, as of now.

    The running month is that of yesterday: on the first of a month it is the one that has just ended. An agreement
    whose days of it are billed already has no estimate. All rows of the organisation are replaced in one transaction,
    written batch by batch; until it commits, the ones before are seen. Nothing is posted.

    Args:
        organisation: code; None for the whole utility.
        today: the first day of which nothing can be known.

    Raises:
        NothingToBillFrom: no readings have been imported.
        NotFound: there is no such organisation.
        RulesInvalid: ``rules/billing.yaml`` cannot be used.
    """
    version = sources.newest_version()
    units = [unit.id for unit in accounts.organisations(organisation)]
    yesterday = today - timedelta(days=1)
    span = DateSpan.month(yesterday.year, yesterday.month)
    assert span.end is not None
    month = Month(span, today, _days_off(DateSpan(today - timedelta(days=pace.DAYS + 31), span.end)))
    count = unpriced = 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        RunningMonth.objects.filter(organisation_id__in=units).delete()
        rows = unbilled_days(organisation, units, month)
        calendar = sources.calendar_of(_around(rows, span))
        rules = current_rules()
        with sources.lake_session() as lake:
            pinned = sources.as_of(lake, version, calendar)
            for document, batch, seen in _batches(rows, calendar.get("unknown"), month, pinned):
                placed, _ = with_positions(batch, document.tariff, rules)
                found = month_of(document, placed, seen, month, pinned, rules)
                unpriced += found["charges_fen"].null_count
                same = {"readings_version": pa.scalar(version, pa.int64()), "computed_at": _moment(act)}
                for name, value in same.items():
                    found = found.append_column(name, pa.repeat(value, found.num_rows))
                count += copy_in(RunningMonth._meta.db_table, found)
                if progress is not None:
                    progress(count, rows.num_rows)
        report = RunningReport(span, today, count, unpriced, version)
        record(act, "billing.running.estimated", f"month:{span.start:%Y-%m}", {"agreements": count, "version": version})
    return report


def _batches(
    rows: pa.Table, unknown: object, month: Month, pinned: Sources
) -> Iterator[tuple[Document, pa.Table, Seen]]:
    """By tariff and usage point, with what the lake has of them, read for many at once.

    Tariffs that are not published, or tell days apart that the calendar does not know, are left out.
    """
    documents: dict[str, Document] = {}
    for code in pc.unique(rows["tariff_code"]).to_pylist():
        with suppress(NotFound):
            document = sources.pin(code)
            if not (unknown and tells_holidays_apart(document.tariff)):
                documents[code] = document
    rows = rows.filter(pc.is_in(rows["tariff_code"], pa.array(list(documents), pa.string())))
    rows = rows.sort_by([(name, "ascending") for name in ("tariff_code", "agreement", "start")])
    agreements = rows["agreement"].to_numpy()
    begins = np.flatnonzero(np.concatenate([[True], agreements[1:] != agreements[:-1]])[: len(agreements)])
    edges = [*begins[::_AT_ONCE].tolist(), len(agreements)]
    for begin, end in pairwise(edges):
        part = rows.slice(begin, end - begin)
        seen = Seen.of(np.unique(part["usage_point"].to_numpy()), month, pinned)
        for code in sorted(pc.unique(part["tariff_code"]).to_pylist()):
            yield documents[code], part.filter(pc.equal(part["tariff_code"], code)), seen


def _around(rows: pa.Table, span: DateSpan) -> DateSpan:
    first = pc.min(rows["start"]).as_py() if rows.num_rows else span.start
    return DateSpan(min(first, span.start), span.end)


def _days_off(span: DateSpan) -> frozenset[date]:
    """Weekends and public holidays; weekends alone in years that the calendar says nothing about."""
    try:
        calendar = accounts.calendar_within(span)
    except GridhallError as error:
        if error.code != "calendar_year_not_covered":
            raise
        return frozenset(day for day in span if day.weekday() >= 5)
    return frozenset(day for day in span if not calendar.is_working_day(day))


def _moment(act: Act) -> pa.Scalar:
    return pa.scalar(act.at, pa.timestamp("us", tz="UTC"))
