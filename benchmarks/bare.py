"""Settings and the one view of a bare Django site: what `benchmarks.pages` measures pages against."""

from functools import cache
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

SECRET_KEY = "not a secret"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = __name__
MIDDLEWARE: list[str] = []
INSTALLED_APPS: list[str] = []
WSGI_APPLICATION = f"{__name__}.application"


def view(request: HttpRequest) -> HttpResponse:
    """One line of text."""
    return HttpResponse("bare")


urlpatterns = [path("", view)]


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """The WSGI application; made by the first request, since settings cannot make it while they are being read."""
    return _application()(environ, start_response)


@cache
def _application() -> Any:
    return get_wsgi_application()
