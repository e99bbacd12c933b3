"""Files of readings: the newest imports, an upload, a job under way, one import.

Imports are of the whole utility, since one file holds readings of many units. Whoever may see readings at any unit sees
every import; rows of a quarantine show account numbers and values, never names or addresses.
"""

from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.console.readings.forms import UploadForm
from gridhall.channels.console.readings.uploads import keep
from gridhall.channels.web import words
from gridhall.channels.web.asked import whole
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.metering import queries as metering
from gridhall.contexts.metering.types.imports import ImportReport
from gridhall.journeys.jobs.imports import KINDS
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel
from gridhall.runtime import jobs
from gridhall.runtime.jobs import Job, JobNotFound, JobStatus

#: Imports on a page of the list.
_PAGE: Final = 30
_OPEN: Final = (JobStatus.WAITING, JobStatus.RUNNING)


@console_page(Permission.READINGS_VIEW)
def imports(request: ConsoleRequest) -> HttpResponseBase:
    """The newest imports, what is under way, and the form for another file."""
    if request.method != "POST":
        return _list(request, UploadForm())
    if not request.staff.may(Permission.READINGS_IMPORT):
        raise PermissionDenied
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, form, status=422)
    given = form.cleaned_data
    arguments = {
        "file": keep(given["file"]), "channel": given["channel"], "zone": given["zone"], "unit": given["unit"] or None,
    }  # fmt: skip
    return redirect("console.imports-job", id=jobs.start("import", arguments, act=act(request), subject="readings"))


@console_page(Permission.READINGS_VIEW)
@require_GET
def jobs_under_way(request: ConsoleRequest) -> HttpResponse:
    """The part of the list that changes while jobs run."""
    return rendered(request, "console/readings/parts/under_way.html", **_under_way())


@console_page(Permission.READINGS_VIEW)
@require_GET
def job(request: ConsoleRequest, id: int) -> HttpResponse:
    """One job: how far it is, then what came of it; asked for by HTMX only the part that changes."""
    found = jobs.show(id)
    if found.kind not in KINDS:
        raise JobNotFound(f"There is no job {id}.")
    template = "console/readings/parts/job.html" if getattr(request, "htmx", False) else "console/readings/job.html"
    return rendered(request, template, **_told(found), worker=found.is_over or jobs.worker_seen())


@console_page(Permission.READINGS_VIEW)
@require_GET
def import_(request: ConsoleRequest, number: int) -> HttpResponse:
    """One import: its figures, what validation found, what is in its quarantine."""
    report = metering.import_report(number)
    counts = metering.quarantine_counts(number)
    return rendered(
        request,
        "console/readings/import.html",
        report=report,
        days=_days(report),
        findings=[words.of_finding(each) for each in report.findings],
        faults=[(code, words.of_quarantine(code), count) for code, count in counts.items()],
        open_rows=sum(counts.values()),
        may_mend=request.staff.may(Permission.READINGS_MEND),
        channel_name=channel_name(report.channel),
    )


def channel_name(channel: str) -> str:
    """What was measured, in the reader's language."""
    return str(dict(UploadForm.base_fields["channel"].choices).get(channel, channel))  # type: ignore[attr-defined]


def _list(request: ConsoleRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    asked = request.GET
    found = metering.found_imports(
        text=asked.get("q", "")[:100],
        channel=asked.get("channel", "") if asked.get("channel") in set(Channel) else "",
        open_only=asked.get("open") == "1",
        before=whole(asked.get("before", "")),
        limit=_PAGE + 1,
    )
    response = rendered(
        request,
        "console/readings/imports.html",
        form=form,
        found=[(each, _days(each.report), channel_name(each.report.channel)) for each in found[:_PAGE]],
        more=found[_PAGE - 1].report.id if len(found) > _PAGE else None,
        filtered=any(asked.get(name) for name in ("q", "channel", "open")),
        channels=UploadForm.base_fields["channel"].choices,  # type: ignore[attr-defined]
        may_import=request.staff.may(Permission.READINGS_IMPORT),
        **_under_way(),
    )
    response.status_code = status
    return response


def _under_way() -> dict[str, Any]:
    open_ = jobs.newest(KINDS, 10, statuses=_OPEN)
    failed = jobs.newest(KINDS, 1)
    return {
        "under_way": [_told(each) for each in open_],
        "last_failed": _told(failed[0]) if failed and failed[0].status is JobStatus.FAILED else None,
        "worker": not open_ or jobs.worker_seen(),
    }


def _told(job: Job) -> dict[str, Any]:
    """A job as pages show it."""
    mending = job.kind == "mend" or job.arguments.get("mending") is not None
    number = job.arguments.get("number") or job.arguments.get("mending")
    return {
        "job": job,
        "name": str(job.arguments.get("file", "")).rpartition("/")[2],
        "mending": mending,
        "number": number,
        "percent": min(100, job.done * 100 // job.total) if job.total else 0,
        "done_mb": round(job.done / 1_000_000, 1),
        "total_mb": round(job.total / 1_000_000, 1),
        "error": words.of_job(job),
        "result": job.result or {},
        "back": reverse("console.quarantine", args=[number]) if mending and number else reverse("console.imports"),
    }


def _days(report: ImportReport) -> DateSpan | None:
    if report.first_day is None or report.last_day is None:
        return None
    return DateSpan(report.first_day, report.last_day + timedelta(days=1))
