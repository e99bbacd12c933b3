"""Quarantined rows mended where they lie: written as a file of their own and taken in like any other.

Nothing bypasses validation: a mended row goes the way of every row. What is let in is marked as resolved; what is wrong
again stays in the quarantine of its first import, with its new cells and its new reason, instead of a second time in
that of the file that brought it back.
"""

import csv
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gridhall.contexts.metering.models import Import, QuarantinedRow
from gridhall.contexts.metering.queries.imports import ADDED, cells_of, import_row
from gridhall.contexts.metering.types.imports import ImportReport, Mended
from gridhall.kernel.errors import Refused
from gridhall.lake.formats import FileRefused, Unit
from gridhall.lake.needs import Channel
from gridhall.runtime.audit import Act, record

#: The column that says which row is mended.
ROW: Final = ADDED[0]
#: How many rows one entry of the audit trail tells of.
_TOLD_AT_ONCE: Final = 500
_PARQUET: Final = "-parquet"
#: What is wrong with a row.
_FAULT: Final = ("field", "value", "code", "reason", "remedy")


class NotMendable(Refused):
    """Rows of this form have no cells that could be edited: their file has to be mended and imported again."""

    code = "not_mendable"


class ColumnUnknown(Refused):
    """The file of the import has no such column."""

    code = "column_unknown"


