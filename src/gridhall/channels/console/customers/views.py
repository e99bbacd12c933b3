"""Customers found and shown."""

from django.http import HttpResponse

from gridhall.channels.console.access import ConsoleRequest, console_page, rendered
from gridhall.contexts.identity.types import Permission


@console_page(Permission.CUSTOMERS_VIEW)
def search(request: ConsoleRequest) -> HttpResponse:
    """The one search box."""
    return rendered(request, "console/customers/search.html")
