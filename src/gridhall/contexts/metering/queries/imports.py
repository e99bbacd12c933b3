"""Imports that were made, and what is in their quarantine."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.db.models import Count, QuerySet

from gridhall.contexts.metering.models import Import, QuarantinedRow
from gridhall.contexts.metering.types.imports import ImportReport, QuarantineRow
from gridhall.kernel.errors import NotFound

#: What a quarantine download adds to the columns of the file; ignored when the mended file comes back, but for the
#: row's own number, which says what it mends.
ADDED: Final = (
    "quarantine_row",
    "quarantine_line",
    "quarantine_field",
    "quarantine_value",
    "quarantine_code",
    "quarantine_reason",
    "quarantine_remedy",
)


def imports(*, limit: int = 50) -> list[ImportReport]:
    """The newest imports, the newest first."""
    return [report(row, "imported") for row in Import.objects.order_by("-id")[:limit]]


def import_report(number: int) -> ImportReport:
    """What an import told of itself.

    Raises:
        NotFound: when there is no such import.
    """
    return report(_import(number), "imported")


def quarantined(number: int, *, unresolved: bool = True, limit: int | None = None) -> list[QuarantineRow]:
    """The rows that an import did not let in, in the order of the file; by default those not mended since.

    Raises:
        NotFound: when there is no such import.
    """
    rows = _rows(number, unresolved=unresolved)
    return [
        QuarantineRow(
            row.pk, row.line, row.field, row.value, row.code, row.reason, row.remedy, row.resolved_by_id
        )
        for row in (rows if limit is None else rows[:limit])
    ]  # fmt: skip


def quarantine_counts(number: int) -> dict[str, int]:
    """How many unresolved rows of an import are in quarantine, by code, the most frequent first."""
    counted = _rows(number, unresolved=True).order_by().values_list("code").annotate(rows=Count("id"))
    return dict(counted.order_by("-rows", "code"))


def export_quarantine(number: int, target: Path, *, unresolved: bool = True) -> int:
    """This will write quarantined rows as CSV, as they came and with what was wrong, and give their number.

    Raises:
        NotFound: when there is no such import.
    """
    found = _import(number)
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*found.columns, *ADDED])
        count = 0
        for row in _rows(number, unresolved=unresolved).iterator():
            count += 1
            writer.writerow(
                [
                    *_cells(row.original, len(found.columns)), row.pk, row.line, row.field, row.value, row.code,
                    row.reason, row.remedy,
                ]
            )  # fmt: skip
    return count


def report(row: Import, status: str, *, resolved: int = 0) -> ImportReport:
    """What an import tells of itself."""
    return ImportReport(
        id=row.pk, file=row.file_name, status=status, format=row.format, channel=row.channel, zone=row.zone,
        sha256=row.content_sha256, available_at=row.available_at, first_day=row.first_day, last_day=row.last_day,
        read_rows=row.read_rows, accepted=row.accepted, accepted_rows=row.accepted_rows, unchanged=row.unchanged,
        revised=row.revised, duplicate_rows=row.duplicate_rows, quarantined=row.quarantined, estimated=row.estimated,
        missing=row.missing, suspects=row.suspects, rounded=row.rounded, resolved=resolved,
        findings=tuple(row.findings),
    )  # fmt: skip


def _cells(original: list[str], columns: int) -> Iterator[str]:
    """The cells under the columns of the file; what a malformed row has too much goes into the last."""
    for at in range(columns):
        if at == columns - 1 and len(original) > columns:
            yield ",".join(original[at:])
        else:
            yield original[at] if at < len(original) else ""


def _import(number: int) -> Import:
    found = Import.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no import {number}.", path=str(number), remedy="`gridhall imports` lists them.")
    return found


def _rows(number: int, *, unresolved: bool) -> QuerySet[QuarantinedRow]:
    _import(number)
    rows = QuarantinedRow.objects.filter(source_id=number).order_by("line", "id")
    return rows.filter(resolved_by=None) if unresolved else rows
