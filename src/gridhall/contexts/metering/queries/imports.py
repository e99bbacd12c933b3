"""Imports that were made, and what is in their quarantine."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from django.db.models import Count, Q, QuerySet

from gridhall.contexts.metering.models import Import, QuarantinedRow
from gridhall.contexts.metering.types.imports import ImportReport, ListedImport, QuarantinePage, QuarantineRow
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


def found_imports(
    *, text: str = "", channel: str = "", open_only: bool = False, before: int | None = None, limit: int = 50
) -> list[ListedImport]:
    """Imports that fit, the newest first, each with how many of its rows are still in quarantine. One query.

    Args:
        text: in the file's name.
        channel: a word of `Channel`; empty for all.
        open_only: only those with rows in quarantine.
        before: the number that the list continues after.
    """
    rows = Import.objects.annotate(open_rows=Count("quarantine", filter=Q(quarantine__resolved_by=None)))
    if text:
        rows = rows.filter(file_name__icontains=text.replace("\0", ""))
    if channel:
        rows = rows.filter(channel=channel)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if open_only:
        rows = rows.filter(open_rows__gt=0)
    return [ListedImport(report(row, "imported"), row.open_rows) for row in rows.order_by("-id")[:limit]]


def quarantine_rows(number: int, rows: Sequence[int]) -> list[QuarantineRow]:
    """Open rows of an import's quarantine by their numbers, with their cells; those that are not there are left out."""
    found = import_row(number)
    some = QuarantinedRow.objects.filter(source=found, resolved_by=None, pk__in=rows).order_by("line", "id")
    return [_with_cells(found, each) for each in some]


def quarantine_page(
    number: int, *, code: str = "", row: int | None = None, start: int = 0, limit: int = 25
) -> QuarantinePage:
    """Some open rows of an import's quarantine with their cells, in the order of the file. Three queries.

    Args:
        code: only rows of this fault; empty for all.
        row: only this row.

    Raises:
        NotFound: when there is no such import.
    """
    found = import_row(number)
    rows = QuarantinedRow.objects.filter(source=found, resolved_by=None).order_by("line", "id")
    if code:
        rows = rows.filter(code=code)
    if row is not None:
        rows = rows.filter(pk=row)
    columns = tuple(name for name in found.columns if name.strip().lower() not in ADDED)
    shown = tuple(_with_cells(found, each) for each in rows[start : start + limit])
    return QuarantinePage(columns, shown, rows.count())


def replacing(number: int, column: str, old: str, *, limit: int = 10) -> tuple[int, list[QuarantineRow]]:
    """How many open rows hold a value in a column, and the first of them: what replacing it everywhere would touch."""
    found = import_row(number)
    columns = [name for name in found.columns if name.strip().lower() not in ADDED]
    if column not in columns:
        return 0, []
    at = columns.index(column)
    count = 0
    first: list[QuarantineRow] = []
    for each in QuarantinedRow.objects.filter(source=found, resolved_by=None).order_by("line", "id").iterator():
        row = _with_cells(found, each)
        if row.cells[at].strip() == old.strip():
            count += 1
            if len(first) < limit:
                first.append(row)
    return count, first


def import_report(number: int) -> ImportReport:
    """What an import told of itself.

    Raises:
        NotFound: when there is no such import.
    """
    return report(import_row(number), "imported")


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
    found = import_row(number)
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


def _with_cells(found: Import, row: QuarantinedRow) -> QuarantineRow:
    return QuarantineRow(
        row.pk, row.line, row.field, row.value, row.code, row.reason, row.remedy, row.resolved_by_id,
        tuple(cells_of(found, row.original)),
    )  # fmt: skip


def cells_of(found: Import, original: list[str]) -> list[str]:
    """The cells of a quarantined row under the columns of its file, without what a quarantine download added."""
    cells = list(_cells(original, len(found.columns)))
    return [cell for name, cell in zip(found.columns, cells, strict=True) if name.strip().lower() not in ADDED]


def import_row(number: int) -> Import:
    """The row of an import.

    Raises:
        NotFound: when there is no such import.
    """
    found = Import.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no import {number}.", path=str(number), remedy="`gridhall imports` lists them.")
    return found


def _rows(number: int, *, unresolved: bool) -> QuerySet[QuarantinedRow]:
    import_row(number)
    rows = QuarantinedRow.objects.filter(source_id=number).order_by("line", "id")
    return rows.filter(resolved_by=None) if unresolved else rows
