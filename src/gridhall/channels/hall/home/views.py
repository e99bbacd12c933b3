"""The first page."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from gridhall.channels.hall.access import HallRequest, current_home, home_page, person_page
from gridhall.channels.hall.home.glance import owe, use
from gridhall.channels.hall.home.news import notices
from gridhall.channels.hall.pay.standing import derived
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.billing import queries as billing
from gridhall.contexts.billing.queries import OwnBill
from gridhall.contexts.identity import queries as identity
from gridhall.contexts.identity.types import Home, Right
from gridhall.contexts.payments.queries.fee_control import watched


@person_page
def start(request: HallRequest) -> HttpResponse:
    """Lead to the home last looked at; staff without homes to the console; others to linking one."""
    found = current_home(request)
    if found is not None:
        return redirect("hall.home-of", home=found.key)
    assert request.user.pk is not None
    if identity.staff(request.user.pk, request.today) is not None:
        return redirect("console.work")
    return redirect("hall.me")


@home_page()
def show(request: HallRequest) -> HttpResponse:
    """The home at a glance: stored rows only, at most five queries of its own."""
    home, today = request.home, request.today
    sees_bills = home.may(Right.BILLS)
    bills = billing.own_bills(home.usage_point, home.customer, home.spans) if sees_bills else []
    newest = next((bill for bill in bills if bill.live), None)
    running = billing.running(home.usage_point, home.customer)
    accounts = billing.owing(home.usage_point, home.customer, home.spans, today) if sees_bills else []
    ends = [span.end for span in home.spans]
    ended = None if any(end is None or end > today for end in ends) else max(end for end in ends if end)
    fee = watched(home.usage_point, home.customer, today) if sees_bills and ended is None else None
    return rendered(
        request,
        "hall/home/home.html",
        owe=owe(home, bills, derived(home, accounts, today, bills), today) if sees_bills else None,
        use=use(home, running, today) if ended is None else None,
        sees_usage=home.may(Right.USAGE),
        sees_bills=sees_bills,
        last_day=ended - timedelta(days=1) if ended else None,
        supply=home.status,
        fee=fee,
        actions=_actions(home, newest),
        notices=notices(home, bills, billing.waiting(home.usage_point, home.customer) if sees_bills else [], today),
        last_bill=newest,
    )


@dataclass(frozen=True)
class Action:
    """A door to a part of the hall."""

    icon: str
    name: str
    url: str


def _actions(home: Home, newest: OwnBill | None) -> list[Action]:
    """The doors that there are for this person."""
    key = {"home": home.key}
    offered: list[tuple[str, str, str, dict[str, str]]] = []
    if home.may(Right.BILLS):
        offered.append(("wallet", pgettext("door", "Pay"), "hall.pay", key))
        offered.append(("receipt", _("Bills"), "hall.bills", key))
        if newest is not None:
            offered.append(("file-download", _("Bill as PDF"), "hall.bill-pdf", key | {"number": newest.number}))
    if home.may(Right.BILLS) and home.owner:
        offered.append(("battery-1", _("Fee control"), "hall.prepay", key))
    if home.may(Right.USAGE):
        offered.append(("chart-bar", _("Usage"), "hall.usage", key))
    if home.may(Right.DOWNLOAD):
        offered.append(("download", _("Download"), "hall.usage-download", key))
    offered.append(("home-cog", _("My homes"), "hall.me", {}))
    offered.append(("rosette-discount-check", _("Check a bill"), "hall.verify", {}))
    return [Action(icon, name, reverse(view, kwargs=parameters)) for icon, name, view, parameters in offered]
