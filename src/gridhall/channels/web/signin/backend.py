"""Passwords: checked for whoever an identifier means; and who somebody is that has signed in."""

from functools import cache
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from gridhall.contexts.identity import queries as identity
from gridhall.runtime import prepared


class IdentifierBackend(AuthenticationBackend):  # type: ignore[misc]
    """Accepts the password with any identifier that its owner has left active; takes as long for unknown ones."""

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        found = identity.recognised(str(credentials.get("username") or ""))
        user = get_user_model().objects.filter(pk=found).first() if found else None
        return self._check_password(user, credentials["password"])

    def get_user(self, user_id: int) -> Any:
        """The person of a session, unless they may not sign in any more. Asked for every page: a prepared statement."""
        model = get_user_model()
        names, statement = _columns()
        with prepared.cursor() as cursor:
            cursor.execute(statement, [user_id])
            row = cursor.fetchone()
        found = model.from_db(model.objects.db, names, row) if row else None
        return found if found is not None and self.user_can_authenticate(found) else None


@cache
def _columns() -> tuple[tuple[str, ...], str]:
    """The names of a person's fields, and the statement that reads them."""
    about = get_user_model()._meta
    columns = ", ".join(f'"{field.column}"' for field in about.concrete_fields)
    names = tuple(field.attname for field in about.concrete_fields)
    return names, f'SELECT {columns} FROM "{about.db_table}" WHERE id = %s'
