"""One writer of bills at a time, and no lock left behind by a killed process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

from gridhall.contexts.billing.errors import RunInProgress

#: The key of the session lock; PostgreSQL frees it when the session ends, however it ends.
_BILLING_LOCK: Final = 7_140_020


#: The lock as PostgreSQL lists it: of this database, its key in two halves.
_HELD: Final = """
    SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid = 0
            AND l.objid = %s AND l.granted)
"""


def held() -> bool:
    """Whether a run or correction is writing bills at this moment, in whichever process."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [_BILLING_LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])


@contextmanager
def exclusive() -> Iterator[None]:
    """This will hold the billing lock for the duration, or refuse at once.

    Raises:
        RunInProgress: when another process holds it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_BILLING_LOCK])
        row = cursor.fetchone()
    if not row or not row[0]:
        raise RunInProgress(
            "Another bill run or correction is at work.", remedy="Wait until it has ended and ask again."
        )
    try:
        yield
    finally:
        if not connection.needs_rollback and not connection.closed_in_transaction:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_BILLING_LOCK])
