"""Bills of a home."""

from django.http import HttpResponse

from gridhall.channels.hall.access import HallRequest, home_page, rendered
from gridhall.contexts.identity.types import Right


@home_page(Right.BILLS)
def bills(request: HallRequest) -> HttpResponse:
    """The bills by year."""
    return rendered(request, "hall/bills/bills.html")
