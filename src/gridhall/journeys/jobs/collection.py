"""The nightly job that brings the cases of arrears up to date."""

from dataclasses import asdict
from datetime import date
from typing import Any

from gridhall.contexts.payments.operations.collection import collect
from gridhall.runtime.jobs import Running, handler
from gridhall.runtime.jobs.schedule import daily


@daily("collection", at="03:20")
@handler("collection")
def refresh(job: Running, *, day: str) -> dict[str, Any]:
    """Open, bring up to date and close cases; see `payments.operations.collection.collect`. Again is no harm."""
    return asdict(collect(date.fromisoformat(day), act=job.act))
