"""Guards: the audit trail only grows, whoever asks the database to change it."""

from datetime import UTC, date, datetime

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from gridhall.runtime import audit
from gridhall.runtime.audit import Act

pytestmark = pytest.mark.django_db
ACT = Act("test:clerk", datetime(2026, 3, 1, tzinfo=UTC))


def test_an_entry_says_who_what_when_and_to_what() -> None:
    audit.record(ACT, "accounts.agreement.ended", "usage_point:1", {"end": date(2026, 3, 1)})
    (entry,) = audit.trail("usage_point:1")
    assert (entry.actor, entry.action, entry.at) == ("test:clerk", "accounts.agreement.ended", ACT.at)
    assert entry.details == {"end": "2026-03-01"}


@pytest.mark.parametrize("statement", ["UPDATE runtime_auditentry SET actor = 'x'", "DELETE FROM runtime_auditentry"])
def test_an_entry_is_never_changed(statement: str) -> None:
    audit.record(ACT, "a.b", "x:1")
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert isinstance(caught.value.__cause__, psycopg.Error)
    assert caught.value.__cause__.diag.constraint_name == "runtime_auditentry_append_only"


def test_the_trail_is_not_emptied_either() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL gridhall.allow_truncate = 'off'")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute("TRUNCATE runtime_auditentry")


@pytest.mark.parametrize(("actor", "action"), [("", "a.b"), ("x", "ended"), ("x", "A.b")])
def test_an_entry_names_an_actor_and_a_dotted_code(actor: str, action: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        audit.record(Act(actor, ACT.at), action, "x:1")
