"""Smart fee control of a home: its balance, its agreement, and the one page for those who sit in the dark."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gridhall.channels.hall.access import HallRequest, home_page
from gridhall.channels.hall.prepay.words import STATES, said
from gridhall.channels.web import words
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Right
from gridhall.contexts.payments.operations.fee_control import agree as sign
from gridhall.contexts.payments.operations.fee_control import change_warning, end_agreement
from gridhall.contexts.payments.operations.fee_control_switching import look_now
from gridhall.contexts.payments.queries import fee_control as queries
from gridhall.contexts.payments.queries.fee_control import Watched
from gridhall.contexts.payments.types import AmountInvalid, Mode, fen_of
from gridhall.kernel import clock
from gridhall.kernel.errors import NotFound, Refused
from gridhall.runtime.audit import Act

#: How many steps of the timeline are shown.
_STEPS = 40


@require_GET
@home_page(Right.BILLS)
def balance(request: HallRequest) -> HttpResponse:
    """Where the balance stands; for those who have not agreed, what it is. At most two queries of its own."""
    found = _watched(request)
    if found is None:
        return redirect("hall.prepay-agree", home=request.home.key)
    if found.state in ("cutting", "off", "restoring"):
        return redirect("hall.prepay-off", home=request.home.key)
    return rendered(request, "hall/prepay/balance.html", **_shown(request, found))


@require_GET
@home_page(Right.BILLS)
def off(request: HallRequest) -> HttpResponse:
    """Supply is off: why, what to pay, what happens next, how to switch the meter on, and how far it is."""
    found = _watched(request)
    if found is None:
        raise NotFound("This home is not under fee control.", path="home")
    return rendered(request, "hall/prepay/off.html", **_shown(request, found))


@require_GET
@home_page(Right.BILLS)
def state(request: HallRequest) -> HttpResponse:
    """How far it is, for the page that looks again by itself."""
    found = _watched(request)
    if found is None:
        raise NotFound("This home is not under fee control.", path="home")
    shown = _shown(request, found)
    # Somebody else may have paid: what the page around this part asks for is over.
    if getattr(request, "htmx", False) and request.GET.get("shown", shown["stage"]) != shown["stage"]:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return rendered(request, "hall/prepay/parts/state.html", **shown)


@require_POST
@home_page(Right.BILLS)
def pressed(request: HallRequest) -> HttpResponse:
    """The customer has pressed the button: have the meter read now."""
    if _watched(request) is not None:
        look_now(request.home.usage_point, now=clock.now())
    return redirect("hall.prepay-off", home=request.home.key)


@require_http_methods(["GET", "POST"])
@home_page(Right.BILLS, owner=True)
def agree(request: HallRequest) -> HttpResponse:
    """The agreement: read, signed, and its warning changed."""
    found, home = _watched(request), request.home
    wrong = ""
    typed = request.POST.get("warn", "")[:20]
    if request.method == "POST":
        try:
            warn = fen_of(typed) if typed.strip() else None
            if found is not None:
                change_warning(home.usage_point, home.customer, warn, act=_act(request))
                messages.success(request, _("The warning is changed."))
                return redirect("hall.prepay", home=home.key)
            if request.POST.get("agreed") == "yes":
                mode = Mode.CREDIT if request.POST.get("mode") == "credit" else Mode.PREPAID
                sign(home.usage_point, home.customer, mode, warn_fen=warn, act=_act(request))
                messages.success(request, _("Fee control begins. The first balance is there tomorrow morning."))
                return redirect("hall.prepay", home=home.key)
            wrong = _("Tick that you have read and agree.")
        except (AmountInvalid, Refused) as error:
            wrong = words.of_error(error).what
    return rendered(
        request, "hall/prepay/agree.html", found=found, rules=queries.rules(), wrong=wrong, typed=typed,
        steps=said(queries.timeline(home.usage_point, home.customer, _STEPS)),
        credit=request.POST.get("mode") == "credit",
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@home_page(Right.BILLS, owner=True)
def end(request: HallRequest) -> HttpResponse:
    """Ending the agreement, after a question."""
    found = _watched(request)
    if found is None:
        return redirect("hall.prepay-agree", home=request.home.key)
    if request.method == "POST":
        try:
            end_agreement(request.home.usage_point, request.home.customer, act=_act(request))
        except Refused as error:
            messages.error(request, words.of_error(error).what)
            return redirect("hall.prepay", home=request.home.key)
        messages.success(request, _("Fee control has ended. Bills come as before."))
        return redirect("hall.home-of", home=request.home.key)
    return rendered(request, "hall/prepay/end.html", found=found)


def _watched(request: HallRequest) -> Watched | None:
    return queries.watched(request.home.usage_point, request.home.customer, request.today)


def _shown(request: HallRequest, found: Watched) -> dict[str, object]:
    steps = queries.timeline(found.usage_point, found.customer, _STEPS)
    tone, state = STATES[found.state]
    allowed = bool(steps) and next(
        (step.kind == "allowed" for step in steps if step.kind in ("allowed", "reconnect_ordered", "cut_off")), False
    )
    lit, paid = found.state not in ("cutting", "off", "restoring"), found.state == "restoring"
    return {
        "stage": "lit" if lit else "paid" if paid else "due",
        "found": found, "steps": said(steps), "tone": tone, "state": state, "rules": queries.rules(),
        "allowed": paid and allowed, "paid": paid, "lit": lit, "share": _share(found),
    }  # fmt: skip


def _share(found: Watched) -> int:
    """How much of the bar of the balance is filled, in tenths: ten from twice the first warning on."""
    first = found.warn if found.warn is not None else queries.rules().warnings.first_fen
    return min(max(10 * (found.balance or 0) // max(2 * first, 1), 0), 10)


def _act(request: HttpRequest) -> Act:
    return Act(f"user:{request.user.pk}", clock.now())
