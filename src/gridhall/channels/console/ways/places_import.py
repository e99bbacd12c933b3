"""Places from a file: uploaded, looked at, taken in."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.console.ways import wording
from gridhall.channels.web import words
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments.operations import importing_points as operations
from gridhall.contexts.payments.queries import point_plans as queries
from gridhall.kernel.errors import GridhallError

_SHOWN: Final = 100


class PlacesFileForm(forms.Form):
    """A file of places, and what it does not tell of itself."""

    file = forms.FileField(
        label=gettext_lazy("File"), max_length=255, allow_empty_file=True,
        help_text=gettext_lazy("CSV or GeoJSON, up to 5 MB."),
    )  # fmt: skip
    coordinates = forms.ChoiceField(
        label=gettext_lazy("How the file counts longitude and latitude"), widget=forms.RadioSelect,
        help_text=gettext_lazy("The wrong one puts places some hundred metres off. Ask whoever made the file."),
    )  # fmt: skip
    deactivate_missing = forms.BooleanField(
        label=gettext_lazy("Take places that the file does not have out of use"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(code, f"{name} — {known}") for code, (name, known) in wording.COORDINATES.items()]
        self.fields["coordinates"].choices = named  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Permission.PLACES_EDIT)
def upload(request: ConsoleRequest) -> HttpResponse:
    """The form for a file, what its columns are called, and the files uploaded last."""
    form = PlacesFileForm(request.POST, request.FILES) if request.method == "POST" else PlacesFileForm()
    refused = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        file = given["file"]
        try:
            content = file.read(queries.LARGEST + 1)
            system = queries.CoordinateSystem(given["coordinates"])
            kept = operations.keep_point_file(
                file.name or "", content, system, deactivate_missing=given["deactivate_missing"], act=act(request)
            )
            return redirect("console.places-file", kept)
        except GridhallError as error:
            refused = words.of_error(error)
    response = rendered(
        request,
        "console/ways/import.html",
        form=form,
        refused=refused,
        files=[(each, wording.COORDINATES[each.coordinates][0]) for each in queries.newest_files(10)],
        columns=[
            (name, said, name in queries.REQUIRED, wording.SAMPLES.get(name, ""))
            for name, said in wording.FIELDS.items()
            if name
        ],
    )
    response.status_code = 422 if request.method == "POST" else 200
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Permission.PLACES_EDIT)
def file(request: ConsoleRequest, id: int) -> HttpResponse:
    """What a file would do, and the button that does it; afterwards what it did."""
    found = queries.uploaded_file(id)
    refused = None
    if request.method == "POST":
        try:
            done = operations.take_in_points(id, mark=request.POST.get("mark", ""), act=act(request))
        except GridhallError as error:
            refused = words.of_error(error)
        else:
            told = {"new": len(done.new), "changed": len(done.changed), "off": done.counts["deactivated"]}
            text = _("%(new)s places added, %(changed)s changed, %(off)s taken out of use. Customers see it at once.")
            messages.success(request, text % told)
            return redirect("console.places-file", id)
        found = queries.uploaded_file(id)
    plan = queries.file_plan(id)
    response = rendered(
        request,
        "console/ways/file.html",
        file=found,
        coordinates=wording.COORDINATES[found.coordinates],
        plan=plan,
        counts=found.counts or plan.counts,
        changes=[(each, [wording.field(name) for name in each.fields]) for each in (*plan.new, *plan.changed)[:_SHOWN]],
        left=max(0, len(plan.new) + len(plan.changed) - _SHOWN),
        missing=plan.missing[:_SHOWN],
        bad=[
            (each, [(wording.field(fault.field), fault.value[:60], *wording.of_fault(fault)) for fault in each.faults])
            for each in plan.bad[:_SHOWN]
        ],
        refused=refused,
    )
    response.status_code = 409 if refused else 200
    return response


@require_GET
@console_page(Permission.PLACES_EDIT)
def bad_rows(request: ConsoleRequest, id: int) -> HttpResponse:
    """The rows that are not let in, with why, to mend and upload in the same coordinates."""
    found = queries.uploaded_file(id)
    content = queries.bad_rows_csv(queries.file_plan(id).bad, said=wording.of_fault)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="places-{id}-to-mend-{found.coordinates}.csv"'
    return response
