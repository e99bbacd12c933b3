"""Who may see a page of the hall: every page that shows something of a home says so by `home_page`."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gridhall.channels.web.formats import today
from gridhall.contexts.identity import queries as identity
from gridhall.contexts.identity.types import Home, Right
from gridhall.kernel.errors import NotFound

P = ParamSpec("P")
#: Where the home last looked at is remembered in the session.
_CURRENT = "home"


class HallRequest(HttpRequest):
    """A request to a page of the hall, with what the page is about."""

    home: Home
    homes: list[Home]
    today: date


def home_page(
    right: Right | None = None, *, owner: bool = False
) -> Callable[
    [Callable[Concatenate[HallRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, str, P], HttpResponseBase],
]:
    """Guards a view whose first parameter after the request is the key of a home, and hands it the home.

    The request gets ``home``, ``homes`` (of the switcher) and ``today``. One query. Who is not signed in is asked to;
    a key that means nothing to this person, a right that was not shared, and an owner's page for somebody who is not
    the owner are all the same 404.

    Args:
        right: what the page shows; None for pages that show no more than the home itself.
        owner: only for the owner.
    """

    def guarding(
        view: Callable[Concatenate[HallRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HallRequest, home: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            assert request.user.pk is not None
            request.today = today()
            request.homes = identity.homes_of(request.user.pk, request.today)
            found = next((each for each in request.homes if each.key == home), None)
            if found is None or (right is not None and not found.may(right)) or (owner and not found.owner):
                raise NotFound("There is no such home.", path="home")
            request.home = found
            if request.session.get(_CURRENT) != found.key:
                request.session[_CURRENT] = found.key
            return view(request, *args, **kwargs)

        return login_required(guarded)  # type: ignore[return-value]

    return guarding


def person_page(
    view: Callable[Concatenate[HallRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Guards a view that is about the person and not about one home; gives it ``homes`` and ``today``. One query."""

    @wraps(view)
    def guarded(request: HallRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        assert request.user.pk is not None
        request.today = today()
        request.homes = identity.homes_of(request.user.pk, request.today)
        return view(request, *args, **kwargs)

    return login_required(guarded)  # type: ignore[return-value]


def current_home(request: HallRequest) -> Home | None:
    """The home last looked at, else the first; None for somebody who has none yet."""
    last = request.session.get(_CURRENT)
    return next((each for each in request.homes if each.key == last), None) or next(iter(request.homes), None)
