"""Guards: what goes into PostgreSQL by COPY comes out as it was: numbers, text, days, spans, lists, and nothing."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gridhall.runtime.copy import copy_in, copy_out, copy_out_batches, dateranges

pytestmark = pytest.mark.django_db
DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 30))
ROWS = st.tuples(
    st.none() | st.integers(-(2**15), 2**15 - 1),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.none() | st.booleans(),
    st.none() | DAYS,
    st.tuples(DAYS, st.none() | st.integers(1, 30_000)),
    st.none() | st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4),
    st.none() | st.lists(st.integers(-(2**15), 2**15 - 1), max_size=4),
)
SCHEMA = pa.schema(
    [
        ("small", pa.int16()),
        ("big", pa.int64()),
        ("text", pa.string()),
        ("flag", pa.bool_()),
        ("day", pa.date32()),
        ("start", pa.date32()),
        ("end", pa.date32()),
        ("bigs", pa.list_(pa.int64())),
        ("smalls", pa.list_(pa.int16())),
    ]
)


@hypothesis_settings(max_examples=60)
@given(rows=st.lists(ROWS, max_size=6))
def test_there_and_back(rows: list[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * 8
    starts = [span[0] for span in columns[5]]
    ends = [
        min(start + timedelta(length), date(2999, 12, 31)) if length else None
        for start, length in columns[5]  # type: ignore[misc]
    ]
    values = [*columns[:5], starts, ends, *columns[6:]]
    table = pa.table([pa.array(list(v), f.type) for v, f in zip(values, SCHEMA, strict=True)], schema=SCHEMA)
    written = table.drop_columns(["start", "end"]).append_column("span", dateranges(table["start"], table["end"]))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            'CREATE TEMPORARY TABLE there (id bigint GENERATED ALWAYS AS IDENTITY, small smallint, big bigint, "text"'
            " text, flag boolean, day date, span daterange, bigs bigint[], smalls smallint[]) ON COMMIT DROP"
        )
        assert copy_in("there", written) == len(rows)
        query = 'SELECT small, big, "text", flag, day, lower(span), upper(span), bigs, smalls FROM there ORDER BY id'
        back = copy_out(query, [], SCHEMA)
        transaction.set_rollback(True)
    assert back.to_pylist() == table.to_pylist()


def test_dictionaries_batches_times_and_chosen_columns() -> None:
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    table = pa.table({"name": pa.array(["一", "二", "一"]).dictionary_encode(), "at": [moment] * 3, "other": [1, 2, 3]})
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE several (name text, at timestamptz) ON COMMIT DROP")
        assert copy_in("several", table, columns=["name", "at"]) == 3
        assert copy_in("several", iter(table.select(["name", "at"]).to_batches())) == 3
        assert copy_in("several", iter([])) == 0
        cursor.execute("SELECT name, at, count(*) FROM several GROUP BY 1, 2 ORDER BY 3")
        assert cursor.fetchall() == [("二", moment, 2), ("一", moment, 4)]


def test_parameters_are_data_not_text_of_the_query() -> None:
    evil = "'; DROP TABLE x; -- {0} %s"
    back = copy_out("SELECT %s::text, '{a}'", [evil], pa.schema([("a", pa.string()), ("b", pa.string())]))
    assert back.to_pylist() == [{"a": evil, "b": "{a}"}]


def test_large_results_arrive_in_batches() -> None:
    query = "SELECT n, repeat('x', 100) FROM generate_series(1, %s) n"
    sizes = [
        batch.num_rows
        for batch in copy_out_batches(query, [200_000], pa.schema([("n", pa.int64()), ("x", pa.string())]))
    ]
    assert sum(sizes) == 200_000
    assert len(sizes) > 1


def test_a_result_may_be_left_half_read() -> None:
    query = "SELECT n, repeat('x', 100) FROM generate_series(1, 200000) n"
    batches = copy_out_batches(query, [], pa.schema([("n", pa.int64()), ("x", pa.string())]))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
