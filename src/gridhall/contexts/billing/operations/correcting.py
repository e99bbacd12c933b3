"""Corrections: a wrong bill is cancelled and the right one put in its place, in the period to which both belong."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.db.models import Max

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing import posting, sources
from gridhall.contexts.billing.errors import BillCancelled, CannotCorrect, NothingToCorrect, ReasonMissing
from gridhall.contexts.billing.exclusive import exclusive
from gridhall.contexts.billing.models import Bill, BillRun, ParkedBill, RunKind, RunStatus
from gridhall.contexts.billing.positions import with_positions
from gridhall.contexts.billing.rating import Document, Sources, rate_batch
from gridhall.contexts.billing.recomputing import stored
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.rules.corrections import changes, differs
from gridhall.contexts.billing.settings import rules as current_rules
from gridhall.contexts.billing.types import CorrectedBill, CorrectionReport, NotCorrected
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.lake.engine import Session
from gridhall.runtime.audit import Act, record

_CANCEL = """
UPDATE billing_bill b SET status = 'cancelled', cancelled_at = %s, cancelled_reason = %s, replaced_by = w.new
FROM unnest(%s::bigint[], %s::bigint[]) AS w(old, new) WHERE b.number = w.old
"""
_OF_POINTS = "status = 'issued' AND start_date >= %s AND start_date < %s AND usage_point_id = ANY(%s::bigint[])"
_OF_UNITS = "status = 'issued' AND start_date >= %s AND start_date < %s AND organisation_id = ANY(%s::bigint[])"


def correct(number: int, *, reason: str, act: Act, preview: bool = False) -> CorrectionReport:
    """This will replace a bill by the one that today's readings, agreement and tariff make, and what follows from it.

    Later bills of the same tier year whose lines change with the position in the tiers are replaced in the same
    transaction. With ``preview`` the same is done and taken back, so that what is shown is what would happen.

    Raises:
        NotFound: there is no such bill.
        BillCancelled: it is cancelled already.
        NothingToCorrect: computed anew it is the same to the fen.
        CannotCorrect: computed anew it would have to wait: readings are missing or implausible, or the tariff refuses.
        RunInProgress: a run or another correction is at work.
        ReasonMissing: no reason is given.
    """
    bill = Bill.objects.select_related("organisation").filter(number=number).first()
    if bill is None:
        raise NotFound(f"There is no bill {numbering.show(number)}.", path="number", remedy="See `gridhall bill list`.")
    if bill.status != "issued":
        instead = "" if bill.replaced_by is None else f" Bill {numbering.show(bill.replaced_by)} took its place."
        raise BillCancelled(f"Bill {numbering.show(number)} is cancelled.{instead}", path="number")
    span = _month_of(bill.start_date)
    report = _carry_out(span, bill.organisation.code, [bill.usage_point_id], reason, act, preview, follow=True)
    for each in report.not_corrected:
        if each.number == numbering.show(number):
            raise CannotCorrect(each.reason, path=each.number, remedy=each.code)
    if not any(each.old == numbering.show(number) for each in report.bills):
        raise NothingToCorrect(f"Bill {numbering.show(number)} computed anew is the same to the fen.", path="number")
    return report


def correct_month(
    span: DateSpan, *, organisation: str | None = None, reason: str, act: Act, preview: bool = True
) -> CorrectionReport:
    """This will find the bills of a month that would be different today, and without ``preview`` replace them.

    Found bills that would have to wait are reported and left as they are. What follows in later months is replaced
    too; a preview looks at the month alone.

    Raises:
        NotFound: there is no such organisation.
        RunInProgress: a run or another correction is at work.
        ReasonMissing: no reason is given.
    """
    return _carry_out(span, organisation, None, reason, act, preview, follow=not preview)


def _carry_out(
    span: DateSpan,
    organisation: str | None,
    points: list[int] | None,
    reason: str,
    act: Act,
    preview: bool,
    *,
    follow: bool,
) -> CorrectionReport:
    if not reason.strip():
        raise ReasonMissing("A correction needs a reason.", path="--reason", remedy="Say what was wrong.")
    with exclusive(), sources.lake_session() as lake, transaction.atomic():
        work = _Correction(organisation, reason.strip(), act, lake, sources.newest_version())
        moved = work.month(span, points)
        while follow and moved:
            span = _month_of(span.end or span.start)
            latest = Bill.objects.filter(usage_point_id__in=moved, status="issued").aggregate(Max("start_date"))
            if latest["start_date__max"] is None or latest["start_date__max"] < span.start:
                break
            moved = work.month(span, moved)
        report = CorrectionReport(not preview, work.version, tuple(work.done), tuple(work.left))
        if preview:
            transaction.set_rollback(True)
        elif work.done:
            details = {"bills": len(work.done), "difference_fen": report.difference_fen, "reason": reason}
            record(act, "billing.bills.corrected", f"month:{work.done[0].span.start:%Y-%m}", details)
        return report


@dataclass
class _Correction:
    """One transaction of corrections, month after month."""

    organisation: str | None
    reason: str
    act: Act
    lake: Session
    version: int
    done: list[CorrectedBill] = field(default_factory=list)
    left: list[NotCorrected] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)

    def month(self, span: DateSpan, points: list[int] | None) -> list[int]:
        """Correct one month and give the usage points whose position in the tiers has moved."""
        assert span.end is not None
        if points is None:
            units = [unit.id for unit in accounts.organisations(self.organisation)]
            live = stored(_OF_UNITS, [span.start, span.end, units])
        else:
            live = stored(_OF_POINTS, [span.start, span.end, points])
        if not live.num_rows:
            return list(points or [])
        old = {(row["usage_point"], row["start"]): row for row in live.to_pylist()}
        agreements = sources.agreements(self.organisation, span)
        concerned = pc.is_in(agreements["usage_point"], value_set=pc.unique(live["usage_point"]))
        fresh = self._rated(agreements.filter(concerned), span, old)
        return self._replace(span, old, fresh)

    def _rated(
        self, agreements: pa.Table, span: DateSpan, old: dict[tuple[int, date], dict[str, Any]]
    ) -> dict[tuple[int, date], dict[str, Any]]:
        """The bills as they should be, each with its agreement's row under ``terms``; those that must wait are left."""
        rules = current_rules()
        pinned: Sources = sources.as_of(self.lake, self.version, sources.calendar_of(span))
        found: dict[tuple[int, date], dict[str, Any]] = {}
        for code in sorted(pc.unique(agreements["tariff_code"]).to_pylist()):
            group = agreements.filter(pc.equal(agreements["tariff_code"], code))
            group = group.sort_by([("usage_point", "ascending"), ("agreement", "ascending"), ("start", "ascending")])
            try:
                document = self.documents.get(code) or sources.pin(code)
            except NotFound as error:
                self._leave(group, old, "no_tariff", str(error))
                continue
            self.documents[code] = document
            group, history = with_positions(group, document.tariff, rules)
            outcome = rate_batch(document, group, span, pinned, rules, history, _released(group))
            for refusal in outcome.refusals:
                part = group.take(pa.array(refusal.rows))
                self._leave(part, old, refusal.error.code, str(refusal.error))
            waiting = {verdict.index: verdict for verdict in outcome.verdicts}
            terms = outcome.agreements.to_pylist()
            again = outcome.rated.to_pylist()
            for index, row in enumerate(again):
                if index in waiting:
                    verdict = waiting[index]
                    part = outcome.agreements.slice(int(outcome.row_of[index]), 1)
                    self._leave(part, old, verdict.reason.value, verdict.text)
                    continue
                found[row["usage_point"], row["start"]] = row | {
                    "terms": terms[int(outcome.row_of[index])],
                    "document": document,
                    "account": terms[int(outcome.row_of[index])]["account"],
                }
        return found

    def _leave(self, agreements: pa.Table, old: dict[tuple[int, date], dict[str, Any]], code: str, text: str) -> None:
        """Leave the bills of these rows as they are, and say why."""
        for row in agreements.select(["usage_point", "start"]).to_pylist():
            bill = old.pop((row["usage_point"], row["start"]), None)
            if bill is not None:
                self.left.append(NotCorrected(numbering.show(bill["number"]), code, text))

    def _replace(
        self,
        span: DateSpan,
        old: dict[tuple[int, date], dict[str, Any]],
        fresh: dict[tuple[int, date], dict[str, Any]],
    ) -> list[int]:
        cancelled: list[dict[str, Any]] = []
        issued: list[dict[str, Any]] = []
        moved: set[int] = set()
        for key, bill in old.items():
            again = fresh.pop(key, None)
            if again is None:
                cancelled.append(bill)
                moved.add(key[0])
                continue
            if again["tier_used_after_wh"] != bill["tier_used_after_wh"]:
                moved.add(key[0])
            if differs(bill, again, sources.pinned_tariff(bill["digest"]).tariff, again["document"].tariff):
                cancelled.append(bill)
                issued.append(again | {"replaces": bill})
                moved.add(key[0])
        # Periods that had no bill are new where a bill of the same usage point was too long or went to another account.
        opened = {bill["usage_point"] for bill in cancelled}
        issued += [again | {"replaces": None} for key, again in sorted(fresh.items()) if key[0] in opened]
        if cancelled or issued:
            self._post(span, cancelled, issued)
        return sorted(moved)

    def _post(self, span: DateSpan, cancelled: list[dict[str, Any]], issued: list[dict[str, Any]]) -> None:
        run = BillRun.objects.create(
            organisation_id=sources.organisation_id(self.organisation),
            start_date=span.start,
            end_date=span.end or span.start,
            kind=RunKind.CORRECTION,
            status=RunStatus.FINISHED,
            readings_version=self.version,
            rules=current_rules().model_dump(),
            calendar=sources.calendar_of(span),
            tariffs={code: document.digest for code, document in self.documents.items()},
            bills=len(issued),
            total_fen=sum(row["total"] for row in issued) - sum(bill["total"] for bill in cancelled),
            started_at=self.act.at,
            finished_at=self.act.at,
        )
        groups: dict[str, list[dict[str, Any]]] = {}
        for row in issued:
            groups.setdefault(row["document"].digest, []).append(row)
        numbers: dict[int, int] = {}
        for rows in groups.values():
            for row, number in zip(rows, posting.numbers_of(_plain(rows)).tolist(), strict=True):
                before = row["replaces"]
                same = before is not None and before["agreement"] == row["agreement"]
                row["number"] = numbering.next_revision(before["number"]) if same else number
                if before is not None:
                    numbers[before["number"]] = row["number"]
        with connection.cursor() as cursor:
            olds = [bill["number"] for bill in cancelled]
            news = [numbers.get(number) for number in olds]
            cursor.execute(_CANCEL, [self.act.at, self.reason, olds, news])
        for rows in groups.values():
            document = rows[0]["document"]
            issue = posting.Issue(run.pk, document.tariff.code, document.digest, self.version, self.act.at)
            posting.post(
                _plain(rows),
                pa.Table.from_pylist([row["terms"] for row in rows], schema=_terms_schema(rows)),
                np.array([row["number"] for row in rows], np.int64),
                issue,
                replaces=[None if row["replaces"] is None else row["replaces"]["number"] for row in rows],
                reason=self.reason,
            )
        _resolve_parked(issued, self.act)
        self._report(cancelled, issued)

    def _report(self, cancelled: list[dict[str, Any]], issued: Iterable[dict[str, Any]]) -> None:
        points = {bill["usage_point"] for bill in cancelled} | {row["usage_point"] for row in issued}
        ids = sorted(points)
        names = dict(zip(ids, accounts.usage_point_numbers(ids).to_pylist(), strict=True))
        replaced = {row["replaces"]["number"] for row in issued if row["replaces"] is not None}
        for row in issued:
            before = row["replaces"]
            self.done.append(
                CorrectedBill(
                    old=None if before is None else numbering.show(before["number"]),
                    new=numbering.show(row["number"]),
                    usage_point=names[row["usage_point"]],
                    span=DateSpan(row["start"], row["end"]),
                    old_total_fen=0 if before is None else before["total"],
                    new_total_fen=row["total"],
                    changes=("a period that had no bill",) if before is None else changes(before, row),
                )
            )
        for bill in cancelled:
            if bill["number"] not in replaced:
                number, period = numbering.show(bill["number"]), DateSpan(bill["start"], bill["end"])
                gone = ("the agreement does not cover the period any more",)
                self.done.append(
                    CorrectedBill(number, None, names[bill["usage_point"]], period, bill["total"], 0, gone)
                )


