"""Which ways to pay a page offers: what the utility's gateways have, suited to the device."""

import re
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from gridhall.channels.web.formats import in_english
from gridhall.contexts.payments.ports import Method, gateways

#: Where the method last chosen is remembered in the session.
CHOSEN: Final = "pay_method"
_PHONE: Final = re.compile(r"Mobi|Android|iPhone|HarmonyOS", re.IGNORECASE)
_WECHAT: Final = "MicroMessenger"
#: What works in WeChat's own browser only, and what works in every other one only.
_INSIDE: Final = "wechat.jsapi"
_OUTSIDE: Final = "wechat.h5"


@dataclass(frozen=True)
class Offer:
    """A way to pay.

    Attributes:
        code: of the method; ``gateway`` of who takes the money.
        suited: whether it works on the device that asks.
    """

    code: str
    gateway: str
    name: str
    icon: str
    suited: bool


def offers(request: HttpRequest) -> list[Offer]:
    """Every way to pay, in the utility's order, those that suit the device first."""
    agent = request.headers.get("User-Agent", "")
    phone, wechat = bool(_PHONE.search(agent)), _WECHAT in agent
    found = [
        Offer(method.code, code, name_of(method), method.icon, method.phone if phone else method.desktop)
        for code, gateway in gateways().items()
        for method in gateway.methods
        if method.code != (_OUTSIDE if wechat else _INSIDE)
    ]
    return sorted(found, key=lambda each: not each.suited)


def chosen(request: HttpRequest, found: list[Offer]) -> str:
    """The method to begin with: the one last used, else the first that suits; empty where there is none."""
    last = request.session.get(CHOSEN)
    return next((each.code for each in found if each.code == last), "") or next((each.code for each in found), "")


def name_of(method: Method) -> str:
    """The name of a method in the language of the page."""
    return method.names.get("en" if in_english() else "zh-Hans") or method.code


def method_name(gateway: str, method: str) -> str:
    """The name of a method that was used, also of one that is offered no more."""
    from gridhall.channels.hall.pay.method_words import FORMER

    known = gateways().get(gateway)
    for each in known.methods if known is not None else ():
        if each.code == method:
            return name_of(each)
    return str(FORMER.get(method) or FORMER.get(gateway) or method)
