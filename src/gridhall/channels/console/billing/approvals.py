"""Corrections that wait for a second person: who asked, what would change, and the decision."""

from django.http import HttpResponse

from gridhall.channels.console.access import ConsoleRequest, console_page, rendered
from gridhall.contexts.identity.types import Permission


@console_page(Permission.BILLS_VIEW)
def approvals(request: ConsoleRequest) -> HttpResponse:
    """Corrections that wait for a second person."""
    return rendered(request, "console/billing/approvals.html")
