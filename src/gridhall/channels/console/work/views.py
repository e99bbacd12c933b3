"""Where staff begin."""

from django.http import HttpResponse

from gridhall.channels.console.access import ConsoleRequest, console_page, rendered


@console_page()
def start(request: ConsoleRequest) -> HttpResponse:
    """What waits for this member of staff."""
    return rendered(request, "console/work/work.html")
