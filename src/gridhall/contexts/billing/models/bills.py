"""Bills, and the work list of what could not be billed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from gridhall.contexts.billing.models.runs import BillRun


class BillStatus(models.TextChoices):
    """A bill counts from issue until it is cancelled; nothing else about it ever changes."""

    ISSUED = "issued", "有效"
    CANCELLED = "cancelled", "已冲正"


class Bill(models.Model):
    """What one agreement owes for one period, with all that is needed to compute it again.

    The lines are parallel arrays rather than rows of their own: a million bills are a million rows, copied in one
    stream. ``line_no`` points into the pinned tariff document. The number is built from the start of the period, the
    agreement and a revision (`rules.numbering`), so a resumed run gives a bill the number it would have had anyway.

    Invariants, held by the database: the total is the sum of the amounts; live bills of a usage point do not overlap;
    a bill never changes except from issued to cancelled; inserting a bill posts its amount to the ledger, cancelling
    it posts the negative.

    Foreign keys without a constraint of their own are checked for a whole batch at once when it is inserted, against
    the agreement, which has one: a check per row would cost more than the rating.
    """

    number = models.BigIntegerField(primary_key=True)
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    agreement = models.ForeignKey(
        "accounts.CustomerAgreement", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    usage_point = models.ForeignKey(
        "accounts.UsagePoint", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    account = models.ForeignKey("accounts.CustomerAccount", on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    start_date = models.DateField()
    end_date = models.DateField(help_text="exclusive")
    tariff_code = models.TextField()
    tariff_digest = models.CharField(max_length=64, help_text="the pinned document")
    tariff_versions = ArrayField(models.TextField(), help_text="versions of the document that were in force, in order")
    readings_version = models.BigIntegerField()
    line_no = ArrayField(models.SmallIntegerField())
    quantity = ArrayField(models.BigIntegerField(), help_text="scaled as the line says")
    price = ArrayField(models.BigIntegerField(), help_text="scaled as the line says")
    amount_fen = ArrayField(models.BigIntegerField())
    total_fen = models.BigIntegerField()
    separate_fen = models.BigIntegerField(help_text="lines that are settled separately, outside the total")
    tax_fen = models.BigIntegerField(help_text="tax contained in the total")
    energy_wh = models.BigIntegerField(help_text="delivered energy of the period")
    export_wh = models.BigIntegerField(null=True)
    reactive_varh = models.BigIntegerField(null=True)
    demand_w = models.BigIntegerField(null=True)
    power_factor = models.SmallIntegerField(null=True, help_text="hundredths; null where not adjusted")
    tier_used_wh = models.BigIntegerField(help_text="energy used in the tier year before the period")
    tier_used_after_wh = models.BigIntegerField()
    tier_source = models.CharField(max_length=8, help_text="where the position before comes from, see rules.tiers")
    days_read = models.SmallIntegerField(help_text="days with readings")
    missing = models.IntegerField(help_text="slots without a value, on the days with readings")
    estimated = models.IntegerField(help_text="slots with an estimated value")
    # The agreement's terms that the price depends on, as they were: null where the agreement has none.
    since_date = models.DateField(help_text="since when the customer is supplied here")
    household_size = models.SmallIntegerField(null=True)
    allowance = models.TextField(null=True)
    capacity_va = models.BigIntegerField(null=True)
    contract_demand_w = models.BigIntegerField(null=True)
    power_factor_standard = models.SmallIntegerField(null=True)
    charged_fen = models.BigIntegerField(null=True, help_text="billed in the year before, for a yearly minimum")
    issued_at = models.DateTimeField()
    replaces = models.BigIntegerField(null=True, help_text="number of the bill that this one corrects")
    reason = models.TextField(null=True, help_text="why it corrects another")
    status = models.CharField(max_length=9, choices=BillStatus.choices)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_reason = models.TextField(null=True)
    replaced_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gt=F("start_date")), name="bill_period_not_empty"),
            models.CheckConstraint(
                condition=Q(status="issued", cancelled_at=None, replaced_by=None)
                | Q(status="cancelled", cancelled_at__isnull=False, cancelled_reason__isnull=False),
                name="bill_cancelled_has_time_and_reason",
            ),
            # A usage point has one agreement at a time, so this is also one live bill per agreement and start; and it
            # is the index by which tier positions and a customer's bills are found.
            models.UniqueConstraint(
                fields=["usage_point", "start_date"], condition=Q(status="issued"), name="bill_live_once"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "start_date"], name="bill_account"),
            # The few cancelled ones stand beside the live ones in their customer's list.
            models.Index(fields=["usage_point", "start_date"], condition=Q(status="cancelled"), name="bill_cancelled"),
        ]


class ParkedBill(models.Model):
    """A period that was not billed, because a wrong bill is worse than a late one; work for a clerk.

    Invariants: at most one open item per usage point and start of period.
    """

    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    usage_point = models.ForeignKey("accounts.UsagePoint", on_delete=models.PROTECT, related_name="+")
    agreement = models.ForeignKey("accounts.CustomerAgreement", on_delete=models.PROTECT, related_name="+", null=True)
    account = models.ForeignKey("accounts.CustomerAccount", on_delete=models.PROTECT, related_name="+", null=True)
    start_date = models.DateField()
    end_date = models.DateField(help_text="exclusive")
    code = models.CharField(max_length=40, help_text="stable, one of rules.parking.Reason")
    reason = models.TextField(help_text="what is wrong, with the figures")
    next_step = models.TextField(help_text="what to do about it")
    details = models.JSONField(default=dict)
    parked_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, help_text="a clerk decided to bill it, or to let it rest")
    released_by = models.CharField(max_length=100, default="")
    release_reason = models.TextField(default="")
    resolved_at = models.DateTimeField(null=True, help_text="billed, or no longer a case")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["usage_point", "start_date"], condition=Q(resolved_at=None), name="parked_bill_open_once"
            ),
            models.CheckConstraint(
                condition=Q(released_at=None) | ~Q(release_reason=""), name="parked_bill_release_has_reason"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "start_date"], name="parked_bill_worklist")]
