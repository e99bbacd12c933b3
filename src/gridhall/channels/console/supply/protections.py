"""The register of usage points that are never cut off for arrears."""

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from gridhall.channels.console.access import ConsoleRequest, act, console_page, in_scope
from gridhall.channels.console.units import units_for
from gridhall.channels.web import words
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.accounts import queries
from gridhall.contexts.accounts.types import ProtectionKind
from gridhall.contexts.identity.types import Permission
from gridhall.kernel.errors import GridhallError, NotFound, Refused
from gridhall.kernel.spans import DateSpan

KINDS = {
    ProtectionKind.LIFE_SUPPORT: gettext_lazy("Life-support device"),
    ProtectionKind.VULNERABLE: gettext_lazy("Special hardship"),
    ProtectionKind.PUBLIC_GOOD: gettext_lazy("Public service"),
}
_MOST = 200


@require_http_methods(["GET", "POST"])
@console_page(Permission.SUPPLY_VIEW)
def protections(request: ConsoleRequest) -> HttpResponse:
    """The register of the reader's units; who controls supply adds to it."""
    units = units_for(request, Permission.SUPPLY_VIEW)
    may, wrong, typed = request.staff.may(Permission.SUPPLY_CONTROL), "", request.POST
    if request.method == "POST":
        try:
            _register(request)
            messages.success(request, _("Registered: it is not cut off from now on."))
            return redirect("console.protections")
        except (GridhallError, ValueError) as error:
            wrong = words.of_error(error).what if isinstance(error, GridhallError) else _("That is not a day.")
    number = request.GET.get("number", "").strip()[:40]
    everything = request.GET.get("ended") == "yes"
    found = queries.protections(
        [unit.id for unit in units], day=None if everything else request.today, number=number, limit=_MOST
    )
    response = rendered(
        request, "console/supply/protections.html",
        lines=[(each, KINDS[each.kind]) for each in found], kinds=[(kind.value, name) for kind, name in KINDS.items()],
        may=may, wrong=wrong, typed=typed, number=number, ended=everything,
    )  # fmt: skip
    response.status_code = 422 if wrong else 200
    return response


@require_POST
@console_page(Permission.SUPPLY_CONTROL)
def end(request: ConsoleRequest, protection: int) -> HttpResponse:
    """End an entry from today on, with a reason."""
    found = queries.protection(protection)
    in_scope(request, Permission.SUPPLY_CONTROL, found.path)
    try:
        accounts.end_protection(protection, request.today, request.POST.get("reason", ""), act=act(request))
        messages.success(request, _("The protection has ended."))
    except GridhallError as error:
        messages.error(request, words.of_error(error).what)
    return redirect("console.protections")


def _register(request: ConsoleRequest) -> None:
    posted = request.POST
    record = queries.usage_point_by_number(posted.get("usage_point", "").strip()[:40])
    path = queries.organisation_by_code(record.organisation).path
    if not request.staff.may(Permission.SUPPLY_CONTROL, path):
        raise NotFound("There is no such usage point.", path="usage_point")
    start, until = date.fromisoformat(posted.get("from", "")), posted.get("until", "").strip()
    last = date.fromisoformat(until) if until else None
    if last is not None and last <= start:
        raise Refused("The last day is after the first.", path="until")
    kind = next((kind for kind in ProtectionKind if kind.value == posted.get("kind")), ProtectionKind.LIFE_SUPPORT)
    accounts.protect(record.number, kind, DateSpan(start, last), posted.get("evidence", ""), act=act(request))
