"""The table of Django's database cache: counts of attempts that every process must see."""

from django.db import migrations

_CREATE = """
    CREATE UNLOGGED TABLE runtime_cache (
        cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
    );
    CREATE INDEX runtime_cache_expires ON runtime_cache (expires);
"""


class Migration(migrations.Migration):
    """Creates the table that `CACHES` names."""

    dependencies = [("runtime", "0002_append_only")]
    operations = [migrations.RunSQL(_CREATE, "DROP TABLE runtime_cache")]