def _plain(rows: list[dict[str, Any]]) -> pa.Table:
    """Rated rows as a table again."""
    names = [name for name in rows[0] if name not in ("terms", "document", "replaces", "number", "account", "refusal")]
    kinds = {"line_no": pa.list_(pa.int16()), "versions": pa.list_(pa.string())}
    lists = {name: pa.list_(pa.int64()) for name in ("quantity", "price", "amount")}
    days = {"start": pa.date32(), "end": pa.date32()}
    schema = pa.schema([(name, (kinds | lists | days).get(name, pa.int64())) for name in names])
    return pa.Table.from_pylist([{name: row[name] for name in names} for row in rows], schema=schema)


def _terms_schema(rows: list[dict[str, Any]]) -> pa.Schema:
    texts, days = {"tariff_code", "allowance", "tier_source"}, {"start", "end", "since", "tier_from"}
    return pa.schema(
        [
            (name, pa.string() if name in texts else pa.date32() if name in days else pa.int64())
            for name in rows[0]["terms"]
        ]
    )


def _released(agreements: pa.Table) -> Any:
    """Which periods a clerk has once decided to bill as they are."""
    points = agreements["usage_point"].to_pylist()
    decided = set(
        ParkedBill.objects.filter(usage_point_id__in=points, released_at__isnull=False).values_list(
            "usage_point_id", "start_date"
        )
    )
    keys = zip(points, agreements["start"].to_pylist(), strict=True)
    return np.array([key in decided for key in keys], bool)


def _resolve_parked(issued: list[dict[str, Any]], act: Act) -> None:
    for row in issued:
        if row["replaces"] is None:
            ParkedBill.objects.filter(
                usage_point_id=row["usage_point"], start_date=row["start"], resolved_at=None
            ).update(resolved_at=act.at)


def _month_of(day: date) -> DateSpan:
    return DateSpan.month(day.year, day.month)
