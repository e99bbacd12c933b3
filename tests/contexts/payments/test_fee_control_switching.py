"""Guards the way to the dark and back: one timeline, no cut-off against a rule, no reconnection forgotten, whatever the
head-end does: lost answers, refusals, late answers after a retry, readings that disagree, commands that overtake."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from tests.contexts.payments.fee_control_town import MONDAY, WEDNESDAY, Street, street_of

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.accounts.models import UsagePoint
from gridhall.contexts.accounts.types import ProtectionKind
from gridhall.contexts.payments.errors import AlreadyControlled, CaseMoved
from gridhall.contexts.payments.models import FeeCase, FeeStep, SwitchCommand
from gridhall.contexts.payments.operations import fee_control, fee_control_cases, fee_control_switching
from gridhall.contexts.payments.ports import HeadEndAnswer, HeadEndUnavailable, MeterReading, Progress, Relay
from gridhall.contexts.payments.rules.fee_control import Mode
from gridhall.kernel.errors import Refused
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import outbox
from gridhall.runtime.models import OutboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def street(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Street:
    return street_of(tmp_path / "headend", monkeypatch)


def silent(*_: Any) -> Any:
    raise HeadEndUnavailable("nothing was heard")


def lost(street: Street, what: str) -> Callable[..., Any]:
    """It arrives, and its answer does not."""

    def carry_out(about: Any, now: Any) -> Any:
        getattr(street.head_end.true, what)(about, now=now)
        raise HeadEndUnavailable("the answer was lost")

    return carry_out


def refused(*_: Any) -> HeadEndAnswer:
    return HeadEndAnswer(Progress.REFUSED, "meter_busy")


def press(street: Street) -> None:
    assert street.head_end.true.press("M0", now=street.now)


# -- the whole way -----------------------------------------------------------------------------------------------------


def test_one_timeline_from_the_warning_to_light(street: Street) -> None:
    street.cut()
    assert UsagePoint.objects.get(pk=street.point(0)).status == "disconnected"
    street.pay(0, 600)
    street.wait(8)
    assert (street.stage(), street.relay(), street.commands()[-1]) == ("restoring", Relay.ALLOWED, ("allow", "allowed"))
    press(street)
    street.wait(5)
    assert (street.stage(), street.relay()) == ("closed", Relay.ON)
    assert UsagePoint.objects.get(pk=street.point(0)).status == "connected"
    assert street.steps() == [
        "agreed", "notice", "approved", "final_notice", "cut_off_ordered", "cut_off", "paid", "reconnect_ordered",
        "allowed", "reconnected",
    ]  # fmt: skip
    assert not OutboxMessage.objects.exists()
    # The neighbour never heard of it.
    assert street.steps(1) == ["agreed"]


def test_every_step_of_a_cut_off_is_checked_anew(street: Street) -> None:
    street.stock(0, -500)
    street.go(WEDNESDAY)
    assert street.stage() == "noticed"
    street.go(MONDAY)
    assert (street.stage(), street.case().waits) == ("noticed", "approval")
    fee_control_cases.approve(street.case().pk, "已多次联系", act=street.act)
    fee_control.begin_alert(street.till.organisation.pk, "暴雨红色预警", act=street.act)
    street.go(MONDAY)
    assert (street.stage(), street.case().waits) == ("approved", "red_alert")
    fee_control.end_alert(street.till.organisation.pk, act=street.act)
    street.go(MONDAY)
    assert street.stage() == "announced"
    street.go(MONDAY + timedelta(minutes=5))
    assert (street.stage(), street.case().waits) == ("announced", "final_minutes")
    # The same moment a certificate comes in.
    accounts.protect(
        "3100000000", ProtectionKind.LIFE_SUPPORT, DateSpan(date(2026, 3, 9), None), "医院证明", act=street.act
    )
    street.go(MONDAY + timedelta(minutes=40))
    assert (street.stage(), street.case().closed_because) == ("closed", "protected")
    street.wait(60)
    assert street.relay() is Relay.ON
    assert not street.commands()


def test_life_support_is_never_even_given_notice(street: Street) -> None:
    accounts.protect(
        "3100000000", ProtectionKind.LIFE_SUPPORT, DateSpan(date(2026, 1, 1), None), "医院证明", act=street.act
    )
    for at in (0, 1):
        street.stock(at, -500)
    street.go(WEDNESDAY)
    assert (street.stage(0), street.stage(1)) == ("", "noticed")


def test_what_becomes_unlawful_before_it_is_sent_is_not_sent(street: Street) -> None:
    """The worker was away for hours: the command waits in the queue and the hours of cut-offs are over."""
    street.ordered()
    street.now = MONDAY.replace(hour=16)
    street.wait(30)
    assert street.relay() is Relay.ON
    assert not street.head_end.sent
    assert (street.stage(), street.commands()) == ("announced", [("off", "withdrawn")])


def test_old_readings_stop_it(street: Street) -> None:
    street.stock(0, -500, newest=date(2026, 3, 1))
    fee_control_cases.advance(act=street.act)
    assert street.stage() == ""


def test_a_rejected_one_is_not_begun_again_for_a_fortnight(street: Street) -> None:
    street.stock(0, -500)
    street.go(WEDNESDAY)
    first = street.case()
    with pytest.raises(Refused):
        fee_control_cases.reject(first.pk, "  ", act=street.act)
    fee_control_cases.reject(first.pk, "正在住院", act=street.act)
    with pytest.raises(CaseMoved):
        fee_control_cases.approve(first.pk, "晚了", act=street.act)
    street.go(WEDNESDAY + timedelta(days=13))
    assert street.case().pk == first.pk
    street.go(WEDNESDAY + timedelta(days=14))
    assert street.case().pk != first.pk


def test_a_notice_that_was_not_followed_lapses_and_is_given_again(street: Street) -> None:
    street.stock(0, -500)
    street.go(WEDNESDAY)
    street.go(WEDNESDAY + timedelta(days=8))
    assert street.case().closed_because == "lapsed"
    street.go(WEDNESDAY + timedelta(days=8))
    assert street.stage() == "noticed"
    assert street.steps().count("notice") == 2


def test_paying_before_the_cut_off_ends_it(street: Street) -> None:
    street.stock(0, -500)
    street.go(WEDNESDAY)
    street.pay(0, 499)
    street.wait(1)
    assert street.stage() == "noticed"
    street.pay(0, 1, "R2")
    street.wait(1)
    assert (street.stage(), street.case().closed_because) == ("closed", "paid")


def test_one_agreement_for_one_home(street: Street) -> None:
    agreement = street.till.agreements[0]
    with pytest.raises(AlreadyControlled):
        fee_control.agree(agreement.usage_point_id, agreement.customer_id, Mode.CREDIT, act=street.act)
    street.cut()
    with pytest.raises(fee_control.StillOff):
        fee_control.end_agreement(agreement.usage_point_id, agreement.customer_id, act=street.act)


# -- faults of the head-end --------------------------------------------------------------------------------------------


def test_a_lost_answer_is_asked_after(street: Street) -> None:
    street.head_end.next("send", lost(street, "send"))
    street.ordered()
    street.wait(30)
    assert (street.stage(), street.relay()) == ("off", Relay.OFF)
    assert len({order.key for order in street.head_end.sent}) == 1


def test_a_command_that_never_arrived_is_sent_again(street: Street) -> None:
    street.head_end.next("send", silent)
    street.ordered()
    street.wait(30)
    assert (street.stage(), len(street.head_end.sent)) == ("off", 2)


def test_a_refusal_is_on_the_timeline_and_tried_again(street: Street) -> None:
    street.head_end.next("send", refused, refused)
    street.ordered()
    street.wait(40)
    assert (street.stage(), street.steps().count("refused"), len(street.head_end.sent)) == ("off", 2, 3)


def test_a_cut_off_that_is_always_refused_goes_to_people(street: Street) -> None:
    street.head_end.next("send", *[refused] * 20)
    street.ordered()
    street.wait(300, step=5)
    assert (street.commands(), street.relay()) == ([("off", "failed")], Relay.ON)
    assert street.steps()[-1] == "work_order"
    assert SwitchCommand.objects.get().work_order_at
    # And who pays then is not left to people.
    street.pay(0, 500)
    street.head_end.faults.clear()
    street.wait(20)
    assert street.stage() == "closed"
    assert street.relay() is Relay.ON


def test_an_answer_after_the_retry_counts_once(street: Street) -> None:
    street.head_end.true.delay = 45  # longer than an answer may take
    street.ordered()
    street.wait(90)
    assert (street.stage(), street.commands()) == ("off", [("off", "done")])
    assert street.steps().count("cut_off") == 1
    assert len({order.key for order in street.head_end.sent}) == 1


def test_a_reading_that_disagrees_is_believed(street: Street) -> None:
    """The head-end says that it is done; the meter says that it is not."""
    street.ordered()
    street.head_end.next("read", lambda meter, now: MeterReading(Relay.ON, now))
    street.wait(40)
    assert street.stage() == "off"
    assert "reading_disagrees" in street.steps()
    assert len({order.key for order in street.head_end.sent}) == 2  # it had to be told anew


@pytest.mark.parametrize("tries", [1, 30])
def test_light_comes_back_whatever_the_head_end_does(street: Street, tries: int) -> None:
    street.cut()
    street.head_end.next("send", *[silent, refused, lost(street, "send")] * tries)
    street.head_end.next("ask", *[silent] * tries)
    street.head_end.next("read", *[silent, lambda meter, now: MeterReading(Relay.OFF, now)] * tries)
    street.pay(0, 500)
    street.wait(90 * 60 * (tries > 1) + 120, step=2)
    if tries > 1:
        assert "work_order" in street.steps()
    assert street.relay() is Relay.ALLOWED
    press(street)
    street.head_end.faults.clear()
    # Two of the longest pauses may lie before the next reading: asking in vain, and sending again.
    street.wait(200, step=2)
    assert street.stage() == "closed"


# -- money and commands that cross each other --------------------------------------------------------------------------


def test_money_before_the_command_leaves_withdraws_it(street: Street) -> None:
    street.ordered()
    street.pay(0, 500)
    # Whoever is heard first: the payment, or the command.
    OutboxMessage.objects.filter(topic="supply.switch").update(due_at=street.now + timedelta(seconds=3))
    street.wait(10)
    assert (street.stage(), street.commands(), street.relay()) == ("closed", [("off", "withdrawn")], Relay.ON)
    assert not street.head_end.sent


@pytest.mark.parametrize("delay", [0, 1, 3, 8, 40])
@pytest.mark.parametrize("paid_after", [0.5, 1.5, 4, 9])
def test_money_while_a_cut_off_is_in_flight_ends_in_light(street: Street, delay: float, paid_after: float) -> None:
    """However slow the meter: the two commands never end in the dark, in whatever order they are carried out."""
    street.head_end.true.delay = delay
    street.ordered()
    street.wait(paid_after)
    street.pay(0, 500)
    street.wait(150)
    if street.relay() is Relay.ALLOWED:
        press(street)
        street.wait(70)
    assert (street.relay(), street.stage()) == (Relay.ON, "closed")
    street.wait(60)
    assert street.relay() is Relay.ON
    assert not SwitchCommand.objects.filter(ended_at=None).exists()


def test_money_while_the_answer_of_a_cut_off_is_lost_ends_in_light(street: Street) -> None:
    street.head_end.true.delay = 6
    street.head_end.next("send", lost(street, "send"))
    street.head_end.next("cancel", silent, silent)
    street.ordered()
    street.wait(1)
    street.pay(0, 500)
    street.wait(120)
    if street.relay() is Relay.ALLOWED:
        press(street)
    street.wait(70)
    assert (street.relay(), street.stage()) == (Relay.ON, "closed")


def test_a_payment_told_twice_switches_once(street: Street) -> None:
    street.cut()
    street.pay(0, 500)
    message = OutboxMessage.objects.get(topic="payments.received", subscriber="reconnect")
    outbox.publish("payments.received", message.payload, now=street.now)
    street.wait(8)
    press(street)
    street.wait(60)
    assert street.commands() == [("off", "done"), ("allow", "done")]
    assert street.steps().count("paid") == street.steps().count("reconnected") == 1


def test_too_little_money_leaves_it_off_and_the_rest_switches_it_on(street: Street) -> None:
    street.cut()
    street.pay(0, 499)
    street.wait(5)
    assert (street.stage(), street.relay()) == ("off", Relay.OFF)
    street.pay(0, 1, "R2")
    street.wait(8)
    assert street.relay() is Relay.ALLOWED


def test_who_is_registered_as_protected_in_the_dark_gets_light(street: Street) -> None:
    street.cut()
    street.go(street.now)
    assert street.stage() == "off"
    span = DateSpan(date(2026, 3, 9), None)
    accounts.protect("3100000000", ProtectionKind.LIFE_SUPPORT, span, "医院证明", act=street.act)
    street.go(street.now)
    street.wait(8)
    assert street.relay() is Relay.ALLOWED


def test_a_cause_that_goes_without_a_payment_brings_light_too(street: Street) -> None:
    """A bill was corrected: the next stock-taking finds money on the account."""
    street.cut()
    street.stock(0, 100)
    street.go(street.now)
    street.wait(8)
    assert street.relay() is Relay.ALLOWED


# -- nothing is forgotten ----------------------------------------------------------------------------------------------


def test_a_command_whose_message_is_gone_is_taken_up(street: Street) -> None:
    street.cut()
    street.pay(0, 500)
    street.wait(0.5)
    OutboxMessage.objects.filter(topic="supply.switch").delete()
    street.wait(50)
    assert street.commands()[-1] == ("allow", "sent")
    assert fee_control_switching.take_up_forgotten(street.now) == 0
    street.now += timedelta(seconds=30)
    assert fee_control_switching.take_up_forgotten(street.now) == 1
    street.wait(8)
    assert street.commands()[-1] == ("allow", "allowed")


def test_a_meter_nobody_knows_goes_to_people(street: Street) -> None:
    from gridhall.contexts.metering.models import MeterInstallation

    MeterInstallation.objects.filter(meter__serial="M0").delete()
    street.ordered()
    street.wait(5)
    assert street.commands() == [("off", "failed")]


def test_the_database_itself_refuses_what_must_not_be(street: Street) -> None:
    street.cut()
    case = street.case()
    with pytest.raises(IntegrityError, match="payments_feecase_announced"), transaction.atomic():
        FeeCase.objects.filter(pk=case.pk).update(final_at=None)
    with pytest.raises(IntegrityError, match="payments_feecase_once"), transaction.atomic():
        FeeCase.objects.create(
            usage_point_id=street.point(0), control_id=street.controls[0], organisation=street.till.organisation,
            stage="noticed", noticed_at=street.now,
        )  # fmt: skip
    with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
        FeeStep.objects.update(kind="agreed")
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
        cursor.execute("DELETE FROM payments_feestep")
