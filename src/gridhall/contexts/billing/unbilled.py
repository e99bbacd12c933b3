"""Which days of agreements no bill covers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import numpy as np
import pyarrow as pa

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing import sources
from gridhall.contexts.billing.pacing import Ints, Month
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.copy import copy_out

#: How far back days may lie that are not billed yet; the work list has what is older.
_MONTHS_BACK: Final = 3
#: Up to so many usage points are named in the query.
_FEW: Final = 1_000

_BILLED: Final = """
SELECT usage_point_id, max(end_date) FROM billing_bill
WHERE status = 'issued' AND start_date >= %s AND organisation_id = ANY(%s::bigint[]) GROUP BY usage_point_id
ORDER BY usage_point_id
"""
_BILLED_SCHEMA: Final = pa.schema([("usage_point", pa.int64()), ("until", pa.date32())])


def unbilled_days(
    organisation: str | None, units: Sequence[int], month: Month, usage_points: Ints | None = None
) -> pa.Table:
    """The days of agreements that no bill covers, of agreements that have some in the running month.

    Args:
        organisation, units: code of a unit; ids of it and all below it.
        usage_points: of these alone (ids, ascending); None: of all.
    """
    back = month.span.start
    for _ in range(_MONTHS_BACK):
        back = (back - timedelta(days=1)).replace(day=1)
    span = DateSpan(back, month.span.end)
    query = _BILLED
    asked: list[object] = [back - timedelta(days=31), list(units)]
    if usage_points is not None and len(usage_points) <= _FEW:
        few = usage_points.tolist()
        rows = accounts.billable_of(few, units, span)
        query, asked = query.replace("GROUP", "AND usage_point_id = ANY(%s::bigint[]) GROUP"), [*asked, few]
    else:
        rows = accounts.billable(organisation, span)
        if usage_points is not None:
            rows = rows.filter(pa.array(np.isin(rows["usage_point"].to_numpy(), usage_points)))
    billed = copy_out(query, asked, _BILLED_SCHEMA)
    points, starts = rows["usage_point"].to_numpy(), rows["start"].to_numpy().astype("M8[D]")
    known, until = billed["usage_point"].to_numpy(), billed["until"].to_numpy().astype("M8[D]")
    if len(known):
        at = np.minimum(np.searchsorted(known, points), len(known) - 1)
        starts = np.where(known[at] == points, np.maximum(starts, until[at]), starts)
    ends = rows["end"].to_numpy().astype("M8[D]")
    open_ = (starts < ends) & (starts < np.datetime64(month.until))
    running = np.unique(rows["agreement"].to_numpy()[open_ & (ends > np.datetime64(month.span.start))])
    open_ &= np.isin(rows["agreement"].to_numpy(), running)
    rows = rows.set_column(rows.column_names.index("start"), "start", pa.array(starts, pa.date32()))
    return sources.with_since(rows.filter(pa.array(open_)))
