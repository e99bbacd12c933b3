"""Bills that are paid by themselves, as their payer agreed."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from gridhall.contexts.payments.models.orders import PaymentOrder


class AutopayStatus(models.TextChoices):
    """Whether an agreement holds."""

    ACTIVE = "active", "生效中"
    ENDED = "ended", "已解约"


class AutopayAgreement(models.Model):
    """A payer lets a gateway be charged with what an account owes; never above the limit, ended at any time.

    ``token`` is what the gateway knows the agreement by. ``notice_days`` lie at least between the notice of a debit and
    the debit. One agreement of an account is active at a time.
    """

    account = models.ForeignKey("accounts.CustomerAccount", on_delete=models.PROTECT, related_name="+", db_index=False)
    payer = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    usage_point = models.ForeignKey(
        "accounts.UsagePoint", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    gateway = models.CharField(max_length=20, db_collation="C")
    method = models.CharField(max_length=30, db_collation="C")
    token = models.CharField(max_length=64, db_collation="C")
    limit_fen = models.BigIntegerField()
    notice_days = models.SmallIntegerField()
    status = models.CharField(max_length=6, choices=AutopayStatus.choices, default=AutopayStatus.ACTIVE)
    signed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["account"], condition=Q(status="active"), name="payments_autopay_one"),
            CheckConstraint(condition=Q(limit_fen__gt=0), name="payments_autopay_limit"),
            CheckConstraint(condition=Q(notice_days__gte=1, notice_days__lte=30), name="payments_autopay_notice"),
            CheckConstraint(condition=Q(status__in=AutopayStatus.values), name="payments_autopay_status"),
            CheckConstraint(
                condition=Q(status="active", ended_at=None) | Q(status="ended", ended_at__isnull=False),
                name="payments_autopay_ended",
            ),
        ]
        indexes = [models.Index(fields=["payer"], name="payments_autopay_payer")]


class DebitStatus(models.TextChoices):
    """How far a debit is."""

    NOTICED = "noticed", "已通知"
    OVER_LIMIT = "over_limit", "超出限额"
    SENT = "sent", "扣款中"
    DONE = "done", "已扣款"
    NOT_NEEDED = "not_needed", "无需扣款"
    FAILED = "failed", "扣款失败"
    CANCELLED = "cancelled", "已取消"


class AutopayDebit(models.Model):
    """One debit: noticed first, then sent. ``amount_fen`` is what was noticed; less is taken when less is owed then.

    ``bill`` is the newest bill that it is for: a bill is noticed once.
    """

    agreement = models.ForeignKey(AutopayAgreement, on_delete=models.PROTECT, related_name="debits", db_index=False)
    bill = models.BigIntegerField()
    amount_fen = models.BigIntegerField()
    noticed_at = models.DateTimeField()
    debit_date = models.DateField()
    status = models.CharField(max_length=10, choices=DebitStatus.choices)
    order = models.ForeignKey(PaymentOrder, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["agreement", "bill"], name="payments_debit_once"),
            CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_debit_amount"),
            CheckConstraint(condition=Q(status__in=DebitStatus.values), name="payments_debit_status"),
            CheckConstraint(condition=~Q(status="done", order=None), name="payments_debit_order"),
        ]
        indexes = [
            models.Index(fields=["debit_date"], condition=Q(status__in=["noticed", "sent"]), name="payments_debit_open")
        ]
