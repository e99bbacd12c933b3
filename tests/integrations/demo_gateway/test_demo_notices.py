"""Guards: a message of the demo gateway counts only when it is genuine, for us, and of now."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.integrations.demo_gateway.conftest import START

from gridhall.contexts.payments.ports import MoneyState, NoticeRefused, PaymentState, RawNotice, RefundState
from gridhall.integrations.demo_gateway import notices, signing
from gridhall.integrations.demo_gateway.gateway import DemoGateway

GENUINE = {"number": "N1", "reference": "D1", "amount_fen": 12850, "paid_at": START, "now": START}


def said(demo, body, **later):
    return demo.notice(RawNotice(body, {}), now=START + timedelta(**later))


def code(demo, body, **later):
    with pytest.raises(NoticeRefused) as refused:
        said(demo, body, **later)
    return refused.value.code


def test_a_genuine_message_is_read_however_often_it_comes(demo):
    body = signing.signed_notice(demo.keys, **GENUINE)
    assert said(demo, body) == PaymentState(MoneyState.DONE, "N1", "D1", 12850, START) == said(demo, body, minutes=4)


def test_a_message_of_a_refund_is_one_of_a_refund(demo):
    body = signing.signed_notice(demo.keys, kind="refund", **GENUINE)
    assert said(demo, body) == RefundState(MoneyState.DONE, "N1", "D1", 12850, START)


@pytest.mark.parametrize(
    ("field", "value"), [("amount_fen", "1"), ("number", "N2"), ("status", "CLOSED"), ("sign", "")]
)
def test_an_altered_message_is_refused(demo, field, value):
    fields = dict(parse_qsl(signing.signed_notice(demo.keys, **GENUINE).decode()))
    assert code(demo, urlencode(fields | {field: value}).encode()) == "notice_not_genuine"


def test_a_message_signed_by_another_key_is_refused(demo, tmp_path):
    forged = signing.signed_notice(signing.keys_of(tmp_path / "other"), **GENUINE)
    assert code(demo, forged) == "notice_not_genuine"


def test_a_message_signed_by_the_merchants_own_key_is_refused(demo):
    mixed = signing.Keys(demo.keys.merchant, demo.keys.merchant)
    assert code(demo, signing.signed_notice(mixed, **GENUINE)) == "notice_not_genuine"


@pytest.mark.parametrize("later", [{"minutes": 6}, {"minutes": -6}, {"days": 400}])
def test_a_message_from_another_time_is_refused(demo, later):
    assert code(demo, signing.signed_notice(demo.keys, **GENUINE), **later) == "notice_expired"


def test_a_message_for_another_merchant_is_refused(demo):
    body = signing.signed_notice(demo.keys, merchant="OTHER", **GENUINE)
    assert code(demo, body) == "notice_of_other_merchant"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_fen": 0}, {"amount_fen": -5}, {"amount_fen": "1.5"}, {"amount_fen": 10**13}, {"number": "N 1"},
        {"number": "N" * 33}, {"reference": ""}, {"reference": "D" * 65}, {"paid_at": None}, {"status": "MAYBE"},
        {"kind": "gift"}, {"amount_fen": "１２"}, {"now": START.replace(tzinfo=None)},
    ],
)  # fmt: skip
def test_nonsense_is_refused_even_when_it_is_signed(demo, changes):
    assert code(demo, signing.signed_notice(demo.keys, **GENUINE | changes)) == "notice_unreadable"


def test_a_field_said_twice_is_refused(demo):
    body = signing.signed_notice(demo.keys, **GENUINE) + b"&amount_fen=12850"
    assert code(demo, body) == "notice_unreadable"


def test_a_field_too_much_or_too_few_is_refused(demo):
    body = signing.signed_notice(demo.keys, **GENUINE)
    assert code(demo, body + b"&more=1") == code(demo, body.replace(b"status=PAID&", b"")) == "notice_unreadable"


def test_an_endless_body_is_refused(demo):
    assert code(demo, b"a=1&" * 1_000_000) == "notice_unreadable"


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    return DemoGateway(tmp_path_factory.mktemp("one"), lambda: START)


@given(st.binary(max_size=400))
def test_garbage_is_refused(one, body):
    with pytest.raises(NoticeRefused):
        one.notice(RawNotice(body, {}), now=START)


@given(st.data())
def test_one_changed_byte_is_refused(one, data):
    body = bytearray(signing.signed_notice(one.keys, **GENUINE))
    at = data.draw(st.integers(0, len(body) - 1))
    changed = data.draw(st.integers(0, 255).filter(lambda byte: byte != body[at]))
    body[at] = changed
    try:
        told = one.notice(RawNotice(bytes(body), {}), now=START)
    except NoticeRefused:
        return
    # Another way to write the same, as "%2f" for "%2F": then it says the same.
    assert told == PaymentState(MoneyState.DONE, "N1", "D1", 12850, START)


def test_what_is_answered(one):
    assert (one.answer(accepted=True).body, one.answer(accepted=False).body) == (b"success", b"fail")
    assert timedelta(minutes=5) == notices.WINDOW
