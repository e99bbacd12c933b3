"""Places to pay at: the list, one place, all of them as a file."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.console.ways import wording
from gridhall.channels.web import words
from gridhall.channels.web.asked import page_of
from gridhall.channels.web.formats import in_english
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments.operations import importing_points as operations
from gridhall.contexts.payments.queries import point_plans as queries

_PAGE: Final = 50
_STATES: Final = {"active": True, "inactive": False}


class PlaceForm(forms.Form):
    """A place; cells are as in a file."""

    code = forms.CharField(label=wording.FIELDS["code"], max_length=40, help_text=gettext_lazy("Stays as it is."))
    kind = forms.ChoiceField(label=wording.FIELDS["kind"], choices=list(wording.KINDS.items()))
    name = forms.CharField(label=wording.FIELDS["name"], max_length=80)
    name_en = forms.CharField(label=wording.FIELDS["name_en"], max_length=80, required=False)
    address = forms.CharField(label=wording.FIELDS["address"], max_length=160)
    address_en = forms.CharField(label=wording.FIELDS["address_en"], max_length=160, required=False)
    phone = forms.CharField(label=wording.FIELDS["phone"], max_length=30, required=False)
    longitude = forms.CharField(
        label=wording.FIELDS["longitude"], max_length=40, help_text=gettext_lazy("Degrees, WGS-84."),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip
    latitude = forms.CharField(
        label=wording.FIELDS["latitude"], max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    hours = forms.CharField(
        label=wording.FIELDS["hours"], max_length=400, required=False,
        help_text=gettext_lazy("Such as Mo-Fr 08:30-17:00; Sa 09:00-12:00, or 24/7."),
    )  # fmt: skip
    exceptions = forms.CharField(
        label=wording.FIELDS["exceptions"], max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Such as 2026-10-01/2026-10-03 off; 2026-10-05 09:00-12:00."),
    )  # fmt: skip
    services = forms.MultipleChoiceField(
        label=wording.FIELDS["services"], choices=list(wording.SERVICES.items()), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    active = forms.BooleanField(
        label=pgettext_lazy("place to pay", "In use: customers see it"), required=False, initial=True
    )
    mark = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def cells(self) -> dict[str, str]:
        """What was typed, as a row of a file."""
        given = self.cleaned_data
        plain = {name: str(given[name]) for name in self.fields if name not in {"services", "active", "mark"}}
        return plain | {"services": ";".join(given["services"]), "active": "yes" if given["active"] else "no"}


@require_GET
@console_page(Permission.PLACES_EDIT)
def places(request: ConsoleRequest) -> HttpResponse:
    """Places by the filters of the address."""
    asked, page = request.GET, page_of(request)
    kind = asked.get("kind", "")
    found, total = queries.points_of_staff(
        text=asked.get("q", "").replace("\x00", "")[:60],
        active=_STATES.get(asked.get("state", "")),
        kind=kind if kind in wording.KINDS else "",
        chinese=not in_english(),
        offset=(page - 1) * _PAGE,
        limit=_PAGE,
    )
    return rendered(
        request,
        "console/ways/places.html",
        places=[(each, wording.KINDS[each.cells["kind"]]) for each in found],
        total=total,
        kinds=wording.KINDS.items(),
        page=page,
        more=page * _PAGE < total,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Permission.PLACES_EDIT)
def place(request: ConsoleRequest, id: int) -> HttpResponse:
    """One place, to look at and change."""
    return _edited(request, queries.point_of_staff(id, chinese=not in_english()))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Permission.PLACES_EDIT)
def new(request: ConsoleRequest) -> HttpResponse:
    """A place that is added."""
    return _edited(request, None)


@require_GET
@console_page(Permission.PLACES_EDIT)
def export(request: ConsoleRequest) -> HttpResponse:
    """Every place as CSV, to mend and take in again."""
    response = HttpResponse(queries.points_csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="places-{request.today}-wgs84.csv"'
    return response


def _edited(request: ConsoleRequest, held: queries.StaffPoint | None) -> HttpResponse:
    refused, status, theirs = None, 200, None
    if request.method == "POST":
        form = _form(held, request.POST)
        if form.is_valid():
            try:
                operations.save_point(
                    held.id if held else None, form.cells(), mark=form.cleaned_data["mark"], act=act(request)
                )
            except operations.PointInvalid as error:
                for fault in error.faults:
                    form.add_error(fault.field or None, " ".join(wording.of_fault(fault)))
            except operations.PointChanged as error:
                refused, status, theirs = words.of_error(error), 409, held
                # Saving again is meant for what stands there now.
                again = request.POST.copy()
                again["mark"] = held.mark if held else ""
                form = _form(held, again)
            else:
                messages.success(request, _("The place is saved. Customers see it so at once."))
                return redirect("console.places")
        if form.errors:
            status = 422
    else:
        form = _form(held)
    response = rendered(
        request, "console/ways/place.html", form=form, place=held, refused=refused,
        theirs=_theirs(theirs, form) if theirs and form.is_valid() else (),
    )  # fmt: skip
    response.status_code = status
    return response


def _form(held: queries.StaffPoint | None, data: Mapping[str, Any] | None = None) -> PlaceForm:
    initial: dict[str, Any] = {}
    if held is not None:
        services = [each for each in held.cells["services"].split(";") if each]
        initial = {**held.cells, "services": services, "active": held.active, "mark": held.mark}
    form = PlaceForm(data, initial=initial)
    if held is not None:
        form.fields["code"].disabled = True
    else:
        form.fields["code"].help_text = _("Such as YX-01; stays as it is for good.")
    return form


def _theirs(held: queries.StaffPoint, form: PlaceForm) -> list[tuple[str, str]]:
    """What stands there now, where it is not what was typed."""
    typed = form.cells()
    return [
        (wording.field(name), held.cells[name] or "—") for name in wording.FIELDS
        if name and held.cells[name] != typed[name]
    ]  # fmt: skip
