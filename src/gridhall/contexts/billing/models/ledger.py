"""The receivables ledger: append-only, in whole fen."""

from django.db import models
from django.db.models import Q

from gridhall.contexts.billing.models.bills import Bill


class EntryKind(models.TextChoices):
    """What an entry is; entries of bills are written by the database itself, in the statement that writes the bill."""

    BILL = "bill", "电费"
    CANCELLATION = "cancellation", "冲正"


class LedgerEntry(models.Model):
    """One change of what an account owes; positive is owed to the utility.

    ``value_date`` is the day to which the change belongs: the last day of the billed period, also for its corrections.
    ``posted_at`` is when it was written. The sum up to a value date says what was owed in truth, the sum up to a moment
    of posting what the books said then.

    Invariants, held by the database: never updated, deleted or truncated; one entry of each kind per bill; the bill's
    entry is its total, the cancellation its negative.
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
    kind = models.CharField(max_length=20, choices=EntryKind.choices)
    amount_fen = models.BigIntegerField()
    value_date = models.DateField()
    posted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bill", "kind"], name="ledger_entry_once_per_bill"),
            models.CheckConstraint(
                condition=~Q(kind__in=[EntryKind.BILL, EntryKind.CANCELLATION]) | Q(bill__isnull=False),
                name="ledger_entry_of_bill_names_it",
            ),
        ]
        indexes = [models.Index(fields=["account", "value_date"], name="ledger_entry_account")]
