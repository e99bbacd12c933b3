"""The daily job of autopay: what was noticed is charged, what is new is noticed."""

from typing import Any

from gridhall.contexts.payments import operations as payments
from gridhall.runtime.jobs import Running, handler, schedule


@schedule.daily("autopay", at="09:00")
@handler("autopay")
def run(job: Running, *, day: str) -> dict[str, Any]:
    """Charge what is due and notice what is new; again is no harm: a bill is noticed once, an order charged once.

    Args:
        day: the utility's day that it is due on; what counts is the day on which it runs.
    """
    sent = payments.send_debits(job.now, progress=lambda done, all_: job.progress(done, all_, "charging"))
    noticed = payments.notice_debits(job.now(), progress=lambda done, all_: job.progress(done, all_, "noticing"))
    return {"noticed": noticed, **sent}
