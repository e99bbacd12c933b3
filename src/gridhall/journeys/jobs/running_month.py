"""The job that brings the running month of every agreement up to date after an import."""

from datetime import date
from typing import Any

from gridhall.contexts.billing import operations as billing
from gridhall.runtime.jobs import Running, handler


@handler("running_month")
def estimate(job: Running, *, today: str, organisation: str | None = None) -> dict[str, Any]:
    """Estimate the running month; see `billing.operations.estimate_running`. Again is no harm: it replaces.

    Args:
        today: the utility's day, YYYY-MM-DD.
        organisation: code; None for the whole utility.
    """
    report = billing.estimate_running(
        organisation, today=date.fromisoformat(today), act=job.act, progress=lambda done, all_: job.progress(done, all_)
    )
    return {"month": f"{report.span.start:%Y-%m}", "agreements": report.agreements, "unpriced": report.unpriced}
