"""Requests for corrections: they change only by being decided, once."""
import django.db.models.deletion
from django.db import migrations, models


CHANGE = """
CREATE FUNCTION billing_correctionrequest_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kept billing_correctionrequest;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'request % cannot be deleted', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_request_kept', TABLE = TG_TABLE_NAME;
    END IF;
    kept := NEW;
    kept.outcome := OLD.outcome;
    kept.difference_fen := OLD.difference_fen;
    kept.readings_version := OLD.readings_version;
    kept.computed_at := OLD.computed_at;
    kept.decision := OLD.decision;
    kept.decided_by := OLD.decided_by;
    kept.decided_at := OLD.decided_at;
    kept.note := OLD.note;
    IF OLD.decision <> 'waiting' OR kept IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'request % cannot be changed; it can only be decided, once', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_request_immutable', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER correction_request_change BEFORE UPDATE OR DELETE ON billing_correctionrequest
    FOR EACH ROW EXECUTE FUNCTION billing_correctionrequest_change();
"""
CHANGE_BACK = """
DROP TRIGGER correction_request_change ON billing_correctionrequest;
DROP FUNCTION billing_correctionrequest_change();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_integrity'),
        ('billing', '0002_bills_post_themselves'),
    ]

    operations = [
        migrations.CreateModel(
            name='CorrectionRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('outcome', models.JSONField(help_text='the bills that would be replaced, before and after')),
                ('difference_fen', models.BigIntegerField(help_text='what all accounts together would owe more')),
                ('readings_version', models.BigIntegerField(help_text='newest import that the outcome was computed from')),
                ('computed_at', models.DateTimeField(help_text='when the outcome was computed last')),
                ('requested_by', models.CharField(max_length=100)),
                ('requested_at', models.DateTimeField()),
                ('decision', models.CharField(choices=[('waiting', '待审批'), ('approved', '已批准'), ('rejected', '已驳回'), ('withdrawn', '已撤回')], default='waiting', max_length=9)),
                ('decided_by', models.CharField(default='', max_length=100)),
                ('decided_at', models.DateTimeField(null=True)),
                ('note', models.TextField(default='')),
                ('bill', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.bill')),
                ('organisation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                'indexes': [models.Index(fields=['bill', 'requested_at'], name='correction_request_bill'), models.Index(fields=['requested_by', 'decided_at'], name='correction_request_asker'), models.Index(condition=models.Q(('decision', 'waiting')), fields=['organisation'], name='correction_request_waiting')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('decision', 'waiting')), fields=('bill',), name='correction_request_open_once'), models.CheckConstraint(condition=models.Q(models.Q(('decision__in', ['approved', 'rejected']), _negated=True), models.Q(('decided_by', models.F('requested_by')), _negated=True), _connector='OR'), name='correction_request_second_person'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', ''), ('decision', 'waiting')), models.Q(('decided_at__isnull', False), ('decision__in', ['approved', 'rejected', 'withdrawn']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='correction_request_decided_has_name_and_time'), models.CheckConstraint(condition=models.Q(models.Q(('decision', 'rejected'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='correction_request_rejection_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('requested_by', ''), _negated=True)), name='correction_request_has_reason_and_name')],
            },
        ),
        migrations.RunSQL(CHANGE, CHANGE_BACK),
    ]
