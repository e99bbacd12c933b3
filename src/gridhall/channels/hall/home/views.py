"""The first page."""

from django.http import HttpResponse
from django.shortcuts import redirect

from gridhall.channels.hall.access import HallRequest, current_home, home_page, person_page, rendered
from gridhall.contexts.identity import queries as identity


@person_page
def start(request: HallRequest) -> HttpResponse:
    """Lead to the home last looked at; staff without homes to the console; others to linking one."""
    found = current_home(request)
    if found is not None:
        return redirect("hall.home-of", home=found.key)
    assert request.user.pk is not None
    if identity.staff(request.user.pk, request.today) is not None:
        return redirect("console.work")
    return redirect("hall.me")


@home_page()
def show(request: HallRequest) -> HttpResponse:
    """The home at a glance."""
    return rendered(request, "hall/home/home.html")
