"""A session with an engine: where expressions over the lake are carried out.

Expressions are written once, in Ibis. A session says where the tables come from, hands the compiled expression to its
engine, and gives back Arrow. Whatever differs from engine to engine stands here and nowhere else.
"""

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import duckdb
import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
from ibis.expr.types import ArrayValue, IntegerValue

from gridhall.lake.curves import SCHEMA

#: The slots of the commonest day, in quarter-hours.
_USUAL: Final = 96


class Session(Protocol):
    """What the lake asks of an engine.

    Attributes:
        adds_elements_fast: whether single elements of an array are added faster than a slice of them.
    """

    adds_elements_fast: bool

    def parquet(self, paths: Sequence[Path]) -> ibis.Table:
        """Lake files as one table in the form of `curves.SCHEMA`; no path gives an empty table."""

    def table(self, data: pa.Table) -> ibis.Table:
        """An Arrow table as a table of this engine, kept until the enclosing `scratch` ends."""

    def collect(self, expression: ibis.Table) -> pa.Table:
        """Carry out an expression and return all its rows."""

    def batches(self, expression: ibis.Table, rows: int) -> Iterator[pa.RecordBatch]:
        """Carry out an expression and return its rows piece by piece, in no particular order."""

    def part(self, curve: ArrayValue, first: IntegerValue | int, stop: IntegerValue | int) -> ArrayValue:
        """The elements ``first`` up to but not including ``stop``, counted from 0; ``0 <= first <= stop``."""

    def total(self, curve: ArrayValue) -> IntegerValue:
        """The sum of an array's known elements as int64; 0 where there is none."""

    def element(self, curve: ArrayValue, place: int) -> IntegerValue:
        """The element at a place counted from 0; NULL beyond the end."""

    def product(self, curve: ArrayValue, other: ArrayValue) -> IntegerValue:
        """The sum, as int64, of the products of the elements of two arrays of one length; NULL elements add nothing."""

    @contextmanager
    def scratch(self) -> Iterator[None]:
        """Forget, at the end, the tables handed over since the beginning."""

    def close(self) -> None:
        """Let go of the engine."""


