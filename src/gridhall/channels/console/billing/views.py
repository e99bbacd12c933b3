"""Bill runs and parked periods."""

from django.http import HttpResponse

from gridhall.channels.console.access import ConsoleRequest, console_page, rendered
from gridhall.contexts.identity.types import Permission


@console_page(Permission.BILLS_VIEW)
def runs(request: ConsoleRequest) -> HttpResponse:
    """The newest runs."""
    return rendered(request, "console/billing/runs.html")


@console_page(Permission.BILLS_VIEW)
def parked(request: ConsoleRequest) -> HttpResponse:
    """What waits."""
    return rendered(request, "console/billing/parked.html")
