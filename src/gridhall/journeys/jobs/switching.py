"""The net below the switching of meters: no command is forgotten, whatever happened to its message."""

from typing import Any

from gridhall.contexts.payments.operations.fee_control_switching import take_up_forgotten
from gridhall.runtime.jobs import Running, handler, schedule


@schedule.every("switching", minutes=1)
@handler("switching")
def take_up(job: Running) -> dict[str, Any]:
    """Have commands driven that should have been long ago."""
    return {"taken_up": take_up_forgotten(job.act.at)}
