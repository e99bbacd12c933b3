"""What an import tells of itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class ImportReport:
    """One file taken in. Counts are readings (slots) unless they say rows.

    Attributes:
        id: of the import, which is the readings version from which its readings count.
        status: ``imported``, or ``already imported`` when the content was known; then the figures are the earlier ones.
        read_rows: rows of the file below its header.
        accepted: readings that are new or replace others; ``accepted_rows``: usage points × days that were written.
        unchanged: readings that the lake had already, to the Wh.
        revised: accepted readings that replace an earlier value or estimate.
        duplicate_rows: rows that repeat an earlier row of the file.
        quarantined: rows that were not let in.
        estimated: slots filled by estimates; ``missing``: slots that stay empty.
        suspects: readings that were let in and marked, because they stand out.
        rounded: readings finer than 1 Wh.
        resolved: quarantined rows of earlier imports that this file mends.
        findings: what validation found: code, message, data.
    """

    id: int
    file: str
    status: str
    format: str
    channel: str
    zone: str
    sha256: str
    available_at: datetime
    first_day: date | None
    last_day: date | None
    read_rows: int = 0
    accepted: int = 0
    accepted_rows: int = 0
    unchanged: int = 0
    revised: int = 0
    duplicate_rows: int = 0
    quarantined: int = 0
    estimated: int = 0
    missing: int = 0
    suspects: int = 0
    rounded: int = 0
    resolved: int = 0
    findings: tuple[Mapping[str, Any], ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The form that ``--json`` prints."""
        return asdict(self)


@dataclass(frozen=True)
class QuarantineRow:
    """A row in quarantine; see the model for the fields. ``cells`` are those under the columns of its file."""

    id: int
    line: int
    field: str
    value: str
    code: str
    reason: str
    remedy: str
    resolved_by: int | None
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListedImport:
    """An import in a list, and how many of its rows are still in quarantine."""

    report: ImportReport
    open_rows: int


@dataclass(frozen=True)
class QuarantinePage:
    """Some rows of a quarantine.

    Attributes:
        columns: of the file, without what a quarantine download adds.
        total: rows that fit the question, on all pages.
    """

    columns: tuple[str, ...]
    rows: tuple[QuarantineRow, ...]
    total: int


@dataclass(frozen=True)
class Mended:
    """What came of mended rows.

    Attributes:
        taken: the import that brought them; None when there was nothing to do.
        resolved: rows that are let in now.
        still_wrong: rows that stay, with their new reason.
    """

    taken: ImportReport | None
    resolved: int
    still_wrong: int
