"""Taking in files of readings: each as a whole, once, and visible all at once.

An import writes its parts into the lake, makes them durable, and then commits one transaction that names them; until
then nobody sees them. A note in the lake's folder ``importing`` says which version is being written, so that the next
import after a crash knows which parts to remove.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import DatabaseError, connection, transaction
from ruamel.yaml import YAML

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.metering.models import Import, LakeFile, QuarantinedRow, RegisterReading
from gridhall.contexts.metering.operations.comparing import compared
from gridhall.contexts.metering.operations.intake import Counts, Intake
from gridhall.contexts.metering.operations.mending import Mending
from gridhall.contexts.metering.operations.snapshots import store_snapshots
from gridhall.contexts.metering.operations.spools import RejectedSpool
from gridhall.contexts.metering.queries.catalogue import lake_root, readable_files
from gridhall.contexts.metering.queries.imports import report
from gridhall.contexts.metering.registerfiles import RegisterFile
from gridhall.contexts.metering.rules.thresholds import Thresholds, ThresholdsInvalid, in_force
from gridhall.contexts.metering.types.imports import ImportReport
from gridhall.kernel.errors import GridhallError
from gridhall.lake import parts
from gridhall.lake.formats import (
    FORMATS,
    ColumnsUnknown,
    FileRefused,
    FormatUnknown,
    Limits,
    ReadingsFile,
    Unit,
)
from gridhall.lake.formats.bytes_in import Container, find, sha256
from gridhall.lake.formats.layout import Form
from gridhall.lake.greenbutton.file import GreenButtonFile
from gridhall.lake.needs import Channel
from gridhall.runtime.content import content

#: One import at a time; the number names the lock in the database.
LOCK: Final = 0x67726964_696D70
#: From so many different numbers in one file on, all usage points are held in memory instead of asked for.
_HOLD_ALL: Final = 1_000

#: Other names that people try for a format.
_ALSO_CALLED: Final = {"register": "register-csv", "registers": "register-csv", "green-button": "greenbutton"}

#: Told how far reading has come: bytes done, bytes in all.
Progress = Callable[[int, int], None]


class ZoneUnknown(GridhallError):
    """There is no time zone of that name."""

    code = "zone_unknown"


class LakeUnwritable(GridhallError):
    """The lake's folder, or the temporary one, is full or not ours to write."""

    code = "lake_unwritable"


