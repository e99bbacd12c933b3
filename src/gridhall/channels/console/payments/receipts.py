"""Receipts: found, looked at with all that belongs to them, sent back."""

from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gridhall.channels.console.access import ConsoleRequest, act, console_page, in_scope
from gridhall.channels.console.payments import wording
from gridhall.channels.console.payments.asked import day_of, line_of
from gridhall.channels.console.units import indented, unit_of, units_for
from gridhall.channels.web import words
from gridhall.channels.web.asked import page_of
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.ports import GatewayUnavailable, gateways, points
from gridhall.contexts.payments.queries import receipt_lists as lists
from gridhall.contexts.payments.types import AmountInvalid, fen_of
from gridhall.kernel import clock
from gridhall.kernel.errors import GridhallError, NotFound, Refused
from gridhall.runtime.localtime import noon

_PAGE: Final = 50


@require_GET
@console_page(Permission.PAYMENTS_VIEW)
def receipts(request: ConsoleRequest) -> HttpResponse:
    """Movements of money in the reader's units, by the filters of the address, with their sums."""
    units = units_for(request, Permission.PAYMENTS_VIEW)
    asked = request.GET
    chosen = asked.get("unit", "")
    paths = [unit_of(units, chosen).path] if chosen else list(request.staff.paths(Permission.PAYMENTS_VIEW))
    page = page_of(request)
    gateway, kind = asked.get("gateway", ""), asked.get("kind", "")
    found = lists.receipts(
        paths,
        text=line_of(asked, "q", 64),
        gateway=gateway if gateway in wording.GATEWAYS else "",
        kind=kind if kind in wording.KINDS else "",
        first=day_of(asked.get("first", "")),
        last=day_of(asked.get("last", "")),
        offset=(page - 1) * _PAGE,
        limit=_PAGE,
    )
    return rendered(
        request,
        "console/payments/receipts.html",
        found=found,
        units=indented(units),
        gateways=wording.GATEWAYS.items(),
        kinds=wording.KINDS.items(),
        page=page,
        more=page * _PAGE < found.total,
    )


@console_page(Permission.PAYMENTS_VIEW)
@require_GET
def receipt(request: ConsoleRequest, id: int) -> HttpResponse:
    """One receipt: entries, order, messages, what went back of it."""
    return _receipt(request, id)


@require_POST
@console_page(Permission.PAYMENTS_REFUND)
def refund(request: ConsoleRequest, id: int) -> HttpResponse:
    """A refund that somebody asks for: shown what it does first, made when it is confirmed."""
    found = lists.receipt_in_full(id)
    in_scope(request, Permission.PAYMENTS_REFUND, found.path)
    reason = line_of(request.POST, "reason", 200)
    try:
        amount = fen_of(request.POST.get("amount", ""))
        if request.POST.get("confirmed") != "yes":
            if not reason:
                return _receipt(request, id, wrong=_("Write in a sentence why the money goes back."), status=422)
            if amount > found.left_fen:
                return _receipt(request, id, wrong=_("More than is left of this receipt."), status=422)
            return rendered(
                request, "console/payments/refund.html", receipt=found, amount=amount, reason=reason,
                typed=request.POST.get("amount", ""),
            )  # fmt: skip
        asked = operations.request_refund(id, amount, reason=reason, act=act(request))
    except (AmountInvalid, Refused) as error:
        return _receipt(request, id, wrong=words.of_error(error).what, status=422)
    if asked.status == "asked":
        messages.success(request, _("The refund waits for a second person."))
    else:
        _send(request, asked.number)
    return redirect("console.receipt", id)


@require_POST
@console_page(Permission.PAYMENTS_REFUND)
def refund_decision(request: ConsoleRequest, number: str) -> HttpResponse:
    """A second person allows a refund, or refuses it."""
    asked = queries.refund(number)
    found = lists.receipt_in_full(asked.receipt)
    in_scope(request, Permission.PAYMENTS_REFUND, found.path)
    allow = request.POST.get("decision") == "allow"
    why = line_of(request.POST, "why", 200)
    if not allow and not why:
        return _receipt(request, asked.receipt, wrong=_("Write in a sentence why not."), status=422)
    try:
        operations.decide_refund(number, allow=allow, why=why, act=act(request))
    except Refused as error:
        return _receipt(request, asked.receipt, wrong=words.of_error(error).what, status=409)
    if allow:
        _send(request, number)
    else:
        messages.success(request, _("The refund is refused. The money stays."))
    return redirect("console.receipt", asked.receipt)


