"""The forms of second factors and passkeys, in the words and with the keyboards that phones need."""

from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.mfa.base import forms as factors
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django.utils.translation import gettext_lazy as _

from gridhall.channels.web.signin.forms import code_widget, without_placeholders


class Authenticate(factors.AuthenticateForm):  # type: ignore[misc]
    """The second factor of a sign-in: a code of the app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_code(self)


class Reauthenticate(factors.ReauthenticateForm):  # type: ignore[misc]
    """The same, before a step that needs it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_code(self)


class ActivateApp(totp.ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_code(self)


class AddPasskey(webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A name for a passkey, and whether it is enough alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("What you call it")
        self.fields["name"].max_length = 60
        self.fields["passwordless"].label = _("Sign in with it alone")
        self.fields["passwordless"].help_text = _(
            "Without code or password; the device asks for a finger, face or PIN."
        )
        self.fields["passwordless"].initial = True


class RenamePasskey(webauthn.EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("What you call it")


class ConfirmByPassword(ReauthenticateForm):  # type: ignore[misc]
    """The password, before a step that needs it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")
        without_placeholders(self)


def _as_code(form: Any) -> None:
    form.fields["code"].label = _("Code of the authenticator app")
    form.fields["code"].widget = code_widget()
