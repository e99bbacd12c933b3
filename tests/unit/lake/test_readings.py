"""Promise: what is written into the lake comes back unchanged, nothing that is not catalogued is seen, and the readings
in force, as of any version, are those of a plain dictionary into which the imports were written one after another."""

import random
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.engine import Session
from gridhall.lake.needs import Channel
from gridhall.lake.parts import LakeFile, PartWriter, sweep
from gridhall.lake.readings import as_of, effective

FIRST = date(2026, 1, 20)
SPAN = DateSpan(FIRST, FIRST + timedelta(days=60))

Key = tuple[int, date]


def rows(values: dict[Key, int]) -> pa.Table:
    return pa.table(
        {
            "usage_point": [point for point, _ in values],
            "day": [day for _, day in values],
            "curve": [[value, None, *[0] * 22] for value in values.values()],
            "quality": [[0, 1, *[0] * 22] for _ in values],
            "missing": [1] * len(values),
            "estimated": [0] * len(values),
        },
        schema=SCHEMA,
    )


def write(
    root: Path, version: int, values: dict[Key, int], *, revision: bool = False, memory: int = 7
) -> list[LakeFile]:
    writer = PartWriter(root, Channel.IMPORT, version, revision=revision, rows_in_memory=memory)
    table = rows(values)
    for begin in range(0, table.num_rows, 3):
        writer.write(table.slice(begin, 3))
    return writer.close()


def seen(
    session: Session, root: Path, files: list[LakeFile], span: DateSpan = SPAN, points: object = None
) -> dict[Key, int]:
    wanted = None if points is None else np.array(points, dtype=np.int64)
    with session.scratch():
        table = session.collect(effective(session, root, files, span, wanted).table)
    found = {(row["usage_point"], row["day"]): row["curve"][0] for row in table.to_pylist()}
    assert len(found) == table.num_rows, "a usage point and day came twice"
    return found


imports = st.lists(
    st.dictionaries(
        st.tuples(st.integers(1, 6), st.integers(0, 59).map(lambda offset: FIRST + timedelta(days=offset))),
        st.integers(0, 1000),
        max_size=30,
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(loads=imports, data=st.data())
def test_readings_in_force_are_those_written_last(
    session: Session, loads: list[dict[Key, int]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        files: list[LakeFile] = []
        model: dict[Key, int] = {}
        states: list[dict[Key, int]] = []
        for version, load in enumerate(loads, start=1):
            fresh = {key: value for key, value in load.items() if key not in model}
            again = {key: value for key, value in load.items() if key in model}
            if data.draw(st.booleans()):
                fresh, again = {}, load  # an import may call all of it a revision
            files += write(root, 2 * version, fresh)
            files += write(root, 2 * version + 1, again, revision=True)
            model = model | load
            states.append(model)
        random.Random(0).shuffle(files)
        for version, state in enumerate(states, start=1):
            assert seen(session, root, as_of(files, 2 * version + 1)) == state
        span = DateSpan(FIRST + timedelta(days=10), FIRST + timedelta(days=25))
        points = data.draw(st.lists(st.integers(1, 6), unique=True))
        expected = {key: value for key, value in model.items() if key[1] in span and key[0] in points}
        assert seen(session, root, files, span, points) == expected


def test_many_usage_points_are_joined_and_few_are_named(session: Session, tmp_path: Path) -> None:
    values = {(point, FIRST): point for point in range(1, 1200)}
    files = write(tmp_path, 1, values, memory=500)
    for points in ([5, 900], list(range(1, 1200, 2)), list(range(100, 800))):
        assert seen(session, tmp_path, files, points=points) == {(point, FIRST): point for point in points}


def test_parts_are_sorted_by_month_and_say_what_they_hold(tmp_path: Path) -> None:
    values = {(point, FIRST + timedelta(days=offset)): point for offset in range(14) for point in (9, 3)}
    files = write(tmp_path, 5, values, memory=1000)
    assert [(file.path, file.month, file.rows) for file in files] == [
        ("import/month=2026-01/5-0.parquet", "2026-01", 24),
        ("import/month=2026-02/5-1.parquet", "2026-02", 4),
    ]
    january = files[0]
    assert (january.first_day, january.last_day) == (FIRST, date(2026, 1, 31))
    assert (january.usage_point_min, january.usage_point_max) == (3, 9)
    table = pq.read_table(tmp_path / january.path, partitioning=None)
    keys = list(zip(table["usage_point"].to_pylist(), table["day"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert table.cast(SCHEMA).sort_by([("usage_point", "ascending"), ("day", "ascending")])["curve"][0].as_py() == [
        3,
        None,
        *[0] * 22,
    ]


def test_a_part_comes_back_as_it_went_in(session: Session, tmp_path: Path) -> None:
    table = pa.table(
        {
            "usage_point": [2**40, 2**40 + 1],
            "day": [FIRST, FIRST],
            "curve": [[-(2**31), None, 2**31 - 1] + [0] * 21, [None] * 48],
            "quality": [None, [1] * 48],
            "missing": [1, 48],
            "estimated": [0, 0],
        },
        schema=SCHEMA,
    )
    with PartWriter(tmp_path, Channel.REACTIVE, 1) as writer:
        writer.write(table)
        files = writer.close()
    with session.scratch():
        found = session.collect(effective(session, tmp_path, files, SPAN).table)
    assert found.sort_by("usage_point").to_pylist() == table.to_pylist()


def test_sweep_removes_what_the_catalogue_does_not_name(tmp_path: Path) -> None:
    kept = write(tmp_path, 1, {(1, FIRST): 1})
    lost = write(tmp_path, 2, {(2, FIRST): 1})
    assert sweep(tmp_path, [file.path for file in kept]) == [file.path for file in lost]
    assert [path.name for path in tmp_path.rglob("*.parquet")] == ["1-0.parquet"]


def test_a_failed_import_leaves_no_part(tmp_path: Path) -> None:
    def fail_midway() -> None:
        with PartWriter(tmp_path, Channel.IMPORT, 3, rows_in_memory=2) as writer:
            writer.write(rows({(1, FIRST): 1, (2, FIRST): 1}))
            raise RuntimeError("the source broke off")

    with pytest.raises(RuntimeError):
        fail_midway()
    assert not list(tmp_path.rglob("*.parquet"))


def test_files_beside_the_span_or_the_usage_points_are_not_opened(session: Session, tmp_path: Path) -> None:
    files = write(tmp_path, 1, {(1, FIRST): 1}) + write(tmp_path, 2, {(9, date(2026, 3, 1)): 1})
    (tmp_path / files[1].path).write_bytes(b"not opened, or this would be noticed")
    assert seen(session, tmp_path, files, DateSpan(FIRST, date(2026, 2, 1))) == {(1, FIRST): 1}
    assert seen(session, tmp_path, files, SPAN, [1]) == {(1, FIRST): 1}
