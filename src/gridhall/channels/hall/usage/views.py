"""Usage of a home."""

from django.http import HttpResponse

from gridhall.channels.hall.access import HallRequest, home_page, rendered
from gridhall.contexts.identity.types import Right


@home_page(Right.USAGE)
def usage(request: HallRequest) -> HttpResponse:
    """The year at a glance."""
    return rendered(request, "hall/usage/usage.html")
