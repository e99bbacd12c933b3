"""Smart fee control: who agreed to it, where each balance stands, what led to a cut-off and back."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from gridhall.contexts.payments.rules.fee_control import Level, Mode, Stage


class FeeControl(models.Model):
    """A customer's agreement that the charges of a usage point are watched daily and supply is switched by them.

    ``warn_fen`` is the balance at which this customer wants the first warning; null: the utility's. A usage point has
    at most one that has not ended; it belongs to the customer, who takes it along when moving out.
    """

    usage_point = models.ForeignKey(
        "accounts.UsagePoint", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    customer = models.ForeignKey(
        "accounts.Customer", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    mode = models.CharField(max_length=7, choices=[(Mode.PREPAID.value, "预付"), (Mode.CREDIT.value, "后付")])
    warn_fen = models.BigIntegerField(null=True)
    signed_at = models.DateTimeField()
    signed_by = models.CharField(max_length=100)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["usage_point"], condition=Q(ended_at=None), name="payments_feecontrol_once"),
            CheckConstraint(
                condition=Q(mode__in=[Mode.PREPAID.value, Mode.CREDIT.value]), name="payments_feecontrol_mode"
            ),
            CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("signed_at")), name="payments_feecontrol_ended"
            ),
        ]
        indexes = [models.Index(fields=["usage_point", "-id"], name="payments_feecontrol_point")]


class FeeState(models.Model):
    """Where the balance of a usage point stood when stock was last taken; replaced as a whole, an estimate.

    ``balance_fen`` = ``money_fen`` (what the account has, negative is owed) − the unbilled charges of all usage points
    under fee control that the account settles. ``as_of_date`` is the newest complete day of readings. ``warned`` is
    the highest level that the customer was warned of since the balance was last fine.
    """

    usage_point = models.ForeignKey(
        "accounts.UsagePoint", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    control = models.ForeignKey(
        FeeControl, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        "accounts.CustomerAccount", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    prepaid = models.BooleanField()
    money_fen = models.BigIntegerField()
    paid_fen = models.BigIntegerField(
        default=0, help_text="all money that ever came to the account, less what went back"
    )
    overdue_fen = models.BigIntegerField()
    unbilled_fen = models.BigIntegerField(null=True, help_text="of this usage point; null where it cannot be priced")
    balance_fen = models.BigIntegerField(null=True)
    as_of_date = models.DateField(null=True)
    energy_wh = models.BigIntegerField(help_text="of the unbilled days")
    problem = models.CharField(max_length=40, default="")
    level = models.SmallIntegerField()
    warned = models.SmallIntegerField(default=0)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["usage_point"], name="payments_feestate_once"),
            CheckConstraint(condition=Q(level__in=[level.value for level in Level]), name="payments_feestate_level"),
        ]
        indexes = [
            models.Index(fields=["account"], name="payments_feestate_account"),
            models.Index(fields=["organisation", "level"], name="payments_feestate_unit"),
        ]


class FeeCase(models.Model):
    """The way to one cut-off and back: opened by a written notice, closed when supply is on and the cause is gone.

    ``waits`` are codes of `rules.fee_control.Wait`: why nothing was done when it was last looked at. What happened is
    on the timeline (`FeeStep`); a usage point has at most one case that is not closed.
    """

    usage_point = models.ForeignKey("accounts.UsagePoint", on_delete=models.PROTECT, related_name="+", db_index=False)
    control = models.ForeignKey(FeeControl, on_delete=models.PROTECT, related_name="cases", db_index=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    stage = models.CharField(max_length=9, choices=[(stage.value, stage.value) for stage in Stage])
    noticed_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=100, blank=True, default="")
    final_at = models.DateTimeField(null=True)
    off_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=20, blank=True, default="")
    held_until_date = models.DateField(null=True, help_text="rejected: nothing is begun before this day")
    waits = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["usage_point"], condition=Q(closed_at=None), name="payments_feecase_once"),
            CheckConstraint(
                condition=Q(stage=Stage.CLOSED.value, closed_at__isnull=False)
                | (~Q(stage=Stage.CLOSED.value) & Q(closed_at=None)),
                name="payments_feecase_closed",
            ),
            CheckConstraint(condition=Q(stage__in=[stage.value for stage in Stage]), name="payments_feecase_stage"),
            # Nobody is cut off without a notice and, where it is announced, without the final one.
            CheckConstraint(
                condition=Q(off_at=None) | Q(final_at__isnull=False, off_at__gte=F("final_at")),
                name="payments_feecase_announced",
            ),
        ]
        indexes = [
            models.Index(fields=["usage_point", "-id"], name="payments_feecase_point"),
            models.Index(fields=["organisation", "stage"], condition=Q(closed_at=None), name="payments_feecase_open"),
        ]


class FeeStep(models.Model):
    """One thing that happened on the way, as hall and console both show it; append-only.

    ``message`` says that the customer was told of it. ``details`` has figures and codes, no personal data.
    """

    usage_point = models.ForeignKey(
        "accounts.UsagePoint", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    control = models.ForeignKey(
        FeeControl, on_delete=models.PROTECT, related_name="steps", db_index=False, db_constraint=False
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=30, db_collation="C")
    balance_fen = models.BigIntegerField(null=True)
    message = models.BooleanField(default=False)
    actor = models.CharField(max_length=100)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["usage_point", "-id"], name="payments_feestep_point")]


class WeatherAlert(models.Model):
    """A red weather alert of a unit and all below it: nobody is cut off while it is on."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    began_at = models.DateTimeField()
    began_by = models.CharField(max_length=100)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["organisation"], condition=Q(ended_at=None), name="payments_weatheralert_once")
        ]
