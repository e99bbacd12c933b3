"""Where adding a passkey leads."""

from allauth.mfa.webauthn.views import AddWebAuthnView
from django.urls import reverse

from gridhall.channels.web.signin.adapter import is_staff


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """A customer's passkey is a convenience: recovery codes, which staff need, would only puzzle."""

    def get_success_url(self) -> str:
        """The list of passkeys; for staff the recovery codes made with the first one."""
        return str(super().get_success_url()) if is_staff(self.request.user) else reverse("mfa_list_webauthn")
