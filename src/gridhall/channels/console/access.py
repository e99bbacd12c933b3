"""Who may see a page of the console: every page says by `console_page` which permission it needs."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gridhall.channels.web.formats import today
from gridhall.channels.web.people import forget_names
from gridhall.contexts.identity import queries as identity
from gridhall.contexts.identity.types import Permission, Staff
from gridhall.kernel import clock
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act

P = ParamSpec("P")


class ConsoleRequest(HttpRequest):
    """A request to a page of the console, with who works."""

    staff: Staff
    today: date


def console_page(
    permission: Permission | None = None,
) -> Callable[
    [Callable[Concatenate[ConsoleRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Guards a view of the console and gives it ``staff`` and ``today``. One query.

    Who is not signed in is asked to; for customers there is no console (404); staff without the permission anywhere
    are told so (403). What belongs to a unit is for the view to check with `in_scope`: outside one's units it is 404.

    Args:
        permission: what the page needs; None for pages that every member of staff has.
    """

    def guarding(
        view: Callable[Concatenate[ConsoleRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: ConsoleRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            assert request.user.pk is not None
            forget_names()
            request.today = today()
            found = identity.staff(request.user.pk, request.today)
            if found is None:
                raise NotFound("There is no such page.", path="console")
            request.staff = found
            if permission is not None and not found.may(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return login_required(guarded)  # type: ignore[return-value]

    return guarding


def in_scope(request: ConsoleRequest, permission: Permission, path: str) -> None:
    """Go on only when something may be done at the unit of this path.

    Raises:
        NotFound: otherwise, as if what belongs to the unit were not there.
    """
    if not request.staff.may(permission, path):
        raise NotFound("There is nothing of this number here.", path="console")


def act(request: ConsoleRequest) -> Act:
    """Who acts, now, for the audit trail."""
    return Act(actor=f"staff:{request.user.get_username()}", at=clock.now())
