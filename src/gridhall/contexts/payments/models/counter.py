"""Money taken over the counter, and the drawers it lies in."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from gridhall.contexts.payments.models.receipts import Receipt
from gridhall.contexts.payments.rules.amounts import LARGEST_FEN


class CounterMethod(models.TextChoices):
    """How somebody pays at the counter."""

    CASH = "cash", "现金"
    POS = "pos", "POS 刷卡"
    CHEQUE = "cheque", "支票"


class CashDrawer(models.Model):
    """A shift of one clerk at a counter, from opening to closing; each clerk has at most one open at a time.

    ``expected_fen`` is what should lie in it when it is closed: the opening float and the cash that was taken, less
    what was voided. ``counts`` is how many notes and coins of which fen there were, ``counted_fen`` their sum. Where
    the two differ an explanation is needed.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    clerk = models.CharField(max_length=100, help_text="as on the audit trail")
    opening_fen = models.BigIntegerField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    expected_fen = models.BigIntegerField(null=True)
    counted_fen = models.BigIntegerField(null=True)
    counts = models.JSONField(default=dict)
    explanation = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["clerk"], condition=Q(closed_at=None), name="payments_drawer_one_open"),
            CheckConstraint(
                condition=Q(opening_fen__gte=0, opening_fen__lte=LARGEST_FEN), name="payments_drawer_opening"
            ),
            CheckConstraint(
                condition=Q(closed_at=None, expected_fen=None, counted_fen=None)
                | Q(closed_at__isnull=False, expected_fen__isnull=False, counted_fen__gte=0),
                name="payments_drawer_closed",
            ),
            CheckConstraint(
                condition=Q(closed_at=None) | Q(counted_fen=F("expected_fen")) | ~Q(explanation=""),
                name="payments_drawer_explained",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-opened_at"], name="payments_drawer_unit")]


class CounterPayment(models.Model):
    """One payment at a counter; its money is a receipt of the gateway ``counter``.

    ``request_key`` comes from the page, so that a double click takes once. ``document`` is the number of the POS slip
    or cheque. Voided on the same day by a second person: then ``reversal`` is what went back.
    """

    drawer = models.ForeignKey(CashDrawer, on_delete=models.PROTECT, related_name="payments")
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="+")
    request_key = models.CharField(max_length=40, db_collation="C")
    method = models.CharField(max_length=6, choices=CounterMethod.choices)
    amount_fen = models.BigIntegerField()
    tendered_fen = models.BigIntegerField(help_text="what was handed over; the rest of it is change")
    document = models.CharField(max_length=60, blank=True, default="", db_collation="C")
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=100)
    reversal = models.OneToOneField(Receipt, on_delete=models.PROTECT, null=True, related_name="+")
    voided_at = models.DateTimeField(null=True)
    voided_by = models.CharField(max_length=100, blank=True, default="")
    void_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["drawer", "request_key"], name="payments_counter_once"),
            CheckConstraint(condition=Q(method__in=CounterMethod.values), name="payments_counter_method"),
            CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_counter_amount"),
            CheckConstraint(
                condition=Q(method="cash", tendered_fen__gte=F("amount_fen"))
                | Q(~Q(method="cash"), ~Q(document=""), tendered_fen=F("amount_fen")),
                name="payments_counter_tendered",
            ),
            CheckConstraint(
                condition=Q(reversal=None, voided_at=None, voided_by="")
                | Q(~Q(void_reason=""), reversal__isnull=False, voided_at__isnull=False),
                name="payments_counter_voided",
            ),
            CheckConstraint(condition=~Q(voided_by=F("taken_by")), name="payments_counter_two_people"),
        ]
