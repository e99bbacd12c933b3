"""The queue: jobs in, and what became of them. Tickets of the queue are procrastinate's, the rest is our own table."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from gridhall.runtime.audit import Act, record
from gridhall.runtime.jobs import registry
from gridhall.runtime.jobs.types import Job, JobNotFound, JobStatus
from gridhall.runtime.models import JobRecord

#: The name of procrastinate's task that does any of our jobs; tickets in the database carry it.
TASK: Final = "gridhall.job"
QUEUE: Final = "jobs"
#: After how many seconds without a sign of life a worker counts as gone.
SILENT_SECONDS: Final = 15


def start(kind: str, arguments: dict[str, Any], *, act: Act, organisation: int | None = None, subject: str = "") -> int:
    """This will enqueue a job in the caller's transaction and give its number; rolled back, it never runs.

    Args:
        kind: whose handler will be called.
        arguments: passed to the handler by name; JSON.
        act: who asks for it and when.
        organisation: the unit that it belongs to; None for the whole utility.
        subject: what it is about, without personal data.

    Raises:
        JobKindUnknown: when no handler is registered for the kind.
    """
    with transaction.atomic():
        job = enqueue(kind, arguments, by=act.actor, at=act.at, organisation=organisation, subject=subject)
        record(act, "runtime.job.requested", f"job:{job}", {"kind": kind, "subject": subject})
    return job


def enqueue(
    kind: str, arguments: dict[str, Any], *, by: str, at: datetime, organisation: int | None = None, subject: str = ""
) -> int:
    """This will enqueue a job as `start` does, without a word on the audit trail: for jobs that nobody asks for.

    Raises:
        JobKindUnknown: when no handler is registered for the kind.
    """
    registry.find(kind)
    with transaction.atomic():
        job = JobRecord.objects.create(
            kind=kind, subject=subject, organisation=organisation, arguments=plain(arguments),
            requested_by=by, requested_at=at, status=JobStatus.WAITING,
        )  # fmt: skip
        give_ticket(job)
    return job.pk


def show(id: int) -> Job:
    """A job as it stands.

    Raises:
        JobNotFound: when there is none of that number.
    """
    found = JobRecord.objects.filter(pk=id).first()
    if found is None:
        raise JobNotFound(f"There is no job {id}.")
    return as_job(found)


def newest(
    kinds: Iterable[str],
    limit: int = 20,
    *,
    statuses: Iterable[JobStatus] = (),
    subject: str | None = None,
    requested_by: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
) -> list[Job]:
    """Jobs of these kinds, the newest first; all statuses when none are named; ``before`` continues a list.

    Args:
        requested_by: asked for by this actor only.
        since: asked for at this moment or later only.
    """
    found = JobRecord.objects.filter(kind__in=list(kinds))
    if wanted := list(statuses):
        found = found.filter(status__in=wanted)
    if subject is not None:
        found = found.filter(subject=subject)
    if requested_by is not None:
        found = found.filter(requested_by=requested_by)
    if since is not None:
        found = found.filter(requested_at__gte=since)
    if before is not None:
        found = found.filter(pk__lt=before)
    return [as_job(each) for each in found.order_by("-id")[:limit]]


def worker_seen() -> bool:
    """Whether a worker has lately given a sign of life, so that waiting jobs will be taken up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat > now() - %s * interval '1 second')",
            [SILENT_SECONDS],
        )
        return bool(cursor.fetchone()[0])


def give_ticket(job: JobRecord) -> None:
    """This will put a waiting job into the queue, in the caller's transaction."""
    from procrastinate.contrib.django import app

    job.ticket = app.configure_task(TASK, queue=QUEUE).defer(job=job.pk)
    job.save(update_fields=["ticket"])


def plain(value: dict[str, Any]) -> dict[str, Any]:
    """The same in JSON's own types: dates and decimals as text."""
    found: dict[str, Any] = json.loads(json.dumps(value, cls=DjangoJSONEncoder))
    return found


def as_job(found: JobRecord) -> Job:
    """A row as those see it who look at it."""
    return Job(
        id=found.pk, kind=found.kind, subject=found.subject, organisation=found.organisation,
        arguments=found.arguments, requested_by=found.requested_by, requested_at=found.requested_at,
        started_at=found.started_at, finished_at=found.finished_at, status=JobStatus(found.status), done=found.done,
        total=found.total, step=found.step, result=found.result, error=found.error, attempts=found.attempts,
    )  # fmt: skip
