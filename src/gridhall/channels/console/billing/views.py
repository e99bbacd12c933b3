"""Bill runs: listed, started after a look at what will happen, followed, and read."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.console.units import below, everywhere, indented, month_of, months_over, unit_of, units_for
from gridhall.channels.web import words
from gridhall.channels.web.asked import page_of
from gridhall.channels.web.formats import in_language
from gridhall.channels.web.formats import month as month_text
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.accounts.types import OrganisationRecord
from gridhall.contexts.billing import queries as billing
from gridhall.contexts.billing.queries import overview
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.tariffs import queries as tariffs
from gridhall.journeys.jobs import bill_run
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import jobs

_PAGE = 30
_BILLS = 50
_KINDS = ("regular", "correction")


@require_GET
@console_page(Permission.BILLS_VIEW)
def runs(request: ConsoleRequest) -> HttpResponse:
    """The runs that concern the reader's units, the newest month first, and the form that begins one."""
    units = units_for(request, Permission.BILLS_VIEW)
    kind = request.GET.get("kind", "")
    kind = kind if kind in _KINDS else "regular"
    page = page_of(request)
    found, total = overview.runs_shown(
        request.staff.paths(Permission.BILLS_VIEW), kind=kind, offset=(page - 1) * _PAGE, limit=_PAGE
    )
    all_seen = any(not run.path for run in found) and everywhere(request, Permission.BILLS_VIEW)
    startable = units_for(request, Permission.RUNS_START)
    active = jobs.newest([bill_run.KIND], 10, statuses=(jobs.JobStatus.WAITING, jobs.JobStatus.RUNNING))
    failed = jobs.newest([bill_run.KIND], 3, statuses=(jobs.JobStatus.FAILED,))
    by_id = {unit.id: unit for unit in units}
    return rendered(
        request,
        "console/billing/runs.html",
        rows=[(run, request.staff.may(Permission.BILLS_VIEW, run.path) if run.path else all_seen) for run in found],
        kind=kind,
        page=page,
        more=page * _PAGE < total,
        months=months_over(request.today),
        units=indented(startable),
        active=[(job, by_id[job.organisation]) for job in active if job.organisation in by_id],
        failed=[
            (job, by_id[job.organisation], words.of_job(job))
            for job in failed
            if job.organisation in by_id and (request.today - job.requested_at.date()).days < 3
        ],
    )


@require_http_methods(["GET", "POST"])
@console_page(Permission.RUNS_START)
def start(request: ConsoleRequest) -> HttpResponse:
    """What a run over a unit and month would do; confirmed, it is started, once however often that is pressed."""
    asked = request.POST if request.method == "POST" else request.GET
    span = month_of(asked.get("month", ""))
    units = units_for(request, Permission.RUNS_START)
    if request.method == "POST" and asked.get("unit") == "" and span is not None and units:
        return _continued(request, span, units)
    unit = unit_of(units, asked.get("unit", ""))
    if span is None or span.end is None or span.end > request.today:
        messages.error(request, _("Choose a month that is over."))
        return redirect("console.runs")
    if request.method == "POST":
        job = bill_run.ask(span, unit.code, unit.id, act(request))
        return redirect("console.run-job", job=job)
    return rendered(
        request,
        "console/billing/start.html",
        span=span,
        unit=unit,
        outlook=overview.outlook(span, unit.code),
        active=bill_run.active(span, unit.code),
        writing=overview.writing_now(),
        worker=jobs.worker_seen(),
    )


def _continued(request: ConsoleRequest, span: DateSpan, units: list[OrganisationRecord]) -> HttpResponse:
    """A run over the whole utility, begun from the command line and killed, goes on; new ones are not begun here."""
    if not everywhere(request, Permission.RUNS_START) or overview.unfinished_run(span, None) is None:
        raise NotFound("There is no such unit.", path="unit")
    return redirect("console.run-job", job=bill_run.ask(span, None, units[0].id, act(request)))


