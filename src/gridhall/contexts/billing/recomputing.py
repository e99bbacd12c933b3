"""Computing bills again from what they were computed from: one or a month of them by the same path."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.contexts.billing import sources
from gridhall.contexts.billing.models import BillRun
from gridhall.contexts.billing.rating import Document, Outcome, Sources, rate_batch
from gridhall.contexts.billing.rules.parking import BillingRules
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.copy import copy_out

_COLUMNS = {
    "number": ("number", pa.int64()),
    "run": ("run_id", pa.int64()),
    "agreement": ("agreement_id", pa.int64()),
    "usage_point": ("usage_point_id", pa.int64()),
    "account": ("account_id", pa.int64()),
    "organisation": ("organisation_id", pa.int64()),
    "start": ("start_date", pa.date32()),
    "end": ("end_date", pa.date32()),
    "digest": ("tariff_digest", pa.string()),
    "version": ("readings_version", pa.int64()),
    "line_no": ("line_no", pa.list_(pa.int64())),
    "quantity": ("quantity", pa.list_(pa.int64())),
    "price": ("price", pa.list_(pa.int64())),
    "amount": ("amount_fen", pa.list_(pa.int64())),
    "total": ("total_fen", pa.int64()),
    "separate_total": ("separate_fen", pa.int64()),
    "tier_used_wh": ("tier_used_wh", pa.int64()),
    "tier_used_after_wh": ("tier_used_after_wh", pa.int64()),
    "tier_source": ("tier_source", pa.string()),
    "energy_wh": ("energy_wh", pa.int64()),
    "since": ("since_date", pa.date32()),
    "household_size": ("household_size", pa.int16()),
    "allowance": ("allowance", pa.string()),
    "capacity_va": ("capacity_va", pa.int64()),
    "contract_demand_w": ("contract_demand_w", pa.int64()),
    "power_factor_standard": ("power_factor_standard", pa.int16()),
    "charged_fen": ("charged_fen", pa.int64()),
}
_SCHEMA = pa.schema([(name, kind) for name, (_, kind) in _COLUMNS.items()])
_SELECT = f"SELECT {', '.join(column for column, _ in _COLUMNS.values())} FROM billing_bill"
_SUBSTANCE = ("line_no", "quantity", "price", "amount", "total", "separate_total", "tier_used_after_wh")


@dataclass(frozen=True)
class Recomputed:
    """A bill beside its recomputation; ``again`` is None where it could not be computed, and then ``why`` says why."""

    bill: dict[str, Any]
    again: dict[str, Any] | None
    why: str = ""

    @property
    def equal(self) -> bool:
        """Whether every line, quantity, price and amount is the same, to the fen."""
        return self.again is not None and all(self.bill[name] == self.again[name] for name in _SUBSTANCE)


def stored(condition: str, parameters: Sequence[Any]) -> pa.Table:
    """Stored bills under an SQL condition, ordered by agreement and start."""
    return copy_out(f"{_SELECT} WHERE {condition} ORDER BY agreement_id, start_date, number", parameters, _SCHEMA)


def recompute(bills: pa.Table) -> Iterator[Recomputed]:
    """This will compute bills again, each from its own readings version, pinned tariff, terms and calendar.

    Bills of the same run, document and month are rated together, so a month costs hardly more than one of its bills.
    """
    runs = {run.pk: run for run in BillRun.objects.filter(pk__in=pc.unique(bills["run"]).to_pylist())}
    with sources.lake_session() as lake:
        known: dict[tuple[int, int], Sources] = {}
        for group in _groups(bills):
            first = group.slice(0, 1).to_pylist()[0]
            run = runs[first["run"]]
            key = run.pk, first["version"]
            if key not in known:
                known[key] = sources.as_of(lake, first["version"], run.calendar)
            document = sources.pinned_tariff(first["digest"])
            yield from _recompute_group(group, document, known[key], BillingRules.model_validate(run.rules))


def _recompute_group(bills: pa.Table, document: Document, pinned: Sources, rules: BillingRules) -> Iterator[Recomputed]:
    span = DateSpan(pc.min(bills["start"]).as_py(), pc.max(bills["end"]).as_py())
    outcome = rate_batch(document, bills, span, pinned, rules)
    again = rated_rows(outcome)
    why = {row: str(refusal.error) for refusal in outcome.refusals for row in refusal.rows.tolist()}
    for row, bill in enumerate(bills.to_pylist()):
        found = again.get(row)
        if found is not None and found["refusal"] is not None:
            yield Recomputed(bill, None, found["refusal"])
        else:
            yield Recomputed(bill, found, why.get(row, ""))


def rated_rows(outcome: Outcome) -> dict[int, dict[str, Any]]:
    """The rated bills as plain dictionaries by the row of the agreements that they belong to."""
    return dict(zip(outcome.row_of.tolist(), outcome.rated.to_pylist(), strict=True))


def _groups(bills: pa.Table) -> Iterator[pa.Table]:
    """Bills of one run, document, readings version and month; an agreement's cancelled and live bills apart."""
    if not bills.num_rows:
        return
    month = bills["start"].to_numpy().astype("M8[M]").astype(np.int64)
    digests = bills["digest"].to_pylist()
    seen: dict[tuple[int, int], int] = {}
    keys: dict[tuple[Any, ...], list[int]] = {}
    columns = (bills[name].to_pylist() for name in ("run", "version", "agreement"))
    for row, (run, version, agreement) in enumerate(zip(*columns, strict=True)):
        # Two bills of one agreement in a month are two periods or a bill and its correction: each is rated from its
        # own position in the tiers, so they must not meet in one call, where usage is carried from row to row.
        rank = seen[agreement, month[row]] = seen.get((agreement, month[row]), -1) + 1
        keys.setdefault((run, version, digests[row], int(month[row]), rank), []).append(row)
    rows: npt.NDArray[np.int64]
    for listed in keys.values():
        rows = np.array(listed, np.int64)
        yield bills.take(pa.array(rows))
