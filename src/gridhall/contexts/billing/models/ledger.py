"""The receivables ledger: append-only, in whole fen."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from gridhall.contexts.billing.models.bills import Bill


class EntryKind(models.TextChoices):
    """What an entry is; the database itself writes each, in the statement that writes the document it comes from."""

    BILL = "bill", "电费"
    CANCELLATION = "cancellation", "冲正"
    RECEIPT = "receipt", "收款"
    REFUND = "refund", "退款"
    CHARGEBACK = "chargeback", "拒付退回"
    LATE_CHARGE = "late_charge", "违约金"


#: Kinds whose document is a bill; the others name a row of the context above that posted them.
OF_BILLS = (EntryKind.BILL, EntryKind.CANCELLATION)


class LedgerEntry(models.Model):
    """One change of what an account owes; positive is owed to the utility.

    ``value_date`` is the day to which the change belongs: the last day of the billed period, also for its corrections.
    ``posted_at`` is when it was written. ``document`` is the row that an entry without a bill comes from: of its kind
    there is one entry for it. The sum up to a value date says what was owed in truth, the sum up to a moment
    of posting what the books said then.

    Invariants, held by the database: never updated, deleted or truncated; never written by hand; one entry of each kind
    per document; a bill's entry is its total, the cancellation its negative.
    """

    account = models.ForeignKey(
        "accounts.CustomerAccount", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, related_name="entries", null=True, db_constraint=False, db_index=False
    )
    document = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=20, choices=EntryKind.choices)
    amount_fen = models.BigIntegerField()
    value_date = models.DateField()
    posted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bill", "kind"], name="ledger_entry_once_per_bill"),
            models.UniqueConstraint(
                fields=["document", "kind"], condition=Q(document__isnull=False), name="ledger_entry_once_per_document"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=OF_BILLS, bill__isnull=False, document=None)
                | Q(~Q(kind__in=OF_BILLS), bill=None, document__isnull=False),
                name="ledger_entry_names_its_document",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "value_date"], name="ledger_entry_account"),
            # Entries lie in the order of posting: what was posted since a moment is a few pages at the end.
            BrinIndex(fields=["posted_at"], name="ledger_entry_posted"),
        ]
