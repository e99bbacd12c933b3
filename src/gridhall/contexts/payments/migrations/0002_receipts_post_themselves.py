"""What Django cannot express: receipts and late charges post themselves, balance, and never change."""

from django.db import migrations

POSTING = """
CREATE FUNCTION payments_line_posts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_ledgerentry (account_id, organisation_id, document, kind, amount_fen, value_date, posted_at)
        SELECT f.account_id, r.organisation_id, f.id, r.kind,
            CASE r.kind WHEN 'receipt' THEN -f.amount_fen ELSE f.amount_fen END, r.value_date, r.posted_at
        FROM fresh f JOIN payments_receipt r ON r.id = f.receipt_id;
    RETURN NULL;
END $$;
CREATE TRIGGER receiptline_posts AFTER INSERT ON payments_receiptline REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION payments_line_posts();

CREATE FUNCTION payments_latecharge_posts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_ledgerentry (account_id, organisation_id, document, kind, amount_fen, value_date, posted_at)
        SELECT account_id, organisation_id, id, 'late_charge', amount_fen, through_date, posted_at FROM fresh;
    RETURN NULL;
END $$;
CREATE TRIGGER latecharge_posts AFTER INSERT ON payments_latecharge REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION payments_latecharge_posts();
"""

BALANCED = """
CREATE FUNCTION payments_receipt_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE receipt bigint; lines bigint; came bigint; back bigint; original payments_receipt;
BEGIN
    receipt := CASE TG_TABLE_NAME WHEN 'payments_receipt' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'receipt_id')::bigint END;
    SELECT coalesce(sum(amount_fen), 0) INTO lines FROM payments_receiptline WHERE receipt_id = receipt;
    SELECT * INTO original FROM payments_receipt WHERE id = receipt;
    IF lines <> original.amount_fen THEN
        RAISE EXCEPTION 'receipt % is % fen and its lines %', receipt, original.amount_fen, lines
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_receipt_balanced', TABLE = 'payments_receipt';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER receipt_balanced AFTER INSERT ON payments_receipt
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_receipt_balanced();
CREATE CONSTRAINT TRIGGER receiptline_balanced AFTER INSERT ON payments_receiptline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_receipt_balanced();

CREATE FUNCTION payments_reversal_bounded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE came bigint; back bigint; source text;
BEGIN
    -- The row of the original is the lock: two refunds of one receipt wait for each other.
    SELECT amount_fen, kind INTO came, source FROM payments_receipt WHERE id = NEW.reverses_id FOR UPDATE;
    SELECT coalesce(sum(amount_fen), 0) INTO back FROM payments_receipt WHERE reverses_id = NEW.reverses_id;
    IF source <> 'receipt' OR back + NEW.amount_fen > came THEN
        RAISE EXCEPTION 'receipt % is % fen, % went back already, so % cannot', NEW.reverses_id, came, back,
                NEW.amount_fen
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_reversal_bounded', TABLE = 'payments_receipt';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reversal_bounded BEFORE INSERT ON payments_receipt FOR EACH ROW
    WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION payments_reversal_bounded();
"""

APPEND_ONLY = "".join(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION billing_append_only();
"""
    for table in ("receipt", "receiptline", "latecharge", "gatewaynotice")
)

BACK = """
DROP TRIGGER gatewaynotice_append_only ON payments_gatewaynotice;
DROP TRIGGER latecharge_append_only ON payments_latecharge;
DROP TRIGGER receiptline_append_only ON payments_receiptline;
DROP TRIGGER receipt_append_only ON payments_receipt;
DROP TRIGGER reversal_bounded ON payments_receipt;
DROP FUNCTION payments_reversal_bounded();
DROP TRIGGER receiptline_balanced ON payments_receiptline;
DROP TRIGGER receipt_balanced ON payments_receipt;
DROP FUNCTION payments_receipt_balanced();
DROP TRIGGER latecharge_posts ON payments_latecharge;
DROP FUNCTION payments_latecharge_posts();
DROP TRIGGER receiptline_posts ON payments_receiptline;
DROP FUNCTION payments_line_posts();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("billing", "0006_entries_of_documents")]
    operations = [migrations.RunSQL(POSTING + BALANCED + APPEND_ONLY, BACK)]
