"""Direct debit by files: who agreed to it, what was asked of the bank, what the bank answered."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from gridhall.contexts.payments.models.receipts import Receipt


class DebitFormat(models.TextChoices):
    """How a file speaks: ISO 20022, or the text of a Chinese bank's 代扣."""

    PAIN = "pain", "ISO 20022 pain.008"
    TEXT = "text", "银行代扣文本"


class DebitMandate(models.Model):
    """A payer lets the utility collect what an account owes from a bank account; never above the limit.

    ``reference`` names it to the bank and never changes. One mandate of an account is active at a time.
    """

    reference = models.CharField(max_length=35, db_collation="C")
    account = models.ForeignKey("accounts.CustomerAccount", on_delete=models.PROTECT, related_name="+")
    debtor_name = models.CharField(max_length=70)
    bank_account = models.CharField(max_length=34, db_collation="C")
    bank_code = models.CharField(max_length=14, db_collation="C", help_text="BIC, or the bank's number in China")
    limit_fen = models.BigIntegerField()
    signed_date = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=100)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=100, blank=True, default="")
    ended_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["reference"], name="payments_mandate_reference"),
            UniqueConstraint(fields=["account"], condition=Q(ended_at=None), name="payments_mandate_one"),
            CheckConstraint(condition=Q(limit_fen__gt=0), name="payments_mandate_limit"),
            CheckConstraint(condition=Q(bank_account__regex=r"^[A-Z0-9]{8,34}$"), name="payments_mandate_account"),
            CheckConstraint(condition=Q(bank_code__regex=r"^[A-Z0-9]{8,14}$"), name="payments_mandate_bank"),
            CheckConstraint(condition=~Q(debtor_name=""), name="payments_mandate_debtor"),
        ]


class DebitBatch(models.Model):
    """A file for the bank, kept as it was made: downloaded again it is the same."""

    message_id = models.CharField(max_length=35, db_collation="C")
    format = models.CharField(max_length=4, choices=DebitFormat.choices)
    collection_date = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=100)
    item_count = models.IntegerField()
    total_fen = models.BigIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["message_id"], name="payments_batch_message"),
            CheckConstraint(condition=Q(format__in=DebitFormat.values), name="payments_batch_format"),
            CheckConstraint(condition=Q(item_count__gt=0, total_fen__gt=0), name="payments_batch_sums"),
        ]


class DebitItemStatus(models.TextChoices):
    """How far a debit is."""

    NOTICED = "noticed", "已通知"
    SENT = "sent", "已送银行"
    PAID = "paid", "已扣款"
    FAILED = "failed", "扣款失败"
    RETURNED = "returned", "已退回"
    DROPPED = "dropped", "无需扣款"


class DebitItem(models.Model):
    """One debit: noticed to the payer first, then part of a file, then paid, failed, or paid and returned.

    ``end_to_end`` is what the bank repeats in its answer. ``amount_fen`` is what was noticed until it is sent, and then
    what is asked for: never more. ``sequence`` is FRST for the first debit of a mandate, RCUR afterwards.
    """

    mandate = models.ForeignKey(DebitMandate, on_delete=models.PROTECT, related_name="items")
    batch = models.ForeignKey(DebitBatch, on_delete=models.PROTECT, null=True, related_name="items")
    end_to_end = models.CharField(max_length=35, db_collation="C")
    amount_fen = models.BigIntegerField()
    noticed_at = models.DateTimeField()
    collection_date = models.DateField()
    sequence = models.CharField(max_length=4, blank=True, default="", db_collation="C")
    status = models.CharField(max_length=8, choices=DebitItemStatus.choices, default=DebitItemStatus.NOTICED)
    reason = models.CharField(max_length=200, blank=True, default="", help_text="why it failed or was returned")
    ended_at = models.DateTimeField(null=True)
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, null=True, related_name="+")
    reversal = models.OneToOneField(Receipt, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["end_to_end"], name="payments_debititem_end_to_end"),
            UniqueConstraint(
                fields=["mandate"], condition=Q(status__in=["noticed", "sent"]), name="payments_debititem_one_open"
            ),
            CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_debititem_amount"),
            CheckConstraint(condition=Q(status__in=DebitItemStatus.values), name="payments_debititem_status"),
            CheckConstraint(condition=Q(sequence__in=["", "FRST", "RCUR"]), name="payments_debititem_sequence"),
            CheckConstraint(
                condition=Q(status__in=["noticed", "dropped"], batch=None)
                | Q(status__in=["sent", "paid", "failed", "returned"], batch__isnull=False),
                name="payments_debititem_batch",
            ),
            CheckConstraint(
                condition=Q(status__in=["paid", "returned"], receipt__isnull=False)
                | Q(~Q(status__in=["paid", "returned"]), receipt=None),
                name="payments_debititem_receipt",
            ),
            CheckConstraint(
                condition=Q(status="returned", reversal__isnull=False) | Q(~Q(status="returned"), reversal=None),
                name="payments_debititem_reversal",
            ),
        ]


class DebitResult(models.Model):
    """A bank's answer that was taken in; the same message, or the same bytes, are not taken twice.

    ``lines`` are what it said, one for each movement: number of the line, end-to-end id, amount, what became of it and
    why.
    """

    message_id = models.CharField(max_length=35, db_collation="C")
    digest = models.CharField(max_length=64, db_collation="C")
    format = models.CharField(max_length=4, choices=DebitFormat.choices)
    imported_at = models.DateTimeField()
    imported_by = models.CharField(max_length=100)
    lines = models.JSONField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["message_id"], name="payments_debitresult_message"),
            UniqueConstraint(fields=["digest"], name="payments_debitresult_digest"),
            CheckConstraint(condition=Q(format__in=DebitFormat.values), name="payments_debitresult_format"),
        ]
