"""A utility with a few usage points and a lake of its own, and files to import into it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.accounts import queries as accounts_queries
from gridhall.contexts.metering.operations import import_readings
from gridhall.contexts.metering.queries import lake_root, readable_files
from gridhall.contexts.metering.types.imports import ImportReport
from gridhall.kernel.spans import DateSpan
from gridhall.lake import engine
from gridhall.lake.existing import flat
from gridhall.lake.formats import NO_VALUE
from gridhall.lake.needs import Channel
from gridhall.lake.readings import effective
from gridhall.runtime.audit import Act

NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)
NUMBERS = ("A1", "A2", "A3", "户1", *(f"N{each}" for each in range(40)))


@pytest.fixture
def points(db: None, settings: Any, tmp_path: Path) -> dict[str, int]:
    """Usage points by number; the lake is empty."""
    settings.HOME = tmp_path / "home"
    accounts.load(
        accounts.Portfolio(
            organisations=pa.table({"code": ["P"], "name": ["省"], "level": [1]}),
            usage_points=pa.table(
                {
                    "number": list(NUMBERS),
                    "organisation": ["P"] * len(NUMBERS),
                    "usage_class": ["residential"] * len(NUMBERS),
                }
            ),
        ),
        act=Act("test", NOW),
    )
    ids = accounts_queries.usage_point_ids(list(NUMBERS)).to_pylist()
    return dict(zip(NUMBERS, ids, strict=True))


@pytest.fixture
def take_in(points: dict[str, int], tmp_path: Path) -> Callable[..., ImportReport]:
    """Import a text or bytes, as a file of the given name."""

    def take(content: str | bytes, name: str = "readings.csv", **options: Any) -> ImportReport:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_readings(path, **({"now": NOW, "zone": "Asia/Shanghai"} | options))

    return take


Lake = Callable[..., dict[tuple[int, date], tuple[list[int | None], list[int]]]]


@pytest.fixture
def lake(points: dict[str, int]) -> Lake:
    """The readings in force: (usage point, day) → values and qualities."""

    def read(version: int | None = None) -> dict[tuple[int, date], tuple[list[int | None], list[int]]]:
        span = DateSpan(date(2000, 1, 1), date(2040, 1, 1))
        with engine.session(threads=1) as session:
            files = readable_files(Channel.IMPORT, span, version=version)
            rows = flat(session.collect(effective(session, lake_root(), files, span).table))
        found = {}
        for at in range(len(rows.days)):
            part = slice(rows.starts[at], rows.starts[at + 1])
            values = [None if each == NO_VALUE else each for each in rows.wh[part].tolist()]
            day = date(1970, 1, 1) + timedelta(int(rows.days[at]))
            key = (int(rows.usage_points[at]), day)
            assert key not in found, "each usage point and day once"
            found[key] = (values, rows.quality[part].tolist())
        return found

    return read
