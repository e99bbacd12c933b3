"""The counter: money taken by account number, receipts, voids."""

import secrets
from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gridhall.channels.console.access import ConsoleRequest, act, console_page, in_scope
from gridhall.channels.console.payments import till_words
from gridhall.channels.console.units import unit_of, units_for
from gridhall.channels.web.rendering import rendered
from gridhall.channels.web.words import Words
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments import operations
from gridhall.contexts.payments import queries as payments
from gridhall.contexts.payments.types import fen_of
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.kernel.money import yuan

#: So long somebody stands there and waits for the change.
_JUST_NOW = timedelta(minutes=10)


@require_GET
@console_page(Permission.PAYMENTS_TAKE)
def desk(request: ConsoleRequest) -> HttpResponse:
    """One's own drawer: open it, or take a payment."""
    return _desk(request)


@require_POST
@console_page(Permission.PAYMENTS_TAKE)
def opened(request: ConsoleRequest) -> HttpResponse:
    """Open a drawer at one of one's units."""
    unit = unit_of(units_for(request, Permission.PAYMENTS_TAKE), request.POST.get("unit", ""))
    text = request.POST.get("opening", "").strip()
    try:
        opening = 0 if text in ("0", "0.0", "0.00") else fen_of(text)
        operations.open_drawer(unit.id, opening, act=act(request))
    except GridhallError as error:
        return _desk(request, till_words.of_error(error))
    messages.success(request, _("The drawer is open."))
    return redirect("console.counter")


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Permission.PAYMENTS_TAKE)
def taken(request: ConsoleRequest) -> HttpResponse:
    """An account: what is owed, the oldest first, and what is paid now."""
    given = request.POST if request.method == "POST" else request.GET
    number = given.get("number", "").strip()
    refused = None
    drawer = payments.open_drawer_of(act(request).actor)
    if drawer is None or not number:
        return redirect("console.counter")
    try:
        if request.method == "POST":
            return redirect("console.counter-receipt", payment=_take(request, number))
        shown = payments.to_take(number, today=request.today)
    except NotFound:
        return _desk(request, Words(_("There is no account of this number."), _("Check the number.")), number=number)
    except GridhallError as error:
        refused = till_words.of_error(error)
        shown = payments.to_take(number, today=request.today)
    owed = shown.owed.owed_fen
    page = rendered(
        request, "console/payments/counter/take.html", shown=shown, refused=refused, methods=till_words.METHODS.items(),
        method=given.get("method") or "cash", amount=given.get("amount", str(yuan(owed)) if owed else ""),
        tendered=given.get("tendered", ""), document=given.get("document", ""),
        key=given.get("request_key") or secrets.token_hex(16),
    )  # fmt: skip
    page.status_code = 422 if refused else 200
    return page


@require_GET
@console_page(Permission.PAYMENTS_VIEW)
def receipt(request: ConsoleRequest, payment: int) -> HttpResponse:
    """A receipt to be printed; and to be voided by a second person while it can be."""
    found = payments.counter_receipt(payment)
    in_scope(request, Permission.PAYMENTS_VIEW, found.path)
    by = act(request)
    mine = found.taken_by == by.actor
    may = request.staff.may(Permission.PAYMENTS_REFUND, found.path) and not mine
    return rendered(
        request, "console/payments/counter/receipt.html", found=found, method=till_words.METHODS[found.method],
        mine=mine, just_taken=mine and found.voided_at is None and by.at - found.taken_at < _JUST_NOW,
        voidable=may and found.voided_at is None and found.drawer_open,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Permission.PAYMENTS_REFUND)
def voided(request: ConsoleRequest, payment: int) -> HttpResponse:
    """Void a payment that somebody else took today."""
    found = payments.counter_receipt(payment)
    in_scope(request, Permission.PAYMENTS_REFUND, found.path)
    refused = None
    if request.method == "POST":
        try:
            operations.void_at_counter(payment, reason=request.POST.get("reason", ""), act=act(request))
        except GridhallError as error:
            refused = till_words.of_error(error)
        else:
            messages.success(request, _("The payment is voided. Cash goes back out of the drawer."))
            return redirect("console.counter-receipt", payment=payment)
    page = rendered(
        request, "console/payments/counter/void.html", found=found, refused=refused,
        method=till_words.METHODS[found.method], reason=request.POST.get("reason", ""),
    )  # fmt: skip
    page.status_code = 422 if refused else 200
    return page


def _take(request: ConsoleRequest, number: str) -> int:
    tendered = request.POST.get("tendered", "").strip()
    return operations.take_at_counter(
        number, fen_of(request.POST.get("amount", "")), method=request.POST.get("method", ""),
        request_key=request.POST.get("request_key", "")[:40] or secrets.token_hex(16), act=act(request),
        tendered_fen=fen_of(tendered) if tendered and request.POST.get("method") == "cash" else None,
        document=request.POST.get("document", ""),
    )  # fmt: skip


def _desk(request: ConsoleRequest, refused: Words | None = None, *, number: str = "") -> HttpResponse:
    drawer = payments.open_drawer_of(act(request).actor)
    lately = payments.counter_receipts(drawer.id, limit=10) if drawer else ()
    page = rendered(
        request, "console/payments/counter/desk.html", drawer=drawer, refused=refused, number=number,
        lately=[(each, till_words.METHODS[each.method]) for each in lately],
        units=[] if drawer else units_for(request, Permission.PAYMENTS_TAKE),
        opening=request.POST.get("opening", ""),
    )  # fmt: skip
    page.status_code = 422 if refused else 200
    return page
