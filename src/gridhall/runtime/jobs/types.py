"""What a job is to those who look at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gridhall.kernel.errors import GridhallError, NotFound


class JobStatus(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Job:
    """A job as it stands.

    Attributes:
        subject: what it is about, as ``kind:number`` or free text without personal data.
        organisation: the unit that it belongs to, None for the whole utility.
        requested_by: as the audit trail names them.
        done: how much of ``total`` is done, in units of the kind (bytes, bills); ``total`` 0 means not known yet.
        step: a stable code of what is being done now.
        result: what the handler gave; None until then.
        error: ``code``, ``message``, ``path``, ``remedy`` of a failure; None otherwise.
        attempts: how many times it was begun; more than one after a stop of the worker.
    """

    id: int
    kind: str
    subject: str
    organisation: int | None
    arguments: Mapping[str, Any]
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    status: JobStatus
    done: int
    total: int
    step: str
    result: Mapping[str, Any] | None
    error: Mapping[str, str] | None
    attempts: int

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in (JobStatus.DONE, JobStatus.FAILED)


class JobKindUnknown(GridhallError):
    """No handler is registered for the kind; ``settings.JOB_HANDLERS`` names the packages that are searched."""

    code = "job_kind_unknown"


class JobNotFound(NotFound):
    """There is no job of that number."""

    code = "job_not_found"
