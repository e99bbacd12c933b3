"""The bill run: every agreement of an organisation and month billed or parked, exactly once, whatever happens."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.db.models import Count, Sum

from gridhall.contexts.billing import parking, posting, sources
from gridhall.contexts.billing.errors import MonthNotOver
from gridhall.contexts.billing.exclusive import exclusive
from gridhall.contexts.billing.models import BillRun, BillRunBatch, ParkedBill, RunKind, RunStatus
from gridhall.contexts.billing.positions import billed, with_positions
from gridhall.contexts.billing.raters import AT_ONCE, Raters
from gridhall.contexts.billing.rating import Document, Outcome, Sources
from gridhall.contexts.billing.rules.parking import BillingRules, Reason
from gridhall.contexts.billing.settings import rules as current_rules
from gridhall.contexts.billing.types import RunReport
from gridhall.contexts.tariffs.operations import tells_holidays_apart
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act, record

#: Told after each batch: agreements done, agreements in all.
Progress = Callable[[int, int], None]


def run_month(
    span: DateSpan, *, organisation: str | None = None, act: Act, today: date, progress: Progress | None = None
) -> RunReport:
    """This will bill an organisation and all below it for a month, or take up the run that was killed doing so.

    Whatever the run depends on is pinned when it starts: readings version, tariff documents, rules, calendar. Each
    batch is one transaction of its bills, their ledger entries, what is parked, and the batch's marker. A month that
    has been billed before is billed again only where it was not: parked periods that can be billed now, new agreements.

    Args:
        span: the days to bill; whole months.
        organisation: code; None for the whole utility.
        act: who runs it, and when: the moment at which its bills are issued.
        today: the first day that is not over.

    Raises:
        RunInProgress: another run or correction is at work.
        NothingToBillFrom: no readings have been imported.
        MonthNotOver: the span reaches beyond yesterday.
        NotFound: there is no such organisation.
        RulesInvalid: ``rules/billing.yaml`` cannot be used.
    """
    if span.end is None or span.end > today:
        raise MonthNotOver(f"{span} is not over on {today}.", path="month", remedy="Bill it when its last day is over.")
    with exclusive():
        run = _begin(span, organisation, act.at)
        _Work(run, span, act, progress or (lambda _done, _all: None)).carry_out()
        return report(run)


def report(run: BillRun) -> RunReport:
    """What a run has come to."""
    parked = ParkedBill.objects.filter(run=run, resolved_at=None).values_list("code").annotate(Count("id"))
    return RunReport(
        run=run.pk,
        organisation=run.organisation.code if run.organisation else None,
        span=DateSpan(run.start_date, run.end_date),
        bills=run.bills,
        total_fen=run.total_fen,
        parked=dict(sorted(parked)),
        readings_version=run.readings_version,
    )


def _begin(span: DateSpan, organisation: str | None, now: datetime) -> BillRun:
    """The run that was left unfinished, or a new one."""
    assert span.end is not None
    unit = sources.organisation_id(organisation)
    of_unit = BillRun.objects.filter(organisation=None) if unit is None else BillRun.objects.filter(organisation=unit)
    unfinished = of_unit.filter(
        start_date=span.start, end_date=span.end, kind=RunKind.REGULAR,
        status=RunStatus.RUNNING,
    ).first()  # fmt: skip
    if unfinished is not None:
        return unfinished
    return BillRun.objects.create(
        organisation_id=unit,
        start_date=span.start,
        end_date=span.end,
        kind=RunKind.REGULAR,
        status=RunStatus.RUNNING,
        readings_version=sources.newest_version(),
        rules=current_rules().model_dump(),
        calendar=sources.calendar_of(span),
        started_at=now,
    )


@dataclass
class _Batch:
    """Rows of the agreements to bill, all of one tariff; ``problem`` says why there is no document to price them by."""

    number: int
    tariff_code: str
    agreements: pa.Table
    overlap: dict[int, int] = field(default_factory=dict)
    open_items: dict[tuple[int, date], ParkedBill] = field(default_factory=dict)
    problem: str = ""


class _Work:
    """One call of `run_month`: batches are rated in threads while those before are being committed.

    Only this thread speaks to the database; the others read the lake and compute.
    """

    def __init__(self, run: BillRun, span: DateSpan, act: Act, progress: Progress) -> None:
        self.run, self.span, self.act, self.now, self.progress = run, span, act, act.at, progress
        self.rules = BillingRules.model_validate(run.rules)
        self.tariffs: dict[str, Document | str] = {}
        self.unit = run.organisation.code if run.organisation else None

    def carry_out(self) -> None:
        """Work through all batches and finish the run."""
        agreements = sources.agreements(self.unit, self.span)
        with Raters(self.run.readings_version, self.run.calendar) as raters:
            waiting: deque[tuple[_Batch, Future[Outcome] | None]] = deque()
            done = 0
            for batch in self._batches(agreements):
                waiting.append((batch, self._start(batch, raters)))
                if len(waiting) > AT_ONCE:
                    done += self._commit(*waiting.popleft())
                    self.progress(done, agreements.num_rows)
            while waiting:
                done += self._commit(*waiting.popleft())
                self.progress(done, agreements.num_rows)
            self.progress(agreements.num_rows, agreements.num_rows)
            self._usage_without_agreement(agreements, raters.sources)
        self._finish()

    def _batches(self, agreements: pa.Table) -> Iterator[_Batch]:
        """By tariff, then usage point, about as many as the rules say; rows of a usage point stay together."""
        number = BillRunBatch.objects.filter(run=self.run).count()
        for code in sorted(pc.unique(agreements["tariff_code"]).to_pylist()):
            group = agreements.filter(pc.equal(agreements["tariff_code"], code))
            order = np.lexsort((
                group["start"].cast(pa.int32()).to_numpy(), group["agreement"].to_numpy(),
                group["usage_point"].to_numpy(),
            ))  # fmt: skip
            if not bool((np.diff(order) == 1).all()):
                group = group.take(pa.array(order))
            points = group["usage_point"].to_numpy()
            begin = 0
            while begin < len(points):
                end = min(begin + self.rules.batch, len(points))
                end = int(np.searchsorted(points, points[end - 1], side="right"))
                batch = self._prepare(number, code, group.slice(begin, end - begin))
                begin = end
                if batch.agreements.num_rows:
                    number += 1
                    yield batch

    def _prepare(self, number: int, code: str, agreements: pa.Table) -> _Batch:
        """Leave out what is billed, or was parked by this run before it was killed; find what overlaps."""
        open_items = parking.open_items(agreements, self.span)
        known = billed(agreements, self.span)
        skip = known.done
        points, starts = agreements["usage_point"].to_pylist(), agreements["start"].to_pylist()
        if open_items:
            for index, key in enumerate(zip(points, starts, strict=True)):
                item = open_items.get(key)
                if item is not None and item.run_id == self.run.pk:
                    skip[index] = True
        if skip.any():
            kept = np.flatnonzero(~skip)
            place = {int(row): index for index, row in enumerate(kept)}
            overlap = {place[row]: bill for row, bill in known.overlap.items() if row in place}
            return _Batch(number, code, agreements.take(pa.array(kept)), overlap, open_items)
        return _Batch(number, code, agreements, known.overlap, open_items)

    def _start(self, batch: _Batch, raters: Raters) -> "Future[Outcome] | None":
        found = self._tariff(batch.tariff_code)
        if isinstance(found, str):
            batch.problem = found
            return None
        clear = np.ones(batch.agreements.num_rows, bool)
        clear[list(batch.overlap)] = False
        agreements = batch.agreements if clear.all() else batch.agreements.filter(pa.array(clear))
        released = parking.released(agreements, batch.open_items)
        agreements, history = with_positions(agreements, found.tariff, self.rules)
        return raters.submit(found, agreements, self.span, self.rules, history, released)

    def _tariff(self, code: str) -> Document | str:
        """The pinned document of a tariff, pinning it at its first use in this run; or why there is none."""
        if code not in self.tariffs:
            digest = self.run.tariffs.get(code)
            try:
                document = sources.pinned_tariff(digest) if digest else sources.pin(code)
            except NotFound as error:
                self.tariffs[code] = str(error)
                return str(error)
            if not digest:
                self.run.tariffs[code] = document.digest
                self.run.save(update_fields=["tariffs"])
            if self.run.calendar.get("unknown") and tells_holidays_apart(document.tariff):
                self.tariffs[code] = f"{self.run.calendar['unknown'][0]} Tariff {code} tells holidays apart."
                return self.tariffs[code]
            self.tariffs[code] = document
        return self.tariffs[code]

    def _commit(self, batch: _Batch, rating: "Future[Outcome] | None") -> int:
        """One transaction: bills and with them their entries, parked items, marker."""
        outcome = rating.result() if rating is not None else None
        shelf = parking.Shelf(self.run, self.now, batch.open_items)
        bills = total = 0
        with transaction.atomic():
            if outcome is None:
                shelf.put_all(batch.agreements, Reason.NO_TARIFF, batch.problem)
            else:
                for row, number in sorted(batch.overlap.items()):
                    shelf.put_overlap(batch.agreements, row, number)
                for verdict in outcome.verdicts:
                    shelf.put(outcome.agreements, int(outcome.row_of[verdict.index]), verdict)
                for refusal in outcome.refusals:
                    part = outcome.agreements.take(pa.array(refusal.rows))
                    shelf.put_all(part, Reason.TARIFF_REFUSED, str(refusal.error), refusal.error.as_json())
                bills, total = self._issue(outcome, shelf)
            parked = shelf.save()
            BillRunBatch.objects.create(
                run=self.run, organisation_id=self.run.organisation_id, number=batch.number, bills=bills,
                parked=parked, total_fen=total, committed_at=self.now,
            )  # fmt: skip
        return int(batch.agreements.num_rows)

    def _issue(self, outcome: Outcome, shelf: "parking.Shelf") -> tuple[int, int]:
        keep = outcome.billable()
        if not len(keep):
            return 0, 0
        everything = len(keep) == outcome.rated.num_rows
        rated = outcome.rated if everything else outcome.rated.take(pa.array(keep))
        rows = outcome.row_of[keep]
        straight = len(rows) == outcome.agreements.num_rows and bool((rows == np.arange(len(rows))).all())
        agreements = outcome.agreements if straight else outcome.agreements.take(pa.array(rows))
        issue = posting.Issue(
            self.run.pk, outcome.document.tariff.code, outcome.document.digest, self.run.readings_version, self.now
        )
        bills = posting.post(rated, agreements, posting.numbers_of(rated), issue)
        shelf.resolve(rated)
        return bills, posting.total_of(rated)

    def _usage_without_agreement(self, agreements: pa.Table, pinned: Sources) -> None:
        """Park energy that nobody has a contract for; one small batch of its own."""
        shelf = parking.Shelf(self.run, self.now, {})
        with transaction.atomic():
            shelf.usage_without_agreement(
                sources.without_agreement(self.unit, self.span, agreements), pinned, self.rules
            )
            shelf.save()

    def _finish(self) -> None:
        batches = BillRunBatch.objects.filter(run=self.run)
        sums = batches.aggregate(bills=Sum("bills"), total=Sum("total_fen"))
        self.run.bills = sums["bills"] or 0
        self.run.total_fen = sums["total"] or 0
        self.run.parked = ParkedBill.objects.filter(run=self.run, resolved_at=None).count()
        self.run.status = RunStatus.FINISHED
        self.run.finished_at = self.now
        with transaction.atomic():
            self.run.save(update_fields=["bills", "total_fen", "parked", "status", "finished_at"])
            details = {"bills": self.run.bills, "parked": self.run.parked, "total_fen": self.run.total_fen}
            record(self.act, "billing.run.finished", f"bill_run:{self.run.pk}", details)