def import_readings(
    path: Path,
    *,
    now: datetime,
    zone: str,
    channel: Channel = Channel.IMPORT,
    format: str | None = None,
    unit: Unit | None = None,
    interval: int | None = None,
    usage_point: str | None = None,
    again: bool = False,
    progress: Progress | None = None,
    mending: Mending | None = None,
) -> ImportReport:
    """This will take in one file of interval readings: all its good rows at once, its bad rows into quarantine.

    The same content twice changes nothing and gives the earlier report. Rows that the lake has already to the Wh change
    nothing either. A killed import leaves nothing behind that counts.

    Args:
        path: long or day-curve, CSV or Parquet; register readings as CSV; Green Button XML. CSV also as ``.gz`` or
            ``.zip``.
        now: the present moment, aware; becomes ``available_at``.
        zone: of the file's days and clock times, e.g. ``Asia/Shanghai``.
        channel: what the readings count.
        format, unit, interval: said by the user instead of told by the file; see `ReadingsFile`.
        usage_point: the number to file a Green Button feed under, where it calls its one usage point otherwise.
        again: read a known content once more, for instance when its unknown usage points exist by now.
        mending: whose quarantined rows the file brings back; those that are wrong again stay where they were.

    Raises:
        FileRefused: when the file as a whole cannot be read; nothing of it is taken in then.
        ZoneUnknown: when there is no such zone.
        LakeUnwritable: when there is no room, or no permission.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ZoneUnknown(f"There is no time zone {zone!r}.", remedy="Name it as in Asia/Shanghai.") from error
    rules = thresholds(now.astimezone(ZoneInfo(zone)).date())
    limits = Limits(
        first_day=rules.first_day,
        stop_day=now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1 + rules.days_ahead),
        most_w=rules.most_w,
    )
    with one_at_a_time(), tempfile.TemporaryDirectory(prefix="gridhall-import-") as folder:
        root = lake_root()
        tidy(root)
        file = opened(
            path, now=now, zone=zone, channel=channel, format=format, unit=unit, interval=interval, limits=limits,
            usage_point=usage_point, spill=Path(folder),
        )  # fmt: skip
        with file:
            if not (again or mending) and Import.objects.filter(file_bytes=file.size).exists():
                known = known_content(sha256(path), channel, zone)
                if known is not None:
                    return known
            about = _About(
                path, file.format, file.columns, file.size, now, zone, channel, again or mending is not None, unit,
                interval, usage_point or "", mending,
            )  # fmt: skip
            try:
                with being_written(root) as version:
                    if isinstance(file, RegisterFile):
                        return _take_registers(version, file, about, Path(folder), progress)
                    return _take_readings(version, file, about, Path(folder), rules, progress)
            except OSError as error:
                raise LakeUnwritable(
                    f"The readings cannot be written: {error.strerror or error}. Nothing was taken in.",
                    path=str(error.filename or root),
                    remedy="Make room, or mend the permissions, and import the file again.",
                ) from error


@dataclass(frozen=True)
class _About:
    """What is known of an import before its first row."""

    path: Path
    format: str
    columns: Sequence[str]
    size: int
    now: datetime
    zone: str
    channel: Channel
    again: bool
    unit: Unit | None
    interval: int | None
    usage_point: str
    mending: Mending | None


def opened(
    path: Path, *, now: datetime, zone: str, channel: Channel, format: str | None, unit: Unit | None,
    interval: int | None, limits: Limits, usage_point: str | None, spill: Path,
) -> ReadingsFile | GreenButtonFile | RegisterFile:  # fmt: skip
    """This will open a file with the reader that understands it, told by its content or by ``format``.

    Raises:
        FileRefused: when none does.
    """
    found = find(path, trust_content=format is not None)
    format = _ALSO_CALLED.get(format or "", format)
    if format in {Form.LONG, Form.DAY_CURVE, Form.DAY_COLUMNS}:
        format = f"{format}-{'parquet' if found.container is Container.PARQUET else 'csv'}"
    if format == GreenButtonFile.format or (format is None and found.container is Container.XML):
        return GreenButtonFile(
            path, zone=zone, channel=channel, limits=limits, resolve=_Numbers(), usage_point=usage_point
        )
    if format == RegisterFile.format:
        return RegisterFile(path, zone=zone, now=now)
    if format is not None and format not in FORMATS:
        known = ", ".join((*FORMATS, RegisterFile.format, GreenButtonFile.format))
        raise FormatUnknown(f"There is no format {format!r}.", remedy=f"One of {known}.")
    try:
        return ReadingsFile(
            path, zone=zone, format=format, unit=unit, interval=interval, limits=limits, resolve=_Numbers(), spill=spill
        )
    except ColumnsUnknown:
        if format is None and found.container is not Container.PARQUET:
            with suppress(FileRefused):
                return RegisterFile(path, zone=zone, now=now)
        raise


def _take_readings(
    version: int, file: ReadingsFile | GreenButtonFile, about: _About, folder: Path, rules: Thresholds,
    progress: Progress | None,
) -> ImportReport:  # fmt: skip
    intake = Intake(
        root=lake_root(), files=readable_files(about.channel), channel=about.channel, version=version,
        zone=about.zone, rules=rules, folder=folder,
    )  # fmt: skip
    try:
        for batch in file.batches():
            intake.take(batch)
            if progress:
                progress(file.consumed, file.size)
        written = intake.finish()
        digest = file.sha256()
        with transaction.atomic():
            row = _recorded(version, about, digest, intake.counts, intake.rejected.rows)
            catalogue(row, written)
            quarantine(row, intake.rejected)
            resolved = mended(row, intake.counts.mends)
            told = compared(intake.usage_points(), row.first_day, row.last_day, about.channel, about.zone)
            if told:
                row.findings += [finding.as_json() for finding in told]
                row.save(update_fields=["findings"])
            if about.mending:
                about.mending.finish(row)
    except BaseException:
        intake.abandon()
        raise
    return report(row, "imported", resolved=resolved)


def _take_registers(
    version: int, file: RegisterFile, about: _About, folder: Path, progress: Progress | None
) -> ImportReport:
    rejected = RejectedSpool(folder / "rejected.arrow")
    counts = Counts()
    zone = ZoneInfo(about.zone)
    try:
        with transaction.atomic():
            row = _recorded(version, about, "", counts, 0)
            for batch in file.batches():
                stored = store_snapshots(batch.rows, source=version, available_at=about.now)
                rejected.add(batch.rejected)
                rejected.add(stored.rejected)
                counts.add_registers(batch.read_rows, stored, zone)
                if progress:
                    progress(file.consumed, file.size)
            row = _recorded(version, about, file.sha256(), counts, rejected.rows)
            quarantine(row, rejected)
            resolved = mended(row, counts.mends)
            met = RegisterReading.objects.filter(source=row).order_by()
            points = met.values_list("installation__usage_point_id", flat=True).distinct()
            told = compared(
                np.fromiter(points.iterator(), dtype=np.int64), row.first_day, row.last_day, about.channel, about.zone
            )
            if told:
                row.findings += [finding.as_json() for finding in told]
                row.save(update_fields=["findings"])
            if about.mending:
                about.mending.finish(row)
    finally:
        rejected.close()
    return report(row, "imported", resolved=resolved)


def _recorded(version: int, about: _About, digest: str, counts: Counts, quarantined: int) -> Import:
    """This will write the row of an import, within the caller's transaction; once more replaces it."""
    row = Import(
        id=version,
        file_name=about.path.name[:500].encode("utf-8", "replace").decode().replace("\0", "␀"),
        file_bytes=about.size,
        content_sha256=digest,
        format=about.format,
        channel=about.channel.value,
        zone=about.zone,
        again=about.again,
        unit=about.unit.name.lower() if about.unit else "",
        interval=about.interval,
        usage_point=about.usage_point,
        available_at=about.now,
        first_day=counts.first_day,
        last_day=counts.last_day,
        columns=[name.replace("\0", "␀") for name in about.columns],
        read_rows=counts.read_rows,
        accepted=counts.accepted,
        accepted_rows=counts.accepted_rows,
        unchanged=counts.unchanged,
        revised=counts.revised,
        duplicate_rows=counts.duplicate_rows,
        quarantined=quarantined,
        estimated=counts.estimated,
        missing=counts.missing,
        suspects=counts.suspects,
        rounded=counts.rounded,
        findings=[finding.as_json() for finding in counts.findings],
    )
    row.save()
    return row


