"""Shares: what others see of one's homes, what one sees of theirs."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gridhall.channels.hall.access import HallRequest
from gridhall.channels.hall.me.forms import RELATIONS, RIGHTS, Sharing
from gridhall.channels.hall.me.page import act, me_page, own_home, person, refuse
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity import queries
from gridhall.contexts.identity.ports import masked
from gridhall.contexts.identity.types import Given, Home, Relation, Right, canonical_phone
from gridhall.kernel.errors import GridhallError, NotFound


@me_page
def shares(request: HallRequest) -> HttpResponse:
    """What one gave and what one received."""
    homes = {home.key: home for home in request.homes}
    given = [shown(each, homes.get(each.home)) for each in queries.given(person(request), request.today)]
    received = [home for home in request.homes if not home.owner]
    own = [home for home in request.homes if home.owner]
    return rendered(request, "hall/me/shares.html", given=given, received=received, own=own)


@require_http_methods(["GET", "HEAD", "POST"])
@me_page
def share(request: HallRequest, home: str) -> HttpResponse:
    """Choose, see in words what would be seen, confirm."""
    of = own_home(request, home, owner=True)
    form = Sharing(request.POST or None, initial={"relation": Relation.FAMILY, "rights": [Right.BILLS, Right.USAGE]})
    if not form.is_valid() or request.POST.get("step") == "change":
        return rendered(request, "hall/me/share.html", form=form, of=of)
    wish = form.wish()
    if request.POST.get("step") == "confirmed":
        try:
            identity.share(person(request), of.key, wish, act=act(request), today=request.today)
        except GridhallError as error:
            return _refused(request, form, of, error)
        messages.success(request, _("Shared. Ask them to sign in with that number."))
        return redirect("hall.me-home", home=of.key)
    phone = canonical_phone(wish.phone)
    if phone is None:
        form.add_error("phone", _("Please enter a mobile number of 11 digits."))
        return rendered(request, "hall/me/share.html", form=form, of=of)
    return rendered(
        request, "hall/me/share_confirm.html", form=form, of=of, phone=masked(phone), wish=wish,
        relation=RELATIONS[wish.relation], rights=[str(right) for right in wish.rights],
        last=form.cleaned_data["last_day"],
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@me_page
def revoke(request: HallRequest, share: str) -> HttpResponse:
    """Ask once, then end it."""
    found = next((each for each in queries.given(person(request), request.today) if each.key == share), None)
    if found is None:
        raise NotFound("There is no such share.", path="share")
    if request.method == "POST":
        identity.revoke(person(request), share, act=act(request))
        messages.success(request, _("Revoked. They see nothing any more."))
        return redirect("hall.me-home", home=found.home)
    of = next((home for home in request.homes if home.key == found.home), None)
    return rendered(request, "hall/me/revoke.html", share=shown(found, of))


def shown(given: Given, home: Home | None) -> dict[str, object]:
    """A share in the reader's words."""
    return {
        "given": given,
        "home": home,
        "relation": RELATIONS[given.relation],
        "rights": [str(RIGHTS[right]) for right in Right if right in given.rights],
        "last": given.end - timedelta(days=1) if given.end else None,
    }


def _refused(request: HallRequest, form: Sharing, of: Home, error: GridhallError) -> HttpResponse:
    refuse(form, error)
    return rendered(request, "hall/me/share.html", form=form, of=of)
