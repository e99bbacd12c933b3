"""What if: a draft on a month of real readings, for a unit in sums and for a few usage points line by line."""

import re
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.console.tariffs.access import may_approve, may_write, only_for_drafts
from gridhall.channels.console.tariffs.describing import price_text, quantity_text
from gridhall.channels.console.units import indented, month_of, months_over, unit_of, units_for
from gridhall.channels.web import words
from gridhall.channels.web.charts import Chart, Series
from gridhall.channels.web.formats import in_language, number
from gridhall.channels.web.formats import month as month_text
from gridhall.channels.web.parked_words import REFUSALS
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing.queries import overview, previewing
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.tariffs import queries as tariffs
from gridhall.contexts.tariffs.types import Draft, DraftState, ExplainedLine
from gridhall.journeys.jobs import what_if as job_kind
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.runtime import jobs

_MOST_POINTS: Final = 6
_NUMBERS: Final = re.compile(r"[\s,;，；、]+")


@require_http_methods(["GET", "POST"])
@console_page(Permission.TARIFFS_VIEW)
def what_if(request: ConsoleRequest) -> HttpResponse:
    """The simulations that were kept, and the form that asks for one."""
    only_for_drafts(request)
    if request.method == "POST":
        return _asked(request)
    drafts = _usable()
    chosen = _chosen(drafts, request.GET.get("draft", ""))
    runs, _total = overview.runs_shown(["/"], kind="what_if", limit=50)
    active = jobs.newest([job_kind.KIND], 5, statuses=(jobs.JobStatus.WAITING, jobs.JobStatus.RUNNING))
    return rendered(
        request,
        "console/tariffs/what_if.html",
        drafts=drafts,
        chosen=chosen,
        instead=chosen.code if chosen else "",
        codes=tariffs.codes(),
        months=months_over(request.today),
        units=indented(accounts.organisations()),
        runs=runs,
        active=active,
        may_ask=may_write(request) or may_approve(request),
    )


@require_GET
@console_page(Permission.TARIFFS_VIEW)
def job(request: ConsoleRequest, job: int) -> HttpResponse:
    """How far a simulation is; at the end it leads to the result."""
    only_for_drafts(request)
    found = jobs.show(job) if job < 2**63 else None
    if found is None or found.kind != job_kind.KIND:
        raise NotFound("There is no such job.", path="job")
    if found.status is jobs.JobStatus.DONE and found.result:
        target = reverse("console.what-if-result", kwargs={"run": found.result["run"]})
        if getattr(request, "htmx", False):
            return HttpResponse(headers={"HX-Redirect": target})
        return HttpResponseRedirect(target)
    part = "console/tariffs/parts/progress.html" if getattr(request, "htmx", False) else "console/tariffs/job.html"
    worker = found.status is not jobs.JobStatus.WAITING or jobs.worker_seen()
    return rendered(request, part, job=found, failure=words.of_job(found), worker=worker)


@require_GET
@console_page(Permission.TARIFFS_VIEW)
def result(request: ConsoleRequest, run: int) -> HttpResponse:
    """What a simulation found: sums, who pays more, and the spread of the changes."""
    only_for_drafts(request)
    found = overview.run_shown(run)
    if found.kind != "what_if":
        raise NotFound("There is no such simulation.", path="run")
    summary: dict[str, Any] = dict(found.summary)
    before, after = summary.get("before_fen", 0), summary.get("after_fen", 0)
    draft_id = summary.get("draft_id")
    return rendered(
        request,
        "console/tariffs/result.html",
        run=found,
        summary=summary,
        change_fen=after - before,
        change_percent=number(100 * (after - before) / before, 2) if before else None,
        spread=_spread(summary) if summary.get("bands") and summary.get("bills") else None,
        percentiles=summary.get("percentiles", ()),
        not_rated=[(REFUSALS.get(code, code), count) for code, count in summary.get("not_rated", {}).items()],
        preview=f"{reverse('console.what-if-preview')}?draft={draft_id}&month={found.span.start:%Y-%m}"
        if draft_id
        else "",
    )


