"""The audit trail only grows; `gridhall_append_only` serves every table of which that is true."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION gridhall_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Test databases, and only those, say that tables may be emptied between tests.
    IF TG_OP = 'TRUNCATE' AND coalesce(current_setting('gridhall.allow_truncate', true), '') = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$
"""
TRIGGERS = """
CREATE TRIGGER runtime_auditentry_append_only BEFORE UPDATE OR DELETE ON runtime_auditentry
    FOR EACH ROW EXECUTE FUNCTION gridhall_append_only();
CREATE TRIGGER runtime_auditentry_never_emptied BEFORE TRUNCATE ON runtime_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION gridhall_append_only();
"""
BACK = """
DROP TRIGGER runtime_auditentry_never_emptied ON runtime_auditentry;
DROP TRIGGER runtime_auditentry_append_only ON runtime_auditentry;
"""


class Migration(migrations.Migration):
    dependencies = [("runtime", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION gridhall_append_only()"),
        migrations.RunSQL(TRIGGERS, BACK),
    ]
