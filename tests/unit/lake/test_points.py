"""Guards: the fast reading of one usage point gives what the engine gives, as of any version, from many threads."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridhall.kernel.spans import DateSpan
from gridhall.lake import points
from gridhall.lake.curves import SCHEMA
from gridhall.lake.engine import Session
from gridhall.lake.freshness import in_order
from gridhall.lake.needs import Channel
from gridhall.lake.parts import LakeFile, PartWriter
from gridhall.lake.readings import as_of, effective

FIRST = date(2026, 1, 20)
SPAN = DateSpan(FIRST, FIRST + timedelta(days=60))
Key = tuple[int, date]


def write(
    root: Path, version: int, values: dict[Key, int], *, revision: bool = False, channel: Channel = Channel.IMPORT
) -> list[LakeFile]:
    writer = PartWriter(root, channel, version, revision=revision, rows_in_memory=7)
    writer.write(
        pa.table(
            {
                "usage_point": [point for point, _ in values],
                "day": [day for _, day in values],
                "curve": [[value, None, *[0] * (value % 2 + 22)] for value in values.values()],
                "quality": [None if value % 3 else [0, 1, *[2] * (value % 2 + 22)] for value in values.values()],
                "missing": [1] * len(values),
                "estimated": [0] * len(values),
            },
            schema=SCHEMA,
        )
    )
    return writer.close()


def by_engine(session: Session, root: Path, files: list[LakeFile], span: DateSpan, point: int) -> pa.Table:
    with session.scratch():
        return in_order(effective(session, root, files, span, np.array([point], dtype=np.int64)))


loads = st.lists(
    st.dictionaries(
        st.tuples(st.integers(1, 4), st.integers(0, 59).map(lambda offset: FIRST + timedelta(days=offset))),
        st.integers(0, 1000),
        max_size=20,
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(imports=loads, data=st.data())
def test_the_same_rows_as_the_engine(session: Session, imports: list[dict[Key, int]], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        root, files, known = Path(folder), list[LakeFile](), set[Key]()
        for version, load in enumerate(imports, start=1):
            fresh = {key: value for key, value in load.items() if key not in known}
            again = {key: value for key, value in load.items() if key in known}
            if data.draw(st.booleans()):
                fresh, again = {}, load
            files += write(root, 2 * version, fresh)
            files += write(root, 2 * version + 1, again, revision=True)
            known |= load.keys()
        files = data.draw(st.permutations(files))
        first = data.draw(st.integers(0, 50))
        part = DateSpan(FIRST + timedelta(days=first), FIRST + timedelta(days=first + data.draw(st.integers(1, 30))))
        for span in (SPAN, part):
            for version in (1, len(imports)):
                visible = as_of(files, 2 * version + 1)
                for point in range(1, 6):
                    expected = by_engine(session, root, visible, span, point)
                    # Once read from the files, once from what was kept.
                    for _ in range(2):
                        found = points.rows_of(root, visible, span, point)
                        assert found.to_pylist() == expected.to_pylist()
                        assert found.schema.names == SCHEMA.names


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(imports=st.lists(st.tuples(st.sampled_from(Channel), loads), min_size=1, max_size=3), data=st.data())
def test_several_channels_and_spans_at_once(
    session: Session, imports: list[tuple[Channel, list[dict[Key, int]]]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        root, version = Path(folder), 0
        files: dict[Channel, list[LakeFile]] = {channel: [] for channel in Channel}
        for channel, told in imports:
            for load in told:
                version += 1
                # Every one may replace what others wrote.
                files[channel] += write(root, version, load, revision=True, channel=channel)
        spans = []
        for _ in range(data.draw(st.integers(1, 3))):
            first = FIRST + timedelta(days=data.draw(st.integers(0, 50)))
            spans.append(DateSpan(first, first + timedelta(days=data.draw(st.integers(1, 20)))))
        for point in range(1, 6):
            for _ in range(2):
                found = points.rows_by_channel(root, files, spans, point)
                for channel in Channel:
                    whole = by_engine(
                        session, root, files[channel], DateSpan(FIRST, FIRST + timedelta(days=80)), point
                    ).to_pylist()
                    expected = [row for row in whole if any(row["day"] in span for span in spans)]
                    assert found[channel].to_pylist() == expected


def test_channels_are_read_by_one_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        channel: write(tmp_path, version, {(1, FIRST): version, (3, FIRST): 9}, channel=channel)
        for version, channel in enumerate(Channel, start=1)
    }
    asked, connection = [], points._READER._connection

    def counted() -> duckdb.DuckDBPyConnection:
        asked.append(1)
        return connection()

    monkeypatch.setattr(points._READER, "_connection", counted)
    found = points.rows_by_channel(tmp_path, files, [SPAN], 1)
    assert [found[channel]["curve"][0].as_py()[0] for channel in Channel] == [*range(1, len(Channel) + 1)]
    assert len(asked) == 1


def test_a_file_without_the_usage_point_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write(tmp_path, 1, {(1, FIRST): 4, (3, FIRST): 4})
    monkeypatch.setattr(points._READER, "_connection", lambda: pytest.fail("the file was asked"))
    assert points.rows_of(tmp_path, files, SPAN, 2).num_rows == 0


def test_the_ids_kept_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "_IDS_KEPT", 1200)
    monkeypatch.setattr(points, "_READER", reader := points._Reader())
    files = [file for version in range(1, 6) for file in write(tmp_path, version, {(1, FIRST): version}, revision=True)]
    assert points.rows_of(tmp_path, files, SPAN, 1)["curve"][0].as_py()[0] == 5
    assert 0 < reader._ids_bytes == sum(ids.nbytes + points._ENTRY for ids in reader._ids.values()) <= 1200


def test_a_file_of_the_same_name_with_another_content_is_read_anew(tmp_path: Path) -> None:
    files = write(tmp_path, 1, {(1, FIRST): 4})
    assert points.rows_of(tmp_path, files, SPAN, 1)["curve"][0].as_py()[0] == 4
    files = write(tmp_path, 1, {(1, FIRST): 5, (2, FIRST): 7})
    assert points.rows_of(tmp_path, files, SPAN, 1)["curve"][0].as_py()[0] == 5


def test_many_threads_at_once(tmp_path: Path) -> None:
    days = [FIRST + timedelta(days=offset) for offset in range(40)]
    values = {(point, day): point * 100 + place for point in range(1, 30) for place, day in enumerate(days)}
    files = write(tmp_path, 1, values)

    def read(point: int) -> list[int]:
        return [curve[0] for curve in points.rows_of(tmp_path, files, SPAN, point)["curve"].to_pylist()]

    with ThreadPoolExecutor(8) as pool:
        for point, found in zip(range(1, 30), pool.map(read, range(1, 30)), strict=True):
            assert found == [point * 100 + place for place in range(40)]


def test_what_was_read_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write(tmp_path, 1, {(3, FIRST): 1})
    first = points.rows_of(tmp_path, files, SPAN, 3)
    monkeypatch.setattr(points._READER, "_connection", lambda: pytest.fail("the file was read again"))
    assert points.rows_of(tmp_path, files, SPAN, 3).to_pylist() == first.to_pylist()


def test_no_file_and_no_row_give_an_empty_table(tmp_path: Path) -> None:
    assert points.rows_of(tmp_path, [], SPAN, 1).num_rows == 0
    files = write(tmp_path, 1, {(1, FIRST): 4, (3, FIRST): 4})
    assert points.rows_of(tmp_path, files, SPAN, 2).num_rows == 0
    with pytest.raises(ValueError, match="end"):
        points.rows_of(tmp_path, files, DateSpan(FIRST, None), 1)
    assert points.rows_by_channel(tmp_path, {}, [SPAN], 1) == {}
