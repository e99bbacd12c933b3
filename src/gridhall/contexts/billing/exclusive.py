"""One writer of bills at a time, and no lock left behind by a killed process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

from gridhall.contexts.billing.errors import RunInProgress

#: The key of the session lock; PostgreSQL frees it when the session ends, however it ends.
_BILLING_LOCK: Final = 7_140_020


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
