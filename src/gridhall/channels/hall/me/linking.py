"""Linking a home: the 户号, then a code to the phone that is registered for it, or a bill in hand."""

from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gridhall.channels.hall.access import HallRequest
from gridhall.channels.hall.me.forms import BillInHand, Code, Number
from gridhall.channels.hall.me.page import act, me_page, person, refuse
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity import operations as identity
from gridhall.journeys.linking import link_by_bill
from gridhall.kernel.errors import GridhallError

#: Where the 户号 waits in the session between the steps.
_NUMBER: Final = "linking"
_TEMPLATE: Final = "hall/me/link.html"


@require_http_methods(["GET", "HEAD", "POST"])
@me_page
def start(request: HallRequest) -> HttpResponse:
    """The 户号, and how to prove it."""
    form = Number(request.POST or None, initial={"number": request.session.get(_NUMBER, "")})
    if form.is_valid():
        number = "".join(form.cleaned_data["number"].split())
        request.session[_NUMBER] = number
        if request.POST.get("by") == "bill":
            return redirect("hall.me-link-bill")
        try:
            identity.ask_for_code(person(request), number, act=act(request), today=request.today)
        except GridhallError as error:
            refuse(form, error)
        else:
            return redirect("hall.me-link-code")
    return rendered(request, _TEMPLATE, form=form, step=1)


@require_http_methods(["GET", "HEAD", "POST"])
@me_page
def by_code(request: HallRequest) -> HttpResponse:
    """The code that the registered phone received."""
    number = request.session.get(_NUMBER)
    if not number:
        return redirect("hall.me-link")
    form = Code(request.POST or None)
    if form.is_valid():
        code = form.cleaned_data["code"]
        try:
            key = identity.link_by_code(person(request), number, code, act=act(request), today=request.today)
        except GridhallError as error:
            refuse(form, error)
        else:
            return _linked(request, key)
    return rendered(request, _TEMPLATE, form=form, number=number, step=2, by="code")


@require_http_methods(["GET", "HEAD", "POST"])
@me_page
def by_bill(request: HallRequest) -> HttpResponse:
    """Number and amount of a bill."""
    number = request.session.get(_NUMBER)
    if not number:
        return redirect("hall.me-link")
    form = BillInHand(request.POST or None)
    if form.is_valid():
        bill = form.cleaned_data["bill"]
        try:
            key = link_by_bill(person(request), number, bill, form.fen, act=act(request), today=request.today)
        except GridhallError as error:
            refuse(form, error)
        else:
            return _linked(request, key)
    return rendered(request, _TEMPLATE, form=form, number=number, step=2, by="bill")


def _linked(request: HallRequest, key: str) -> HttpResponse:
    request.session.pop(_NUMBER, None)
    messages.success(request, _("The home is linked. Give it a name that you know it by."))
    return redirect("hall.me-home", home=key)
