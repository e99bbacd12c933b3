"""Arrow tables into PostgreSQL and back by COPY: the way of millions of rows.

In: binary COPY. Integers, text, booleans, dates, timestamps, decimals and lists of integers go as they are; a span of
days, which Arrow has no type for, is made with `dateranges`. Out: COPY as CSV, read by Arrow's own reader.
"""

import io
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from django.db import connection
from pgpq import ArrowToPostgresBinaryEncoder
from psycopg import sql

#: Rows handed to COPY at a time: enough to be fast, few enough to hold.
BATCH_ROWS: Final = 65_536
_EPOCH: Final = date(2000, 1, 1).toordinal() - date(1970, 1, 1).toordinal()
_LOWER_INCLUSIVE: Final = 0x02
_UPPER_INFINITE: Final = 0x10


def copy_in(table: str, rows: pa.Table | Iterable[pa.RecordBatch], columns: Sequence[str] = ()) -> int:
    """This will append rows to a table inside the caller's transaction and give their number.

    Args:
        table: the name of the database table.
        rows: Arrow columns named as the table's columns; columns of the table that are absent take their default.
        columns: which of them to copy, and all where empty.

    Arrow integers must have the width of the database column (int16 smallint, int32 integer, int64 bigint).
    """
    batches: Iterator[pa.RecordBatch]
    if isinstance(rows, pa.Table):
        rows = rows.select(list(columns)) if columns else rows
        batches, schema = iter(rows.to_batches(BATCH_ROWS)), rows.schema
    else:
        batches = iter(rows)
        first = next(batches, None)
        if first is None:
            return 0
        batches, schema = _chain(first, batches), first.schema
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, schema.names))
    )
    # Dictionaries are how Arrow repeats itself cheaply; the wire wants plain values.
    schema = pa.schema(
        [pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in schema]
    )
    encoder = ArrowToPostgresBinaryEncoder(schema)
    count = 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(encoder.write_header())
        for batch in batches:
            count += batch.num_rows
            copy.write(encoder.write_batch(batch.cast(schema) if batch.schema != schema else batch))
        copy.write(encoder.finish())
    return count


def copy_out(query: str, parameters: Sequence[Any], schema: pa.Schema) -> pa.Table:
    """This will run a query and give its rows as a table with the given columns, in order.

    Arrays of integers arrive as lists: name their type ``pa.list_(…)`` in the schema.
    """
    return pa.Table.from_batches(copy_out_batches(query, parameters, schema), schema=schema)


def copy_out_batches(query: str, parameters: Sequence[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """This will run a query and give its rows batch by batch, holding no more than a few megabytes at a time."""
    text = pa.schema([pa.field(f.name, pa.string() if pa.types.is_list(f.type) else f.type) for f in schema])
    with connection.cursor() as cursor:
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT CSV)").format(_bound(cursor, query, parameters))
        with cursor.copy(statement) as copy, _Blocks(copy) as blocks:
            if not blocks.fill():
                return
            reader = pa.csv.open_csv(
                pa.PythonFile(blocks, mode="r"),
                read_options=pa.csv.ReadOptions(column_names=schema.names, block_size=8 << 20, use_threads=False),
                # COPY quotes an empty text and leaves NULL bare.
                parse_options=pa.csv.ParseOptions(newlines_in_values=True),
                convert_options=pa.csv.ConvertOptions(
                    column_types=text, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
                    true_values=["t"], false_values=["f"],
                ),
            )  # fmt: skip
            for batch in reader:
                yield batch if text == schema else _with_lists(batch, schema)


def dateranges(starts: pa.Array, ends: pa.Array) -> pa.Array:
    """Spans of days ``[start, end)`` in the form that `copy_in` puts into a daterange column; a null end is open.

    >>> from datetime import date
    >>> len(dateranges(pa.array([date(2026, 1, 1)]), pa.array([None], pa.date32()))[0].as_py())
    9
    """
    lower = _days(starts).astype(">i4")
    upper = _days(ends).astype(">i4")
    open_ended = np.asarray(pc.is_null(ends))
    # flags, then for each finite bound its length (4) and days since 2000-01-01, big-endian
    whole = np.zeros((len(lower), 17), np.uint8)
    whole[:, 0] = np.where(open_ended, _LOWER_INCLUSIVE | _UPPER_INFINITE, _LOWER_INCLUSIVE)
    whole[:, 4] = whole[:, 12] = 4
    whole[:, 5:9] = lower.view(np.uint8).reshape(-1, 4)
    whole[:, 13:17] = upper.view(np.uint8).reshape(-1, 4)
    lengths = np.where(open_ended, 9, 17)
    keep = np.arange(17) < lengths[:, None]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return pa.Array.from_buffers(
        pa.large_binary(), len(lower), [None, pa.py_buffer(offsets), pa.py_buffer(whole[keep].tobytes())]
    )


def _days(days: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    flat = days.combine_chunks() if isinstance(days, pa.ChunkedArray) else days
    counted = flat.cast(pa.date32()).cast(pa.int32()).fill_null(0)
    return np.asarray(counted).astype(np.int64) - _EPOCH


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _bound(cursor: Any, query: str, parameters: Sequence[Any]) -> sql.Composable:
    # COPY takes no parameters; the driver writes them into the text, quoted by its own rules.
    binder = psycopg.ClientCursor(cursor.connection)
    return sql.SQL(binder.mogrify(query, list(parameters)))


def _with_lists(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        _integers(column, field.type) if pa.types.is_list(field.type) else column
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _integers(text: pa.Array, kind: pa.DataType) -> pa.Array:
    # '{1,2,3}' → [1, 2, 3]; '{}' → []; NULL stays null.
    inner = pc.utf8_slice_codeunits(text, 1, -1)
    split = pc.split_pattern(inner, ",")
    empty = np.asarray(pc.fill_null(pc.equal(inner, ""), False))
    lengths = np.where(empty, 0, np.asarray(pc.fill_null(pc.list_value_length(split), 0)))
    values = split.flatten().filter(pc.not_equal(split.flatten(), ""))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), values.cast(kind.value_type), mask=pc.is_null(text) if text.null_count else None
    ).cast(kind)


class _Blocks(io.RawIOBase):
    """The stream of a COPY as a file that can only be read."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy = copy
        self._rest = b""
        # Arrow reads ahead in a thread of its own; the connection is for one at a time.
        self._turn = threading.Lock()
        self._left = False

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, psycopg.Error):
            return
        # A reader that leaves early takes the rest off the wire: to cancel would end the caller's transaction.
        with self._turn:
            self._left = True
            while self._copy.read():
                pass

    def readable(self) -> bool:
        return True

    def fill(self) -> bool:
        """Whether there is anything to read."""
        if not self._rest and not self._left:
            self._rest = bytes(self._copy.read())
        return bool(self._rest)

    def read(self, size: int = -1) -> bytes:
        pieces, wanted = [], size if size >= 0 else 1 << 62
        with self._turn:
            while wanted > 0 and self.fill():
                pieces.append(self._rest[:wanted])
                self._rest = self._rest[wanted:]
                wanted -= len(pieces[-1])
        return b"".join(pieces)
