"""Fills an installation with a small town to bill: run as a program in the installation's environment."""

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import django


def build(households: int, days: int) -> None:
    """Households on the Shanghai tariff with readings from 2025-01-01; every tenth misses its last two days."""
    django.setup()
    import numpy as np
    import pyarrow as pa
    from django.conf import settings

    from gridhall.contexts.accounts import operations as accounts
    from gridhall.contexts.metering.models import Import, LakeFile
    from gridhall.contexts.tariffs.publishing import publish
    from gridhall.lake.curves import SCHEMA
    from gridhall.lake.needs import Channel
    from gridhall.lake.parts import PartWriter
    from gridhall.runtime import database
    from gridhall.runtime.audit import Act
    from gridhall.runtime.content import content

    database.ensure_running()
    database.prepare()
    act = Act("test", datetime(2025, 1, 1, tzinfo=UTC))
    names = [f"{n:04d}" for n in range(1, households + 1)]
    start = date(2025, 1, 1)
    tariff = "shanghai-residential-tou"
    publish(content("tariffs", f"{tariff}.yaml").read_text(), name=tariff, at=act.at)
    accounts.load(
        accounts.Portfolio(
            organisations=pa.table({"code": ["SH"], "name": ["上海"], "level": [1]}),
            customers=pa.table(
                {"number": [f"C{n}" for n in names], "kind": ["person"] * households, "name": ["王一"] * households}
            ),
            accounts=pa.table(
                {
                    "number": [f"A{n}" for n in names],
                    "organisation": ["SH"] * households,
                    "customer": [f"C{n}" for n in names],
                }
            ),
            usage_points=pa.table(
                {
                    "number": [f"U{n}" for n in names],
                    "organisation": ["SH"] * households,
                    "usage_class": ["residential"] * households,
                }
            ),
            agreements=pa.table(
                {
                    "usage_point": [f"U{n}" for n in names],
                    "customer": [f"C{n}" for n in names],
                    "account": [f"A{n}" for n in names],
                    "tariff_code": [tariff] * households,
                    "start": pa.array([start] * households, pa.date32()),
                }
            ),
        ),
        act=act,
    )
    imported = Import.objects.create(
        file_name="town", file_bytes=1, content_sha256="1", format="test", zone="Asia/Shanghai", available_at=act.at
    )
    random = np.random.default_rng(5)
    rows = []
    for point in range(1, households + 1):
        read = days - 2 if point % 10 == 0 else days
        level = int(random.integers(50, 900))
        rows += [
            {
                "usage_point": point,
                "day": start + timedelta(days=day),
                "curve": random.integers(0, level, 96).tolist(),
                "quality": None,
                "missing": 0,
                "estimated": 0,
            }
            for day in range(read)
        ]
    with PartWriter(Path(settings.HOME) / "lake", Channel.IMPORT, imported.pk) as writer:
        writer.write(pa.Table.from_pylist(rows, schema=SCHEMA))
        files = writer.close()
    for file in files:
        LakeFile.objects.create(
            source=imported,
            path=file.path,
            channel=file.channel.value,
            month=f"{file.month}-01",
            first_day=file.first_day,
            last_day=file.last_day,
            rows=file.rows,
            usage_point_min=file.usage_point_min,
            usage_point_max=file.usage_point_max,
            revision=file.revision,
        )


if __name__ == "__main__":
    build(int(sys.argv[1]), int(sys.argv[2]))
