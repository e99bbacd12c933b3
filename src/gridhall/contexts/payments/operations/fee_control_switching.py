"""Commands to meters, driven step by step until a reading says that they came true, or people take over.

`order_switch` writes a command in the transaction that decides it; `drive` takes its next step when it is due, in a
transaction of its own, and says on the outbox when it wants to be driven again. Sending twice is harmless, by the key.

A cut-off is decided anew whenever it is sent. What switches on again waits until the head-end is done with every
cut-off in flight, because commands may overtake each other; and nobody ever gives up on it: when the head-end does
not manage, a work order is raised and it is tried on.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.metering import queries as metering
from gridhall.contexts.payments.fee_settings import fee_rules
from gridhall.contexts.payments.models import FeeCase, FeeControl, SwitchAction, SwitchCommand, SwitchState
from gridhall.contexts.payments.operations.fee_control import tell
from gridhall.contexts.payments.operations.fee_control_standing import decided_now, point_of
from gridhall.contexts.payments.ports import (
    HeadEndAnswer,
    HeadEndUnavailable,
    Progress,
    Relay,
    SwitchOrder,
    head_end,
)
from gridhall.contexts.payments.rules.fee_control import Move, Stage
from gridhall.runtime import outbox
from gridhall.runtime.audit import Act

#: Said on the outbox when a command is to be driven: ``{"command"}``.
SWITCH: Final = "supply.switch"
#: Said when people have to go there: ``{"command", "usage_point"}``.
WORK_ORDER: Final = "supply.work_order"
#: How often a meter is read while its customer may press the button: first, and after ten minutes.
_PRESSED: Final = (timedelta(seconds=3), timedelta(minutes=1))
_SOON: Final = timedelta(seconds=1)
#: A command that should have been driven so long ago was forgotten by the outbox.
_FORGOTTEN: Final = timedelta(seconds=60)
_RELAYS: Final = {
    SwitchAction.OFF.value: Relay.OFF, SwitchAction.ON.value: Relay.ON, SwitchAction.ALLOW.value: Relay.ALLOWED,
}  # fmt: skip


def order_switch(control: FeeControl, case: FeeCase, action: SwitchAction, *, act: Act) -> int:
    """This will write a command to the meter of a case's usage point, to be sent at once, and give its id."""
    found = metering.current_meters([control.usage_point_id]).get(control.usage_point_id, ())
    command = SwitchCommand.objects.create(
        key=str(uuid4()), usage_point_id=control.usage_point_id, case=case, organisation_id=case.organisation_id,
        meter=found[0] if found else "", action=action, asked_at=act.at, due_at=act.at,
    )  # fmt: skip
    outbox.publish(SWITCH, {"command": command.pk}, now=act.at)
    return command.pk


def restore(control: FeeControl, case: FeeCase, *, act: Act, balance: int | None) -> None:
    """This will have a usage point switched on again whose cut-off was ordered or done, in the caller's transaction."""
    flying = SwitchCommand.objects.select_for_update().filter(case=case, action=SwitchAction.OFF, ended_at=None)
    for command in flying:
        command.outdated = True
        if command.state == SwitchState.WAITING and not command.tries:
            _end(command, SwitchState.WITHDRAWN, act.at)
        else:
            command.due_at = act.at
            outbox.publish(SWITCH, {"command": command.pk}, now=act.at)
        command.save()
    sent = SwitchCommand.objects.filter(case=case, action=SwitchAction.OFF).exclude(state=SwitchState.WITHDRAWN)
    if not sent.exists():
        case.stage, case.closed_at, case.closed_because = Stage.CLOSED, act.at, "paid"
        case.save(update_fields=["stage", "closed_at", "closed_because"])
        tell(control, "stopped_paid", act=act, balance=balance)
        return
    case.stage = Stage.RESTORING
    case.save(update_fields=["stage"])
    back = Q(action=SwitchAction.ON) | Q(action=SwitchAction.ALLOW)
    if SwitchCommand.objects.filter(back, usage_point_id=control.usage_point_id, ended_at=None).exists():
        return
    action = SwitchAction.ALLOW if fee_rules().reconnection.button else SwitchAction.ON
    tell(control, "reconnect_ordered", act=act, balance=balance, details={"button": action == SwitchAction.ALLOW})
    order_switch(control, case, action, act=act)


