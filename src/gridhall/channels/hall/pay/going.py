"""From an order to its gateway and back: the way there, the live state, what comes next."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import qrcode  # type: ignore[import-untyped]
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from gridhall.channels.hall.access import HallRequest, current_home, person_page
from gridhall.channels.hall.pay import payer
from gridhall.channels.hall.pay.offers import method_name
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.identity.types import Home
from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.ports import (
    Checkout,
    CheckoutKind,
    GatewayUnavailable,
    OrderToPay,
    PayerAskingGateway,
    PayerUnknown,
    gateway,
    points,
)
from gridhall.contexts.payments.queries import Owed
from gridhall.contexts.payments.types import Order, OrderState
from gridhall.kernel import clock
from gridhall.kernel.errors import NotFound

#: Digits of an account number that a payer's app shows.
_END: Final = 4
#: So long a page waits for the points of a payment, which are counted just after it.
_COUNTED: Final = timedelta(seconds=30)
#: Schemes that a gateway may send a payer to: its page, or its app.
_SCHEMES: Final = frozenset({"http", "https", "alipays", "weixin", "upwrp", "uppaywallet"})


@require_GET
@person_page
def go(request: HallRequest, number: str) -> HttpResponse:
    """Lead on to the gateway; opened again it leads to the same payment."""
    order = _own(request, number)
    if order.state is not OrderState.OPEN or order.expires_at <= clock.now():
        return redirect("hall.pay-order", number=order.number)
    try:
        checkout = _way_to_ask(request, order) or gateway(order.gateway).create(_to_pay(request, order))
    except (GatewayUnavailable, NotFound):
        return _down(request, order)
    return _led(request, order, checkout)


@require_GET
@person_page
def asked_who(request: HallRequest, number: str) -> HttpResponse:
    """Where the payer's browser comes back to with who they are to the gateway; then the payment goes on.

    What this browser was not sent for, or brings a second time, is left alone: the order's page says how to go on.
    """
    order = _own(request, number)
    code = payer.answered(request, order)
    if code and order.state is OrderState.OPEN:
        try:
            taking = gateway(order.gateway)
            if isinstance(taking, PayerAskingGateway):
                payer.keep(request, order, taking.payer(code))
                return redirect("hall.pay-go", number=order.number)
        except PayerUnknown:
            pass
        except (GatewayUnavailable, NotFound):
            return _down(request, order)
    return redirect("hall.pay-order", number=order.number)


def _way_to_ask(request: HallRequest, order: Order) -> Checkout | None:
    """The way to where the payer's browser says who they are, where the gateway has to know and nobody asked yet."""
    taking = gateway(order.gateway)
    if not isinstance(taking, PayerAskingGateway) or not taking.asks_payer(order.method) or payer.known(request, order):
        return None
    back = _address(request, "hall.pay-payer", number=order.number)
    return Checkout(CheckoutKind.LINK, url=taking.payer_link(back, payer.asking(request, order)))


def _down(request: HallRequest, order: Order) -> HttpResponse:
    response = rendered(request, "hall/pay/gateway_down.html", **_context(request, order))
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return response


def _led(request: HallRequest, order: Order, checkout: Checkout) -> HttpResponse:
    target = urlsplit(checkout.url)
    if checkout.url and target.scheme not in _SCHEMES:
        return _down(request, order)
    if checkout.kind is CheckoutKind.NONE:
        return redirect("hall.pay-order", number=order.number)
    if checkout.kind is CheckoutKind.LINK and target.netloc == request.get_host():
        return redirect(checkout.url)
    drawn = square(checkout.text) if checkout.kind is CheckoutKind.QR else ""
    response = rendered(
        request, "hall/pay/go.html", checkout=checkout, kind=checkout.kind.value, square=drawn,
        fields=dict(checkout.fields), host=target.netloc, **_context(request, order),
    )  # fmt: skip
    if checkout.kind is CheckoutKind.FORM:
        # The one page that may send a form elsewhere, and only there.
        response._csp_update = {"form-action": [f"{target.scheme}://{target.netloc}"]}  # type: ignore[attr-defined]
    return response


