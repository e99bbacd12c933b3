"""By what one is recognised, how one is called, where one likes to be served."""

from typing import Final

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gridhall.channels.hall.access import HallRequest
from gridhall.channels.hall.me.forms import Code, Email, Preferences, Username
from gridhall.channels.hall.me.page import WORDS, act, me_page, person, refuse
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity import queries
from gridhall.contexts.identity.operations.errors import IdentifierTaken, LastIdentifier
from gridhall.contexts.identity.ports import masked
from gridhall.contexts.identity.types import Door, IdentifierKind
from gridhall.kernel.errors import GridhallError, NotFound

_EMAIL: Final = "email_to_confirm"


@require_http_methods(["GET", "HEAD", "POST"])
@me_page
def identifiers(request: HallRequest) -> HttpResponse:
    """What is active, and forms for what can be added."""
    wanted = request.POST.get("form", "")
    username = Username(request.POST if wanted == "username" else None)
    email = Email(request.POST if wanted == "email" else None)
    user = request.user
    preferences = Preferences(
        request.POST if wanted == "preferences" else None,
        initial={"called": getattr(user, "display_name", ""), "door": getattr(user, "door", "")},
    )
    forms: dict[str, Form] = {"username": username, "email": email, "preferences": preferences}
    if wanted in forms and forms[wanted].is_valid():
        try:
            return _done(request, wanted, forms[wanted])
        except GridhallError as error:
            refuse(forms[wanted], error)
    found = queries.identifiers_of(person(request))
    used = {each.value for each in found if each.kind is IdentifierKind.USAGE_POINT}
    return rendered(
        request, "hall/me/identifiers.html", found=found, username=username, email=email, preferences=preferences,
        homes_to_use=[home for home in request.homes if home.owner and home.number.lower() not in used],
    )  # fmt: skip


@require_POST
@me_page
def change(request: HallRequest) -> HttpResponse:
    """Switch one identifier on or off."""
    kind, value = request.POST.get("kind", ""), request.POST.get("value", "")
    if kind not in list(IdentifierKind):
        raise NotFound("There is no such identifier.", path="identifier")
    on = request.POST.get("to") == "on"
    try:
        if not on:
            identity.deactivate(person(request), IdentifierKind(kind), value, act=act(request))
        elif kind == IdentifierKind.PHONE:
            identity.use_phone(person(request), act=act(request))
        else:
            identity.choose_usage_point(person(request), value, act=act(request))
    except (LastIdentifier, IdentifierTaken) as error:
        messages.error(request, str(WORDS[error.code]))
    else:
        messages.success(request, _("Saved."))
    return redirect("hall.me-identifiers")


@require_http_methods(["GET", "HEAD", "POST"])
@me_page
def confirm_email(request: HallRequest) -> HttpResponse:
    """The code that the mailbox received."""
    address = request.session.get(_EMAIL)
    if not address:
        return redirect("hall.me-identifiers")
    form = Code(request.POST or None)
    if form.is_valid():
        try:
            identity.confirm_email(person(request), address, form.cleaned_data["code"], act=act(request))
        except GridhallError as error:
            refuse(form, error)
        else:
            request.session.pop(_EMAIL, None)
            messages.success(request, _("Saved."))
            return redirect("hall.me-identifiers")
    return rendered(request, "hall/me/email.html", form=form, address=masked(address))


def _done(request: HallRequest, wanted: str, form: Form) -> HttpResponse:
    given = form.cleaned_data
    if wanted == "email":
        request.session[_EMAIL] = identity.ask_to_confirm_email(person(request), given["email"], act=act(request))
        return redirect("hall.me-email")
    if wanted == "username":
        identity.choose_username(person(request), given["username"], act=act(request))
    else:
        identity.prefer(person(request), door=Door(given["door"]), called=given["called"], act=act(request))
    messages.success(request, _("Saved."))
    return redirect("hall.me-identifiers")
