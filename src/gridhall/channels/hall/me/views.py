"""The person's own pages."""

from django.http import HttpResponse

from gridhall.channels.hall.access import HallRequest, person_page, rendered


@person_page
def overview(request: HallRequest) -> HttpResponse:
    """Everything about the person at a glance."""
    return rendered(request, "hall/me/me.html")
