"""From rated bills to rows of the database: one COPY, and the database posts the ledger in the same statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from gridhall.contexts.billing.models import Bill
from gridhall.contexts.billing.rules.numbering import first_numbers, next_revision
from gridhall.runtime.copy import copy_in

#: Columns of rated bills that are stored as they are: name there → (name here, type).
_RATED = {
    "usage_point": ("usage_point_id", pa.int64()),
    "agreement": ("agreement_id", pa.int64()),
    "start": ("start_date", pa.date32()),
    "end": ("end_date", pa.date32()),
    "versions": ("tariff_versions", pa.list_(pa.string())),
    "line_no": ("line_no", pa.list_(pa.int16())),
    "quantity": ("quantity", pa.list_(pa.int64())),
    "price": ("price", pa.list_(pa.int64())),
    "amount": ("amount_fen", pa.list_(pa.int64())),
    "total": ("total_fen", pa.int64()),
    "separate_total": ("separate_fen", pa.int64()),
    "tax_included": ("tax_fen", pa.int64()),
    "energy_wh": ("energy_wh", pa.int64()),
    "export_wh": ("export_wh", pa.int64()),
    "reactive_varh": ("reactive_varh", pa.int64()),
    "demand_w": ("demand_w", pa.int64()),
    "power_factor": ("power_factor", pa.int16()),
    "tier_used_wh": ("tier_used_wh", pa.int64()),
    "tier_used_after_wh": ("tier_used_after_wh", pa.int64()),
    "days_read": ("days_read", pa.int16()),
    "missing": ("missing", pa.int32()),
    "estimated": ("estimated", pa.int32()),
}

#: Columns of the agreements that a bill keeps, so that it can be computed again: name there → (name here, type).
_KEPT = {
    "account": ("account_id", pa.int64()),
    "organisation": ("organisation_id", pa.int64()),
    "tier_source": ("tier_source", pa.string()),
    "since": ("since_date", pa.date32()),
    "household_size": ("household_size", pa.int16()),
    "allowance": ("allowance", pa.string()),
    "capacity_va": ("capacity_va", pa.int64()),
    "contract_demand_w": ("contract_demand_w", pa.int64()),
    "power_factor_standard": ("power_factor_standard", pa.int16()),
    "charged_fen": ("charged_fen", pa.int64()),
}


@dataclass(frozen=True)
class Issue:
    """What all bills of one posting share."""

    run: int
    tariff_code: str
    tariff_digest: str
    readings_version: int
    now: datetime


def post(
    rated: pa.Table,
    agreements: pa.Table,
    numbers: npt.NDArray[np.int64],
    issue: Issue,
    *,
    replaces: Sequence[int | None] | None = None,
    reason: str | None = None,
) -> int:
    """This will insert bills, row by row of ``rated`` with its row of ``agreements``; the database posts their entries.

    Call inside a transaction.

    Returns:
        How many bills were issued.
    """
    count = rated.num_rows
    if not count:
        return 0
    columns: dict[str, pa.Array | pa.ChunkedArray] = {"number": pa.array(numbers, pa.int64())}
    for source, names in ((rated, _RATED), (agreements, _KEPT)):
        for there, (here, kind) in names.items():
            found = source[there] if there in source.column_names else pa.nulls(count, kind)
            columns[here] = found if found.type == kind else found.cast(kind)
    same = {
        "run_id": pa.scalar(issue.run, pa.int64()),
        "tariff_code": pa.scalar(issue.tariff_code),
        "tariff_digest": pa.scalar(issue.tariff_digest),
        "readings_version": pa.scalar(issue.readings_version, pa.int64()),
        "issued_at": pa.scalar(issue.now, pa.timestamp("us", tz="UTC")),
        "status": pa.scalar("issued"),
        "reason": pa.scalar(reason, pa.string()),
    }
    columns |= {name: pa.repeat(value, count) for name, value in same.items()}
    columns["replaces"] = pa.nulls(count, pa.int64()) if replaces is None else pa.array(replaces, pa.int64())
    return copy_in(Bill._meta.db_table, pa.table(columns))


def total_of(rated: pa.Table) -> int:
    """The sum of all totals in fen."""
    return int(pc.sum(rated["total"]).as_py() or 0)


def numbers_of(rated: pa.Table) -> npt.NDArray[np.int64]:
    """The numbers of new bills: the first, or the next where cancelled bills of the same period hold it."""
    starts = rated["start"].to_numpy().astype("M8[D]")
    numbers = first_numbers(starts, rated["agreement"].to_numpy())
    if not len(numbers):
        return numbers
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number FROM billing_bill WHERE number BETWEEN %s AND %s AND status = 'cancelled' ORDER BY number",
            [int(numbers.min()), int(numbers.max()) + 99],
        )
        taken = {number - number % 100: number for (number,) in cursor.fetchall()}
    if taken:
        numbers = np.array([next_revision(taken[n]) if n in taken else n for n in numbers.tolist()], np.int64)
    return numbers
