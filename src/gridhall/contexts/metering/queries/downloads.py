"""Readings to take away (X4): in a stream, of one usage point or many, as of any readings version."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

import pyarrow as pa
from django.conf import settings

from gridhall.contexts.metering import exports
from gridhall.contexts.metering.exports import ROWS
from gridhall.contexts.metering.queries.readings import rows_of, tables
from gridhall.contexts.metering.types.readings import DownloadFormat, NoReadings
from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.needs import Channel


def download(
    numbers: Mapping[int, str],
    span: DateSpan,
    *,
    form: DownloadFormat,
    now: datetime,
    channels: Sequence[Channel] = tuple(Channel),
    version: int | None = None,
    zone: str | None = None,
) -> Iterator[bytes]:
    """Give a download piece by piece; nothing but the usage-point number tells whose it is.

    What is wrong is said before the first piece, so that no half file is begun.

    Args:
        numbers: the number of each usage-point id.
        span: whole local days.
        form: the file's form; Parquet and CSV mark missing and estimated values in columns, Green Button leaves
            missing ones out and states the quality of the others.
        now: the moment the file is made.
        channels: those wanted; channels without readings are left out.
        version: as of a readings version; None: the newest.
        zone: of the days; the utility's by default.

    Raises:
        NoReadings: when there is nothing to give.
        SpanEmpty, VersionUnknown: as their names say.
    """
    local = zone or settings.TIME_ZONE
    found = tables(numbers, span, channels=channels, version=version)
    first = next(found, None)
    if first is None:
        whose = f"usage point {next(iter(numbers.values()))}" if len(numbers) == 1 else f"{len(numbers)} usage points"
        raise NoReadings(
            f"There are no readings of {whose} in {span}"
            + (f" as of version {version}." if version is not None else "."),
            path="usage-point",
            remedy="`gridhall readings freshness` shows from when to when there are readings.",
        )
    return _written(chain([first], found), form, local, now)


def download_of(
    usage_point: int,
    number: str,
    spans: Sequence[DateSpan],
    *,
    form: DownloadFormat,
    now: datetime,
    channels: Sequence[Channel] = tuple(Channel),
    version: int | None = None,
    zone: str | None = None,
) -> Iterator[bytes]:
    """`download` of one usage point over several spans, of which nothing between them is given; for pages.

    Args:
        usage_point: id.
        spans: whole local days, ascending, not overlapping, with ends; see `download` for the rest.

    Raises:
        NoReadings: when there is nothing to give.
        SpanEmpty, VersionUnknown: as their names say.
    """
    parts = []
    for channel in channels:
        found = [rows_of(usage_point, span, channels=(channel,), version=version)[channel] for span in spans]
        rows = pa.concat_tables(found) if found else SCHEMA.empty_table()
        if rows.num_rows:
            named = {
                "usage_point": pa.repeat(number, rows.num_rows),
                "channel": pa.repeat(channel.value, rows.num_rows),
            }
            parts.append(pa.table(named | {name: rows[name] for name in ROWS.names[2:]}).cast(ROWS))
    if not parts:
        raise NoReadings(f"There are no readings of usage point {number} on these days.", path="usage-point")
    # In the order of their names, as everywhere.
    parts.sort(key=lambda part: str(part["channel"][0].as_py()))
    return _written(iter(parts), form, zone or settings.TIME_ZONE, now)


def _written(rows: Iterator[pa.Table], form: DownloadFormat, local: str, now: datetime) -> Iterator[bytes]:
    match form:
        case DownloadFormat.CSV:
            return exports.long_csv(rows, local)
        case DownloadFormat.CURVE_CSV:
            return exports.curve_csv(rows)
        case DownloadFormat.PARQUET:
            return exports.parquet(rows)
        case DownloadFormat.GREEN_BUTTON:
            return exports.green_button(rows, zone=local, updated=now)
