"""One job from its beginning to its end.

While a job runs, its worker holds an advisory lock of PostgreSQL on a connection of its own. The lock ends with the
process, however that ends: a job that says *running* while nobody holds its lock was interrupted, and only then. The
same connection writes progress, so that pages see it while the job's own transaction is open.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import psycopg
from django.db import Error, InterfaceError, OperationalError, connection, transaction

from gridhall.kernel.errors import GridhallError
from gridhall.runtime.audit import Act
from gridhall.runtime.jobs import registry
from gridhall.runtime.jobs.queue import give_ticket, plain
from gridhall.runtime.jobs.types import JobStatus
from gridhall.runtime.models import JobRecord

#: The first of the two keys of a running job's lock; the second is its number.
LOCK: Final = 7_140_002
#: Progress is written at most this often, in seconds.
SELDOM: Final = 0.25
#: A job that was interrupted so often is given up: it is likely what ends the worker.
MOST_ATTEMPTS: Final = 5

_log = logging.getLogger("gridhall.jobs")


class _Stopped(BaseException):
    """The worker is to stop. No Exception, so that no handler takes it for a failure of its work."""


class _Lost(BaseException):
    """The connection that holds the lock is gone: somebody else may take the job up, so this one must end."""


@dataclass
class Running:
    """What a handler is given: who wants it, and where to say how far it is.

    Attributes:
        attempt: 1 at first, more after an interruption.
    """

    id: int
    kind: str
    subject: str
    organisation: int | None
    attempt: int
    requested_by: str
    now: Callable[[], datetime]
    _line: "psycopg.Connection[Any] | None" = None
    _stopping: Callable[[], bool] = lambda: False
    _written: tuple[int, int, str] = (0, 0, "")
    _due: float = field(default=0.0)

    @property
    def act(self) -> Act:
        """Who asked for the job, acting now."""
        return Act(actor=self.requested_by, at=self.now())

    def progress(self, done: int, all: int, step: str = "") -> None:
        """This will show how far the job is, at most four times a second; it ends the handler when the worker stops.

        Args:
            done: how much is done.
            all: of how much; 0 when that is not known.
            step: a stable code of what is being done now.
        """
        if self._stopping():
            raise _Stopped
        moment = time.monotonic()
        at_once = step != self._written[2] or (all and done >= all)
        if (done, all, step) == self._written or (moment < self._due and not at_once):
            return
        self._due = moment + SELDOM
        self._written = (done, all, step)
        if self._line is not None:
            self._write(self._line)

    def _write(self, line: "psycopg.Connection[Any]") -> None:
        done, total, step = self._written
        try:
            line.execute(
                "UPDATE runtime_jobrecord SET done = %s, total = %s, step = %s WHERE id = %s",
                [done, total, step[:100], self.id],
            )
        except psycopg.Error as error:
            raise _Lost from error


def run_now(id: int, *, now: Callable[[], datetime]) -> None:
    """This will do one waiting job here and now, in this process; for tests and for commands that wait for the end.

    Like the worker it stores the failure of a job instead of raising it.
    """
    perform(id, now=now)


def perform(id: int, *, now: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False) -> None:
    """This will do a job and store its result or failure; a job that is over or that somebody else does is left alone.

    Raises:
        OperationalError, InterfaceError: when the database went away; the job will be taken up again.
    """
    with _line_of(id) as line:
        if line is None:
            return
        job = _begin(id, now())
        if job is None:
            return
        running = Running(
            id=job.pk, kind=job.kind, subject=job.subject, organisation=job.organisation, attempt=job.attempts,
            requested_by=job.requested_by, now=now, _line=line, _stopping=stopping,
        )  # fmt: skip
        try:
            result = plain(registry.find(job.kind)(running, **job.arguments) or {})
        except _Stopped:
            _give_back(job)
        except _Lost as lost:
            raise InterfaceError("The connection of a running job is gone; the job is taken up again.") from lost
        except GridhallError as error:
            _end(job, now(), error={"remedy": ""} | {k: str(v) for k, v in error.as_json().items()})
        except (OperationalError, InterfaceError) as error:
            if _is_alive():
                _fail(job, now(), error)
            else:
                raise
        except Exception as error:
            _fail(job, now(), error)
        else:
            _end(job, now(), result=result)


@contextmanager
def _line_of(id: int) -> "Iterator[psycopg.Connection[Any] | None]":
    """The connection that holds a job's lock; None when somebody else holds it."""
    parameters = connection.get_connection_params()
    wanted = {key: value for key, value in parameters.items() if key not in ("cursor_factory", "context")}
    with psycopg.connect(**wanted, autocommit=True) as line:
        row = line.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, id]).fetchone()
        yield line if row and row[0] else None


