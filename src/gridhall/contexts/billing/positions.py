"""What is known of a batch before it is rated: which periods are billed already, the position in the tiers, history."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from django.db import connection, transaction

from gridhall.contexts.billing.rating import History
from gridhall.contexts.billing.rules.parking import BillingRules
from gridhall.contexts.billing.rules.tiers import TierSource, tier_start
from gridhall.contexts.tariffs.types import Tariff
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.copy import copy_in, copy_out

#: Per row: energy and days of the live bills since the tier year or the supply began; opening value; then history.
_BEFORE = """
SELECT w.place, coalesce(b.used, 0), coalesce(b.covered, 0), coalesce(o.used_wh, -1), o.as_of_date,
       coalesce(b.wh, 0), coalesce(b.days, 0), coalesce(b.bills, 0)
FROM billing_asked w
LEFT JOIN LATERAL (
    SELECT as_of_date, used_wh FROM billing_tieropening
    WHERE usage_point_id = w.usage_point AND as_of_date > w.tier_from AND as_of_date <= w.until
    ORDER BY as_of_date DESC LIMIT 1) o ON true
LEFT JOIN LATERAL (
    SELECT
        sum(CASE WHEN agreement_id = w.agreement THEN tier_used_after_wh
                - CASE WHEN start_date >= w.tier_from THEN tier_used_wh ELSE 0 END ELSE energy_wh END)
            FILTER (WHERE end_date > coalesce(o.as_of_date, w.tier_from)) AS used,
        sum(end_date - greatest(start_date, coalesce(o.as_of_date, w.tier_from)))
            FILTER (WHERE end_date > coalesce(o.as_of_date, w.tier_from)) AS covered,
        sum(energy_wh) FILTER (WHERE start_date >= w.usual_from) AS wh,
        sum(end_date - start_date) FILTER (WHERE start_date >= w.usual_from) AS days,
        count(*) FILTER (WHERE start_date >= w.usual_from) AS bills
    FROM billing_bill
    WHERE usage_point_id = w.usage_point AND status = 'issued' AND end_date <= w.until
        AND start_date >= least(w.usual_from, w.tier_from - 400)) b ON true
"""

_BEFORE_SCHEMA = pa.schema(
    [
        ("place", pa.int32()),
        ("used", pa.int64()),
        ("covered", pa.int64()),
        ("opening", pa.int64()),
        ("opening_date", pa.date32()),
        ("wh", pa.int64()),
        ("days", pa.int64()),
        ("bills", pa.int64()),
    ]
)

#: What is asked of the bills before, staged by COPY: arrays of fifty thousand parameters cost more than the answer.
_ASKED = """
CREATE TEMPORARY TABLE billing_asked (
    place int, usage_point bigint, agreement bigint, tier_from date, usual_from date, until date)
