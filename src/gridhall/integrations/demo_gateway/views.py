"""The page of the demo gateway on which one pays, refuses, or makes trouble."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from gridhall.contexts.payments.ports import gateway
from gridhall.integrations.demo_gateway.book import Order
from gridhall.integrations.demo_gateway.gateway import DemoGateway
from gridhall.integrations.demo_gateway.words import words
from gridhall.kernel.errors import GridhallError
from gridhall.kernel.money import yuan

#: What the payer chooses → how many messages tell of it.
_COPIES: Final = {"pay": 1, "late": 1, "twice": 2, "never": 0}
_LONGEST_DELAY: Final = 3600


@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest, token: str) -> HttpResponseBase:
    """An order: what it is, how to pay it, what became of it. Whoever has the link may pay, as with real gateways."""
    demo = _demo()
    demo.resume()
    now = demo.clock()
    demo.service.book.move(now)
    order = demo.service.book.order_of(token)
    if order is None:
        return render(request, "demo_gateway/pay.html", {"words": words()}, status=HTTPStatus.NOT_FOUND)
    if request.method != "POST":
        return _page(request, order, now)
    outcome, delay = request.POST.get("outcome", ""), _delay(request)
    if outcome == "late" and delay is None:
        return _page(request, order, now, wrong=True)
    if outcome == "refuse":
        demo.service.book.close(order.number, now, tell=True)
    elif outcome in _COPIES:
        moves_at = now + (delay or timedelta()) if outcome == "late" else now
        if demo.service.book.agree(order.number, moves_at=moves_at, copies=_COPIES[outcome], now=now):
            demo.service.book.move(now)
    demo.resume()
    if order.method == "demo.qr" or not order.return_url:
        return redirect("demo-gateway.pay", token=token)
    return HttpResponseRedirect(order.return_url)


def _page(request: HttpRequest, order: Order, now: datetime, *, wrong: bool = False) -> HttpResponse:
    said = words()
    expired = order.state == "open" and order.expires_at <= now
    state = "expired" if expired else order.state
    context: dict[str, Any] = {
        "words": said, "order": order, "state": state, "amount": f"{yuan(order.amount_fen):,}",
        "method": said.get(order.method.replace(".", "_"), order.method), "state_words": said.get(f"is_{state}"),
        "what": said.get("closed_what" if expired else f"{state}_what"), "wrong": wrong,
    }  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    response = render(request, "demo_gateway/pay.html", context, status=status)
    back = urlsplit(order.return_url)
    if back.netloc and back.netloc != request.get_host():
        # Browsers hold a form to this rule also where its answer leads on to.
        response._csp_update = {"form-action": [f"{back.scheme}://{back.netloc}"]}  # type: ignore[attr-defined]
    return response


def _delay(request: HttpRequest) -> timedelta | None:
    text = request.POST.get("seconds", "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= _LONGEST_DELAY:
        return None
    return timedelta(seconds=int(text))


def _demo() -> DemoGateway:
    found = gateway(DemoGateway.code)
    if not isinstance(found, DemoGateway):
        raise GridhallError("The gateway of this code is another one.", path="gateway")
    return found
