"""Pages that anybody may read; who is signed in keeps the navigation of the home last looked at."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gridhall.channels.hall.access import HallRequest, current_home
from gridhall.channels.web.formats import today
from gridhall.contexts.identity import queries as identity

P = ParamSpec("P")


def open_page(
    view: Callable[Concatenate[HallRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Gives a view ``homes``, ``home`` where there is one, and ``today``. One query for who is signed in."""

    @wraps(view)
    def opened(request: HallRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        request.today = today()
        request.homes = []
        if request.user.pk is not None:
            request.homes = identity.homes_of(request.user.pk, request.today)
            if (home := current_home(request)) is not None:
                request.home = home
        return view(request, *args, **kwargs)

    return opened  # type: ignore[return-value]