@require_GET
@console_page(Permission.BILLS_VIEW)
def preview(request: ConsoleRequest) -> HttpResponse:
    """A few usage points' bills of a month under a draft and under what is in force, line by line."""
    only_for_drafts(request)
    drafts = _usable()
    chosen = _chosen(drafts, request.GET.get("draft", ""))
    months = months_over(request.today)
    span = month_of(request.GET.get("month", "")) or months[0]
    units = [unit.id for unit in units_for(request, Permission.BILLS_VIEW)]
    typed = request.GET.get("q", "").replace("\x00", "").strip()[:300]
    given = [*request.GET.getlist("point"), *([] if len(_NUMBERS.split(typed)) < 2 else _NUMBERS.split(typed))]
    points = [each for each in dict.fromkeys(each.replace("\x00", "")[:40] for each in given) if each]
    begins = typed if len(_NUMBERS.split(typed)) < 2 else ""
    tariff = "" if begins else (chosen.code if chosen else "")
    offered = accounts.supplied_points(units, span, number=begins, tariff=tariff)
    if not offered and not begins:
        offered = accounts.supplied_points(units, span)
    if begins and len(offered) == 1 and not points:
        points = [offered[0].number]
    bills, refusal = [], None
    if chosen is not None and points:
        try:
            text = tariffs.draft(chosen.id).text
            bills = previewing.preview(text, span, points[:_MOST_POINTS], units=units)
        except GridhallError as error:
            refusal = words.of_error(error)
    return rendered(
        request,
        "console/tariffs/preview.html",
        drafts=drafts,
        chosen=chosen,
        months=months,
        span=span,
        q=typed,
        points=points,
        offered=offered,
        bills=[_shown(bill) for bill in bills],
        refusal=refusal,
        too_many=len(points) > _MOST_POINTS,
        missing=bool(points) and not bills and refusal is None,
        most=_MOST_POINTS,
    )


def _asked(request: ConsoleRequest) -> HttpResponse:
    if not (may_write(request) or may_approve(request)):
        raise PermissionDenied
    asked = request.POST
    draft = _chosen(_usable(), asked.get("draft", ""))
    span = month_of(asked.get("month", ""))
    code = asked.get("instead_of", "")
    if draft is None or span is None or span.end is None or span.end > request.today or code not in tariffs.codes():
        messages.error(request, _("Choose a draft, a month that is over and a tariff to compare with."))
        return redirect("console.what-if")
    unit = unit_of(accounts.organisations(), asked["unit"]) if asked.get("unit") else None
    number_of = job_kind.ask(draft.id, span, unit.code if unit else None, unit.id if unit else None, code, act(request))
    return redirect("console.what-if-job", job=number_of)


def _usable() -> list[Draft]:
    """Drafts that can be simulated: their document can at least be read."""
    states = (DraftState.DRAFT, DraftState.SUBMITTED, DraftState.APPROVED)
    return [draft for draft in tariffs.drafts(*states) if draft.code]


def _chosen(drafts: list[Draft], text: str) -> Draft | None:
    found = next((draft for draft in drafts if str(draft.id) == text), None)
    return found or (drafts[0] if drafts and not text else None)


def _spread(summary: dict[str, Any]) -> Chart:
    bands, bills = summary["bands"], summary["bills"]
    labels, values = [], []
    for low, high, count in bands:
        if low is None:
            label = _("more than %s %% less") % abs(high)
        elif high is None:
            label = _("%s %% more or above") % low
        else:
            label = f"{low:+d}…{high:+d} %"
        labels.append(label)
        values.append(float(count))
    share = 100 * summary.get("higher", 0) / bills
    return Chart(
        name="spread",
        kind="spread",
        says=_("%(higher)s of %(bills)s bills rise (%(share)s %%), %(lower)s fall, %(same)s stay the same.")
        % {
            "higher": number(summary.get("higher", 0)),
            "bills": number(bills),
            "share": number(share, 1),
            "lower": number(summary.get("lower", 0)),
            "same": number(summary.get("same", 0)),
        },
        x_name=_("Change of the bill"),
        x=labels,
        unit=_("bills"),
        series=[Series(_("bills"), values)],
        places=0,
    )


def _shown(bill: previewing.PreviewedBill) -> dict[str, Any]:
    currency = next((side.tariff.currency for side in (bill.after, bill.before) if side.tariff), "CNY")

    def cells(line: ExplainedLine | None) -> dict[str, Any] | None:
        if line is None:
            return None
        return {
            "quantity": f"{quantity_text(line)} {line.unit if line.unit in ('kWh', 'kW', 'kVA') else ''}".strip(),
            "price": price_text(line.price, currency),
            "amount_fen": int(line.amount * 100),
        }

    rows = [
        (in_language((line.after or line.before).label), cells(line.before), cells(line.after))  # type: ignore[union-attr]
        for line in bill.lines()
    ]
    sides = [(side, REFUSALS.get(side.refusal, side.refusal)) for side in (bill.before, bill.after)]
    return {"bill": bill, "rows": rows, "before": sides[0], "after": sides[1], "month": month_text(bill.span.start)}
