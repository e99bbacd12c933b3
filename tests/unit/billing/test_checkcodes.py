"""Guards the promise that a code proves a bill genuine: any change of what it vouches for needs another code."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gridhall.contexts.billing.rules.checkcodes import make, same

AT = datetime(2026, 11, 1, 0, 0, 0, 1, tzinfo=UTC)
GIVEN = {"key": b"secret", "number": 2026100100000002800, "total_fen": 15570, "issued_at": AT, "status": "issued"}
CODE = make(**GIVEN)


def test_a_code_is_short_and_the_same_for_the_same_bill_in_any_zone():
    assert len(CODE) == 14
    assert set(CODE) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")
    assert make(**GIVEN | {"issued_at": AT.astimezone(timezone(timedelta(hours=8)))}) == CODE


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 2026100100000002801}, {"total_fen": 15571}, {"total_fen": -15570}, {"status": "cancelled"},
        {"issued_at": AT + timedelta(microseconds=1)}, {"key": b"other"},
    ],
)  # fmt: skip
def test_another_bill_has_another_code(changed):
    assert not same(make(**GIVEN | changed), CODE)


def test_codes_are_understood_as_people_type_them():
    code = make(b"k", 7, 100, AT, "issued")
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert same(code, typed)
    assert not same(code, code[:-1])
    assert not same(code, "")
    assert not same(code, "Ünïcödé £")
