"""The forms of signing in, in the words and with the keyboards that phones need."""

from typing import Any

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from allauth.account.fields import PasswordField
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context, ratelimit
from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from gridhall.contexts.identity import operations as identity
from gridhall.kernel import clock
from gridhall.runtime.audit import Act

#: How long after a code was typed a password may be changed without the old one, seconds.
_FRESH = 15 * 60


class PhoneField(forms.CharField):
    """A mobile number, typed in any of the usual ways."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Mobile number"))
        kwargs.setdefault("max_length", 30)
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        """The canonical form."""
        text = super().clean(value)
        return str(get_adapter().clean_phone(text)) if text else ""


def code_widget() -> forms.TextInput:
    """A field for digits that a phone fills in from the message by itself."""
    return forms.TextInput(
        attrs={
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
            "maxlength": 8,
            "class": "code",
            "autofocus": True,
        }
    )


class RequestCode(allauth.RequestLoginCodeForm):  # type: ignore[misc]
    """A code to a phone, for those who have an account and those who will."""

    def clean_phone(self) -> str:
        """The phone; every number that can be one is answered in the same way."""
        phone = str(self.cleaned_data["phone"])
        adapter = get_adapter()
        if not ratelimit.consume(context.request, action="request_login_code", key=phone):
            raise adapter.validation_error("too_many_login_attempts")
        found = identity.expect(phone, act=Act("web:sign_in", clock.now()))
        self._user = get_user_model().objects.get(pk=found) if found else None
        return phone


class Password(allauth.LoginForm):  # type: ignore[misc]
    """Any identifier that its owner uses, and the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("Phone, e-mail, user name or account number"),
            max_length=254,
            widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        )
        self.fields["password"] = PasswordField(label=_("Password"), autocomplete="current-password")
        del self.fields["password"].widget.attrs["placeholder"]
        self.order_fields(["login", "password"])

    def _setup_password_field(self) -> None:
        # allauth takes it away where signing up asks for no password.
        return

    def user_credentials(self) -> dict[str, Any]:
        """What the backend is handed."""
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data.get("password") or ""}


class ConfirmCode(allauth.ConfirmLoginCodeForm):  # type: ignore[misc]
    """The code of a sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("6-digit code")
        self.fields["code"].widget = code_widget()


class ConfirmPhone(allauth.VerifyPhoneForm):  # type: ignore[misc]
    """The code of a phone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("6-digit code")
        self.fields["code"].widget = code_widget()


class ChangePassword(allauth.ChangePasswordForm):  # type: ignore[misc]
    """A new password; who has just typed a code from the phone need not know the old one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if _came_by_code():
            del self.fields["oldpassword"]
        without_placeholders(self)


class SetPassword(allauth.SetPasswordForm):  # type: ignore[misc]
    """A first password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        without_placeholders(self)


def without_placeholders(form: Any) -> None:
    """Labels stand above their fields; what a password must be is said in one line."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if name == "password1":
            field.label = _("New password")
            field.help_text = _("At least 8 characters, not only digits, and none that everybody uses.")
        elif name == "password2":
            field.label = _("The new password again")
        elif name == "oldpassword":
            field.label = _("Current password")


def _came_by_code() -> bool:
    request = context.request
    records = get_authentication_records(request, request.user)
    return any(each.get("method") == "code" and clock.now().timestamp() - each["at"] < _FRESH for each in records)
