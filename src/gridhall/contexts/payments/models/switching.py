"""Commands to meters: what was asked of the head-end, and what became of it."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from gridhall.contexts.payments.models.fee_control import FeeCase


class SwitchAction(models.TextChoices):
    """What a meter is told: open its relay; close it; or allow its customer to close it by the button."""

    OFF = "off", "跳闸"
    ON = "on", "合闸"
    ALLOW = "allow", "合闸允许"


class SwitchState(models.TextChoices):
    """Where a command stands. ``SENT`` may have been carried out; ``DONE`` is verified by reading the meter."""

    WAITING = "waiting", "待发送"
    SENT = "sent", "已发送"
    ALLOWED = "allowed", "待按键"
    DONE = "done", "已核实"
    WITHDRAWN = "withdrawn", "已撤回"
    FAILED = "failed", "转人工"


#: States in which something may still come of a command.
OPEN = (SwitchState.WAITING, SwitchState.SENT, SwitchState.ALLOWED)


class SwitchCommand(models.Model):
    """A command to the meter of a usage point; ``key`` names it to the head-end, also when it is sent again.

    ``due_at`` is when it is looked at next; null: nothing more happens by itself. ``outdated`` marks a cut-off whose
    cause went away after it had been sent: nobody sends it again, and what switches on again waits for its end.
    ``work_order_at`` is when it was handed to people because the head-end could not do it.
    """

    key = models.CharField(max_length=36, db_collation="C")
    usage_point = models.ForeignKey("accounts.UsagePoint", on_delete=models.PROTECT, related_name="+", db_index=False)
    case = models.ForeignKey(FeeCase, on_delete=models.PROTECT, related_name="commands")
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    meter = models.CharField(max_length=40)
    action = models.CharField(max_length=5, choices=SwitchAction.choices)
    state = models.CharField(max_length=9, choices=SwitchState.choices, default=SwitchState.WAITING)
    outdated = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, help_text="last")
    acknowledged_at = models.DateTimeField(null=True, help_text="the head-end says that it was carried out")
    ended_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=60, blank=True, default="", help_text="a code: what went wrong last")
    work_order_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["key"], name="payments_switchcommand_key"),
            # Of each direction one at a time: a cut-off in flight and what undoes it may both be there.
            UniqueConstraint(
                fields=["usage_point"], condition=Q(ended_at=None, action="off"), name="payments_switchcommand_off"
            ),
            UniqueConstraint(
                fields=["usage_point"],
                condition=Q(ended_at=None, action__in=["on", "allow"]),
                name="payments_switchcommand_on",
            ),
            CheckConstraint(condition=Q(action__in=SwitchAction.values), name="payments_switchcommand_action"),
            CheckConstraint(
                condition=Q(state__in=[state.value for state in OPEN], ended_at=None)
                | (~Q(state__in=[state.value for state in OPEN]) & Q(ended_at__isnull=False)),
                name="payments_switchcommand_state",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="payments_switchcommand_due"),
            models.Index(fields=["organisation", "-id"], name="payments_switchcommand_unit"),
            models.Index(fields=["usage_point", "-id"], name="payments_switchcommand_point"),
        ]