"""

_LIVE = """
SELECT usage_point_id, agreement_id, start_date, end_date, number FROM billing_bill
WHERE status = 'issued' AND usage_point_id BETWEEN %s AND %s AND start_date >= %s AND start_date < %s AND end_date > %s
"""
_LIVE_SCHEMA = pa.schema(
    [
        ("usage_point", pa.int64()),
        ("agreement", pa.int64()),
        ("start", pa.date32()),
        ("end", pa.date32()),
        ("number", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Billed:
    """Live bills that touch the span: ``done`` are of the same agreement and start, ``overlap`` maps row → number."""

    done: npt.NDArray[np.bool_]
    overlap: dict[int, int]


def billed(agreements: pa.Table, span: DateSpan) -> Billed:
    """This will find which rows have a live bill, and which only overlap one."""
    done = np.zeros(agreements.num_rows, bool)
    overlap: dict[int, int] = {}
    points = agreements["usage_point"].to_numpy()
    if not len(points):
        return Billed(done, overlap)
    # A period never lasts longer than a month; reaching back two keeps the index range short.
    reach = span.start - timedelta(days=62)
    bounds = [int(points.min()), int(points.max())]
    live = copy_out(_LIVE, [*bounds, reach, span.end, span.start], _LIVE_SCHEMA)
    touched = np.flatnonzero(np.isin(points, live["usage_point"].to_numpy()))
    if not len(touched):
        return Billed(done, overlap)
    by_point: dict[int, list[tuple[int, date, date, int]]] = {}
    for row in live.to_pylist():
        by_point.setdefault(row["usage_point"], []).append((row["agreement"], row["start"], row["end"], row["number"]))
    part = agreements.select(["usage_point", "agreement", "start", "end"]).take(pa.array(touched)).to_pylist()
    for index, row in zip(touched.tolist(), part, strict=True):
        for agreement, start, end, number in by_point[row["usage_point"]]:
            if agreement == row["agreement"] and start == row["start"]:
                done[index] = True
                overlap.pop(index, None)
                break
            if start < row["end"] and end > row["start"]:
                overlap[index] = number
    return Billed(done, overlap)


def with_positions(agreements: pa.Table, tariff: Tariff, rules: BillingRules) -> tuple[pa.Table, History]:
    """This will add ``tier_used_wh``, ``tier_from`` and ``tier_source`` to agreements, and give their history.

    The position is the sum of the live bills where they cover every day since the tier year or the supply began; else
    an opening value and the bills since; else ``tier_from`` names the day from which the lake is asked. A later row
    of an agreement in the same batch stays null: rating carries the usage on.
    """
    count = agreements.num_rows
    starts = agreements["start"].to_numpy().astype("M8[D]")
    since = agreements["since"].to_numpy().astype("M8[D]")
    days, which = np.unique(starts, return_inverse=True)
    tier_from = np.array([tier_start(tariff, day) or day for day in days.tolist()], "M8[D]")[which]
    tier_from = np.minimum(np.maximum(tier_from, since), starts)
    usual_from = np.maximum(starts - np.timedelta64(rules.implausible.usual_over_days, "D"), since)
    keys = agreements["agreement"].to_numpy()
    later = np.zeros(count, bool)
    later[1:] = keys[1:] == keys[:-1]
    asked = pa.table(
        {
            "place": pa.array(np.arange(count, dtype=np.int32)),
            "usage_point": agreements["usage_point"],
            "agreement": agreements["agreement"],
            "tier_from": pa.array(tier_from, pa.date32()),
            "usual_from": pa.array(usual_from, pa.date32()),
            "until": pa.array(starts, pa.date32()),
        }
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ASKED)
        copy_in("billing_asked", asked)
        before = copy_out(_BEFORE, [], _BEFORE_SCHEMA)
        cursor.execute("DROP TABLE billing_asked")
    order = np.argsort(before["place"].to_numpy())
    column = {name: before[name].to_numpy(zero_copy_only=False)[order] for name in _BEFORE_SCHEMA.names}
    opened = column["opening"] >= 0
    counted_from = np.where(opened, column["opening_date"].astype("M8[D]"), tier_from)
    needed = (starts - counted_from).astype(np.int64)
    complete = (column["covered"] == needed) | later
    used = np.where(opened, np.maximum(column["opening"], 0), 0) + np.where(complete, column["used"], 0)
    fresh = (needed == 0) & ~opened
    source = np.select(
        [fresh | later, ~complete & ~opened, opened], [TierSource.NONE, TierSource.READINGS, TierSource.OPENING],
        TierSource.BILLS,
    )  # fmt: skip
    agreements = (
        agreements.append_column("tier_used_wh", pa.array(used, pa.int64(), mask=later))
        .append_column("tier_from", pa.array(counted_from, pa.date32(), mask=complete))
        .append_column("tier_source", pa.array(source.astype(object), pa.string()))
    )
    return agreements, History(column["wh"], column["days"], column["bills"])
