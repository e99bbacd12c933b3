"""What Django cannot express: paths of the organisation tree, and settlements that cover their agreement exactly."""

from django.db import migrations

ORGANISATION = """
CREATE FUNCTION accounts_organisation_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    above accounts_organisation;
BEGIN
    IF NEW.parent_id IS NULL THEN
        NEW.path := '/' || NEW.code || '/';
        RETURN NEW;
    END IF;
    SELECT * INTO above FROM accounts_organisation WHERE id = NEW.parent_id FOR SHARE;
    -- Levels descend strictly, so the tree has no cycle.
    IF above.id IS NULL OR above.level >= NEW.level THEN
        RAISE EXCEPTION 'organisation % must stand below its parent''s level', NEW.code
            USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'accounts_organisation_below_parent';
    END IF;
    NEW.path := above.path || NEW.code || '/';
    RETURN NEW;
END $$;

CREATE TRIGGER accounts_organisation_place BEFORE INSERT OR UPDATE ON accounts_organisation
    FOR EACH ROW EXECUTE FUNCTION accounts_organisation_place();

CREATE FUNCTION accounts_organisation_carry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Touching a child makes it find its place again, and so on down.
    UPDATE accounts_organisation SET parent_id = parent_id WHERE parent_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER accounts_organisation_carry AFTER UPDATE ON accounts_organisation
    FOR EACH ROW WHEN (OLD.path IS DISTINCT FROM NEW.path OR OLD.level IS DISTINCT FROM NEW.level)
    EXECUTE FUNCTION accounts_organisation_carry();
"""
ORGANISATION_BACK = """
DROP TRIGGER accounts_organisation_carry ON accounts_organisation;
DROP FUNCTION accounts_organisation_carry();
DROP TRIGGER accounts_organisation_place ON accounts_organisation;
DROP FUNCTION accounts_organisation_place();
"""

# A deferred trigger exists per row only, too slow for a million rows. So each statement notes the agreements it touched
# as one row of ids in ranges, and the deferred trigger of that one row checks them all by one query when the
# transaction commits.
SETTLEMENT = """
CREATE TABLE accounts_settlementcheck (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agreements int8multirange NOT NULL
);

CREATE FUNCTION accounts_settlement_note_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'accounts_settlement' THEN
        INSERT INTO accounts_settlementcheck (agreements)
        SELECT touched FROM (SELECT range_agg(int8range(agreement_id, agreement_id, '[]')) touched FROM fresh) t
        WHERE touched IS NOT NULL;
    ELSE
        INSERT INTO accounts_settlementcheck (agreements)
        SELECT touched FROM (SELECT range_agg(int8range(id, id, '[]')) touched FROM fresh) t
        WHERE touched IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION accounts_settlement_note_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_settlementcheck (agreements)
    SELECT touched FROM (SELECT range_agg(int8range(agreement_id, agreement_id, '[]')) touched FROM stale) t
    WHERE touched IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER accounts_agreement_inserted AFTER INSERT ON accounts_customeragreement
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION accounts_settlement_note_new();
CREATE TRIGGER accounts_agreement_updated AFTER UPDATE ON accounts_customeragreement
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION accounts_settlement_note_new();
CREATE TRIGGER accounts_settlement_inserted AFTER INSERT ON accounts_settlement
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION accounts_settlement_note_new();
CREATE TRIGGER accounts_settlement_updated_new AFTER UPDATE ON accounts_settlement
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION accounts_settlement_note_new();
CREATE TRIGGER accounts_settlement_updated_old AFTER UPDATE ON accounts_settlement
    REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION accounts_settlement_note_old();
CREATE TRIGGER accounts_settlement_deleted AFTER DELETE ON accounts_settlement
    REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION accounts_settlement_note_old();

CREATE FUNCTION accounts_settlement_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
    touched int8range;
    lowest bigint;
    beyond bigint;
BEGIN
    DELETE FROM accounts_settlementcheck WHERE id = NEW.id;
    -- Another transaction may be changing the span of an agreement whose settlement this one changed: each would find
    -- its own half in order. Agreements that this transaction wrote are locked already.
    -- Range by range, so that a change of one agreement looks at one and a load of a million at all of them at once.
    FOR touched IN SELECT unnest(NEW.agreements) LOOP
        lowest := lower(touched);
        beyond := upper(touched);
        PERFORM 1 FROM accounts_customeragreement a
            WHERE a.id >= lowest AND a.id < beyond AND a.xmin <> pg_current_xact_id()::xid FOR NO KEY UPDATE;
        -- By the index for each agreement: a join would be planned from statistics, which a load has not made yet.
        SELECT found.* INTO wrong FROM (
            SELECT a.id, a.span, coalesce(
                (SELECT range_agg(s.span) FROM accounts_settlement s WHERE s.agreement_id = a.id), '{}'
            ) AS settled
            FROM accounts_customeragreement a WHERE a.id >= lowest AND a.id < beyond OFFSET 0
        ) found
        WHERE found.settled <> datemultirange(found.span) LIMIT 1;
        EXIT WHEN wrong.id IS NOT NULL;
    END LOOP;
    IF wrong.id IS NULL THEN
        RETURN NULL;
    ELSIF wrong.settled <@ wrong.span THEN
        RAISE EXCEPTION 'agreement % is in force on days that no account settles', wrong.id
            USING ERRCODE = 'check_violation', TABLE = 'accounts_settlement',
            CONSTRAINT = 'accounts_settlement_covers_agreement',
            DETAIL = format('in force %s, settled %s', wrong.span, wrong.settled);
    ELSE
        RAISE EXCEPTION 'agreement % is settled on days on which it is not in force', wrong.id
            USING ERRCODE = 'check_violation', TABLE = 'accounts_settlement',
            CONSTRAINT = 'accounts_settlement_within_agreement',
            DETAIL = format('in force %s, settled %s', wrong.span, wrong.settled);
    END IF;
END $$;

CREATE CONSTRAINT TRIGGER accounts_settlement_complete AFTER INSERT ON accounts_settlementcheck
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounts_settlement_check();
"""
SETTLEMENT_BACK = """
DROP TRIGGER accounts_settlement_deleted ON accounts_settlement;
DROP TRIGGER accounts_settlement_updated_old ON accounts_settlement;
DROP TRIGGER accounts_settlement_updated_new ON accounts_settlement;
DROP TRIGGER accounts_settlement_inserted ON accounts_settlement;
DROP TRIGGER accounts_agreement_updated ON accounts_customeragreement;
DROP TRIGGER accounts_agreement_inserted ON accounts_customeragreement;
DROP TABLE accounts_settlementcheck;
DROP FUNCTION accounts_settlement_check();
DROP FUNCTION accounts_settlement_note_old();
DROP FUNCTION accounts_settlement_note_new();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.RunSQL(ORGANISATION, ORGANISATION_BACK),
        migrations.RunSQL(SETTLEMENT, SETTLEMENT_BACK),
    ]
