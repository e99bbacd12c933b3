"""Drawers: closed with what was counted, and listed for who answers for them."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from gridhall.channels.console.access import ConsoleRequest, act, console_page, in_scope
from gridhall.channels.console.payments import till_words
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments import operations
from gridhall.contexts.payments import queries as payments
from gridhall.kernel.errors import GridhallError


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Permission.PAYMENTS_TAKE)
def closed(request: ConsoleRequest) -> HttpResponse:
    """Count one's drawer and close it; what should lie in it is said only after it was counted."""
    mine = payments.open_drawer_of(act(request).actor)
    if mine is None:
        return redirect("console.counter")
    refused, difference = None, 0
    counts, wrong = _counts(request.POST)
    if request.method == "POST":
        if wrong:
            refused = till_words.of_error(operations.CountInvalid("That cannot be the number of them.", path=wrong))
        else:
            difference = sum(fen * count for fen, count in counts.items()) - mine.expected_fen
            try:
                operations.close_drawer(counts, explanation=request.POST.get("explanation", ""), act=act(request))
            except GridhallError as error:
                refused = till_words.of_error(error)
            else:
                messages.success(request, _("The drawer is closed."))
                return redirect("console.counter-drawer", drawer=mine.id)
    rows = [(fen, request.POST.get(f"count_{fen}", ""), wrong == str(fen)) for fen in operations.DENOMINATIONS]
    page = rendered(
        request, "console/payments/counter/close.html", drawer=mine, rows=rows, refused=refused,
        difference=difference, difference_fen=abs(difference), explanation=request.POST.get("explanation", ""),
    )  # fmt: skip
    page.status_code = 422 if refused else 200
    return page


@require_GET
@console_page(Permission.PAYMENTS_VIEW)
def drawers(request: ConsoleRequest) -> HttpResponse:
    """The drawers of one's units: open ones first, then the newest."""
    found = payments.drawers(request.staff.paths(Permission.PAYMENTS_VIEW), limit=100)
    return rendered(request, "console/payments/counter/drawers.html", drawers=found)


@require_GET
@console_page(Permission.PAYMENTS_VIEW)
def drawer(request: ConsoleRequest, drawer: int) -> HttpResponse:
    """One drawer: what was taken into it, and how it was closed."""
    found = payments.drawer(drawer)
    in_scope(request, Permission.PAYMENTS_VIEW, found.path)
    taken = payments.counter_receipts(drawer, limit=500)
    return rendered(
        request, "console/payments/counter/drawer.html", found=found,
        taken=[(each, till_words.METHODS[each.method]) for each in taken],
        counts=sorted(found.counts.items(), reverse=True),
    )  # fmt: skip


def _counts(given: Mapping[str, str]) -> tuple[dict[int, int], str]:
    """What was counted, and the denomination whose number is none, where one is not."""
    counts = {}
    for fen in operations.DENOMINATIONS:
        text = given.get(f"count_{fen}", "").strip() or "0"
        if not text.isascii() or not text.isdigit() or len(text) > 6:
            return {}, str(fen)
        counts[fen] = int(text)
    return counts, ""
