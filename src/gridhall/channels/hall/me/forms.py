"""The forms of the person's pages."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from gridhall.contexts.identity.operations import NewShare
from gridhall.contexts.identity.types import Door, Relation, Right

RELATIONS = {
    Relation.FAMILY: _("Family"),
    Relation.TENANT: _("Tenant"),
    Relation.ACCOUNTANT: _("Accountant"),
    Relation.OTHER: pgettext_lazy("relation", "Other"),
}
RIGHTS = {Right.BILLS: _("Bills"), Right.USAGE: _("Usage"), Right.DOWNLOAD: _("Download the data")}
DOORS = {
    Door.ANY: _("No preference"),
    Door.HALL: _("This hall"),
    Door.PHONE: _("By phone"),
    Door.COUNTER: _("At a branch"),
}


def _text(**attributes: Any) -> forms.TextInput:
    return forms.TextInput(attrs=attributes)


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class Number(forms.Form):
    """The 户号 to be linked."""

    number = forms.CharField(
        label=_("Account number"),
        max_length=40,
        help_text=_("On any bill, at the top; ten digits or more."),
        widget=_text(inputmode="numeric", autocomplete="off", **{"class": "entry"}),
    )


class Code(forms.Form):
    """A code that was sent."""

    code = forms.CharField(
        label=_("6-digit code"),
        max_length=12,
        widget=_text(inputmode="numeric", autocomplete="one-time-code", **{"class": "code"}),
    )


class BillInHand(forms.Form):
    """Number and amount of a bill."""

    bill = forms.CharField(label=_("Bill number"), max_length=40, widget=_text(inputmode="numeric", autocomplete="off"))
    amount = forms.DecimalField(
        label=_("Amount in yuan"),
        max_digits=12,
        decimal_places=2,
        help_text=_("The total as printed, for instance 155.70."),
        widget=_text(inputmode="decimal", autocomplete="off"),
    )

    @property
    def fen(self) -> int:
        """The amount in fen."""
        return int(self.cleaned_data["amount"] * 100)


class Name(forms.Form):
    """What a home is called."""

    name = forms.CharField(
        label=_("What you call it"),
        max_length=40,
        required=False,
        help_text=_("Only you see it. For instance: Parents."),
    )


class Sharing(forms.Form):
    """Whom to show what, for how long."""

    phone = forms.CharField(
        label=_("Their mobile number"),
        max_length=30,
        help_text=_("They see it as soon as they sign in with this number."),
        widget=_text(type="tel", inputmode="tel", autocomplete="off"),
    )
    relation = forms.ChoiceField(label=_("Who they are"), choices=list(RELATIONS.items()), widget=forms.RadioSelect)
    rights = forms.MultipleChoiceField(
        label=_("What they may see"), choices=list(RIGHTS.items()), widget=forms.CheckboxSelectMultiple
    )
    data_from = forms.DateField(
        label=_("Data from"), required=False, widget=_day(), help_text=_("Empty: everything that you see yourself.")
    )
    last_day = forms.DateField(
        label=_("Until, this day included"), required=False, widget=_day(), help_text=_("Empty: until you revoke it.")
    )

    def wish(self) -> NewShare:
        """What was asked for."""
        last = self.cleaned_data["last_day"]
        return NewShare(
            phone=self.cleaned_data["phone"],
            relation=Relation(self.cleaned_data["relation"]),
            rights=[Right(each) for each in self.cleaned_data["rights"]],
            data_from=self.cleaned_data["data_from"],
            # A share to the last day of the calendar has no end.
            end=last + timedelta(days=1) if last and last < date.max else None,
        )


class Username(forms.Form):
    """A name to sign in by."""

    username = forms.CharField(
        label=_("User name"),
        max_length=30,
        help_text=_("4 to 30 letters, digits, dots or dashes; a letter first."),
        widget=_text(autocapitalize="none", spellcheck="false", autocomplete="username"),
    )


class Email(forms.Form):
    """An address to sign in by."""

    email = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("A code is sent to it."),
        widget=_text(type="email", inputmode="email", autocomplete="email", autocapitalize="none"),
    )


class Preferences(forms.Form):
    """How somebody wants to be called and served."""

    called = forms.CharField(label=_("How we call you"), max_length=60, required=False)
    door = forms.ChoiceField(
        label=_("Where you like to be served"), choices=list(DOORS.items()), required=False, widget=forms.RadioSelect
    )
