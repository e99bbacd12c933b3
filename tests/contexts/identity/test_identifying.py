"""Guards: people are recognised by what they chose, by nothing else, and cannot lock themselves out."""

import pytest
from tests.contexts.identity.conftest import ACT, TODAY, D, Outbox, person
from tests.contexts.identity.test_linking import linked

from gridhall.contexts.identity import operations, queries
from gridhall.contexts.identity.operations.errors import (
    IdentifierInvalid,
    IdentifierTaken,
    LastIdentifier,
    ProofWrong,
)
from gridhall.contexts.identity.types import Door, IdentifierKind, Role
from gridhall.kernel.errors import NotFound

pytestmark = pytest.mark.usefixtures("county")


def test_a_confirmed_phone_counts_in_every_spelling() -> None:
    user = person(1)
    person(2, confirmed=False)
    assert queries.recognised("+86 154-0000-0001") == user.pk
    assert queries.recognised("15400000002") is None
    assert queries.recognised(user.username) is None


def test_names_addresses_and_numbers_of_homes(settings, django_capture_on_commit_callbacks) -> None:
    settings.CODE_SENDER = "tests.contexts.identity.conftest.Outbox"
    user, other = person(1), person(2)
    operations.choose_username(user.pk, "Old.Wang", act=ACT)
    home = linked(user.pk, "L", "1002")
    operations.choose_usage_point(user.pk, home, act=ACT)
    Outbox.messages.clear()
    with django_capture_on_commit_callbacks(execute=True):
        operations.ask_to_confirm_email(user.pk, "Wang@Example.com", act=ACT)
    with pytest.raises(ProofWrong):
        operations.confirm_email(user.pk, "wang@example.com", "x", act=ACT)
    operations.confirm_email(user.pk, "wang@example.com", Outbox.messages[0].code, act=ACT)
    for text in ("old.wang", "OLD.WANG", "1002", "WANG@example.com", "15400000001"):
        assert queries.recognised(text) == user.pk
    with pytest.raises(IdentifierTaken):
        operations.choose_username(other.pk, "old.wang", act=ACT)
    with pytest.raises(NotFound):
        operations.choose_usage_point(other.pk, home, act=ACT)
    operations.choose_username(user.pk, "wang.senior", act=ACT)
    assert queries.recognised("old.wang") is None
    assert [each.shown for each in queries.identifiers_of(user.pk)] == [
        "154****0001", "w***@example.com", "1002", "wang.senior",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["", "abc", "13800001234", "王小明王小明", "a" * 31, "<b>hi</b>", "a b c d", "x@y.z"])
def test_names_that_could_be_something_else_are_none(name: str) -> None:
    with pytest.raises(IdentifierInvalid):
        operations.choose_username(person(1).pk, name, act=ACT)


def test_staff_numbers_cannot_be_taken() -> None:
    clerk = operations.employ("clerk01", "营业员", act=ACT)
    operations.appoint(clerk, operations.Appointment("4401", Role.CLERK, D(2026, 1, 1)), act=ACT)
    assert queries.recognised("CLERK01") == clerk
    with pytest.raises(IdentifierTaken):
        operations.choose_username(person(1).pk, "clerk01", act=ACT)


def test_nobody_locks_themself_out() -> None:
    user = person(1)
    with pytest.raises(LastIdentifier):
        operations.deactivate(user.pk, IdentifierKind.PHONE, "", act=ACT)
    user.set_password("bird-in-the-hand")
    user.save()
    with pytest.raises(LastIdentifier):
        operations.deactivate(user.pk, IdentifierKind.PHONE, "", act=ACT)
    operations.choose_username(user.pk, "old.wang", act=ACT)
    operations.deactivate(user.pk, IdentifierKind.PHONE, "", act=ACT)
    assert queries.recognised("15400000001") is None
    assert operations.expect("15400000001", act=ACT) is None
    with pytest.raises(LastIdentifier):
        operations.deactivate(user.pk, IdentifierKind.USERNAME, "old.wang", act=ACT)
    operations.use_phone(user.pk, act=ACT)
    operations.deactivate(user.pk, IdentifierKind.USERNAME, "old.wang", act=ACT)
    assert queries.recognised("old.wang") is None
    with pytest.raises(NotFound):
        operations.deactivate(user.pk, IdentifierKind.USERNAME, "old.wang", act=ACT)


def test_a_preferred_door_and_a_way_to_be_called() -> None:
    user = person(1)
    operations.prefer(user.pk, door=Door.COUNTER, called="  王 阿姨 " + "😀" * 100, act=ACT)
    user.refresh_from_db()
    assert user.door == "counter"
    assert len(user.display_name) == 60


def test_positions_begin_and_end() -> None:
    clerk = operations.employ("clerk01", "营业员", act=ACT)
    position = operations.appoint(clerk, operations.Appointment("4401", Role.CLERK, D(2026, 1, 1)), act=ACT)
    found = queries.staff(clerk, TODAY)
    assert found is not None
    assert found.name == "营业员"
    operations.end_position(position, end=TODAY, act=ACT)
    assert queries.staff(clerk, TODAY) is None
    with pytest.raises(NotFound):
        operations.appoint(clerk, operations.Appointment("nowhere", Role.CLERK, D(2026, 1, 1)), act=ACT)
