"""The daily job that brings late-payment charges to what is right."""

from datetime import date, timedelta
from typing import Any, Final

from gridhall.contexts.payments import operations as payments
from gridhall.contexts.payments import queries
from gridhall.runtime import jobs
from gridhall.runtime.jobs import schedule

KIND: Final = "late_charges"
_BATCH: Final = 200


@schedule.daily(KIND, at="01:40")
@jobs.handler(KIND)
def assess(job: jobs.Running, *, day: str) -> dict[str, Any]:
    """Assess every account with something overdue, or whose books have moved since the last time; again is no harm.

    Args:
        day: the utility's day; charges count through the day before.
    """
    through = date.fromisoformat(day) - timedelta(days=1)
    last = jobs.newest([KIND], 1, statuses=[jobs.JobStatus.DONE])
    since = last[0].requested_at - timedelta(days=1) if last else None
    accounts = queries.to_assess(through, since=since)
    changed = 0
    for at in range(0, len(accounts), _BATCH):
        job.progress(at, len(accounts), "assessing")
        changed += payments.assess(accounts[at : at + _BATCH], through, act=job.act)
    return {"accounts": len(accounts), "changed": changed}
