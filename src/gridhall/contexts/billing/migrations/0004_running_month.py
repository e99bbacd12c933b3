"""The running month of every agreement: an estimate, replaced as a whole."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_integrity"),
        ("billing", "0003_correction_requests"),
    ]

    operations = [
        migrations.CreateModel(
            name="RunningMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tariff_code", models.TextField()),
                ("start_date", models.DateField(help_text="the first unbilled day of the running month")),
                ("end_date", models.DateField(help_text="exclusive: the end of the month, or of the agreement")),
                (
                    "as_of_date",
                    models.DateField(help_text="the newest complete day of readings; null: none is known", null=True),
                ),
                ("days", models.SmallIntegerField(help_text="days of the running month that count so far")),
                ("days_read", models.SmallIntegerField(help_text="those of them with readings")),
                ("missing", models.IntegerField(help_text="slots without a value, on the days with readings")),
                ("estimated", models.IntegerField(help_text="slots with an estimated value")),
                ("energy_wh", models.BigIntegerField()),
                ("export_wh", models.BigIntegerField()),
                (
                    "charges_fen",
                    models.BigIntegerField(help_text="null where it cannot be priced, see problem", null=True),
                ),
                ("separate_fen", models.BigIntegerField(help_text="lines that are settled separately", null=True)),
                ("problem", models.CharField(default="", help_text="why it cannot be priced", max_length=40)),
                (
                    "before_date",
                    models.DateField(help_text="the first unbilled day before the running month", null=True),
                ),
                ("before_wh", models.BigIntegerField()),
                ("before_fen", models.BigIntegerField(null=True)),
                (
                    "same_days_wh",
                    models.BigIntegerField(help_text="energy of the same days of the month before", null=True),
                ),
                (
                    "periods",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        help_text="periods of the day, where the price tells them apart",
                        size=None,
                    ),
                ),
                (
                    "periods_wh",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "tier_basis",
                    models.CharField(default="", help_text="over what limits count; empty: no tiers", max_length=6),
                ),
                (
                    "tier_since_date",
                    models.DateField(help_text="the first day that counts against the limits", null=True),
                ),
                (
                    "tier_limits_wh",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("tier_before_wh", models.BigIntegerField()),
                ("tier_after_wh", models.BigIntegerField()),
                ("tier", models.SmallIntegerField(help_text="reached so far, from 1", null=True)),
                (
                    "forecast_wh",
                    models.BigIntegerField(help_text="of the month at this pace; null: too little is known", null=True),
                ),
                ("forecast_fen", models.BigIntegerField(null=True)),
                (
                    "forecast_tier_wh",
                    models.BigIntegerField(help_text="what will count against the limits at the end", null=True),
                ),
                ("forecast_tier", models.SmallIntegerField(null=True)),
                ("readings_version", models.BigIntegerField()),
                ("computed_at", models.DateTimeField()),
                (
                    "agreement",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.customeragreement",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "usage_point",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.usagepoint",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("usage_point", "agreement"), name="running_month_once")
                ],
            },
        ),
    ]
