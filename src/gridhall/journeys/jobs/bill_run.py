"""The job that bills a month; killed, it is taken up where it stood."""

from typing import Any, Final

from django.db import connection, transaction

from gridhall.contexts.billing.operations import run_month
from gridhall.contexts.metering.operations import summarise_peers
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import jobs
from gridhall.runtime.audit import Act
from gridhall.runtime.localtime import local_day

KIND: Final = "bill_run"
_ACTIVE: Final = (jobs.JobStatus.WAITING, jobs.JobStatus.RUNNING)


@jobs.handler(KIND)
def run(job: jobs.Running, *, month: str, organisation: str | None) -> dict[str, Any]:
    """Bill a unit and all below it for a month.

    Returns:
        The number of the run, its bills, their total in fen, and what it parked by reason.
    """
    act = job.act

    def told(done: int, everything: int) -> None:
        job.progress(done, everything, "rating")

    job.progress(0, 0, "preparing")
    report = run_month(
        DateSpan.parse_month(month), organisation=organisation, act=act, today=local_day(act.at), progress=told
    )
    # Homes are compared with others over months that are billed.
    summarise_peers(DateSpan.parse_month(month), act=act)
    return {"run": report.run, "bills": report.bills, "total_fen": report.total_fen, "parked": report.parked}


def ask(month: DateSpan, organisation: str | None, unit: int | None, act: Act) -> int:
    """This will start the job, or give the number of the one that does or will do the same already.

    Args:
        organisation, unit: code and id of the unit; None for the whole utility.
    """
    subject = subject_of(month, organisation)
    with transaction.atomic(), connection.cursor() as cursor:
        # Two presses of the button meet here, in whichever processes they are served.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [subject])
        for job in jobs.newest([KIND], 1, statuses=_ACTIVE, subject=subject):
            return job.id
        arguments = {"month": f"{month.start:%Y-%m}", "organisation": organisation}
        return jobs.start(KIND, arguments, act=act, organisation=unit, subject=subject)


def active(month: DateSpan, organisation: str | None) -> int | None:
    """The number of the job that bills this or is about to; None where there is none."""
    found = jobs.newest([KIND], 1, statuses=_ACTIVE, subject=subject_of(month, organisation))
    return found[0].id if found else None


def subject_of(month: DateSpan, organisation: str | None) -> str:
    """What the job is about."""
    return f"bills:{month.start:%Y-%m}:{organisation or '*'}"