def drive(id: int, *, now: datetime) -> None:
    """This will take the next step of a command that is due; others, and those that are over, are left alone."""
    with transaction.atomic():
        known = SwitchCommand.objects.filter(pk=id, ended_at=None).values_list("case__control_id", flat=True).first()
        if known is None:
            return
        control = FeeControl.objects.select_for_update().get(pk=known)
        command = SwitchCommand.objects.select_for_update().get(pk=id)
        if command.ended_at is not None or command.due_at is None or command.due_at > now:
            return
        case = FeeCase.objects.select_for_update().get(pk=command.case_id)
        _Driven(control, case, command, now).step()
        command.save()
        if command.ended_at is None and command.due_at is not None:
            outbox.publish(SWITCH, {"command": command.pk}, now=now, due=command.due_at)


def look_now(usage_point: int, *, now: datetime) -> None:
    """This will have the meter of a usage point read now, where a command to switch it on is under way."""
    mine = SwitchCommand.objects.filter(usage_point_id=usage_point, ended_at=None).exclude(action=SwitchAction.OFF)
    with transaction.atomic():
        for command in mine.filter(state__in=[SwitchState.ALLOWED, SwitchState.SENT]).select_for_update():
            command.due_at = now
            command.save(update_fields=["due_at"])
            outbox.publish(SWITCH, {"command": command.pk}, now=now)


def take_up_forgotten(now: datetime) -> int:
    """This will have commands driven that should have been long ago, and give how many."""
    late = SwitchCommand.objects.filter(ended_at=None, due_at__lt=now - _FORGOTTEN)
    ids = list(late.values_list("pk", flat=True))
    outbox.publish_many(SWITCH, ({"command": id} for id in ids), now=now)
    return len(ids)


