"""Autopay in the hall: agree with a limit, see what was taken, cancel at any time."""

from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from gridhall.channels.hall.access import HallRequest, home_page
from gridhall.channels.hall.pay.offers import method_name
from gridhall.channels.hall.pay.ordering import amount_words
from gridhall.channels.web import words
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.payments.operations.autopay import end_autopay, sign_autopay
from gridhall.contexts.payments.queries.autopay import autopay_of, charging_methods, debits_of
from gridhall.contexts.payments.queries.homes import Settling, settling
from gridhall.contexts.payments.types import AmountInvalid, fen_of
from gridhall.kernel import clock
from gridhall.kernel.errors import Refused
from gridhall.runtime.audit import Act

#: Status of a debit → its word, and the tone of its badge.
DEBITS: Final[dict[str, tuple[Promise, str]]] = {
    "noticed": (pgettext_lazy("debit", "announced"), "info"),
    "sent": (pgettext_lazy("debit", "under way"), "info"),
    "done": (pgettext_lazy("debit", "taken"), "good"),
    "failed": (pgettext_lazy("debit", "failed"), "bad"),
    "cancelled": (pgettext_lazy("debit", "cancelled"), "warn"),
}


class Agreement(forms.Form):
    """What somebody agrees to."""

    method = forms.ChoiceField(label=gettext_lazy("From where the money is taken"), widget=forms.RadioSelect)
    limit = forms.CharField(
        label=gettext_lazy("Most that may be taken at once, in yuan"),
        initial="500",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=gettext_lazy("A bill above it is not taken; you are told and pay it yourself."),
    )
    agreed = forms.BooleanField(
        label=gettext_lazy("I agree that what is owed is taken when it is due, after a notice with amount and day."),
    )

    def clean_limit(self) -> int:
        """The limit in fen."""
        try:
            return fen_of(self.cleaned_data["limit"])
        except AmountInvalid:
            raise forms.ValidationError(amount_words()) from None


@require_http_methods(["GET", "HEAD", "POST"])
@home_page(owner=True)
def autopay(request: HallRequest) -> HttpResponse:
    """The agreement of the account that settles the home, or the form that makes one."""
    assert request.user.pk is not None
    account = _account(request)
    if account is None:
        return rendered(request, "hall/pay/autopay.html", elsewhere=True)
    act = Act(f"user:{request.user.pk}", clock.now())
    agreements = autopay_of([account.account])
    now = next((each for each in agreements if each.active), None)
    by_method = {method: gateway for gateway, method in charging_methods()}
    form = Agreement(request.POST if request.POST.get("step") == "sign" else None)
    form.fields["method"].choices = [  # type: ignore[attr-defined]
        (method, method_name(gateway, method)) for method, gateway in by_method.items()
    ]
    if not form.is_bound:
        form.initial["method"] = next(iter(by_method), "")
    if request.POST.get("step") == "end" and now is not None:
        end_autopay(now.id, act=act, payer=request.user.pk)
        messages.success(request, _("Ended. Nothing is taken by itself any more."))
        return redirect("hall.pay-autopay", home=request.home.key)
    if now is None and form.is_bound and form.is_valid():
        method = form.cleaned_data["method"]
        try:
            sign_autopay(
                account.account, payer=request.user.pk, gateway_code=by_method[method], method=method,
                limit_fen=form.cleaned_data["limit"], usage_point=request.home.usage_point, act=act,
            )  # fmt: skip
        except Refused as error:
            form.add_error("limit", words.of_error(error).what)
        else:
            messages.success(request, _("Agreed. You are told before anything is taken."))
            return redirect("hall.pay-autopay", home=request.home.key)
    response = rendered(
        request, "hall/pay/autopay.html", account=account, now=now, form=form, offered=bool(by_method),
        own=now is not None and now.payer == request.user.pk,
        method=method_name(now.gateway, now.method) if now else "",
        debits=[(each, *DEBITS.get(each.status, (each.status, "info"))) for each in debits_of(now.id)] if now else [],
    )  # fmt: skip
    if form.is_bound and form.errors:
        response.status_code = 422
    return response


def _account(request: HallRequest) -> Settling | None:
    home = request.home
    found = settling([(home.usage_point, home.customer)], request.today)
    return next((each for each in found if each.own and each.now), None)
