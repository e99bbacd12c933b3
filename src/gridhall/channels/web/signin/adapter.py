"""What django-allauth asks of this house: whose phone it is, how a code is sent, where to go next."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.forms import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gridhall.channels.web.brand import brand
from gridhall.channels.web.formats import today
from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity import queries
from gridhall.contexts.identity.ports import Message, Purpose, code_sender
from gridhall.contexts.identity.types import Staff, canonical_phone
from gridhall.kernel import clock
from gridhall.runtime.audit import Act

#: How long a session of staff lasts, seconds; a customer's lasts as the settings say.
_STAFF_SESSION = 12 * 3600


def act_of(user: Any) -> Act:
    """A person acting for themself, now."""
    return Act(actor=f"person:{user.pk}", at=clock.now())


def is_staff(user: Any) -> bool:
    """Whether somebody works for the utility: holds a position today, or administers the site."""
    if not user.is_authenticated:
        return False
    return bool(user.is_staff) or _at_work(user) is not None


def _at_work(user: Any) -> Staff | None:
    return queries.staff(user.pk, today())


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are people of the identity context."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": gettext_lazy("The code is not right. Please check it."),
        "incorrect_password": gettext_lazy("The password is not right."),
        "enter_current_password": gettext_lazy("The current password is not right."),
        "phone_password_mismatch": gettext_lazy(
            "This does not fit together. Please check both, or sign in with a code."
        ),
        "phone_taken": gettext_lazy("This number cannot be used. Please sign in with it, or call us."),
        "same_as_current": gettext_lazy("This is your number already."),
        "too_many_login_attempts": gettext_lazy("Too many attempts. Please wait five minutes."),
        "rate_limited": gettext_lazy("Too many attempts. Please wait five minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Signing in by code makes an account where there is none: a page of its own would tell who has one."""
        return False

    # -- phones -------------------------------------------------------------------------------------------------------

    def clean_phone(self, phone: str) -> str:
        """The canonical form of what was typed."""
        found = canonical_phone(phone)
        if found is None:
            raise ValidationError(_("Please enter a mobile number of 11 digits."))
        return found

    def phone_form_field(self, **kwargs: Any) -> Any:
        """A field for a phone number."""
        from gridhall.channels.web.signin.forms import PhoneField

        return PhoneField(**kwargs)

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        """A person's phone and whether they confirmed it."""
        return (user.phone, user.phone_verified) if user.phone else None

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        """A phone counts when its code was typed, not before."""
        if verified:
            self.set_phone_verified(user, phone)

    def set_phone_verified(self, user: Any, phone: str) -> None:
        """The code sent to the phone was typed."""
        identity.confirm_phone(user.pk, phone, act=act_of(user))
        user.phone, user.phone_verified = phone, True

    def get_user_by_phone(self, phone: str) -> Any:
        """Who has confirmed this phone."""
        return get_user_model().objects.filter(phone=phone, phone_verified=True).first()

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **kwargs: Any) -> None:
        """Send a code."""
        signing_in = not getattr(self.request or context.request, "user", user).is_authenticated
        code_sender().send(Message(phone, code, Purpose.SIGN_IN if signing_in else Purpose.PHONE))

    # -- coming and going ---------------------------------------------------------------------------------------------

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """What was shared with this person's phone is theirs; staff stay signed in for a shift only."""
        identity.claim_shares(user.pk, act=act_of(user))
        request.session.set_expiry(_STAFF_SESSION if is_staff(user) else None)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff go to their work, others home."""
        from django.urls import reverse

        return reverse("console.work" if _at_work(request.user) else "hall.home")

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Whether this is the person's password; tries are counted as at sign-in."""
        self.pre_authenticate(context.request, username=user.get_username())
        if not user.check_password(password):
            return False
        self._rollback_login_failed_rl_usage()
        return True


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: asked of everybody who has an authenticator app, and always of staff."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("The code is not right. Please check it.")
    }

    def get_totp_issuer(self) -> str:
        """What the app shows."""
        return brand().words()["short_name"]

    def _get_site_name(self) -> str:
        return brand().words()["name"]

    def _get_user_identifier(self, user: Any) -> str:
        return str(user.phone or user.get_username())

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        """Whether a second factor is asked for at sign-in (two types), or of which type one is there (one type).

        A customer's passkey is a way in of its own and not a second factor: else losing the device would shut out
        whoever set it up for convenience.
        """
        at_sign_in = types is not None and set(types) == {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}
        if at_sign_in and user.is_authenticated and not is_staff(user):
            types = [Authenticator.Type.TOTP]
        return bool(super().is_mfa_enabled(user, types))
