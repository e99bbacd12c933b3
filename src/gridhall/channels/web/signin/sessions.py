"""Sessions as Django keeps them in the database, read by a prepared statement: every page begins with it."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from gridhall.runtime import prepared

_READ = "SELECT session_data, expire_date FROM django_session WHERE session_key = %s AND expire_date > now()"


class SessionStore(DatabaseSessionStore):
    """Named by ``settings.SESSION_ENGINE``; all but reading is Django's."""

    def _get_session_from_db(self) -> Any:
        with prepared.cursor() as cursor:
            cursor.execute(_READ, [self.session_key])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return None
        return self.model(session_key=self.session_key or "", session_data=row[0], expire_date=row[1])
