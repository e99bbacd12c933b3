"""Tariffs and drafts."""

from django.http import HttpResponse

from gridhall.channels.console.access import ConsoleRequest, console_page, rendered
from gridhall.contexts.identity.types import Permission


@console_page(Permission.TARIFFS_VIEW)
def tariffs(request: ConsoleRequest) -> HttpResponse:
    """The published tariffs and drafts."""
    return rendered(request, "console/tariffs/tariffs.html")
