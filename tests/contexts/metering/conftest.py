"""A lake of its own for each test, and readings put into it as an import would leave them."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gridhall.contexts.metering.models import Import, LakeFile
from gridhall.contexts.metering.queries import lake_root
from gridhall.lake.curves import SCHEMA
from gridhall.lake.daycurves import ESTIMATED
from gridhall.lake.needs import Channel
from gridhall.lake.parts import PartWriter

#: usage point, day, values, quality
Row = tuple[int, date, Sequence[int | None], Sequence[int] | None]
Put = Callable[..., int]


@pytest.fixture
def put_readings(db: None, settings: Any, tmp_path: Path) -> Put:
    """Make rows visible as one import, and give its number: the readings version."""
    settings.HOME = tmp_path

    def put(rows: Sequence[Row], channel: Channel = Channel.IMPORT, *, revision: bool = False) -> int:
        count = Import.objects.count()
        source = Import.objects.create(
            file_name=f"{count}.csv", file_bytes=1, content_sha256=f"{count:064}", format="long-csv",
            channel=channel.value, zone="Asia/Shanghai",
            available_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(count),
        )  # fmt: skip
        table = pa.table(
            {
                "usage_point": [row[0] for row in rows],
                "day": [row[1] for row in rows],
                "curve": [list(row[2]) for row in rows],
                "quality": [None if row[3] is None else list(row[3]) for row in rows],
                "missing": [sum(value is None for value in row[2]) for row in rows],
                "estimated": [sum(code in ESTIMATED for code in row[3] or ()) for row in rows],
            },
            schema=SCHEMA,
        )
        writer = PartWriter(lake_root(), channel, source.pk, revision=revision)
        writer.write(table)
        for part in writer.close():
            LakeFile.objects.create(
                source=source, path=part.path, channel=channel.value, month=date.fromisoformat(f"{part.month}-01"),
                first_day=part.first_day, last_day=part.last_day, rows=part.rows,
                usage_point_min=part.usage_point_min, usage_point_max=part.usage_point_max, revision=part.revision,
            )  # fmt: skip
        return source.pk

    return put