def _begin(id: int, now: datetime) -> JobRecord | None:
    with transaction.atomic():
        job = JobRecord.objects.select_for_update().filter(pk=id).first()
        if job is None or job.status in (JobStatus.DONE, JobStatus.FAILED):
            return None
        job.attempts += 1
        job.status = JobStatus.RUNNING
        job.started_at = job.started_at or now
        job.done, job.total, job.step = 0, 0, ""
        job.save(update_fields=["attempts", "status", "started_at", "done", "total", "step"])
    if job.attempts > MOST_ATTEMPTS:
        _end(job, now, error=_GIVEN_UP)
        return None
    return job


def _end(
    job: JobRecord, now: datetime, *, result: dict[str, Any] | None = None, error: dict[str, str] | None = None
) -> None:
    status = JobStatus.FAILED if error else JobStatus.DONE
    JobRecord.objects.filter(pk=job.pk).update(status=status, finished_at=now, result=result, error=error)


def _fail(job: JobRecord, now: datetime, error: Exception) -> None:
    _log.error("Job %s (%s) ended with an internal error.", job.pk, job.kind, exc_info=error)
    _end(job, now, error=_INTERNAL)


def _give_back(job: JobRecord) -> None:
    with transaction.atomic():
        JobRecord.objects.filter(pk=job.pk).update(status=JobStatus.WAITING, attempts=job.attempts - 1)
        give_ticket(job)


def _is_alive() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def take_up_interrupted() -> int:
    """This will put jobs back into the queue whose worker is gone; returns how many."""
    count = 0
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT job.id, job.ticket FROM runtime_jobrecord job
            LEFT JOIN procrastinate_jobs ticket ON ticket.id = job.ticket
            LEFT JOIN procrastinate_workers worker ON worker.id = ticket.worker_id
            WHERE job.status = 'running'
               OR job.status = 'waiting' AND (ticket.id IS NULL OR ticket.status = 'doing'
                  AND coalesce(worker.last_heartbeat, '-infinity') < now() - interval '15 seconds')
            """
        )
        found = cursor.fetchall()
    for id, ticket in found:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, id])
            if not cursor.fetchone()[0]:
                continue
            job = (
                JobRecord.objects.select_for_update()
                .filter(pk=id, status__in=[JobStatus.RUNNING, JobStatus.WAITING], ticket=ticket)
                .first()
            )
            if job is None:
                continue
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s AND status <> 'todo'", [ticket])
            job.status = JobStatus.WAITING
            job.save(update_fields=["status"])
            give_ticket(job)
            count += 1
    return count


_INTERNAL: Final = {
    "code": "internal",
    "message": "The job ended with an error that it should not have.",
    "path": "",
    "remedy": "Start it again; if that does not help, the log of the worker says more.",
}
_GIVEN_UP: Final = {
    "code": "job_given_up",
    "message": f"The job was interrupted {MOST_ATTEMPTS} times and is not taken up again.",
    "path": "",
    "remedy": "See in the log of the worker what ended it, then start it again.",
}
