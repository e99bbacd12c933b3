"""Where adding a passkey leads, and ending one session of several."""

from allauth.mfa.webauthn.views import AddWebAuthnView
from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gridhall.channels.web.signin.adapter import is_staff
from gridhall.kernel.errors import NotFound


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """A customer's passkey is a convenience: recovery codes, which staff need, would only puzzle."""

    def get_success_url(self) -> str:
        """The list of passkeys; for staff the recovery codes made with the first one."""
        return str(super().get_success_url()) if is_staff(self.request.user) else reverse("mfa_list_webauthn")


@require_POST
@login_required
def end_session(request: HttpRequest, session: int) -> HttpResponse:
    """This will end one session of the person's others; to end the own one there is signing out."""
    others = UserSession.objects.filter(user_id=request.user.pk).exclude(session_key=request.session.session_key)
    found = others.filter(pk=session).first()
    if found is None:
        raise NotFound("There is no such session.", path="session")
    get_adapter().end_sessions([found])
    messages.success(request, _("Signed out there."))
    return redirect("usersessions_list")
