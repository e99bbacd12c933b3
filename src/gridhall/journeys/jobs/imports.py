"""Jobs on readings: a file taken in, quarantined rows mended. After either the running month is brought up to date."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from gridhall.contexts.metering import operations as metering
from gridhall.contexts.metering.types.imports import ImportReport, Mended
from gridhall.kernel.errors import GridhallError
from gridhall.lake.formats import FileMissing, Unit
from gridhall.lake.needs import Channel
from gridhall.runtime.jobs import Running, handler, start
from gridhall.runtime.localtime import local_day

#: The kinds of jobs on readings, for lists of them.
KINDS: Final = ("import", "mend")

_FIGURES: Final = (
    "id", "status", "accepted", "unchanged", "revised", "quarantined", "estimated", "missing", "suspects", "resolved",
)  # fmt: skip


def uploads() -> Path:
    """The folder of uploaded files that wait to be taken in."""
    return Path(settings.HOME) / "uploads"


@handler("import")
def take_in(
    job: Running, *, file: str, channel: str, zone: str, format: str | None = None, unit: str | None = None,
    mending: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """This will take in an uploaded file, and remove it whether it was let in or refused.

    A second time the content is known and nothing changes, so that an interrupted job may begin again.

    Args:
        file: below `uploads`.
        mending: the import whose quarantine download this is.
    """
    path = uploads() / file
    if not path.is_file():
        raise FileMissing("The uploaded file is gone.", path=path.name, remedy="Upload it again.")
    try:
        if mending is not None:
            done = metering.mend_by_file(mending, path, act=job.act, progress=_reading(job))
            remove(path)
            return _told_mended(job, done)
        report = metering.import_readings(
            path, now=job.act.at, zone=zone, channel=Channel(channel), format=format or None,
            unit=Unit[unit.upper()] if unit else None, progress=_reading(job),
        )  # fmt: skip
    except GridhallError as error:
        remove(path)
        # Readers know the name of their file; where it lay on the server is nobody's business.
        error.path = error.path.replace(str(path), path.name)
        error.message = error.message.replace(str(path), path.name)
        raise
    remove(path)
    _estimate(job, report)
    return _figures(report)


@handler("mend")
def mend(
    job: Running, *, number: int, rows: dict[str, list[str]] | None = None, replace: list[str] | None = None
) -> dict[str, Any]:
    """This will let quarantined rows of an import in: the ones given with their cells, or all with a value replaced.

    Args:
        number: of the import.
        rows: row → cells; None: all open rows.
        replace: column, old value, new value.
    """
    if rows is not None:
        cells = {int(row): each for row, each in rows.items()}
        done = metering.mend(number, cells, act=job.act, progress=_reading(job))
    else:
        wanted = (replace[0], replace[1], replace[2]) if replace else None
        done = metering.mend_all(number, act=job.act, replace=wanted, progress=_reading(job))
    return _told_mended(job, done)


def _reading(job: Running) -> Callable[[int, int], None]:
    return lambda done, size: job.progress(done, size, "reading" if done < size else "checking")


def _told_mended(job: Running, done: Mended) -> dict[str, Any]:
    if done.taken is not None:
        _estimate(job, done.taken)
    figures = _figures(done.taken) if done.taken else {}
    return figures | {"resolved": done.resolved, "still_wrong": done.still_wrong}


def _figures(report: ImportReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in _FIGURES}


def _estimate(job: Running, report: ImportReport) -> None:
    """The running month of everybody has changed with new readings; a job of its own, after this one."""
    if not report.accepted or report.status != "imported":
        return
    today = local_day(job.act.at)
    start("running_month", {"today": today.isoformat()}, act=job.act, subject=f"import:{report.id}")


def remove(path: Path) -> None:
    """This will remove an uploaded file and the folder made for it."""
    path.unlink(missing_ok=True)
    if path.parent != uploads() and path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()
