"""The job that asks gateways for refunds on their way."""

from typing import Any

from gridhall.contexts.payments import operations as payments
from gridhall.runtime.jobs import Running, handler, schedule


@schedule.every("payments_refunds", minutes=1)
@handler("payments_refunds")
def send(job: Running) -> dict[str, Any]:
    """Ask for each refund under its own number: a gateway refunds once however often it is asked."""
    return dict(payments.send_waiting_refunds(job.now, progress=lambda done, all_: job.progress(done, all_, "asking")))