class DuckDB:
    """DuckDB inside this process: one machine, all cores. A slice copies; elements are taken where they lie.

    Args:
        threads: None takes all cores.
        memory_limit: as DuckDB writes it, ``"4GB"``; beyond it, it spills into ``spill``.
        spill: folder for what does not fit into memory; None: the system's temporary folder.
    """

    adds_elements_fast = True

    def __init__(self, threads: int | None = None, memory_limit: str | None = None, spill: Path | None = None) -> None:
        self._backend = ibis.duckdb.connect()
        self._connection: duckdb.DuckDBPyConnection = self._backend.con
        settings: dict[str, Any] = {
            "threads": threads or os.cpu_count() or 1,
            # The order of rows means nothing here, and keeping it costs memory.
            "preserve_insertion_order": False,
            "enable_progress_bar": False,
        }
        if memory_limit is not None:
            settings["memory_limit"] = memory_limit
        if spill is not None:
            settings["temp_directory"] = str(spill)
        for name, value in settings.items():
            self._connection.execute(f"SET {name} = {_literal(value)}")
        self._names = (f"lake_{number}" for number in itertools.count())
        self._views: list[str] = []
        self._registered: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def parquet(self, paths: Sequence[Path]) -> ibis.Table:
        """See `Session`."""
        if not paths:
            return self.table(SCHEMA.empty_table())
        name = next(self._names)
        listed = ", ".join(_literal(str(path)) for path in paths)
        columns = ", ".join(SCHEMA.names)
        self._connection.execute(
            f"CREATE TEMP VIEW {name} AS SELECT {columns} FROM read_parquet([{listed}], hive_partitioning = false)"
        )
        self._views.append(name)
        return ibis.table(types_of(SCHEMA), name=name)

    def table(self, data: pa.Table) -> ibis.Table:
        """See `Session`."""
        name = next(self._names)
        self._connection.register(name, data)
        self._registered.append(name)
        return ibis.table(types_of(data.schema), name=name)

    def collect(self, expression: ibis.Table) -> pa.Table:
        """See `Session`."""
        table = self.run(self.sql(expression))
        # Sums come back in 128 bits; the expression's own types are what was asked for.
        return table.cast(expression.schema().to_pyarrow())

    def run(self, sql: str) -> pa.Table:
        """Carry out SQL of DuckDB's own, for what stands beside the lake: references, diagnostics."""
        table: pa.Table = self._connection.sql(sql).to_arrow_table()
        return table

    def batches(self, expression: ibis.Table, rows: int) -> Iterator[pa.RecordBatch]:
        """See `Session`."""
        yield from self._connection.sql(self.sql(expression)).to_arrow_reader(rows)

    def sql(self, expression: ibis.Table) -> str:
        """The expression in this engine's SQL."""
        return str(ibis.to_sql(expression, dialect="duckdb"))

    def part(self, curve: ArrayValue, first: IntegerValue | int, stop: IntegerValue | int) -> ArrayValue:
        """See `Session`. Ibis' own slice asks of every row whether its bounds are negative; ours never are."""
        return _list_slice(curve, whole(first) + 1, whole(stop))

    def total(self, curve: ArrayValue) -> IntegerValue:
        """See `Session`. DuckDB adds in 128 bits and Ibis does not know, so the cast must be of our making."""
        return _list_sum(curve).cast("int64").fill_null(0)

    def element(self, curve: ArrayValue, place: int) -> IntegerValue:
        """See `Session`."""
        return _list_extract(curve, whole(place + 1))

    def product(self, curve: ArrayValue, other: ArrayValue) -> IntegerValue:
        """See `Session`."""
        products = curve.zip(other).map(lambda pair: pair.f1.cast("int64") * pair.f2)
        general = _list_sum_long(products).cast("int64").fill_null(0)
        # Most curves are of 96 slots, and their products are added where they lie; NULL, of a gap, falls to the above.
        usual = ibis.cases((curve.length() == _USUAL, ibis.literal(0, "int64")), else_=ibis.null("int64"))
        for place in range(1, _USUAL + 1):
            one, two = _list_extract(curve, whole(place)), _list_extract_long(other, whole(place))
            usual = usual + one.cast("int64") * two
        return ibis.coalesce(usual, general)

    @contextmanager
    def scratch(self) -> Iterator[None]:
        """See `Session`."""
        views, registered = len(self._views), len(self._registered)
        try:
            yield
        finally:
            for name in self._views[views:]:
                self._connection.execute(f"DROP VIEW IF EXISTS {name}")
            for name in self._registered[registered:]:
                self._connection.unregister(name)
            del self._views[views:], self._registered[registered:]

    def close(self) -> None:
        """See `Session`."""
        self._connection.close()


@ibis.udf.scalar.builtin(name="list_slice", signature=((dt.Array(dt.int32), dt.int64, dt.int64), dt.Array(dt.int32)))
def _list_slice(curve, first, last):  # type: ignore[no-untyped-def]
    """DuckDB's own, counting from 1, both ends included."""


@ibis.udf.scalar.builtin(name="list_sum", signature=((dt.Array(dt.int32),), dt.Decimal(38, 0)))
def _list_sum(curve):  # type: ignore[no-untyped-def]
    """DuckDB's own, which adds in 128 bits."""


@ibis.udf.scalar.builtin(name="list_sum", signature=((dt.Array(dt.int64),), dt.Decimal(38, 0)))
def _list_sum_long(values):  # type: ignore[no-untyped-def]
    """DuckDB's own, which adds in 128 bits."""


@ibis.udf.scalar.builtin(name="list_extract", signature=((dt.Array(dt.int32), dt.int64), dt.int32))
def _list_extract(curve, place):  # type: ignore[no-untyped-def]
    """DuckDB's own, counting from 1."""


@ibis.udf.scalar.builtin(name="list_extract", signature=((dt.Array(dt.int64), dt.int64), dt.int64))
def _list_extract_long(values, place):  # type: ignore[no-untyped-def]
    """DuckDB's own, counting from 1."""


def whole(value: IntegerValue | int) -> IntegerValue:
    """An integer as an expression, so that arithmetic with it is the engine's."""
    return ibis.literal(value, "int64") if isinstance(value, int) else value


def types_of(schema: pa.Schema) -> ibis.Schema:
    """An Arrow schema in Ibis' terms; every column may be NULL, as engines see it."""
    plain = ibis.Schema.from_pyarrow(schema)
    return ibis.Schema({name: each.copy(nullable=True) for name, each in plain.items()})


def session(threads: int | None = None, memory_limit: str | None = None, spill: Path | None = None) -> DuckDB:
    """Open DuckDB on this machine; see `DuckDB` for the arguments."""
    return DuckDB(threads, memory_limit, spill)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"
