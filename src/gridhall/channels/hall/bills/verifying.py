"""The page where anybody who holds a printed bill or receipt sees whether it is genuine, not whose it is."""

from allauth.core import ratelimit
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from gridhall.contexts.billing import queries as billing
from gridhall.contexts.payments import queries as payments


class CheckForm(forms.Form):
    """What stands on the paper."""

    number = forms.CharField(
        label=_("Bill or receipt number"),
        max_length=40,
        help_text=_("At the top right: of a bill such as 20261001-000000028-00, of a receipt 20261012-000000107."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    code = forms.CharField(
        label=_("Check code"),
        max_length=40,
        help_text=_("12 letters and digits at the bottom, such as ZYAV-4H24-Y1PE."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Ask for number and code, and say what they prove. The square code on the paper leads here with both filled in."""
    if request.method != "POST":
        filled_in = {name: request.GET.get(name, "")[:40] for name in ("number", "code")}
        return render(request, "hall/bills/verify.html", {"form": CheckForm(initial=filled_in)})
    form = CheckForm(request.POST)
    if not ratelimit.consume(request, action="verify_bill"):
        return render(request, "hall/bills/verify.html", {"form": form, "busy": True}, status=429)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        context["asked"] = True
        number, code = form.cleaned_data["number"], form.cleaned_data["code"]
        if payments.names_receipt(number):
            context["receipt"] = found = payments.genuine_receipt(number, code)
            context["receipt_number"] = payments.receipt_number(found.id, found.value_date) if found else ""
        else:
            context["found"] = billing.genuine(number, code)
    return render(request, "hall/bills/verify.html", context)
