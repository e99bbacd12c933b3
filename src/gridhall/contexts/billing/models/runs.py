"""Bill runs, the batches they commit in, and the tariff documents they priced with."""

from django.db import models
from django.db.models import F, Q


class RunKind(models.TextChoices):
    """Why a run exists."""

    REGULAR = "regular", "正常出账"
    CORRECTION = "correction", "更正"
    WHAT_IF = "what_if", "测算"


class RunStatus(models.TextChoices):
    """Where a run stands; a run found ``running`` without its lock was killed and is resumed."""

    RUNNING = "running", "进行中"
    FINISHED = "finished", "已完成"


class BillRun(models.Model):
    """One calculation over an organisation and a span of days, with everything pinned that the result depends on.

    Invariants: at most one run per organisation, span and kind is running; what is pinned never changes.
    """

    organisation = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        help_text="null: the whole utility",
    )
    start_date = models.DateField()
    end_date = models.DateField(help_text="exclusive")
    kind = models.CharField(max_length=10, choices=RunKind.choices)
    status = models.CharField(max_length=10, choices=RunStatus.choices)
    readings_version = models.BigIntegerField(help_text="newest import whose readings were used")
    rules = models.JSONField(help_text="the parking rules in force at the start of the run")
    calendar = models.JSONField(help_text="public holidays and make-up workdays of the span, as they were known")
    tariffs = models.JSONField(default=dict, help_text="tariff code → digest of its document")
    bills = models.BigIntegerField(default=0)
    parked = models.BigIntegerField(default=0)
    total_fen = models.BigIntegerField(default=0)
    summary = models.JSONField(default=dict, help_text="what a simulation found; empty for runs that post")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gt=F("start_date")), name="bill_run_span_not_empty"),
            models.CheckConstraint(condition=Q(kind__in=RunKind.values), name="bill_run_kind_known"),
            models.CheckConstraint(
                condition=Q(status=RunStatus.RUNNING, finished_at=None)
                | Q(status=RunStatus.FINISHED, finished_at__isnull=False),
                name="bill_run_finished_has_time",
            ),
            models.UniqueConstraint(
                fields=["organisation", "start_date", "end_date", "kind"],
                condition=Q(status=RunStatus.RUNNING),
                nulls_distinct=False,
                name="bill_run_one_running",
            ),
        ]


class BillRunBatch(models.Model):
    """The marker of a batch, written in the transaction of the batch's bills: it exists exactly when they do."""

    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, related_name="batches")
    organisation = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        help_text="null: the whole utility",
    )
    number = models.IntegerField()
    bills = models.IntegerField()
    parked = models.IntegerField()
    total_fen = models.BigIntegerField()
    committed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="bill_run_batch_once")]


class PinnedTariff(models.Model):
    """The exact document that bills were priced with, kept as long as they are: ``explain`` recomputes from it."""

    digest = models.CharField(max_length=64, primary_key=True)
    code = models.CharField(max_length=100)
    document = models.TextField()
    series = models.JSONField(default=dict, help_text="price series by component, as they were read")


class TierOpening(models.Model):
    """Energy that a usage point had used in its running tier year before this system billed it.

    For a utility that changes systems in mid-year and has the old system's figure. Without one the position is measured
    from the readings of the days that no bill covers.
    """

    usage_point = models.ForeignKey("accounts.UsagePoint", on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    as_of_date = models.DateField(help_text="the energy was used before this day, in the tier year that holds it")
    used_wh = models.BigIntegerField()
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["usage_point", "as_of_date"], name="tier_opening_once"),
            models.CheckConstraint(condition=Q(used_wh__gte=0), name="tier_opening_not_negative"),
        ]