@dataclass
class Mending:
    """Rows of one import that come back: what happens to them when the file that brings them is let in.

    Attributes:
        source: the import in whose quarantine they lie.
        changes: row → column → (before, after), for the audit trail.
    """

    source: int
    act: Act
    changes: Mapping[int, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    still_wrong: int = 0

    def finish(self, row: Import) -> None:
        """This will move rows that are wrong again back to where they lay, within the caller's transaction."""
        names = [name.strip().lower() for name in row.columns]
        if ROW in names:
            self._back(row, names.index(ROW), [at for at, name in enumerate(names) if name not in ADDED])
        resolved = QuarantinedRow.objects.filter(resolved_by=row).count()
        told = {"by_import": row.pk, "resolved": resolved, "still_wrong": self.still_wrong}
        record(self.act, "metering.quarantine.mended", f"import:{self.source}", told)
        for some in _some(sorted(self.changes.items()), _TOLD_AT_ONCE):
            details = {"by_import": row.pk, "rows": {str(id): dict(cells) for id, cells in some}}
            record(self.act, "metering.quarantine.edited", f"import:{self.source}", details)

    def _back(self, row: Import, at: int, kept: Sequence[int]) -> None:
        wrong = {number: each for each in QuarantinedRow.objects.filter(source=row) if (number := _mended(each, at))}
        moved: list[QuarantinedRow] = []
        for some in _some(sorted(wrong), 10_000):
            moved += QuarantinedRow.objects.filter(pk__in=some, source_id=self.source, resolved_by=None)
        for earlier in moved:
            now = wrong[earlier.pk]
            for name in _FAULT:
                setattr(earlier, name, getattr(now, name))
            earlier.original = [now.original[cell] for cell in kept if cell < len(now.original)]
        for rows in _some(moved, 1_000):
            QuarantinedRow.objects.bulk_update(rows, [*_FAULT, "original"])
            QuarantinedRow.objects.filter(pk__in=[wrong[each.pk].pk for each in rows]).delete()
        self.still_wrong = len(moved)
        row.quarantined -= len(moved)
        row.save(update_fields=["quarantined"])


def mend(
    number: int,
    cells: Mapping[int, Sequence[str]],
    *,
    act: Act,
    progress: Callable[[int, int], None] | None = None,
) -> Mended:
    """This will let mended rows of an import's quarantine in, and leave those that are wrong again with their reason.

    Rows that were resolved meanwhile, or are not of this import, are passed over. The same call twice does nothing the
    second time. All or nothing: when the import fails nothing has changed.

    Args:
        number: of the import.
        cells: row → its cells under the columns of the file, in their order; a row as it is may be tried again.

    Raises:
        NotFound: when there is no such import.
        NotMendable: when its rows have no cells.
        FileRefused: when the rows cannot be read at all.
    """
    found = import_row(number)
    columns = _columns(found)
    rows = list(
        QuarantinedRow.objects.filter(source=found, resolved_by=None, pk__in=list(cells)).order_by("line", "id")
    )
    if not rows:
        return Mended(None, 0, 0)
    mended = {row.pk: _fitted(cells[row.pk], len(columns)) for row in rows}
    changes = {row.pk: changed for row in rows if (changed := _changed(found, row, mended[row.pk], columns))}
    mending = Mending(found.pk, act, changes)
    with tempfile.TemporaryDirectory(prefix="gridhall-mend-") as folder:
        file = Path(folder) / f"mended-{found.pk}.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([*columns, ROW])
            writer.writerows([*mended[row.pk], row.pk] for row in rows)
        taken = take_back(file, found, mending, progress=progress)
    return Mended(taken, taken.resolved, mending.still_wrong)


def mend_all(
    number: int,
    *,
    act: Act,
    replace: tuple[str, str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Mended:
    """This will try all open rows of a quarantine again, or those in which a value is replaced everywhere.

    Args:
        replace: column, the whole value of the cell, the value instead; only rows with it are tried. None: every row.

    Raises:
        ColumnUnknown: when the file has no such column.
    """
    found = import_row(number)
    columns = _columns(found)
    at = None if replace is None else _place(columns, replace[0])
    cells: dict[int, Sequence[str]] = {}
    for row in QuarantinedRow.objects.filter(source=found, resolved_by=None).iterator():
        now = list(cells_of(found, row.original))
        if at is not None and replace is not None:
            if now[at].strip() != replace[1].strip():
                continue
            now[at] = replace[2]
        cells[row.pk] = now
    return mend(number, cells, act=act, progress=progress)


def mend_by_file(number: int, file: Path, *, act: Act, progress: Callable[[int, int], None] | None = None) -> Mended:
    """This will take a quarantine download back that was mended elsewhere; its column ``quarantine_row`` says what.

    Raises:
        NotFound: when there is no such import.
        FileRefused: when the file cannot be read.
    """
    found = import_row(number)
    mending = Mending(found.pk, act)
    taken = take_back(file, found, mending, progress=progress)
    return Mended(taken, taken.resolved, mending.still_wrong)


def take_back(
    file: Path, source: Import, mending: Mending, *, progress: Callable[[int, int], None] | None
) -> ImportReport:
    """This will import a file as the one that its rows came from was imported."""
    from gridhall.contexts.metering.operations.imports import import_readings

    try:
        return import_readings(
            file, now=mending.act.at, zone=source.zone, channel=Channel(source.channel),
            format=source.format.replace(_PARQUET, "-csv"), unit=Unit[source.unit.upper()] if source.unit else None,
            interval=source.interval, mending=mending, progress=progress,
        )  # fmt: skip
    except FileRefused as error:
        # Where the rows lay on the server is nobody's business.
        error.path = error.path.replace(str(file), file.name)
        error.message = error.message.replace(str(file), file.name)
        raise


def _columns(found: Import) -> list[str]:
    columns = [name for name in found.columns if name.strip().lower() not in ADDED]
    if not columns or found.format == "greenbutton":
        raise NotMendable(
            "Rows of a Green Button feed cannot be mended one by one.", path=found.file_name,
            remedy="Mend the feed where it is made, and import it again.",
        )  # fmt: skip
    return columns


def _place(columns: Sequence[str], name: str) -> int:
    try:
        return list(columns).index(name)
    except ValueError:
        raise ColumnUnknown(f"There is no column {name!r}.", remedy=f"One of {', '.join(columns)[:200]}.") from None


def _fitted(cells: Sequence[str], width: int) -> list[str]:
    plain = [cell.replace("\0", "␀") for cell in cells[:width]]
    return plain + [""] * (width - len(plain))


def _changed(found: Import, row: QuarantinedRow, now: Sequence[str], columns: Sequence[str]) -> dict[str, list[str]]:
    before = list(cells_of(found, row.original))
    return {
        name: [was[:200], is_[:200]] for name, was, is_ in zip(columns, before, now, strict=True) if was != is_
    }  # fmt: skip


def _mended(row: QuarantinedRow, at: int) -> int:
    """The number of the row that a rejected row was to mend; 0 when it does not say."""
    text = row.original[at].strip() if len(row.original) > at else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _some(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
