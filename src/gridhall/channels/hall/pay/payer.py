"""Who the payer is to a gateway that has to know: asked of their browser for one order, kept for that one only."""

import secrets
from typing import Final

from django.http import HttpRequest

from gridhall.contexts.payments.types import Order, OrderState

#: In the session: the order, and either the state that has to come back or who the payer is.
_KEPT: Final = "pay_payer"
_LONGEST: Final = 128


def known(request: HttpRequest, order: Order) -> str:
    """Who the payer of an order is to its gateway; empty while nobody has asked."""
    kept = request.session.get(_KEPT) or {}
    return str(kept.get("openid", "")) if kept.get("order") == order.number else ""


def asking(request: HttpRequest, order: Order) -> str:
    """This will remember that the payer is asked for an order, and give the state that has to come back."""
    state = secrets.token_hex(16)
    request.session[_KEPT] = {"order": order.number, "state": state}
    return state


def answered(request: HttpRequest, order: Order) -> str:
    """The code that came back for an order; empty when it is not what this browser was sent for, or came before."""
    kept = request.session.get(_KEPT) or {}
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    if kept.get("order") != order.number or not kept.get("state"):
        return ""
    # Whatever came, this state is used up.
    del request.session[_KEPT]
    if not secrets.compare_digest(str(kept["state"]).encode(), state.encode()) or len(code) > _LONGEST:
        return ""
    return code


def keep(request: HttpRequest, order: Order, openid: str) -> None:
    """This will keep who the payer is until the order is paid or closed, or another one needs to know."""
    request.session[_KEPT] = {"order": order.number, "openid": openid}


def forget(request: HttpRequest, order: Order) -> None:
    """This will forget the payer of an order that is over."""
    if order.state is not OrderState.OPEN and (request.session.get(_KEPT) or {}).get("order") == order.number:
        del request.session[_KEPT]
