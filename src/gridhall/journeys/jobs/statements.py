"""The daily job that takes in what gateways say of the days before, as far as it is not here yet."""

import logging
from datetime import date, timedelta
from typing import Any, Final

from gridhall.contexts.payments.operations.reconciling import take_statement
from gridhall.contexts.payments.ports import GatewayUnavailable, gateways
from gridhall.contexts.payments.queries.reconciling import without_statement
from gridhall.kernel.errors import GridhallError
from gridhall.runtime.jobs import Running, handler
from gridhall.runtime.jobs.schedule import daily

KIND: Final = "statements"
#: Gateways write statements in the morning, some days later than others; so far back is asked again.
BACK: Final = timedelta(days=7)
_log = logging.getLogger("gridhall.payments.statements")


@daily(KIND, at="09:40")
@handler(KIND)
def fetch(job: Running, *, day: str) -> dict[str, Any]:
    """Take in the statements of the days before; what a gateway does not give, or gives broken, holds up no other.

    Args:
        day: the utility's day that it is done on, YYYY-MM-DD.
    """
    today = date.fromisoformat(day)
    taken: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for code, gateway in gateways().items():
        for each in without_statement(code, today - BACK, today - timedelta(days=1)):
            job.progress(len(taken) + len(refused), 0, code)
            about = {"gateway": code, "day": each.isoformat()}
            try:
                found = take_statement(code, each, gateway.statement(each), act=job.act)
            except GatewayUnavailable as error:
                _log.info("%s gives no statement of %s: %s", code, each, error)
                refused.append({**about, "code": error.code, "message": error.message})
            except GridhallError as error:
                refused.append({**about, "code": error.code, "path": error.path, "message": error.message})
            else:
                taken.append({**about, "lines": found.lines, "opened": found.opened, "posted": found.posted})
    return {"taken": taken, "refused": refused}
