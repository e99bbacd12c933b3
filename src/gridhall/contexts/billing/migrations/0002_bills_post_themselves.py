"""What Django cannot express: bills post themselves, and neither bills nor ledger entries ever change.

All checks are per statement over transition tables, so a batch of fifty thousand bills is checked as one set.
Only a database whose name contains ``test_`` and that sets ``gridhall.allow_truncate`` may be emptied.
"""

from django.db import migrations

TOTALS = """
CREATE FUNCTION billing_sum(amounts bigint[]) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE total bigint := 0; amount bigint;
BEGIN
    FOREACH amount IN ARRAY amounts LOOP total := total + amount; END LOOP;
    RETURN total;
END $$;
ALTER TABLE billing_bill
    ADD CONSTRAINT bill_total_is_sum_of_lines CHECK (total_fen + separate_fen = billing_sum(amount_fen)),
    ADD CONSTRAINT bill_lines_complete CHECK (
        cardinality(line_no) = cardinality(quantity) AND cardinality(line_no) = cardinality(price)
        AND cardinality(line_no) = cardinality(amount_fen));
"""

POSTING = """
CREATE FUNCTION billing_bill_issued() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong bigint;
BEGIN
    SELECT n.number INTO wrong FROM fresh n WHERE n.status <> 'issued' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'bill % must be issued before it can be cancelled', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bill_begins_issued', TABLE = 'billing_bill';
    END IF;
    SELECT n.number INTO wrong FROM fresh n
        LEFT JOIN accounts_customeragreement a ON a.id = n.agreement_id AND a.usage_point_id = n.usage_point_id
        LEFT JOIN billing_billrun r ON r.id = n.run_id AND r.kind <> 'what_if'
        LEFT JOIN accounts_organisation o ON o.id = n.organisation_id
        WHERE a.id IS NULL OR r.id IS NULL OR o.id IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'bill % names an agreement, usage point, run or organisation that do not belong together', wrong
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'bill_references', TABLE = 'billing_bill';
    END IF;
    SELECT n.number INTO wrong FROM fresh n
        JOIN billing_bill b ON b.usage_point_id = n.usage_point_id AND b.status = 'issued' AND b.number <> n.number
            AND b.start_date < n.end_date AND b.end_date > n.start_date LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'bill % overlaps another live bill of its usage point', wrong
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'bill_live_no_overlap', TABLE = 'billing_bill';
    END IF;
    INSERT INTO billing_ledgerentry (account_id, organisation_id, bill_id, kind, amount_fen, value_date, posted_at)
        SELECT account_id, organisation_id, number, 'bill', total_fen, end_date - 1, issued_at FROM fresh;
    RETURN NULL;
END $$;
CREATE TRIGGER bill_issued AFTER INSERT ON billing_bill REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION billing_bill_issued();

CREATE FUNCTION billing_bill_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kept billing_bill;
BEGIN
    kept := NEW;
    kept.status := OLD.status;
    kept.cancelled_at := OLD.cancelled_at;
    kept.cancelled_reason := OLD.cancelled_reason;
    kept.replaced_by := OLD.replaced_by;
    IF OLD.status <> 'issued' OR NEW.status <> 'cancelled' OR kept IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'bill % cannot be changed; it can only be cancelled, once', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bill_immutable', TABLE = 'billing_bill';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bill_change BEFORE UPDATE ON billing_bill FOR EACH ROW EXECUTE FUNCTION billing_bill_change();

CREATE FUNCTION billing_bill_cancelled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_ledgerentry (account_id, organisation_id, bill_id, kind, amount_fen, value_date, posted_at)
        SELECT account_id, organisation_id, number, 'cancellation', -total_fen, end_date - 1, cancelled_at FROM fresh;
    RETURN NULL;
END $$;
CREATE TRIGGER bill_cancelled AFTER UPDATE ON billing_bill REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION billing_bill_cancelled();
"""

APPEND_ONLY = """
CREATE FUNCTION billing_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('gridhall.allow_truncate', true) = 'on'
            AND current_database() LIKE '%test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of % is not allowed: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER bill_append_only BEFORE DELETE OR TRUNCATE ON billing_bill
    FOR EACH STATEMENT EXECUTE FUNCTION billing_append_only();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION billing_append_only();
CREATE TRIGGER pinned_tariff_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_pinnedtariff
    FOR EACH STATEMENT EXECUTE FUNCTION billing_append_only();

CREATE FUNCTION billing_entry_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of bills are posted by issuing or cancelling the bill, never by hand'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_of_bill_by_bill', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER ledger_entry_by_hand BEFORE INSERT ON billing_ledgerentry FOR EACH ROW
    WHEN (NEW.bill_id IS NOT NULL AND pg_trigger_depth() = 0) EXECUTE FUNCTION billing_entry_by_hand();
"""

BACK = """
DROP TRIGGER ledger_entry_by_hand ON billing_ledgerentry;
DROP FUNCTION billing_entry_by_hand();
DROP TRIGGER pinned_tariff_append_only ON billing_pinnedtariff;
DROP TRIGGER ledger_append_only ON billing_ledgerentry;
DROP TRIGGER bill_append_only ON billing_bill;
DROP FUNCTION billing_append_only();
DROP TRIGGER bill_cancelled ON billing_bill;
DROP FUNCTION billing_bill_cancelled();
DROP TRIGGER bill_change ON billing_bill;
DROP FUNCTION billing_bill_change();
DROP TRIGGER bill_issued ON billing_bill;
DROP FUNCTION billing_bill_issued();
ALTER TABLE billing_bill DROP CONSTRAINT bill_lines_complete, DROP CONSTRAINT bill_total_is_sum_of_lines;
DROP FUNCTION billing_sum(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunSQL(TOTALS + POSTING + APPEND_ONLY, BACK)]
