"""What gateways say of a whole day, what of it is not as here, and days that are closed."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from gridhall.contexts.payments.models.receipts import Receipt


class Statement(models.Model):
    """A gateway's statement of a day, taken in as a whole. One of a day counts: the newest, while the day is open.

    ``digest`` is SHA-256 of the file: the same file is taken in once. Only ``superseded_at`` is ever written later.
    """

    gateway = models.CharField(max_length=20, db_collation="C")
    day = models.DateField()
    digest = models.CharField(max_length=64, db_collation="C")
    lines = models.IntegerField()
    paid_fen = models.BigIntegerField()
    refunded_fen = models.BigIntegerField()
    fee_fen = models.BigIntegerField()
    imported_at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["gateway", "day", "digest"], name="payments_statement_once"),
            UniqueConstraint(
                fields=["gateway", "day"], condition=Q(superseded_at=None), name="payments_statement_counts"
            ),
            CheckConstraint(
                condition=Q(lines__gte=0, paid_fen__gte=0, refunded_fen__gte=0), name="payments_statement_sums"
            ),
        ]


class StatementRow(models.Model):
    """One movement of a statement, as the gateway tells it. Append-only.

    ``line`` is its place in the file; a refund has a positive amount.
    """

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="rows", db_index=False)
    gateway = models.CharField(max_length=20, db_collation="C")
    line = models.IntegerField()
    reference = models.CharField(max_length=64, db_collation="C")
    order_number = models.CharField(max_length=32, blank=True, default="", db_collation="C")
    refund = models.BooleanField()
    amount_fen = models.BigIntegerField()
    fee_fen = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["statement", "line"], name="payments_statementrow_line"),
            CheckConstraint(condition=Q(amount_fen__gte=0), name="payments_statementrow_amount"),
        ]
        indexes = [
            models.Index(fields=["gateway", "reference"], name="payments_statementrow_ref"),
        ]


class CaseKind(models.TextChoices):
    """How a gateway's day and ours are not the same."""

    MISSING_THERE = "missing_there", "对方缺少"
    AMOUNT_DIFFERS = "amount_differs", "金额不符"
    DUPLICATE = "duplicate", "重复"
    UNKNOWN_ORDER = "unknown_order", "订单不存在"
    MISSING_HERE = "missing_here_posted", "本方补记"


class CaseState(models.TextChoices):
    """How far a case is; *proposed* waits for a second person, because money moves."""

    OPEN = "open", "待处理"
    PROPOSED = "proposed", "待复核"
    EXPLAINED = "explained", "已说明"


class Resolution(models.TextChoices):
    """How a case was explained; the last two move money in the books, and take two people."""

    #: Posted from the statement.
    POSTED = "posted", "按对账单补记"
    #: A later or corrected statement has it.
    LATE = "late", "后续对账单已列"
    #: No longer so when looked at again.
    GONE = "gone", "差异已消除"
    NOTED = "noted", "核实说明"
    TAKE = "take", "补记收款"
    TAKE_BACK = "take_back", "冲回"


MOVES_MONEY = (Resolution.TAKE, Resolution.TAKE_BACK)


class ReconciliationCase(models.Model):
    """A movement that a gateway and the books tell differently, until somebody has explained it.

    ``their_fen`` and ``our_fen`` are both sides, null where a side has nothing. ``occurrence`` counts movements of the
    same reference, from 1. ``posted`` is what an explanation wrote in the books.
    """

    gateway = models.CharField(max_length=20, db_collation="C")
    day = models.DateField()
    kind = models.CharField(max_length=20, choices=CaseKind.choices)
    reference = models.CharField(max_length=64, db_collation="C")
    refund = models.BooleanField()
    occurrence = models.SmallIntegerField(default=1)
    order_number = models.CharField(max_length=32, blank=True, default="", db_collation="C")
    row = models.ForeignKey(StatementRow, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    their_fen = models.BigIntegerField(null=True)
    our_fen = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=CaseState.choices, default=CaseState.OPEN)
    resolution = models.CharField(max_length=10, choices=Resolution.choices, blank=True, default="")
    account = models.ForeignKey(
        "accounts.CustomerAccount", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=500, blank=True, default="")
    proposed_at = models.DateTimeField(null=True)
    proposed_by = models.CharField(max_length=100, blank=True, default="")
    explained_at = models.DateTimeField(null=True)
    explained_by = models.CharField(max_length=100, blank=True, default="")
    posted = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["gateway", "day", "kind", "reference", "refund", "occurrence"], name="payments_case_once"
            ),
            CheckConstraint(condition=Q(kind__in=CaseKind.values), name="payments_case_kind"),
            CheckConstraint(
                condition=Q(state=CaseState.OPEN, resolution="", explained_at=None)
                | Q(state=CaseState.PROPOSED, resolution__in=MOVES_MONEY, proposed_at__isnull=False, explained_at=None)
                | (Q(state=CaseState.EXPLAINED, explained_at__isnull=False) & ~Q(resolution="")),
                name="payments_case_state",
            ),
            CheckConstraint(
                condition=~Q(state=CaseState.EXPLAINED, resolution__in=MOVES_MONEY)
                | (Q(posted__isnull=False) & ~Q(proposed_by="") & ~Q(proposed_by=models.F("explained_by"))),
                name="payments_case_two_people",
            ),
        ]
        indexes = [
            models.Index(fields=["gateway", "day"], name="payments_case_day"),
            models.Index(fields=["day"], condition=~Q(state="explained"), name="payments_case_open"),
        ]


class ClosedDay(models.Model):
    """A day of a gateway on which both sides agree or every difference is explained; with what was agreed on.

    Opened again it stays, with who did and why; only that is ever written later. The database refuses a day with a case
    that nobody has explained.
    """

    gateway = models.CharField(max_length=20, db_collation="C")
    day = models.DateField()
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="+")
    receipts = models.IntegerField()
    paid_fen = models.BigIntegerField()
    refunded_fen = models.BigIntegerField()
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=100)
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.CharField(max_length=100, blank=True, default="")
    reopen_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["gateway", "day"], condition=Q(reopened_at=None), name="payments_closedday_once"),
            CheckConstraint(
                condition=Q(reopened_at=None, reopened_by="", reopen_reason="")
                | (Q(reopened_at__isnull=False) & ~Q(reopened_by="") & ~Q(reopen_reason="")),
                name="payments_closedday_reopened",
            ),
        ]