class _Driven:
    """One step of one command; everything is locked."""

    def __init__(self, control: FeeControl, case: FeeCase, command: SwitchCommand, now: datetime) -> None:
        self.control, self.case, self.command, self.now = control, case, command, now
        self.rules = fee_rules()
        self.act = Act("job:switching", now)
        self.off = command.action == SwitchAction.OFF

    def step(self) -> None:
        if not self.command.meter:
            self._trouble("no_meter")
            if self.command.work_order_at is None:
                self._to_people()
            else:
                self.command.due_at = self.now + timedelta(hours=1)
            return
        try:
            if self.command.state == SwitchState.WAITING:
                self._send()
            elif self.command.state == SwitchState.ALLOWED:
                self._look()
            else:
                self._ask()
        except HeadEndUnavailable:
            self._trouble("no_answer")
            self._later()

    # -- sending ------------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        """Hand it to the head-end; from here on it may have been carried out."""
        command = self.command
        if self.off and not self._still_lawful():
            # What may have arrived at an earlier try has to be settled first.
            if command.sent_at is None:
                self._withdraw()
            else:
                command.state, command.outdated = SwitchState.SENT, True
                self._ask()
            return
        if not self.off and self._flying():
            command.due_at = self.now + _SOON
            return
        command.tries += 1
        command.state, command.sent_at = SwitchState.SENT, self.now
        order = SwitchOrder(command.key, command.meter, _RELAYS[command.action])
        self._answered(head_end().send(order, now=self.now))

    def _still_lawful(self) -> bool:
        point = point_of(self.control.usage_point_id)
        if self.command.outdated or point is None:
            return False
        return decided_now(point, self.act, self.rules).move is Move.CUT_OFF

    def _flying(self) -> bool:
        mine = SwitchCommand.objects.filter(usage_point_id=self.control.usage_point_id, action=SwitchAction.OFF)
        return mine.filter(ended_at=None).exists()

    # -- hearing ------------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        """What became of it; whoever is outdated is cancelled where that is still possible."""
        command = self.command
        if self.off and command.outdated:
            self._answered(head_end().cancel(command.key, now=self.now))
        else:
            self._answered(head_end().ask(command.key, now=self.now))

    def _answered(self, answer: HeadEndAnswer) -> None:
        command = self.command
        if answer.progress is Progress.DONE:
            command.acknowledged_at = command.acknowledged_at or self.now
            self._look()
        elif answer.progress is Progress.PENDING:
            waited = self.now - (command.sent_at or self.now)
            if waited > timedelta(seconds=self.rules.switching.answer_seconds) and not command.outdated:
                self._trouble("too_slow")
                self._again()
            else:
                command.due_at = self.now + _SOON
        elif self.off and command.outdated:
            # Refused, cancelled or never arrived: it will not happen any more.
            self._withdraw()
        elif answer.progress is Progress.UNKNOWN:
            self._trouble("not_arrived")
            self._again()
        else:
            self._trouble(f"refused:{answer.reason}"[:60])
            tell(self.control, "refused", act=self.act, details={"reason": answer.reason, "action": command.action})
            self._again()

    def _look(self) -> None:
        """Read the meter: only that says what is true."""
        command, relay = self.command, head_end().read(self.command.meter, now=self.now).relay
        if self.off:
            if relay is Relay.OFF:
                self._is_off()
            else:
                self._disagrees(relay)
        elif relay is Relay.ON:
            self._is_on()
        elif relay is Relay.ALLOWED and command.action == SwitchAction.ALLOW:
            self._is_allowed()
        else:
            self._disagrees(relay)

    def _disagrees(self, relay: Relay) -> None:
        command = self.command
        if self.off and command.outdated:
            self._withdraw()
            return
        self._trouble("reading_disagrees")
        tell(self.control, "reading_disagrees", act=self.act, details={"relay": relay.value, "action": command.action})
        # The head-end takes this one for done: it has to be told anew.
        command.key, command.acknowledged_at = str(uuid4()), None
        self._again()

    # -- what came of it ----------------------------------------------------------------------------------------------

    def _is_off(self) -> None:
        _end(self.command, SwitchState.DONE, self.now)
        accounts.mark_supply(self.control.usage_point_id, on=False, act=self.act)
        self.case.off_at = self.case.off_at or self.now
        if self.case.stage == Stage.CUTTING:
            self.case.stage = Stage.OFF
        self.case.save(update_fields=["stage", "off_at"])
        tell(self.control, "cut_off", act=self.act, balance=self._balance(), message="cut_off")

    def _is_on(self) -> None:
        _end(self.command, SwitchState.DONE, self.now)
        accounts.mark_supply(self.control.usage_point_id, on=True, act=self.act)
        case = self.case
        case.stage, case.closed_at, case.closed_because = Stage.CLOSED, self.now, "reconnected"
        case.save(update_fields=["stage", "closed_at", "closed_because"])
        tell(self.control, "reconnected", act=self.act, balance=self._balance(), message="reconnected")

    def _is_allowed(self) -> None:
        command = self.command
        if command.state != SwitchState.ALLOWED:
            command.state, command.acknowledged_at, command.tries = SwitchState.ALLOWED, self.now, 0
            tell(self.control, "allowed", act=self.act, balance=self._balance(), message="reconnected")
        since = self.now - (command.acknowledged_at or self.now)
        if since > timedelta(hours=self.rules.reconnection.button_hours) and command.work_order_at is None:
            self._trouble("not_pressed")
            self._to_people()
        command.due_at = self.now + _PRESSED[since > timedelta(minutes=10)]

    def _withdraw(self) -> None:
        """A cut-off that will not happen: nothing is off; what was announced may be tried again while it is lawful."""
        _end(self.command, SwitchState.WITHDRAWN, self.now)
        tell(self.control, "withdrawn", act=self.act)
        if self.case.stage == Stage.CUTTING:
            self.case.stage = Stage.ANNOUNCED
            self.case.save(update_fields=["stage"])

    # -- trying again -------------------------------------------------------------------------------------------------

    def _trouble(self, code: str) -> None:
        self.command.trouble = code

    def _again(self) -> None:
        self.command.state = SwitchState.WAITING
        self._later()

    def _later(self) -> None:
        """Next try after a pause; after the last one people take over, and a reconnection is tried on nevertheless."""
        command, rules = self.command, self.rules.switching
        if command.tries >= rules.tries and command.work_order_at is None:
            self._to_people()
            if self.off and not command.outdated:
                return
        pause = rules.pauses_seconds[min(max(command.tries - 1, 0), len(rules.pauses_seconds) - 1)]
        command.due_at = self.now + timedelta(seconds=pause)

    def _to_people(self) -> None:
        command = self.command
        command.work_order_at = command.work_order_at or self.now
        tell(self.control, "work_order", act=self.act, details={"trouble": command.trouble, "action": command.action})
        outbox.publish(WORK_ORDER, {"command": command.pk, "usage_point": command.usage_point_id}, now=self.now)
        if self.off and not command.outdated:
            _end(command, SwitchState.FAILED, self.now)
        else:
            command.due_at = self.now + timedelta(seconds=self.rules.switching.pauses_seconds[-1])

    def _balance(self) -> int | None:
        point = point_of(self.control.usage_point_id)
        return point.balance if point is not None and point.priced else None


def _end(command: SwitchCommand, state: SwitchState, now: datetime) -> None:
    command.state, command.ended_at, command.due_at = state, now, None
