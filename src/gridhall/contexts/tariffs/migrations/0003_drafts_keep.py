"""What Django cannot express: a submitted draft is decided on as it is, and a decided one never changes."""

from django.db import migrations

KEEP = """
CREATE FUNCTION tariffs_draft_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a draft of a tariff is never deleted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'tariffs_draft_kept', TABLE = 'tariffs_tariffdraft';
    END IF;
    IF OLD.state IN ('approved', 'rejected', 'withdrawn') THEN
        RAISE EXCEPTION 'draft % is % and never changes', OLD.id, OLD.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'tariffs_draft_kept', TABLE = 'tariffs_tariffdraft';
    END IF;
    IF OLD.state = 'submitted' AND (NEW.state = 'draft' OR NEW.text <> OLD.text OR NEW.updated_by <> OLD.updated_by
            OR NEW.submitted_by IS DISTINCT FROM OLD.submitted_by) THEN
        RAISE EXCEPTION 'draft % is submitted and is decided on as it is', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'tariffs_draft_submitted_as_is',
            TABLE = 'tariffs_tariffdraft';
    END IF;
    IF OLD.state = 'draft' AND NEW.state IN ('approved', 'rejected') THEN
        RAISE EXCEPTION 'draft % was not submitted', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'tariffs_draft_submitted_first',
            TABLE = 'tariffs_tariffdraft';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tariffs_draft_kept BEFORE UPDATE OR DELETE ON tariffs_tariffdraft
    FOR EACH ROW EXECUTE FUNCTION tariffs_draft_kept();
"""


class Migration(migrations.Migration):
    """Adds the trigger."""

    dependencies = [("tariffs", "0002_drafts")]
    operations = [
        migrations.RunSQL(KEEP, "DROP TRIGGER tariffs_draft_kept ON tariffs_tariffdraft; DROP FUNCTION tariffs_draft_kept")
    ]
