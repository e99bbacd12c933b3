"""Entries that come from receipts, refunds and charges of the contexts above, which post them like bills post theirs."""

from django.db import migrations, models
from django.db.models import Q

BY_DOCUMENTS = """
DROP TRIGGER ledger_entry_by_hand ON billing_ledgerentry;
CREATE OR REPLACE FUNCTION billing_entry_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are posted by the document they come from, never by hand'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_of_bill_by_bill', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER ledger_entry_by_hand BEFORE INSERT ON billing_ledgerentry FOR EACH ROW
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION billing_entry_by_hand();
"""
ONLY_OF_BILLS = """
DROP TRIGGER ledger_entry_by_hand ON billing_ledgerentry;
CREATE OR REPLACE FUNCTION billing_entry_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of bills are posted by issuing or cancelling the bill, never by hand'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_of_bill_by_bill', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER ledger_entry_by_hand BEFORE INSERT ON billing_ledgerentry FOR EACH ROW
    WHEN (NEW.bill_id IS NOT NULL AND pg_trigger_depth() = 0) EXECUTE FUNCTION billing_entry_by_hand();
"""
KINDS = [
    ("bill", "电费"),
    ("cancellation", "冲正"),
    ("receipt", "收款"),
    ("refund", "退款"),
    ("chargeback", "拒付退回"),
    ("late_charge", "违约金"),
]
OF_BILLS = ("bill", "cancellation")


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_cancelled_bills")]
    operations = [
        migrations.RemoveConstraint("ledgerentry", "ledger_entry_of_bill_names_it"),
        migrations.AddField("ledgerentry", "document", models.BigIntegerField(null=True)),
        migrations.AlterField("ledgerentry", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.AddConstraint(
            "ledgerentry",
            models.UniqueConstraint(
                fields=["document", "kind"], condition=Q(document__isnull=False), name="ledger_entry_once_per_document"
            ),
        ),
        migrations.AddConstraint(
            "ledgerentry",
            models.CheckConstraint(
                condition=Q(kind__in=OF_BILLS, bill__isnull=False, document=None)
                | Q(~Q(kind__in=OF_BILLS), bill=None, document__isnull=False),
                name="ledger_entry_names_its_document",
            ),
        ),
        migrations.RunSQL(BY_DOCUMENTS, ONLY_OF_BILLS),
    ]