def mended(row: Import, numbers: Sequence[int]) -> int:
    """This will mark quarantined rows as resolved by an import that brought them mended, and give how many."""
    resolved = 0
    for start in range(0, len(numbers), 10_000):
        some = QuarantinedRow.objects.filter(pk__in=numbers[start : start + 10_000], resolved_by=None)
        resolved += some.update(resolved_by=row)
    return resolved


def thresholds(today: date) -> Thresholds:
    """What validation goes by on a day.

    Raises:
        ThresholdsInvalid: when the document says nothing usable.
    """
    path = content("rules", "validation.yaml")
    try:
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except Exception as error:
        raise ThresholdsInvalid(f"The document is no YAML: {error}.", path=str(path)) from error
    if not isinstance(document, list) or not all(isinstance(entry, dict) for entry in document):
        raise ThresholdsInvalid("The document must be a list of dated entries.", path=str(path))
    return in_force(document, today)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """This will keep other imports waiting, those of other processes included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def being_written(root: Path) -> Iterator[int]:
    """This will give the version of a new import, noted in the lake's folder until it is done or given up.

    Leaving with an error removes the parts that were written for it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('metering_import', 'id'))")
        version = int(cursor.fetchone()[0])
    note = root / "importing" / str(version)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.touch()
    for folder in (note.parent, root):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    try:
        yield version
    except BaseException:
        # A commit whose answer was lost may have succeeded: then the parts must stay, and the next import decides.
        if _certainly_absent(version):
            remove_parts(root, version)
            note.unlink(missing_ok=True)
        raise
    note.unlink(missing_ok=True)


def _certainly_absent(version: int) -> bool:
    try:
        return not Import.objects.filter(pk=version).exists()
    except DatabaseError:
        return False


def tidy(root: Path) -> list[int]:
    """This will remove the parts of imports that were killed, and give their versions; under the lock only."""
    removed = []
    for note in sorted((root / "importing").glob("[0-9]*")):
        version = int(note.name)
        if not Import.objects.filter(pk=version).exists():
            remove_parts(root, version)
            removed.append(version)
        note.unlink(missing_ok=True)
    return removed


def remove_parts(root: Path, version: int) -> None:
    """This will delete the part files of a version that no catalogue names."""
    for path in root.glob(f"*/month=*/{version}-*.parquet"):
        path.unlink(missing_ok=True)


def known_content(digest: str, channel: Channel, zone: str) -> ImportReport | None:
    """The report of the import that took in this content, or None."""
    found = Import.objects.filter(content_sha256=digest, channel=channel.value, zone=zone).order_by("id").first()
    return report(found, "already imported") if found else None


def catalogue(row: Import, written: Sequence[parts.LakeFile]) -> None:
    """This will make parts visible, within the caller's transaction."""
    LakeFile.objects.bulk_create(
        LakeFile(
            source=row, path=each.path, channel=each.channel.value, month=date.fromisoformat(f"{each.month}-01"),
            first_day=each.first_day, last_day=each.last_day, rows=each.rows, usage_point_min=each.usage_point_min,
            usage_point_max=each.usage_point_max, revision=each.revision,
        )
        for each in written
    )  # fmt: skip


def quarantine(row: Import, rejected: Iterator[dict[str, Any]] | Any) -> None:
    """This will put rejected rows into quarantine, within the caller's transaction."""
    names = ("line", "field", "value", "code", "reason", "remedy", "original")
    statement = f"COPY metering_quarantinedrow (source_id, {', '.join(names)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for each in rejected:
            copy.write_row([row.pk, *(each[name] for name in names)])


class _Numbers:
    """Looks up usage points by number: a few are asked for, of many all are held."""

    def __init__(self) -> None:
        self._asked = 0
        self._all: dict[str, int] | None = None

    def __call__(self, numbers: Sequence[str]) -> Sequence[int]:
        self._asked += len(numbers)
        if self._all is None and self._asked > _HOLD_ALL:
            self._all = self._hold()
        if self._all is not None:
            known = self._all
            return [known.get(number, -1) for number in numbers]
        # A NUL cannot be in the database, and not be asked for.
        asked = pa.array(["" if "\0" in number else number for number in numbers], pa.string())
        found: list[int] = pc.fill_null(accounts.usage_point_ids(asked), -1).to_pylist()
        return found

    @staticmethod
    def _hold() -> dict[str, int]:
        rows = accounts.usage_points_of(None)
        return dict(zip(rows["number"].to_pylist(), rows["id"].to_pylist(), strict=True))