@require_POST
@console_page(Permission.PAYMENTS_REFUND)
def chargeback(request: ConsoleRequest, id: int) -> HttpResponse:
    """A bank took money back: entered with its reference and day, and posted."""
    found = lists.receipt_in_full(id)
    in_scope(request, Permission.PAYMENTS_REFUND, found.path)
    reason, reference = line_of(request.POST, "reason", 200), line_of(request.POST, "reference", 64)
    day = day_of(request.POST.get("day", ""))
    if not reason or not reference or day is None or not found.row.paid_at.date() <= day <= request.today:
        text = _("A chargeback needs the bank's reference, a day from the payment until today, and a reason.")
        return _receipt(request, id, wrong=text, status=422)
    try:
        posted = operations.go_back(
            id, fen_of(request.POST.get("amount", "")), kind="chargeback", reference=reference, reason=reason,
            at=noon(day), act=act(request),
        )  # fmt: skip
    except (AmountInvalid, Refused) as error:
        return _receipt(request, id, wrong=words.of_error(error).what, status=422)
    if posted is None:
        messages.warning(request, _("A chargeback of this reference was posted before. Nothing changed."))
    else:
        messages.success(request, _("The chargeback is posted. The bills it had paid are open again."))
    return redirect("console.receipt", id)


@require_GET
@console_page(Permission.PAYMENTS_REFUND)
def refunds(request: ConsoleRequest) -> HttpResponse:
    """Refunds that wait for a person or a gateway, in the reader's units."""
    paths = request.staff.paths(Permission.PAYMENTS_REFUND)
    waiting = queries.open_refunds(limit=200)
    units = lists.paths_of([each.receipt for each in waiting])
    found = [each for each in waiting if any(units[each.receipt].startswith(top) for top in paths)]
    return rendered(request, "console/payments/refunds.html", refunds=found)


@require_http_methods(["GET"])
@console_page(Permission.PAYMENTS_RECONCILE)
def refused_messages(request: ConsoleRequest) -> HttpResponse:
    """Messages of gateways that were refused, with the reasons; they say nothing about who pays."""
    page = page_of(request)
    gateway, code = request.GET.get("gateway", ""), request.GET.get("code", "")
    found = lists.messages(
        gateway=gateway if gateway in wording.GATEWAYS else "",
        code=code if code in wording.REFUSALS else "",
        offset=(page - 1) * _PAGE,
        limit=_PAGE + 1,
    )
    return rendered(
        request,
        "console/payments/messages.html",
        found=found[:_PAGE],
        more=len(found) > _PAGE,
        page=page,
        gateways=wording.GATEWAYS.items(),
        reasons=wording.REFUSALS.items(),
    )


def _receipt(request: ConsoleRequest, id: int, *, wrong: str = "", status: int = 200) -> HttpResponse:
    found = lists.receipt_in_full(id)
    in_scope(request, Permission.PAYMENTS_VIEW, found.path)
    may = request.staff.may(Permission.PAYMENTS_REFUND, found.path)
    asked = queries.refunds_of(id)
    under_way = sum(each.amount_fen for each in asked if each.status in ("asked", "sending"))
    response = rendered(
        request,
        "console/payments/receipt.html",
        receipt=found,
        refunds=asked,
        me=act(request).actor,
        may_refund=may and found.left_fen - under_way > 0,
        may_decide=may,
        sendable=found.row.gateway in gateways(),
        left=found.left_fen - under_way,
        points=points().earned([id]).get(id),
        wrong=wrong,
        typed=request.POST if wrong else {},
    )
    response.status_code = status
    return response


def _send(request: ConsoleRequest, number: str) -> None:
    """This will ask the gateway at once; where it does not answer, the job asks again."""
    try:
        done = operations.send_refund(number, now=clock.now())
    except (GatewayUnavailable, NotFound, Refused) as error:
        said = words.of_error(error) if isinstance(error, GridhallError) else None
        messages.warning(
            request, _("The gateway did not take the refund yet; it is asked again. %s") % (said.what if said else "")
        )
        return
    if done.status == "done":
        messages.success(request, _("The money went back."))
    elif done.status == "refused":
        messages.warning(request, _("The gateway does not send the money back."))
    else:
        messages.success(request, _("The gateway has the refund. It is posted when the money has moved."))