@require_http_methods(["GET", "HEAD"])
@person_page
def result(request: HallRequest, number: str) -> HttpResponse:
    """What became of an order, and what comes next; asks the gateway while nothing is known."""
    _own(request, number)
    order = operations.ask(number, now=clock.now())
    return rendered(request, "hall/pay/result.html", **_context(request, order))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def back(request: HttpRequest, number: str) -> HttpResponse:
    """Where gateways lead the payer back to, by GET or POST: on to the page of the order, whatever was sent.

    UnionPay's page sends a form, which comes without the session's cookie (SameSite=Lax); the page that is led on to
    gets it. What a payer brings along proves nothing: it is not read.
    """
    return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": _order_page(number)})


@require_GET
@person_page
def state(request: HallRequest, number: str) -> HttpResponse:
    """The state of an order: the piece of the result page that keeps itself up to date."""
    _own(request, number)
    order = operations.ask(number, now=clock.now())
    if order.state is not OrderState.OPEN and request.GET.get("from") == "go":
        return HttpResponse(headers={"HX-Redirect": _order_page(number)})
    return rendered(
        request, "hall/pay/parts/state.html", waiting_at=request.GET.get("from", ""), **_context(request, order)
    )


def _order_page(number: str) -> str:
    return reverse("hall.pay-order", kwargs={"number": number})


def _own(request: HallRequest, number: str) -> Order:
    """The order, which belongs to its payer alone."""
    assert request.user.pk is not None
    return queries.order(number, payer=request.user.pk)


def _context(request: HallRequest, order: Order) -> dict[str, Any]:
    """What the pages of an order show."""
    payer.forget(request, order)
    home = _home(request, order)
    if (shown := home or current_home(request)) is not None:
        request.home = shown
    receipts = queries.receipts_of_order(order.number) if order.state is OrderState.PAID else []
    receipt = receipts[0] if receipts else None
    earned = points().earned([receipt.id]).get(receipt.id) if receipt else None
    owed: Mapping[int, Owed] = {}
    if order.state is OrderState.PAID and home is not None and home.owner:
        owed = queries.owed_of([part.account for part in order.parts], today=request.today)
    return {
        "order": order,
        "state": order.state.value,
        "over": order.state is OrderState.OPEN and order.expires_at <= clock.now(),
        "method": method_name(order.gateway, order.method),
        "of_home": home,
        "receipt": receipt,
        "points": earned,
        "counting": earned is None and order.ended_at is not None and clock.now() - order.ended_at < _COUNTED,
        "still_fen": sum(each.owed_fen for each in owed.values()),
        "ahead_fen": sum(each.prepaid_fen for each in owed.values()),
    }


def _home(request: HallRequest, order: Order) -> Home | None:
    """The home of this person that an order is for; None where it was paid for somebody else."""
    points = {part.usage_point for part in order.parts}
    return next((home for home in request.homes if home.usage_point in points), None)


def _to_pay(request: HallRequest, order: Order) -> OrderToPay:
    numbers = accounts.account_numbers([part.account for part in order.parts])
    end = numbers[order.parts[0].account][-_END:]
    return OrderToPay(
        number=order.number, method=order.method, amount_fen=order.amount_fen,
        subject=_("Electricity %(end)s") % {"end": end},
        expires_at=order.expires_at, return_url=_address(request, "hall.pay-back", number=order.number),
        notify_url=_address(request, "hall.pay-notify", gateway=order.gateway),
        client_ip=get_adapter().get_client_ip(request), openid=payer.known(request, order),
    )  # fmt: skip


def _address(request: HttpRequest, name: str, **parameters: str) -> str:
    path = reverse(name, kwargs=parameters)
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


def square(text: str) -> SafeString:
    """A QR code as a drawing that stands in a page: dark on white, in both themes."""
    code = qrcode.QRCode(border=4, error_correction=qrcode.ERROR_CORRECT_M)
    code.add_data(text)
    code.make(fit=True)
    size = len(code.get_matrix())
    cells = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(code.get_matrix()) for x, dark in enumerate(row) if dark
    )
    # The border is part of the matrix; the path holds figures only.
    return mark_safe(
        f'<svg class="square" viewBox="0 0 {size} {size}" role="img" aria-labelledby="square-name"'
        f' shape-rendering="crispEdges"><rect class="square-paper" width="{size}" height="{size}"></rect>'
        f'<path class="square-ink" d="{cells}"></path></svg>'
    )
