"""What staff fill in on a customer's pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from gridhall.contexts.identity.types import PersonalField

_FIELDS = (
    (PersonalField.NAME, pgettext_lazy("of a person", "Name")),
    (PersonalField.PHONE, _("Phone")),
    (PersonalField.CREDENTIAL, _("Identity document")),
    (PersonalField.ADDRESS, _("Addresses")),
)


class UnmaskForm(forms.Form):
    """Which personal data, and what for."""

    reason = forms.CharField(
        label=_("What do you need it for?"),
        help_text=_("The customer can read this."),
        max_length=200,
        min_length=4,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, person: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(str(field.value), label) for field, label in _FIELDS if person or field is not PersonalField.NAME]
        wanted = forms.MultipleChoiceField(
            label=_("What to show"),
            choices=offered,
            widget=forms.CheckboxSelectMultiple,
            initial=[PersonalField.PHONE.value],
        )
        self.fields = {"fields": wanted, **self.fields}
        self.offered = dict(offered)


class ReasonForm(forms.Form):
    """Why a bill is wrong."""

    reason = forms.CharField(
        label=_("What is wrong with this bill?"),
        help_text=_("Who approves reads it, and so does the customer on the corrected bill."),
        min_length=4,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
