"""The person's own pages."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from gridhall.channels.hall.access import HallRequest
from gridhall.channels.hall.me.forms import RELATIONS, RIGHTS, Name
from gridhall.channels.hall.me.page import act, me_page, own_home, person
from gridhall.channels.hall.me.sharing import shown
from gridhall.channels.hall.me.topology import drawn
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity import queries
from gridhall.contexts.identity.ports import masked
from gridhall.contexts.identity.types import PersonalField, Right, Role

FIELDS = {
    PersonalField.NAME: gettext_lazy("name"),
    PersonalField.PHONE: gettext_lazy("phone number"),
    PersonalField.CREDENTIAL: gettext_lazy("identity document"),
    PersonalField.ADDRESS: gettext_lazy("address"),
}
ROLES = {
    Role.CLERK: gettext_lazy("a clerk"),
    Role.MANAGER: gettext_lazy("a manager"),
    Role.TARIFF_OFFICER: gettext_lazy("a tariff officer"),
    Role.AUDITOR: gettext_lazy("an auditor"),
    Role.ADMINISTRATOR: gettext_lazy("an administrator"),
}


@me_page
def overview(request: HallRequest) -> HttpResponse:
    """Everything about the person at a glance."""
    user = request.user
    own = [home for home in request.homes if home.owner]
    looks = queries.who_looked({home.customer for home in own}, limit=1) if own else []
    return rendered(
        request, "hall/me/me.html", own=own, received=len(request.homes) - len(own),
        given=queries.given(person(request), request.today), looks=looks,
        phone=masked(getattr(user, "phone", "") or ""), called=getattr(user, "display_name", ""),
        at_work=queries.staff(person(request), request.today) is not None,
    )  # fmt: skip


@me_page
def homes(request: HallRequest) -> HttpResponse:
    """The homes, and how they hang together with customers and settlement accounts."""
    settled = {each.home: each for each in queries.settled(person(request), request.today)}
    own = [home for home in request.homes if home.owner]
    listed = [(home, settled.get(home.key)) for home in request.homes]
    return rendered(request, "hall/me/homes.html", listed=listed, own=own, picture=drawn(own, settled))


@require_http_methods(["GET", "HEAD", "POST"])
@me_page
def one(request: HallRequest, home: str) -> HttpResponse:
    """One home: its name, whom it is shared with, and the way out."""
    of = own_home(request, home)
    form = Name(request.POST or None, initial={"name": of.name if of.named else ""})
    if form.is_valid():
        identity.rename(person(request), of.key, form.cleaned_data["name"], act=act(request))
        messages.success(request, _("Saved."))
        return redirect("hall.me-home", home=of.key)
    given = [shown(each, of) for each in queries.given(person(request), request.today) if each.home == of.key]
    settled = next((each for each in queries.settled(person(request), request.today) if each.home == of.key), None)
    rights = [str(RIGHTS[right]) for right in Right if right in of.rights]
    return rendered(request, "hall/me/one.html", of=of, form=form, given=given, settled=settled, rights=rights)


@require_http_methods(["GET", "HEAD", "POST"])
@me_page
def unlink(request: HallRequest, home: str) -> HttpResponse:
    """Ask once, then end the link or give up what was shared."""
    of = own_home(request, home)
    if request.method == "POST":
        identity.unlink(person(request), of.key, act=act(request))
        messages.success(request, _("Done. You can link it again at any time.") if of.owner else _("Done."))
        return redirect("hall.me-homes")
    given = [each for each in queries.given(person(request), request.today) if each.home == of.key]
    return rendered(request, "hall/me/unlink.html", of=of, given=given)


@me_page
def security(request: HallRequest) -> HttpResponse:
    """Password, passkeys, second factor, and where one is signed in."""
    assert request.user.is_authenticated
    kinds = list(Authenticator.objects.filter(user_id=person(request)).values_list("type", flat=True))
    return rendered(
        request, "hall/me/security.html", has_password=request.user.has_usable_password(),
        phone=masked(getattr(request.user, "phone", "") or ""), passkeys=kinds.count(Authenticator.Type.WEBAUTHN),
        app=Authenticator.Type.TOTP in kinds, sessions=UserSession.objects.filter(user_id=person(request)).count(),
    )  # fmt: skip


@me_page
def privacy(request: HallRequest) -> HttpResponse:
    """Who of the utility saw personal data whole, when and why; and what those downloaded with whom one shares."""
    customers = {home.customer for home in request.homes if home.owner}
    looks = [
        (look, ROLES[look.role], [str(FIELDS[field]) for field in look.fields])
        for look in (queries.who_looked(customers) if customers else [])
    ]
    names = {home.key: home.name for home in request.homes}
    taken = [(each, RELATIONS[each.relation], names.get(each.home, "")) for each in queries.taken(person(request))]
    return rendered(request, "hall/me/privacy.html", looks=looks, customers=customers, taken=taken)
