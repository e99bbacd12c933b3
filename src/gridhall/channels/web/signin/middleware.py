"""Around every request: staff work with a second factor, and signing out leaves nothing behind."""

from collections.abc import Callable
from time import monotonic
from typing import Final
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

_Next = Callable[[HttpRequest], HttpResponseBase]
#: Where staff work; what lies below asks for a second factor.
_GUARDED: Final = ("/console/", "/admin/")
#: After how many seconds the use of a session is noted again, and how many sessions a process remembers.
_NOTED: Final = 300.0
_REMEMBERED: Final = 50_000


class SecondFactorForStaff:
    """Console and administration are for sessions that were signed in with a second factor.

    Who has none yet is sent to set one up; who has one but did not use it in this session is asked for it.
    """

    def __init__(self, following: _Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        if (
            settings.STAFF_SECOND_FACTOR
            and request.path.startswith(_GUARDED)
            and request.user.is_authenticated
            and not used_second_factor(request)
            and _is_staff(request)
        ):
            kinds = {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}
            has_one = Authenticator.objects.filter(user_id=request.user.pk, type__in=kinds).exists()
            page = reverse("mfa_reauthenticate" if has_one else "web.second-factor")
            return HttpResponseRedirect(f"{page}?{urlencode({'next': request.get_full_path()})}")
        return self.following(request)


class SessionsSeen:
    """Notes when each session was last used, for the list of sessions, to within some minutes.

    To write it down for every request would cost as much as many a page. Each process remembers what it has noted.
    """

    def __init__(self, following: _Next) -> None:
        self.following = following
        self._noted: dict[str, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        key = request.session.session_key
        if key and monotonic() - self._noted.get(key, -_NOTED) >= _NOTED and request.user.is_authenticated:
            if len(self._noted) >= _REMEMBERED:
                self._noted.clear()
            UserSession.objects.create_from_request(request)
            self._noted[key] = monotonic()
        return self.following(request)


class NothingLeftBehind:
    """After signing out a browser forgets pages kept for reading offline, and cannot go back to one."""

    def __init__(self, following: _Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        if request.path != reverse("account_logout"):
            return self.following(request)
        signed_in = bool(request.user.is_authenticated)
        response = self.following(request)
        if signed_in and not request.user.is_authenticated:
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


def used_second_factor(request: HttpRequest) -> bool:
    """Whether this session was signed in, or confirmed later, with an authenticator."""
    return any(each.get("method") == "mfa" for each in get_authentication_records(request, request.user))


def _is_staff(request: HttpRequest) -> bool:
    from gridhall.channels.web.signin.adapter import is_staff

    return is_staff(request.user)
