"""Places written as CSV: all of them, and the rows of a file that were not let in."""

import csv
import io
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from gridhall.contexts.payments.models import PaymentPoint
from gridhall.contexts.payments.place_files.cells import COLUMNS, FAULTS_SAID, Fault
from gridhall.contexts.payments.place_files.reading import COMPUTED, NOTES, QUOTE, BadRow
from gridhall.contexts.payments.rules.opening_hours_text import exceptions_text, week_text

_NUMBER: Final = re.compile(r"-[0-9.]+(?:e-?[0-9]+)?")


def places_csv(points: Iterable[PaymentPoint]) -> bytes:
    """Places as a file that `reading.read_places` takes in again without a change; coordinates are WGS-84."""
    return _csv(list(COLUMNS), ([cells_of(each)[column] for column in COLUMNS] for each in points))


def bad_rows_csv(
    rows: Iterable[BadRow], *, said: Callable[[Fault], tuple[str, str]] = lambda fault: FAULTS_SAID[fault.code]
) -> bytes:
    """Bad rows as they came, with where and why; mended, the file is taken in as it is, in the same coordinates.

    Args:
        said: reason and remedy of a fault in the reader's language; English when left out.
    """

    def row(each: BadRow) -> list[str]:
        told = [said(fault) for fault in each.faults]
        notes = [
            str(each.line),
            "; ".join(fault.field for fault in each.faults if fault.field),
            " ".join(dict.fromkeys(reason for reason, _ in told)),
            " ".join(dict.fromkeys(remedy for _, remedy in told)),
        ]
        return [each.cells.get(column, "") for column in COLUMNS] + notes

    return _csv([*COLUMNS, *NOTES], (row(each) for each in rows))


def cells_of(point: PaymentPoint, *, chinese: bool = False) -> dict[str, str]:
    """A place as the cells of a row; hours and days in English words, or in Chinese."""
    return {
        "code": point.code, "kind": point.kind, "name": point.name, "name_en": point.name_en,
        "address": point.address, "address_en": point.address_en, "phone": point.phone,
        "longitude": repr(point.longitude), "latitude": repr(point.latitude),
        "hours": week_text(point.hours, chinese=chinese),
        "exceptions": exceptions_text(point.exceptions, chinese=chinese), "services": ";".join(point.services),
        "active": "yes" if point.active else "no",
    }  # fmt: skip


def _csv(head: list[str], rows: Iterable[list[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    # Spreadsheets read UTF-8 only with its mark.
    return out.getvalue().encode("utf-8-sig")


def _safe(cell: Any) -> str:
    """A cell that no spreadsheet computes; numbers stay numbers."""
    text = str(cell)
    if not text.startswith(COMPUTED):
        return text
    return text if _NUMBER.fullmatch(text) else QUOTE + text
