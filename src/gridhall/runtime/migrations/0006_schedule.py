from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runtime", "0005_outboxmessage")]
    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("kind", models.CharField(max_length=60, primary_key=True, serialize=False, verbose_name="种类")),
                ("due_at", models.DateTimeField(verbose_name="最近一次到期")),
            ],
            options={"verbose_name": "定时作业"},
        ),
    ]
