"""Arrears that somebody works on: cases, what was done, promises, plans."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint


class CollectionCase(models.Model):
    """The arrears of an account, from the first overdue bill until nothing is overdue.

    Figures are as of ``as_of_date`` and replaced each night: ``overdue_fen`` with the oldest due date, ``usual_fen``
    the account's usual bill, ``broken`` promises and plans, the parts of the urgency. ``done`` counts steps of the
    strategy that were done or that a broken promise skipped; the next is due on ``next_date``, null while a promise or
    plan holds or no step is left.
    """

    account = models.ForeignKey("accounts.CustomerAccount", on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    as_of_date = models.DateField()
    oldest_date = models.DateField()
    overdue_fen = models.BigIntegerField()
    usual_fen = models.BigIntegerField()
    broken = models.SmallIntegerField(default=0)
    risk_age = models.SmallIntegerField(default=0)
    risk_amount = models.SmallIntegerField(default=0)
    risk_broken = models.SmallIntegerField(default=0)
    done = models.SmallIntegerField(default=0)
    next_kind = models.CharField(max_length=7, blank=True, default="")
    next_date = models.DateField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["account"], condition=Q(closed_at=None), name="payments_collection_one"),
            CheckConstraint(
                condition=Q(next_date=None, next_kind="") | (Q(next_date__isnull=False) & ~Q(next_kind="")),
                name="payments_collection_next",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "oldest_date"], condition=Q(closed_at=None), name="payments_collection_open"
            )
        ]


class StepKind(models.TextChoices):
    """What is done about arrears."""

    MESSAGE = "message", "短信提醒"
    CALL = "call", "电话催收"
    VISIT = "visit", "上门催收"
    NOTICE = "notice", "送达催缴通知书"


class StepResult(models.TextChoices):
    """What came of a step."""

    DONE = "done", "已完成"
    REACHED = "reached", "已联系到本人"
    NOT_REACHED = "not_reached", "未联系到"
    PROMISED = "promised", "承诺缴费"
    REFUSED = "refused", "拒绝缴费"


class CollectionStep(models.Model):
    """A step that was done, with its result. Append-only."""

    case = models.ForeignKey(CollectionCase, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=7, choices=StepKind.choices)
    result = models.CharField(max_length=11, choices=StepResult.choices)
    note = models.CharField(max_length=500, blank=True, default="")
    at = models.DateTimeField()
    actor = models.CharField(max_length=100)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(kind__in=StepKind.values, result__in=StepResult.values),
                name="payments_collectionstep_words",
            )
        ]


class PromiseToPay(models.Model):
    """What a customer promised to pay until a day. Whether it was kept follows from the ledger. Append-only."""

    case = models.ForeignKey(CollectionCase, on_delete=models.PROTECT, related_name="promises")
    amount_fen = models.BigIntegerField()
    until_date = models.DateField()
    made_date = models.DateField()
    made_at = models.DateTimeField()
    actor = models.CharField(max_length=100)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(amount_fen__gt=0, until_date__gte=F("made_date")), name="payments_promise_sense"
            )
        ]


class InstalmentPlan(models.Model):
    """Arrears to be paid in parts. Whether it is kept follows from the ledger; a case has one at a time."""

    case = models.ForeignKey(CollectionCase, on_delete=models.PROTECT, related_name="plans")
    agreed_date = models.DateField()
    agreed_at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["case"], condition=Q(ended_at=None), name="payments_instalmentplan_one")
        ]


class Instalment(models.Model):
    """A part of a plan, due on a day. Append-only."""

    plan = models.ForeignKey(InstalmentPlan, on_delete=models.PROTECT, related_name="instalments")
    number = models.SmallIntegerField()
    due_date = models.DateField()
    amount_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["plan", "number"], name="payments_instalment_number"),
            CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_instalment_amount"),
        ]
