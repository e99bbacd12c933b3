"""The work list's shelf: what a run puts on it, and what it takes off."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.contexts.billing.models import BillRun, ParkedBill
from gridhall.contexts.billing.rating import Sources, energy_of
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.rules.parking import NEXT_STEP, BillingRules, Reason, Verdict
from gridhall.kernel.energy import WH_PER_KWH, kwh
from gridhall.kernel.spans import DateSpan

Items = dict[tuple[int, date], ParkedBill]


def open_items(agreements: pa.Table, span: DateSpan) -> Items:
    """Open items of these usage points with a period in the span, by usage point and start."""
    points = agreements["usage_point"].to_numpy()
    if not len(points):
        return {}
    found = ParkedBill.objects.filter(
        resolved_at=None, start_date__gte=span.start, start_date__lt=span.end,
        usage_point_id__gte=int(points.min()), usage_point_id__lte=int(points.max()),
    )  # fmt: skip
    wanted = set(points.tolist())
    return {(item.usage_point_id, item.start_date): item for item in found if item.usage_point_id in wanted}


def released(agreements: pa.Table, items: Mapping[tuple[int, date], ParkedBill]) -> npt.NDArray[np.bool_]:
    """Which rows a clerk has decided to bill as they are."""
    flags = np.zeros(agreements.num_rows, bool)
    if items:
        keys = zip(agreements["usage_point"].to_pylist(), agreements["start"].to_pylist(), strict=True)
        for index, key in enumerate(keys):
            item = items.get(key)
            flags[index] = item is not None and item.released_at is not None
    return flags


class Shelf:
    """Collects the parked items of one transaction and saves them with it.

    An item that is parked again keeps its row: the work list shows one line per period, with the newest reason.
    """

    def __init__(self, run: BillRun, now: datetime, items: Items) -> None:
        self.run, self.now, self.items = run, now, items
        self.fresh: list[ParkedBill] = []
        self.again: list[ParkedBill] = []
        self.resolved: list[ParkedBill] = []

    def put(self, agreements: pa.Table, row: int, verdict: Verdict) -> None:
        """Park one row for a verdict."""
        self._put(agreements.slice(row, 1).to_pylist()[0], verdict.reason, verdict.text, verdict.details)

    def put_all(
        self, agreements: pa.Table, reason: Reason, text: str, details: Mapping[str, Any] | None = None
    ) -> None:
        """Park every row for one reason."""
        for row in agreements.select(
            ["usage_point", "agreement", "account", "organisation", "start", "end"]
        ).to_pylist():
            self._put(row, reason, text, dict(details or {}))

    def put_overlap(self, agreements: pa.Table, row: int, number: int) -> None:
        """Park one row whose days another live bill covers in part."""
        text = f"Bill {numbering.show(number)} covers some of these days already."
        details = {"bill": numbering.show(number)}
        self._put(agreements.slice(row, 1).to_pylist()[0], Reason.OVERLAPS_BILL, text, details)

    def usage_without_agreement(self, spans: pa.Table, sources: Sources, rules: BillingRules) -> None:
        """Park energy used on days without an agreement (``usage_point, organisation, start, end``)."""
        if not spans.num_rows:
            return
        with sources.session.scratch():
            energy = energy_of(spans, sources)
        span = DateSpan(self.run.start_date, self.run.end_date)
        self.items = open_items(spans, span)
        for row, used in zip(spans.to_pylist(), energy.tolist(), strict=True):
            if used >= max(1, rules.no_agreement.from_kwh * WH_PER_KWH):
                item = self.items.get((row["usage_point"], row["start"]))
                if item is not None and item.released_at is not None:
                    continue
                text = (
                    f"{kwh(used)} kWh were used from {row['start']} to {row['end']} (exclusive) without an agreement."
                )
                self._put(row, Reason.NO_AGREEMENT, text, {"energy_wh": used})
        self._take_off_others(spans)

    def resolve(self, rated: pa.Table) -> None:
        """Take off what has been billed now."""
        if not self.items:
            return
        for key in zip(rated["usage_point"].to_pylist(), rated["start"].to_pylist(), strict=True):
            item = self.items.get(key)
            if item is not None:
                item.resolved_at = self.now
                self.resolved.append(item)

    def save(self) -> int:
        """Write everything and give the number of items parked."""
        ParkedBill.objects.bulk_create(self.fresh, batch_size=5000)
        fields = ["run", "agreement", "account", "end_date", "code", "reason", "next_step", "details", "parked_at"]
        ParkedBill.objects.bulk_update(self.again, fields, batch_size=1000)
        ParkedBill.objects.bulk_update(self.resolved, ["resolved_at"], batch_size=1000)
        return len(self.fresh) + len(self.again)

    def _take_off_others(self, spans: pa.Table) -> None:
        still = {id(item) for item in self.again}
        for item in self.items.values():
            if item.code == Reason.NO_AGREEMENT and id(item) not in still and item.released_at is None:
                item.resolved_at = self.now
                self.resolved.append(item)

    def _put(self, row: Mapping[str, Any], reason: Reason, text: str, details: Mapping[str, Any]) -> None:
        item = self.items.get((row["usage_point"], row["start"]))
        if item is None:
            item = ParkedBill(
                usage_point_id=row["usage_point"], organisation_id=row["organisation"], start_date=row["start"]
            )
            self.fresh.append(item)
        else:
            self.again.append(item)
        item.run = self.run
        item.agreement_id = row.get("agreement")
        item.account_id = row.get("account")
        item.end_date = row["end"]
        item.code, item.reason, item.next_step = reason.value, text, NEXT_STEP[reason]
        item.details = dict(details)
        item.parked_at = self.now
