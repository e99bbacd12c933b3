"""A bill as staff see it: every line with its arithmetic and sources, and its correction by two people."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from gridhall.channels.console.access import ConsoleRequest, act, console_page, in_scope
from gridhall.channels.console.customers.forms import ReasonForm
from gridhall.channels.web import words
from gridhall.channels.web.formats import in_language
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.billing import operations
from gridhall.contexts.billing import queries as billing
from gridhall.contexts.billing.queries.of_customer import BillPlace
from gridhall.contexts.billing.types import CorrectionOutcome
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.tariffs.types import ExplainedLine
from gridhall.kernel.errors import GridhallError, NotFound


@dataclass(frozen=True)
class ShownLine:
    """A line of a bill in the page's language; ``counted``: quantity × price gives the amount."""

    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    amount_fen: int
    counted: bool
    source: str
    version: str


@require_GET
@console_page(Permission.BILLS_VIEW)
def bill(request: ConsoleRequest, number: str) -> HttpResponse:
    """The bill as it was issued."""
    key, place = _seen(request, number, Permission.BILLS_VIEW)
    found = billing.bill(key)
    paths = request.staff.paths(Permission.BILLS_VIEW)
    requests = billing.correction_requests(paths, bills=[key], waiting=None)
    lines = [_shown(line) for line in found.lines if line.settlement == "bill"]
    return rendered(
        request,
        "console/customers/bill.html",
        bill=found,
        place=place,
        lines=lines,
        separate=[_shown(line) for line in found.lines if line.settlement != "bill"],
        tariff_name=in_language(found.tariff.name),
        waiting=next((each for each in requests if each.decision == "waiting"), None),
        decided=[each for each in requests if each.decision != "waiting"],
        may_correct=found.status == "issued" and request.staff.may(Permission.BILLS_CORRECT, place.path),
        slots_known=found.days_read > 0,
    )


@require_GET
@console_page(Permission.BILLS_VIEW)
def sources(request: ConsoleRequest, number: str) -> HttpResponse:
    """A part of the bill's page: readings by day, position in the tiers, entries, and the bill computed again."""
    key, _place = _seen(request, number, Permission.BILLS_VIEW)
    found = billing.explain(key)
    most = max((each.energy_wh or 0 for each in found.days), default=0)
    return rendered(
        request,
        "console/customers/parts/sources.html",
        found=found,
        days=[(each, (each.energy_wh or 0) * 100 // most if most else 0) for each in found.days],
        limits=_limits(found.tiers),
    )


@console_page(Permission.BILLS_CORRECT)
def correct(request: ConsoleRequest, number: str) -> HttpResponse:
    """Say what is wrong, see what would change, ask a second person."""
    key, place = _seen(request, number, Permission.BILLS_CORRECT)
    form = ReasonForm(request.POST or None)
    outcome: CorrectionOutcome | None = None
    refused = None
    status = 200
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            if request.POST.get("step") == "ask":
                asked = operations.request_correction(key, reason=reason, act=act(request))
                messages.success(request, _("Your request waits for a second person. You will see the answer here."))
                return redirect("console.approval", asked.id)
            outcome = operations.preview_correction(key, reason=reason, act=act(request))
        except NotFound:
            raise
        except GridhallError as error:
            refused, status = words.of_error(error), 409
    response = rendered(
        request,
        "console/customers/correct.html",
        number=billing.show_number(key),
        place=place,
        form=form,
        outcome=outcome,
        refused=refused,
    )
    response.status_code = status
    return response


def _seen(request: ConsoleRequest, number: str, permission: Permission) -> tuple[int, BillPlace]:
    """The bill of this number and where it belongs, if that is in the units of who asks.

    Raises:
        NotFound: otherwise.
    """
    try:
        key = billing.read_number(number)
    except GridhallError:
        raise NotFound("There is no such bill.", path="bill") from None
    place = billing.place_of_bill(key)
    in_scope(request, permission, place.path)
    return key, place


def _shown(line: ExplainedLine) -> ShownLine:
    return ShownLine(
        name=in_language(line.label),
        quantity=line.quantity,
        unit=line.unit,
        price=line.price,
        amount_fen=int(line.amount * 100),
        counted="×" in line.formula,
        source=in_language(line.source_label),
        version=line.version,
    )


def _limits(tiers: Any) -> list[tuple[int, int, int, int]]:
    """For each tier: its place, where it begins and ends (0: open), and how much of the bill fell into it; Wh."""
    if tiers is None:
        return []
    bounds = [0, *tiers.limits_wh]
    found = []
    for place, start in enumerate(bounds):
        end = bounds[place + 1] if place + 1 < len(bounds) else 0
        upper = min(tiers.used_after_wh, end) if end else tiers.used_after_wh
        inside = max(0, upper - max(tiers.used_before_wh, start))
        found.append((place + 1, start, end, inside))
    return found
