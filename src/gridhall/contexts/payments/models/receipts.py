"""Money that came in or went back: what the ledger is posted from."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from gridhall.contexts.payments.models.orders import PaymentOrder
from gridhall.contexts.payments.rules.amounts import LARGEST_FEN


class ReceiptKind(models.TextChoices):
    """Which way the money went; the values are kinds of ledger entries."""

    RECEIPT = "receipt", "收款"
    REFUND = "refund", "退款"
    CHARGEBACK = "chargeback", "拒付退回"


class Receipt(models.Model):
    """Money received, or money that went back of an earlier receipt. Append-only; posts itself.

    ``paid_at`` is when the money moved, by the gateway's word; ``value_date`` its day in the utility's zone, from which
    late charges no longer run; ``posted_at`` when it was written here. ``reference`` is the gateway's number of the
    movement: with the gateway and kind it names it once and for all, however often it is told.

    Invariants, held by the database: never changed, deleted or truncated; its lines sum to its amount (checked at
    commit); what goes back never exceeds what came; each line has exactly one ledger entry.
    """

    kind = models.CharField(max_length=10, choices=ReceiptKind.choices)
    gateway = models.CharField(max_length=20, db_collation="C")
    method = models.CharField(max_length=30, db_collation="C")
    reference = models.CharField(max_length=64, db_collation="C")
    order = models.ForeignKey(PaymentOrder, on_delete=models.PROTECT, null=True, related_name="receipts")
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="reversals")
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    amount_fen = models.BigIntegerField()
    paid_at = models.DateTimeField()
    value_date = models.DateField()
    posted_at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["gateway", "reference", "kind"], name="payments_receipt_once"),
            CheckConstraint(condition=Q(amount_fen__gt=0, amount_fen__lte=LARGEST_FEN), name="payments_receipt_amount"),
            CheckConstraint(condition=Q(kind__in=ReceiptKind.values), name="payments_receipt_kind"),
            CheckConstraint(
                condition=Q(kind=ReceiptKind.RECEIPT, reverses=None)
                | Q(~Q(kind=ReceiptKind.RECEIPT), reverses__isnull=False),
                name="payments_receipt_reverses",
            ),
        ]
        indexes = [
            models.Index(fields=["gateway", "value_date"], name="payments_receipt_day"),
            models.Index(fields=["value_date", "organisation"], name="payments_receipt_unit"),
        ]


class ReceiptLine(models.Model):
    """The part of a receipt that is for one account; inserting it posts its ledger entry. Append-only."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey("accounts.CustomerAccount", on_delete=models.PROTECT, related_name="+")
    usage_point = models.ForeignKey(
        "accounts.UsagePoint", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    amount_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["receipt", "account"], name="payments_receiptline_once"),
            CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_receiptline_amount"),
        ]


class LateCharge(models.Model):
    """What was added to, or taken from, the late-payment charge of a bill; posts itself. Append-only.

    The charge of a bill is the sum of its rows. Each row is the difference between what is right through a day, by the
    value dates of bills and receipts, and what had been posted: so the charge never depends on the order of arrival.
    """

    account = models.ForeignKey("accounts.CustomerAccount", on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    bill = models.ForeignKey("billing.Bill", on_delete=models.PROTECT, related_name="+")
    through_date = models.DateField()
    amount_fen = models.BigIntegerField()
    posted_at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [CheckConstraint(condition=~Q(amount_fen=0), name="payments_latecharge_amount")]
