"""Bill runs as people follow them: what a run has come to, what one would do, and what simulations found."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Count, Q, QuerySet, Sum

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing.exclusive import held
from gridhall.contexts.billing.models import Bill, BillRun, RunKind, RunStatus
from gridhall.contexts.billing.queries.worklist import unsettled
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.rules.parking import Reason
from gridhall.contexts.billing.types import BillSummary
from gridhall.contexts.metering import queries as metering
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan


@dataclass(frozen=True)
class RunView:
    """A run; of one that is not finished, what has been committed so far.

    Attributes:
        organisation, organisation_name, path: of the unit that it ran over; all empty for the whole utility.
        batches: committed.
        parked: open items that it left, as of now.
        tariffs: code → digest of the document that priced.
        summary: what a simulation found.
    """

    id: int
    organisation: str
    organisation_name: str
    path: str
    span: DateSpan
    kind: str
    status: str
    bills: int
    batches: int
    parked: int
    total_fen: int
    readings_version: int
    tariffs: Mapping[str, str]
    summary: Mapping[str, Any]
    started_at: datetime
    finished_at: datetime | None

    @property
    def running(self) -> bool:
        """Whether it has not come to its end; it may have been killed."""
        return self.status == RunStatus.RUNNING


@dataclass(frozen=True)
class Outlook:
    """What a run over a unit and month would find.

    Attributes:
        periods: to bill: one for each agreement and settling account.
        billed: of them, with a live bill already.
        waiting, released: open items of the work list, not released and released.
        readings_version: the newest import; None: there is none.
        unfinished: a run over the same that was begun and not finished.
    """

    periods: int
    billed: int
    waiting: int
    released: int
    readings_version: int | None
    unfinished: int | None

    @property
    def to_bill(self) -> int:
        """How many periods have no bill."""
        return max(0, self.periods - self.billed)


def runs_shown(
    paths: Collection[str],
    *,
    kind: str = RunKind.REGULAR,
    span: DateSpan | None = None,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[RunView], int]:
    """Runs of a kind, the newest month first, and how many there are. Four queries.

    Args:
        paths: of the tops of the parts of the organisation that runs must have run over, whole or in part.
    """
    found = BillRun.objects.filter(_over(paths), kind=kind)
    if span is not None:
        found = found.filter(start_date=span.start)
    rows = list(found.select_related("organisation").order_by("-start_date", "-id")[offset : offset + limit])
    return _views(rows), found.count()


def run_shown(number: int) -> RunView:
    """One run.

    Raises:
        NotFound: when there is none of this number.
    """
    rows = list(BillRun.objects.select_related("organisation").filter(pk=number)) if number < 2**63 else []
    if not rows:
        raise NotFound(f"There is no run {number}.", path="run")
    return _views(rows)[0]


def unfinished_run(span: DateSpan, organisation: str | None) -> int | None:
    """The number of the run over a unit and month that was begun and not finished."""
    found = BillRun.objects.filter(kind=RunKind.REGULAR, status=RunStatus.RUNNING, start_date=span.start)
    found = found.filter(end_date=span.end or span.start, organisation__code=organisation)
    return found.values_list("pk", flat=True).first()


def simulation(job: int) -> int | None:
    """The number of the simulation that a job has kept; None where it has kept none."""
    found = BillRun.objects.filter(kind=RunKind.WHAT_IF, summary__job=job)
    return found.values_list("pk", flat=True).first()


def writing_now() -> bool:
    """Whether a run or correction is writing bills at this moment, in whichever process."""
    return held()


def parked_of(run: int, units: Collection[int] | None = None) -> dict[str, int]:
    """The open items that a run left, by reason; of some units only (ids), or of all."""
    found = unsettled().filter(run_id=run)
    if units is not None:
        found = found.filter(organisation_id__in=list(units))
    counts = dict(found.values_list("code").annotate(Count("id")))
    return {reason.value: counts[reason.value] for reason in Reason if reason.value in counts}


def outlook(span: DateSpan, organisation: str | None) -> Outlook:
    """What a run would find. Seven queries.

    Raises:
        NotFound: when there is no such unit.
    """
    units = [unit.id for unit in accounts.organisations(organisation)]
    within = {"organisation_id__in": units, "start_date__gte": span.start, "start_date__lt": span.end}
    waiting = unsettled().filter(**within)
    return Outlook(
        periods=accounts.billable_count(organisation, span),
        billed=Bill.objects.filter(status="issued", **within).count(),
        waiting=waiting.filter(released_at=None).count(),
        released=waiting.filter(released_at__isnull=False).count(),
        readings_version=metering.latest_version(),
        unfinished=unfinished_run(span, organisation),
    )


def _over(paths: Collection[str]) -> Q:
    """Over a unit below one of these tops, above one, or over the whole utility."""
    wanted = Q(organisation=None)
    for path in paths:
        codes = path.strip("/").split("/")
        above = ["/" + "/".join(codes[:count]) + "/" for count in range(1, len(codes) + 1)]
        wanted |= Q(organisation__path__startswith=path) | Q(organisation__path__in=above)
    return wanted


def _views(rows: Sequence[BillRun]) -> list[RunView]:
    running = [row.pk for row in rows if row.status == RunStatus.RUNNING]
    so_far = _sums(BillRun.objects.filter(pk__in=[row.pk for row in rows]))
    parked = unsettled().filter(run_id__in=[row.pk for row in rows])
    left = dict(parked.values_list("run_id").annotate(Count("id")))
    views = []
    for row in rows:
        batches, bills, total = so_far.get(row.pk, (0, 0, 0))
        unit = row.organisation
        views.append(
            RunView(
                id=row.pk, organisation=unit.code if unit else "", organisation_name=unit.name if unit else "",
                path=unit.path if unit else "", span=DateSpan(row.start_date, row.end_date), kind=row.kind,
                status=row.status, bills=bills if row.pk in running else row.bills, batches=batches,
                parked=left.get(row.pk, 0), total_fen=total if row.pk in running else row.total_fen,
                readings_version=row.readings_version, tariffs=row.tariffs, summary=row.summary,
                started_at=row.started_at, finished_at=row.finished_at,
            )
        )  # fmt: skip
    return views


def _sums(runs: QuerySet[BillRun]) -> dict[int, tuple[int, int, int]]:
    found = runs.values_list("pk").annotate(
        Count("batches"), Sum("batches__bills", default=0), Sum("batches__total_fen", default=0)
    )
    return {run: (batches, bills, total) for run, batches, bills, total in found}


def bills_of_run(run: RunView, units: Collection[int], *, after: int = 0, limit: int = 50) -> list[BillSummary]:
    """The bills that a run issued in some units (ids), by number, from the one after ``after``. One query.

    Numbers begin with the period, so that the primary key leads to a month's bills.
    """
    first = int(numbering.first_numbers(np.array([run.span.start], "M8[D]"), np.array([0]))[0])
    found = Bill.objects.filter(run_id=run.id, organisation_id__in=list(units), number__gt=max(after, first))
    rows = found.select_related("usage_point", "account").order_by("number")[:limit]
    return [
        BillSummary(
            number=numbering.show(row.number), usage_point=row.usage_point.number, account=row.account.number,
            span=DateSpan(row.start_date, row.end_date), tariff_code=row.tariff_code, energy_wh=row.energy_wh,
            total_fen=row.total_fen, status=row.status, estimated=row.estimated,
        )
        for row in rows
    ]  # fmt: skip
