"""Money that somebody wants sent back."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from gridhall.contexts.payments.models.receipts import Receipt


class RefundStatus(models.TextChoices):
    """How far a refund is."""

    ASKED = "asked", "待审批"
    SENDING = "sending", "退款中"
    DONE = "done", "已退款"
    REFUSED = "refused", "未退款"


class RefundRequest(models.Model):
    """A refund that a clerk asks for: *asked* waits for a second person, *sending* for the gateway.

    ``number`` is what the gateway knows it by: asked again with it, it refunds once. Nothing stands in the ledger
    before the gateway says that the money has moved; then ``posted`` is the row that did it.
    """

    number = models.CharField(max_length=32, db_collation="C")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="refund_requests")
    amount_fen = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    status = models.CharField(max_length=7, choices=RefundStatus.choices)
    asked_by = models.CharField(max_length=100)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=100, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True, help_text="the gateway was asked last")
    ended_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=200, blank=True, default="", help_text="why the money did not go back")
    posted = models.OneToOneField(Receipt, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["number"], name="payments_refund_number"),
            CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_refund_amount"),
            CheckConstraint(condition=Q(status__in=RefundStatus.values), name="payments_refund_status"),
            CheckConstraint(condition=~Q(reason=""), name="payments_refund_reason"),
            CheckConstraint(condition=~Q(decided_by=F("asked_by")), name="payments_refund_two_people"),
            CheckConstraint(
                condition=Q(status=RefundStatus.DONE, posted__isnull=False)
                | Q(~Q(status=RefundStatus.DONE), posted=None),
                name="payments_refund_posted",
            ),
            CheckConstraint(
                condition=Q(status__in=[RefundStatus.ASKED, RefundStatus.SENDING], ended_at=None)
                | Q(status__in=[RefundStatus.DONE, RefundStatus.REFUSED], ended_at__isnull=False),
                name="payments_refund_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(status__in=["asked", "sending"]), name="payments_refund_open"),
        ]
