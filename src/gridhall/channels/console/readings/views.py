"""Imports, quarantine and freshness."""

from django.http import HttpResponse

from gridhall.channels.console.access import ConsoleRequest, console_page, rendered
from gridhall.contexts.identity.types import Permission


@console_page(Permission.READINGS_VIEW)
def imports(request: ConsoleRequest) -> HttpResponse:
    """The newest imports."""
    return rendered(request, "console/readings/imports.html")


@console_page(Permission.READINGS_VIEW)
def freshness(request: ConsoleRequest) -> HttpResponse:
    """How fresh the readings of each transformer area are."""
    return rendered(request, "console/readings/freshness.html")
