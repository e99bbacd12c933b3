"""The job that asks gateways about orders of which nothing was heard."""

from typing import Any

from gridhall.contexts.payments import operations as payments
from gridhall.runtime.jobs import Running, handler, schedule


@schedule.every("payments_open_orders", minutes=1)
@handler("payments_open_orders")
def ask(job: Running) -> dict[str, Any]:
    """Post or close open orders whose time is over; again is no harm: gateways are asked, nothing is assumed."""
    found = payments.ask_overdue(job.now, progress=lambda done, all_: job.progress(done, all_, "asking"))
    return {"paid": found.paid, "closed": found.closed, "waiting": found.waiting}
