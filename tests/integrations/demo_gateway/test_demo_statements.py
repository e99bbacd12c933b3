"""Guards: a statement of the demo gateway is taken whole or not at all, and says the line that is wrong."""

from datetime import date, timedelta

import pytest
from tests.integrations.demo_gateway.conftest import START, order
from tests.integrations.demo_gateway.test_demo_gateway import pay, refund

from gridhall.contexts.payments.ports import GatewayUnavailable, StatementInvalid
from gridhall.integrations.demo_gateway import signing, statements

DAY = date(2026, 11, 22)


@pytest.fixture
def statement(demo, clock):
    for at in range(3):
        demo.create(order(number=f"N{at}", amount_fen=10000 + at))
        pay(demo, f"N{at}")
        clock.on(minutes=1)
    demo.refund(refund(order_number="N1", amount=50))
    clock.on(days=1)
    return demo.statement(DAY)


def test_a_statement_has_all_that_moved_on_its_day(demo, statement):
    lines = list(demo.read_statement(statement, DAY))
    assert [(line.order_number, line.amount_fen, line.refund, line.line) for line in lines] == [
        ("N0", 10000, False, 3), ("N1", 10001, False, 4), ("N2", 10002, False, 5), ("N1", 50, True, 6),
    ]  # fmt: skip
    assert lines[0].at == START
    assert lines[0].fee_fen == 60


def test_a_day_belongs_to_the_utilitys_zone(demo, clock):
    # 02:00 UTC is 10:00 in Shanghai; 14 hours later it is the next day there.
    demo.create(order())
    pay(demo, delay=timedelta(hours=14))
    clock.on(days=3)
    assert list(demo.read_statement(demo.statement(DAY), DAY)) == []
    assert len(list(demo.read_statement(demo.statement(date(2026, 11, 23)), date(2026, 11, 23)))) == 1


def test_a_day_that_is_not_over_has_no_statement(demo):
    with pytest.raises(GatewayUnavailable):
        demo.statement(DAY)


def test_a_mark_of_byte_order_does_no_harm(demo, statement):
    assert len(list(demo.read_statement(b"\xef\xbb\xbf" + statement, DAY))) == 4


def test_every_cut_statement_is_refused(demo, statement):
    for end in range(len(statement) - 1):
        with pytest.raises(StatementInvalid):
            demo.read_statement(statement[:end], DAY)


def place(demo, content, day=DAY):
    with pytest.raises(StatementInvalid) as refused:
        demo.read_statement(content, day)
    return refused.value.path


def test_what_is_wrong_is_said_with_its_line(demo, statement):
    assert place(demo, statement, DAY - timedelta(days=1)) == "statement:1"
    assert place(demo, statement.replace(b"100.00", b"900.00", 1)) == "statement:8"
    assert place(demo, "余额".encode("gbk")) == "statement:1"
    assert place(demo, b"") == "statement:1"
    lines = statement.splitlines(keepends=True)
    assert place(demo, b"".join(lines[:4])) == "statement:4"


def test_a_statement_of_another_merchant_is_refused(demo):
    assert place(demo, statements.written([], DAY, demo.keys.gateway, merchant="OTHER")) == "statement:1"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (b",payment,", b",gift,", 3), (b"100.00", b"100.001", 3), (b"100.00", b"-1", 3), (b"100.00", b"NaN", 3),
        (b"2026-11-22T", b"2026-11-21T", 3), (b"+08:00", b"", 3), (b",payment", b"", 3), (b"#total,3", b"#total,2", 7),
        (b"300.03", b"300.04", 7),
    ],
)  # fmt: skip
def test_even_what_the_gateway_signs_is_checked(demo, statement, old, new, where):
    plain = statement.rpartition(b"#sign,")[0].replace(old, new, 1)
    signed = plain + f"#sign,{signing.sign_bytes(plain, demo.keys.gateway)}\n".encode()
    assert place(demo, signed) == f"statement:{where}"
