"""Corrections that wait for a second person: who asked, what would change, and the decision."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from gridhall.channels.console.access import ConsoleRequest, act, console_page, in_scope
from gridhall.channels.web import words
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.billing import operations
from gridhall.contexts.billing import queries as billing
from gridhall.contexts.billing.types import RequestedCorrection
from gridhall.contexts.identity.types import Permission
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.runtime.jobs import start


@require_GET
@console_page(Permission.BILLS_VIEW)
def approvals(request: ConsoleRequest) -> HttpResponse:
    """Corrections of one's units: those that wait, the oldest first; or those that were decided, the newest first."""
    decided = request.GET.get("show") == "decided"
    paths = request.staff.paths(Permission.BILLS_VIEW)
    found = billing.correction_requests(paths, waiting=not decided, limit=200)
    me = act(request).actor
    return rendered(
        request,
        "console/billing/approvals.html",
        decided=decided,
        requests=[(each, each.requested_by == me, _may_decide(request, each)) for each in found],
    )


@console_page(Permission.BILLS_VIEW)
def approval(request: ConsoleRequest, number: int) -> HttpResponse:
    """One request: the bills before and after, and what to decide."""
    found = billing.correction_request(number)
    in_scope(request, Permission.BILLS_VIEW, found.path)
    refused = None
    if request.method == "POST":
        try:
            if answer := _decided(request, found):
                return answer
        except NotFound:
            raise
        except GridhallError as error:
            refused = words.of_error(error)
        found = billing.correction_request(number)
    response = rendered(
        request,
        "console/billing/approval.html",
        asked=found,
        outcome=found.outcome,
        mine=found.requested_by == act(request).actor,
        may_decide=_may_decide(request, found),
        refused=refused,
        note=request.POST.get("note", ""),
    )
    response.status_code = 409 if refused else 200
    return response


def _decided(request: ConsoleRequest, found: RequestedCorrection) -> HttpResponse | None:
    """This will carry out the decision that was sent, and say where to go."""
    here = redirect("console.approval", found.id)
    decision, note = request.POST.get("decision"), request.POST.get("note", "").replace("\x00", "")[:500]
    if decision == "withdraw":
        in_scope(request, Permission.BILLS_CORRECT, found.path)
        operations.withdraw_correction(found.id, act=act(request))
        messages.success(request, _("The request is withdrawn. The bill stays as it is."))
        return here
    in_scope(request, Permission.BILLS_APPROVE, found.path)
    if decision == "reject":
        operations.reject_correction(found.id, note=note, act=act(request))
        messages.success(request, _("The request is rejected. The bill stays as it is."))
        return here
    if decision != "approve":
        return None
    # What was on the page that is answered, which may be older than what is stored.
    if request.POST.get("computed") != found.computed_at.isoformat():
        messages.warning(request, _("The figures have changed since you opened this page. Look again, then decide."))
        return here
    if operations.approve_correction(found.id, note=note, act=act(request)).posted:
        # What counts against the tiers of the running month has moved with the bill.
        start("running_month", {"today": request.today.isoformat()}, act=act(request), subject=f"request:{found.id}")
        messages.success(request, _("The bill is corrected. The customer sees the new one now."))
    else:
        messages.warning(
            request, _("Readings or prices have changed meanwhile. These are the new figures: decide anew.")
        )
    return here


def _may_decide(request: ConsoleRequest, found: RequestedCorrection) -> bool:
    return (
        found.decision == "waiting"
        and found.requested_by != act(request).actor
        and request.staff.may(Permission.BILLS_APPROVE, found.path)
    )
