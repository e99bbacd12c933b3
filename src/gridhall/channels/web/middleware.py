"""What happens around every page: language, caching, and errors said in words."""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import translation

from gridhall.channels.web import errors
from gridhall.kernel.errors import GridhallError

_Next = Callable[[HttpRequest], HttpResponseBase]


class ChosenLanguage:
    """Pages speak the utility's language until somebody chooses another; a browser's wish is not a choice.

    Many phones in use speak English to their hall because of a setting that nobody made on purpose.
    """

    def __init__(self, following: _Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request in its language."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.following(request)
        response.headers.setdefault("Content-Language", language)
        return response


class PrivatePages:
    """No page is kept by a browser or proxy, so that nobody finds it with the back button after signing out.

    A view that gives something public sets its own ``Cache-Control``.
    """

    def __init__(self, following: _Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        response = self.following(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        response["Permissions-Policy"] = "camera=(), microphone=(), payment=(), usb=(), geolocation=(self)"
        return response


class SignInAsAPage:
    """A fragment asked for after the session ended leads the whole page to signing in, not the fragment's place."""

    def __init__(self, following: _Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        response = self.following(request)
        if request.headers.get("HX-Request") and response.status_code == HTTPStatus.FOUND:
            to = urlsplit(response["Location"])
            if to.path == resolve_url(settings.LOGIN_URL):
                page = urlsplit(request.headers.get("HX-Current-URL", "/")).path
                return HttpResponse(headers={"HX-Redirect": f"{to.path}?{urlencode({'next': page})}"})
        return response


class ErrorsInWords:
    """An error of the house that a view did not answer itself becomes a page that says what to do next."""

    def __init__(self, following: _Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        return self.following(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for an error of the house; others are for the framework."""
        return errors.answer(request, error) if isinstance(error, GridhallError) else None
