"""Where staff begin: what waits for them, the longest-waiting first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.web import formats, words
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.billing import queries as billing
from gridhall.contexts.billing.types import RequestedCorrection
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.metering.queries.unresolved import unresolved
from gridhall.contexts.tariffs import queries as tariffs
from gridhall.contexts.tariffs.types import DraftState
from gridhall.kernel import clock
from gridhall.runtime import jobs
from gridhall.runtime.jobs import JobStatus

_SHOWN = 8
#: So long a job of one's own that failed is told of; what it was for has been done otherwise by then, or forgotten.
_NEWS = timedelta(days=7)
#: Kinds of jobs that staff start, and who may start them.
_JOBS = {
    "import": Permission.READINGS_IMPORT, "mend": Permission.READINGS_MEND, "bill_run": Permission.RUNS_START,
    "what_if": Permission.TARIFFS_DRAFT,
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """Something that waits.

    Attributes:
        since: when it began to wait, or was answered.
        tone: of the badge: ``warn`` for what somebody has to do, ``good``, ``bad`` or nothing for news.
    """

    since: datetime
    symbol: str
    what: str
    more: str
    badge: str
    tone: str
    url: str


@console_page()
def start(request: ConsoleRequest) -> HttpResponse:
    """What waits for this member of staff: to decide, to mend, and what became of their own requests."""
    decide = [*_approvals(request), *_drafts(request)]
    mend = [*_parked(request), *_quarantine(request), *_failed(request)]
    own = _own(request)
    return rendered(
        request,
        "console/work/work.html",
        decide=sorted(decide, key=lambda task: task.since),
        mend=sorted(mend, key=lambda task: task.since),
        own=own,
    )


def _approvals(request: ConsoleRequest) -> list[Task]:
    paths = request.staff.paths(Permission.BILLS_APPROVE)
    if not paths:
        return []
    found = billing.correction_requests(paths, not_by=act(request).actor, limit=_SHOWN)
    return [
        Task(
            each.requested_at, "checks", _("Correction of a bill: %s") % formats.period(each.span), each.reason,
            formats.money(each.outcome.difference_fen), "warn", reverse("console.approval", args=[each.id]),
        )
        for each in found
    ]  # fmt: skip


def _drafts(request: ConsoleRequest) -> list[Task]:
    if not request.staff.may(Permission.TARIFFS_APPROVE):
        return []
    me = act(request).actor
    others = [each for each in tariffs.drafts(DraftState.SUBMITTED) if each.submitted_by != me]
    found = sorted(others, key=lambda each: each.submitted_at or each.updated_at)[:_SHOWN]
    return [
        Task(
            each.submitted_at or each.updated_at, "coin-yuan", _("Tariff to approve: %s") % each.title, each.code,
            formats.full_day(each.effective_date) if each.effective_date else "", "warn",
            reverse("console.tariff-draft", args=[each.id]),
        )
        for each in found
    ]  # fmt: skip


def _parked(request: ConsoleRequest) -> list[Task]:
    paths = request.staff.paths(Permission.PARKED_RELEASE)
    if not paths:
        return []
    return [
        Task(
            each.oldest, "hourglass", words.of_parked(each.code, {}).what, words.of_parked(each.code, {}).remedy,
            ngettext("%d period", "%d periods", each.count) % each.count, "warn",
            f"{reverse('console.parked')}?reason={each.code}&released=no",
        )
        for each in billing.parked_counts(paths)
    ]  # fmt: skip


def _quarantine(request: ConsoleRequest) -> list[Task]:
    if not request.staff.may(Permission.READINGS_MEND):
        return []
    found = unresolved()
    if not found.rows or found.since is None:
        return []
    imports = ngettext("of %d import", "of %d imports", found.imports) % found.imports
    rows = ngettext("%d row", "%d rows", found.rows) % found.rows
    return [
        Task(
            found.since, "file-import", _("Rows in quarantine"), imports, rows, "warn", reverse("console.imports")
        )
    ]  # fmt: skip


def _failed(request: ConsoleRequest) -> list[Task]:
    kinds = [kind for kind, permission in _JOBS.items() if request.staff.may(permission)]
    if not kinds:
        return []
    me, since = act(request).actor, clock.now() - _NEWS
    found = jobs.newest(kinds, _SHOWN, statuses=[JobStatus.FAILED], requested_by=me, since=since)
    names = {
        "import": _("An import failed"), "mend": _("Mending rows failed"), "bill_run": _("A bill run failed"),
        "what_if": _("A simulation failed"),
    }  # fmt: skip
    pages = {"bill_run": "console.runs", "what_if": "console.what-if"}
    return [
        Task(
            job.finished_at or job.requested_at, "alert-triangle", names[job.kind],
            said.what if (said := words.of_job(job)) else "", _("failed"), "bad",
            reverse(pages.get(job.kind, "console.imports")),
        )
        for job in found
    ]  # fmt: skip


def _own(request: ConsoleRequest) -> list[Task]:
    """What became of one's own requests, the newest first."""
    if not request.staff.may(Permission.BILLS_CORRECT):
        return []
    me, paths = act(request).actor, request.staff.paths(Permission.BILLS_VIEW)
    found = billing.correction_requests(paths, waiting=None, requested_by=me, limit=_SHOWN)
    return sorted(map(_answered, found), key=lambda task: task.since, reverse=True)


def _answered(each: RequestedCorrection) -> Task:
    badge, tone = {
        "waiting": (_("waits for approval"), "warn"), "approved": (_("approved"), "good"),
        "rejected": (_("rejected"), "bad"), "withdrawn": (_("withdrawn"), ""),
    }[each.decision]  # fmt: skip
    return Task(
        each.decided_at or each.requested_at, "receipt", _("Correction of a bill: %s") % formats.period(each.span),
        each.note or each.reason, badge, tone, reverse("console.approval", args=[each.id]),
    )  # fmt: skip
