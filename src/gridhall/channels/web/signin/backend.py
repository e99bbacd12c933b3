"""Passwords: checked for whoever an identifier means."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from gridhall.contexts.identity import queries as identity


class IdentifierBackend(AuthenticationBackend):  # type: ignore[misc]
    """Accepts the password with any identifier that its owner has left active; takes as long for unknown ones."""

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        found = identity.recognised(str(credentials.get("username") or ""))
        user = get_user_model().objects.filter(pk=found).first() if found else None
        return self._check_password(user, credentials["password"])