@require_GET
@console_page(Permission.BILLS_VIEW)
def job(request: ConsoleRequest, job: int) -> HttpResponse:
    """How far a run is; the part that moves is fetched every second, and at the end leads to the run."""
    found = jobs.show(job) if job < 2**63 else None
    units = units_for(request, Permission.BILLS_VIEW)
    unit = next((each for each in units if found is not None and each.id == found.organisation), None)
    if found is None or found.kind != bill_run.KIND or unit is None:
        raise NotFound("There is no such job.", path="job")
    if found.status is jobs.JobStatus.DONE and found.result:
        target = reverse("console.run", kwargs={"run": found.result["run"]})
        if getattr(request, "htmx", False):
            return HttpResponse(headers={"HX-Redirect": target})
        return HttpResponseRedirect(target)
    span = DateSpan.parse_month(found.arguments["month"])
    number = overview.unfinished_run(span, found.arguments["organisation"])
    template = "console/billing/parts/progress.html" if getattr(request, "htmx", False) else "console/billing/job.html"
    return rendered(
        request,
        template,
        job=found,
        span=span,
        unit=unit,
        run=overview.run_shown(number) if number is not None else None,
        failure=words.of_job(found),
        worker=found.status is not jobs.JobStatus.WAITING or jobs.worker_seen(),
        writing=found.status is jobs.JobStatus.WAITING and overview.writing_now(),
    )


@require_GET
@console_page(Permission.BILLS_VIEW)
def run(request: ConsoleRequest, run: int) -> HttpResponse:
    """One run: its figures, what it parked, what it was computed from; a killed one can be continued."""
    found, units = _seen(request, run)
    own = _units_in(units, found)
    ids = [unit.id for unit in own]
    parked = overview.parked_of(found.id, ids)
    span = found.span
    names = {each.tariff: in_language(tariffs.compiled(each).name) for each in tariffs.newest_documents()}
    job = bill_run.active(span, found.organisation or None) if found.running else None
    may_start = found.running and job is None
    if may_start and found.path:
        may_start = request.staff.may(Permission.RUNS_START, found.path)
    elif may_start:
        may_start = everywhere(request, Permission.RUNS_START)
    return rendered(
        request,
        "console/billing/run.html",
        run=found,
        whole=_whole(request, found),
        parked=[(code, words.of_parked(code, {}), count) for code, count in parked.items()],
        parked_total=sum(parked.values()),
        tariffs=[(code, names.get(code, code), digest[:12]) for code, digest in sorted(found.tariffs.items())],
        job=job,
        resumable=may_start and not overview.writing_now(),
    )


@require_GET
@console_page(Permission.BILLS_VIEW)
def run_bills(request: ConsoleRequest, run: int) -> HttpResponse:
    """The bills that a run issued in the reader's units."""
    found, units = _seen(request, run)
    own = _units_in(units, found)
    try:
        after = billing.read_number(request.GET["after"]) if "after" in request.GET else 0
    except GridhallError:
        after = 0
    bills = overview.bills_of_run(found, [unit.id for unit in own], after=after, limit=_BILLS + 1)
    return rendered(
        request,
        "console/billing/run_bills.html",
        run=found,
        bills=bills[:_BILLS],
        after=bills[_BILLS - 1].number if len(bills) > _BILLS else None,
        first="after" not in request.GET,
        month=month_text(found.span.start),
    )


def _seen(request: ConsoleRequest, run: int) -> tuple[overview.RunView, list[OrganisationRecord]]:
    found = overview.run_shown(run)
    units = units_for(request, Permission.BILLS_VIEW)
    if found.kind not in _KINDS or not _touches(units, found):
        raise NotFound("There is no such run.", path="run")
    return found, units


def _touches(units: list[OrganisationRecord], run: overview.RunView) -> bool:
    """Whether a run ran over any of these units."""
    return any(unit.path.startswith(run.path) or run.path.startswith(unit.path) for unit in units)


def _whole(request: ConsoleRequest, run: overview.RunView) -> bool:
    """Whether all that a run ran over may be seen, and with it the run's sums."""
    if not run.path:
        return everywhere(request, Permission.BILLS_VIEW)
    return request.staff.may(Permission.BILLS_VIEW, run.path)


def _units_in(units: list[OrganisationRecord], run: overview.RunView) -> list[OrganisationRecord]:
    top = next((unit for unit in units if unit.path == run.path), None)
    return below(units, top) if top else [unit for unit in units if unit.path.startswith(run.path)]
