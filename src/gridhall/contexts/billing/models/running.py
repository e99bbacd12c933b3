"""What has been used and would be charged since the last bill: an estimate, replaced as a whole."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class RunningMonth(models.Model):
    """The unbilled days of an agreement as of its newest complete day of readings, and how the month will end.

    Estimates, no claims: nothing is posted, and the bill may differ. ``before_…`` are the days since the last bill that
    lie before the running month. ``tier_limits_wh`` are those of the whole month, year or season, for this household;
    ``tier_before_wh`` and ``tier_after_wh`` is what counts against them before and after the days so far.

    Invariants: at most one row per agreement; rows of an organisation are of the same moment.
    """

    agreement = models.ForeignKey(
        "accounts.CustomerAgreement", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    usage_point = models.ForeignKey(
        "accounts.UsagePoint", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    tariff_code = models.TextField()
    start_date = models.DateField(help_text="the first unbilled day of the running month")
    end_date = models.DateField(help_text="exclusive: the end of the month, or of the agreement")
    as_of_date = models.DateField(null=True, help_text="the newest complete day of readings; null: none is known")
    days = models.SmallIntegerField(help_text="days of the running month that count so far")
    days_read = models.SmallIntegerField(help_text="those of them with readings")
    missing = models.IntegerField(help_text="slots without a value, on the days with readings")
    estimated = models.IntegerField(help_text="slots with an estimated value")
    energy_wh = models.BigIntegerField()
    export_wh = models.BigIntegerField()
    charges_fen = models.BigIntegerField(null=True, help_text="null where it cannot be priced, see problem")
    separate_fen = models.BigIntegerField(null=True, help_text="lines that are settled separately")
    problem = models.CharField(max_length=40, default="", help_text="why it cannot be priced")
    before_date = models.DateField(null=True, help_text="the first unbilled day before the running month")
    before_wh = models.BigIntegerField()
    before_fen = models.BigIntegerField(null=True)
    same_days_wh = models.BigIntegerField(null=True, help_text="energy of the same days of the month before")
    periods = ArrayField(models.TextField(), help_text="periods of the day, where the price tells them apart")
    periods_wh = ArrayField(models.BigIntegerField())
    tier_basis = models.CharField(max_length=6, default="", help_text="over what limits count; empty: no tiers")
    tier_since_date = models.DateField(null=True, help_text="the first day that counts against the limits")
    tier_limits_wh = ArrayField(models.BigIntegerField())
    tier_before_wh = models.BigIntegerField()
    tier_after_wh = models.BigIntegerField()
    tier = models.SmallIntegerField(null=True, help_text="reached so far, from 1")
    forecast_wh = models.BigIntegerField(null=True, help_text="of the month at this pace; null: too little is known")
    forecast_fen = models.BigIntegerField(null=True)
    forecast_tier_wh = models.BigIntegerField(null=True, help_text="what will count against the limits at the end")
    forecast_tier = models.SmallIntegerField(null=True)
    readings_version = models.BigIntegerField()
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # One index serves the page of a home and holds that an agreement has one row.
            models.UniqueConstraint(fields=["usage_point", "agreement"], name="running_month_once")
        ]
