"""What somebody means to pay, and what gateways tell about it."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from gridhall.contexts.payments.rules.amounts import LARGEST_FEN


class OrderStatus(models.TextChoices):
    """Where an order stands; money that comes for a closed one is still money, and makes it paid."""

    OPEN = "open", "待支付"
    PAID = "paid", "已支付"
    CLOSED = "closed", "已关闭"


class PaymentOrder(models.Model):
    """An intent to pay, made before the payer is sent to a gateway; no money yet, nothing in the ledger.

    ``number`` is what gateways know it by (``out_trade_no``). ``request_key`` comes from the page that asked: asking
    twice, by a double click or a repeated request, gives the same order. ``reference`` is the gateway's own number.
    """

    number = models.CharField(max_length=32, db_collation="C")
    request_key = models.CharField(max_length=40, db_collation="C")
    gateway = models.CharField(max_length=20, db_collation="C")
    method = models.CharField(max_length=30, db_collation="C")
    payer = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    amount_fen = models.BigIntegerField()
    status = models.CharField(max_length=6, choices=OrderStatus.choices, default=OrderStatus.OPEN)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="paid or closed")
    reference = models.CharField(max_length=64, null=True, db_collation="C")
    asked_at = models.DateTimeField(null=True, help_text="its gateway was asked last")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["number"], name="payments_order_number"),
            UniqueConstraint(fields=["payer", "request_key"], nulls_distinct=False, name="payments_order_once"),
            CheckConstraint(condition=Q(amount_fen__gt=0, amount_fen__lte=LARGEST_FEN), name="payments_order_amount"),
            CheckConstraint(condition=Q(status__in=OrderStatus.values), name="payments_order_status"),
            CheckConstraint(
                condition=Q(status=OrderStatus.OPEN, ended_at=None) | ~Q(status=OrderStatus.OPEN, ended_at=None),
                name="payments_order_ended",
            ),
            CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="payments_order_expires"),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="open"), name="payments_order_open"),
            models.Index(fields=["payer", "-id"], name="payments_order_payer"),
        ]


class OrderLine(models.Model):
    """The part of an order that is for one account; ``usage_point`` is the home it was paid from, where it was."""

    order = models.ForeignKey(PaymentOrder, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey("accounts.CustomerAccount", on_delete=models.PROTECT, related_name="+")
    usage_point = models.ForeignKey(
        "accounts.UsagePoint", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    amount_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["order", "account"], name="payments_orderline_once"),
            CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_orderline_amount"),
        ]


class NoticeOutcome(models.TextChoices):
    """What became of a gateway's message."""

    ACCEPTED = "accepted", "已入账"
    REPEATED = "repeated", "重复通知"
    NOTED = "noted", "已记录"
    REFUSED = "refused", "已拒绝"


class GatewayNotice(models.Model):
    """A message that came in at a gateway's address, genuine or not; append-only.

    ``digest`` is SHA-256 of the body, so that a dispute can be settled without keeping personal data.
    """

    gateway = models.CharField(max_length=20, db_collation="C")
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=NoticeOutcome.choices)
    code = models.CharField(max_length=40, blank=True, default="", db_collation="C")
    order_number = models.CharField(max_length=32, blank=True, default="", db_collation="C")
    reference = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    amount_fen = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=64, db_collation="C")

    class Meta:
        constraints = [CheckConstraint(condition=Q(outcome__in=NoticeOutcome.values), name="payments_notice_outcome")]
        indexes = [models.Index(fields=["gateway", "-id"], name="payments_notice_gateway")]
