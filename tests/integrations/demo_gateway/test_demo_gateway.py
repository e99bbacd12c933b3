"""Guards: the demo gateway moves money once, remembers over processes, and tells like real ones: late, twice, never."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.integrations.demo_gateway.conftest import START, order

from gridhall.contexts.payments.ports import (
    ChargingGateway,
    CheckoutKind,
    GatewayUnavailable,
    MoneyState,
    PaymentState,
    RawNotice,
    RefundToMake,
)
from gridhall.integrations.demo_gateway import sending, signing
from gridhall.integrations.demo_gateway.book import PAUSES
from gridhall.integrations.demo_gateway.gateway import DemoGateway
from gridhall.integrations.demo_gateway.service import RequestRefused


def pay(demo, number="N1", *, copies=1, delay=timedelta()):
    now = demo.clock()
    agreed = demo.service.book.agree(number, moves_at=now + delay, copies=copies, now=now)
    demo.service.book.move(now)
    return agreed


def refund(number="B1", amount=2850, order_number="N1", **more):
    return RefundToMake(number, order_number, "", 12850, amount, "moved out", **more)


def notices(demo, ear):
    return [demo.notice(RawNotice(body, {}), now=demo.clock()) for body in ear.heard]


# -- orders -------------------------------------------------------------------------------------------------------


def test_an_order_asked_for_twice_leads_to_the_same_page(demo):
    first, second = demo.create(order()), demo.create(order())
    assert first == second
    assert first.kind is CheckoutKind.LINK
    assert first.url.startswith("http://testserver/demo-gateway/pay/")


def test_a_qr_code_holds_the_address_that_people_reach(demo, settings):
    settings.PUBLIC_URL = "https://hall.example.com"
    made = demo.create(order(method="demo.qr"))
    assert made.kind is CheckoutKind.QR
    assert made.text.startswith("https://hall.example.com/demo-gateway/pay/")


def test_an_order_with_another_amount_is_not_the_same(demo):
    demo.create(order())
    with pytest.raises(GatewayUnavailable):
        demo.create(order(amount_fen=1))


def test_what_was_never_announced_is_unknown(demo):
    assert demo.query("N1") == PaymentState(MoneyState.UNKNOWN, "N1")


def test_money_moves_once(demo, clock):
    demo.create(order())
    assert demo.query("N1").state is MoneyState.PENDING
    assert pay(demo)
    assert not pay(demo)
    told = demo.query("N1")
    assert (told.state, told.amount_fen, told.paid_at) == (MoneyState.DONE, 12850, START)
    clock.on(hours=2)
    assert demo.query("N1") == told


def test_two_phones_at_once_pay_once(demo):
    demo.create(order())
    gate = threading.Barrier(8)

    def phone(_):
        gate.wait()
        return pay(demo)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(phone, range(8))) == 1


def test_a_closed_order_cannot_be_paid(demo):
    demo.create(order())
    demo.close("N1")
    assert not pay(demo)
    assert demo.query("N1").state is MoneyState.CLOSED


def test_an_order_whose_time_is_over_cannot_be_paid(demo, clock):
    demo.create(order())
    clock.on(minutes=30)
    assert not pay(demo)
    assert demo.query("N1").state is MoneyState.CLOSED


def test_money_on_its_way_comes_even_when_the_order_is_closed(demo, clock):
    demo.create(order())
    pay(demo, delay=timedelta(seconds=40))
    demo.close("N1")
    assert demo.query("N1").state is MoneyState.PENDING
    clock.on(seconds=41)
    told = demo.query("N1")
    assert (told.state, told.paid_at) == (MoneyState.DONE, START + timedelta(seconds=40))


def test_another_process_knows_the_same(demo, clock):
    demo.create(order())
    pay(demo)
    other = DemoGateway(demo.service.home, clock)
    assert other.query("N1") == demo.query("N1")
    assert other.create(order()) == demo.create(order())


def test_the_gateway_does_nothing_unsigned(demo):
    request = demo._signed(number="N1")
    for wrong in ({"sign": ""}, {"number": "N2"}, {"merchant": "OTHER"}):
        with pytest.raises(RequestRefused):
            demo.service.asked(request | wrong, START)


def test_processes_that_make_keys_at_once_get_the_same(tmp_path):
    def made(_):
        signing.keys_of.cache_clear()
        return signing.keys_of(tmp_path).gateway.private_numbers().d

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(made, range(4)))) == 1
    files = sorted((tmp_path / "demo_gateway").rglob("*.pem"))
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600, 0o600]


# -- refunds ------------------------------------------------------------------------------------------------------


def test_a_refund_of_one_number_is_made_once(demo):
    demo.create(order())
    pay(demo)
    first = demo.refund(refund())
    assert (first.state, first.amount_fen) == (MoneyState.DONE, 2850)
    assert demo.refund(refund()) == first
    assert demo.refund(refund("B2", 10000)).state is MoneyState.DONE
    assert demo.refund(refund("B3", 1)).state is MoneyState.CLOSED


@pytest.mark.parametrize("asked", [refund(amount=12851), refund(order_number="N9")])
def test_what_did_not_come_does_not_go_back(demo, asked):
    demo.create(order())
    pay(demo)
    assert demo.refund(asked).state is MoneyState.CLOSED


def test_an_unpaid_order_is_not_refunded(demo):
    demo.create(order())
    assert demo.refund(refund()).state is MoneyState.CLOSED


def test_a_number_of_a_refund_means_one_refund(demo):
    demo.create(order())
    pay(demo)
    demo.refund(refund())
    assert demo.refund(refund(amount=2851)).state is MoneyState.CLOSED


# -- messages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copies", [0, 1, 2])
def test_so_many_messages_tell_of_a_payment(demo, ear, copies):
    demo.create(order(ear.url))
    pay(demo, copies=copies)
    sending.send_due(demo.service, START)
    told = demo.query("N1")
    assert told.state is MoneyState.DONE
    assert notices(demo, ear) == [told] * copies
    assert demo.service.book.next_moment() is None


def test_a_refusal_is_told_as_closed(demo, ear):
    demo.create(order(ear.url))
    demo.service.book.close("N1", START, tell=True)
    demo.service.book.close("N1", START, tell=True)
    sending.send_due(demo.service, START)
    (told,) = notices(demo, ear)
    assert (told.state, told.number, told.reference) == (MoneyState.CLOSED, "N1", "")


def test_a_refund_is_told_where_that_was_wanted(demo, ear):
    demo.create(order())
    pay(demo, copies=0)
    done = demo.refund(refund(notify_url=ear.url))
    demo.refund(refund(notify_url=ear.url))
    sending.send_due(demo.service, START)
    assert notices(demo, ear) == [done]


def test_a_message_is_repeated_with_growing_pauses_until_it_is_heard(demo, ear, clock):
    ear.deaf = 3
    demo.create(order(ear.url))
    pay(demo)
    moments = []
    while (due := demo.service.book.next_moment()) is not None:
        clock.at = max(due, clock.at)
        moments.append((clock.at - START).total_seconds())
        sending.send_due(demo.service, clock.at)
    assert moments == [0, 1, 3, 7]
    assert len(ear.heard) == 4
    # Each attempt is signed anew: also the last is young enough to be believed.
    assert demo.notice(RawNotice(ear.heard[-1], {}), now=clock.at).state is MoneyState.DONE


@pytest.mark.parametrize("says", [b"fail", b"", b"<html>successful</html>"])
def test_another_answer_than_success_is_none(demo, ear, says):
    ear.says = says
    demo.create(order(ear.url))
    pay(demo)
    sending.send_due(demo.service, START)
    assert demo.service.book.next_moment() == START + PAUSES[0]


def test_nobody_listening_is_given_up_at_last(demo, clock):
    demo.create(order("http://127.0.0.1:9/"))
    pay(demo)
    attempts = 0
    while (due := demo.service.book.next_moment()) is not None:
        clock.at = max(due, clock.at)
        attempts += sending.send_due(demo.service, clock.at)
    assert attempts == len(PAUSES) + 1
    assert demo.query("N1").state is MoneyState.DONE


def test_a_killed_sender_loses_no_message(demo, ear, clock):
    demo.create(order(ear.url))
    pay(demo)
    # It took the message in hand and was gone.
    assert demo.service.book.next_message(START) is not None
    other = DemoGateway(demo.service.home, clock)
    assert sending.send_due(other.service, START) == 0
    assert sending.send_due(other.service, clock.on(minutes=1)) == 1
    assert len(notices(demo, ear)) == 1


def test_a_sender_of_the_process_wakes_sends_and_ends(tmp_path, ear):
    from gridhall.kernel import clock

    demo = DemoGateway(tmp_path, clock.now)
    demo.create(order(ear.url, expires_at=clock.now() + timedelta(minutes=5)))
    pay(demo, copies=2, delay=timedelta(seconds=0.2))
    demo.resume()
    (sender,) = [t for (_, home), t in sending._senders.items() if home == str(tmp_path)]
    sender.join(10)
    assert not sender.is_alive()
    assert len(ear.heard) == 2


def test_a_charge_by_agreement_takes_the_money_once(demo):
    charged = order(number="N77")
    first, second = (demo.charge(charged, "agreement") for _ in range(2))
    assert isinstance(demo, ChargingGateway)
    assert (first.state, first.amount_fen) == (MoneyState.DONE, charged.amount_fen)
    assert second == first
