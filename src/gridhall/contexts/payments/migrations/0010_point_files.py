"""Files of places as they were uploaded."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the table of uploaded files."""

    dependencies = [
        ("payments", "0009_earned_points"),
    ]

    operations = [
        migrations.CreateModel(
            name="PointFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("coordinates", models.CharField(db_collation="C", max_length=6)),
                ("deactivate_missing", models.BooleanField(default=False)),
                ("content", models.BinaryField()),
                ("uploaded_at", models.DateTimeField()),
                ("uploaded_by", models.CharField(max_length=100)),
                ("taken_in_at", models.DateTimeField(null=True)),
                ("taken_in_by", models.CharField(blank=True, default="", max_length=100)),
                ("counts", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("coordinates__in", ["wgs-84", "gcj-02", "bd-09"])),
                        name="payments_pointfile_coordinates",
                    )
                ],
            },
        ),
    ]
