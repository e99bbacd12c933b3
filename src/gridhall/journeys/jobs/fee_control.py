"""The daily stock-taking of smart fee control, and the steps that follow from it through the day."""

from datetime import date
from typing import Any

from gridhall.contexts.payments.operations.fee_control_cases import advance
from gridhall.contexts.payments.operations.fee_control_daily import take_stock
from gridhall.kernel.errors import GridhallError
from gridhall.runtime.jobs import Running, handler, schedule


@schedule.daily("fee_control", at="08:00")
@handler("fee_control")
def daily(job: Running, *, day: str) -> dict[str, Any]:
    """Take stock as of the end of the day before, warn, and give the notices that are due. Again is no harm.

    Args:
        day: the utility's day, YYYY-MM-DD.
    """
    try:
        stock = take_stock(
            date.fromisoformat(day), act=job.act, progress=lambda done, all_: job.progress(done, all_, "rating")
        )
    except GridhallError as error:
        if error.code != "no_readings_imported":
            raise
        return {"usage_points": 0}
    moved = advance(act=job.act)
    return {
        "usage_points": stock.usage_points, "levels": stock.levels, "warned": stock.warned,
        "unpriced": stock.unpriced, "moves": moved.moves,
    }  # fmt: skip


@schedule.every("fee_control_steps", minutes=5)
@handler("fee_control_steps")
def steps(job: Running) -> dict[str, Any]:
    """Final notices and cut-offs whose time has come, within the hours in which they may be."""
    return {"moves": advance(act=job.act).moves}
