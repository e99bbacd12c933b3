"""Pictures and films of the guide: uploaded, listed, put into articles."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.web import words
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments.operations import guide_editing as operations
from gridhall.contexts.payments.queries import guide as queries


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Permission.GUIDE_EDIT)
def files(request: ConsoleRequest) -> HttpResponse:
    """The pictures and films, and the form for another; asked for by HTMX only the list."""
    part = getattr(request, "htmx", False)
    refused, kept = None, ""
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise operations.GuideFileRefused(_("No file was chosen."), path="file")
            _folder, kept = operations.keep_guide_file(file.name or "", file.chunks(), act=act(request))
        except operations.GuideFileRefused as error:
            refused = words.of_error(error)
        else:
            if not part:
                return redirect("console.guide-files")
    response = rendered(
        request, "console/ways/parts/files.html" if part else "console/ways/files.html", files=shown_files(),
        refused=refused, kept=kept,
    )  # fmt: skip
    # HTMX shows what comes with an error nowhere.
    response.status_code = 422 if refused and not part else 200
    return response


def shown_files() -> list[tuple[queries.GuideFile, str]]:
    """Every picture and film, with what is written into an article for it."""
    what = _("What is in the picture")
    return [
        (each, f"![{what}](pictures/{each.name})" if each.folder == "pictures" else each.name)
        for each in queries.guide_files()
    ]
