"""Points of payments: never changed, never less than nothing."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

GUARDS = """
CREATE TRIGGER earnedpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_earnedpoints
    FOR EACH STATEMENT EXECUTE FUNCTION billing_append_only();
CREATE FUNCTION payments_points_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM payments_earnedpoints e WHERE e.of_id IN (SELECT of_id FROM fresh)
            GROUP BY e.of_id HAVING sum(e.points) < 0) THEN
        RAISE EXCEPTION 'more points are taken back than a receipt earned' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER earnedpoints_left AFTER INSERT ON payments_earnedpoints REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION payments_points_left();
"""
BACK = """
DROP TRIGGER earnedpoints_left ON payments_earnedpoints;
DROP FUNCTION payments_points_left();
DROP TRIGGER earnedpoints_append_only ON payments_earnedpoints;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0008_collection")]
    operations = [
        migrations.CreateModel(
            name="EarnedPoints",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("points", models.IntegerField()),
                ("counted_at", models.DateTimeField()),
                (
                    "of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.receipt"
                    ),
                ),
                (
                    "receipt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.receipt"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(receipt=F("of"), points__gte=0) | Q(~Q(receipt=F("of")), points__lte=0),
                        name="payments_earnedpoints_sign",
                    )
                ],
            },
        ),
        migrations.RunSQL(GUARDS, BACK),
    ]
