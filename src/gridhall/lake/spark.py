"""Spark as the engine, for a lake that one machine cannot read fast enough.

A session is handed in, so where and how Spark runs is the caller's affair; see docs/how-to/run-on-spark.md. Only the
`gridhall[spark]` extra brings pyspark, and nothing else imports this module.
"""

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
from ibis.expr.types import ArrayValue, IntegerValue

from gridhall.lake.curves import SCHEMA
from gridhall.lake.engine import types_of, whole

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Spark:
    """A Spark session as an engine of the lake; it stays the caller's to stop.

    The paths of lake files are handed to Spark as they are: every executor must see them under the same name, and
    ``scheme`` is put before them (``"file://"``, ``"hdfs://namenode"``).
    """

    adds_elements_fast = False

    def __init__(self, spark: "SparkSession", *, scheme: str = "file://") -> None:
        self._spark = spark
        self._scheme = scheme
        self._names = (f"lake_{number}" for number in itertools.count())
        self._views: list[str] = []

    def parquet(self, paths: Sequence[Path]) -> ibis.Table:
        """See `engine.Session`."""
        if not paths:
            return self.table(SCHEMA.empty_table())
        frame = self._spark.read.parquet(*[f"{self._scheme}{path.absolute()}" for path in paths])
        return self._view(frame.select(*SCHEMA.names), types_of(SCHEMA))

    def table(self, data: pa.Table) -> ibis.Table:
        """See `engine.Session`."""
        return self._view(self._spark.createDataFrame(data), types_of(data.schema))

    def collect(self, expression: ibis.Table) -> pa.Table:
        """See `engine.Session`."""
        table: pa.Table = self._spark.sql(self.sql(expression)).toArrow()
        return table.cast(expression.schema().to_pyarrow())

    def batches(self, expression: ibis.Table, rows: int) -> Iterator[pa.RecordBatch]:
        """See `engine.Session`. All rows pass through the driver."""
        yield from self.collect(expression).to_batches(rows)

    def sql(self, expression: ibis.Table) -> str:
        """The expression in Spark's SQL."""
        return str(ibis.to_sql(expression, dialect="pyspark"))

    def part(self, curve: ArrayValue, first: IntegerValue | int, stop: IntegerValue | int) -> ArrayValue:
        """See `engine.Session`."""
        return _slice(curve, (whole(first) + 1).cast("int32"), (whole(stop) - whole(first)).cast("int32"))

    def total(self, curve: ArrayValue) -> IntegerValue:
        """See `engine.Session`. Ibis' own sum begins anew after each NULL on Spark, so none may be left."""
        known = curve.map(lambda value: value.fill_null(0).cast("int64"))
        return known.sums().fill_null(0)

    def element(self, curve: ArrayValue, place: int) -> IntegerValue:
        """See `engine.Session`."""
        return _get(curve, ibis.literal(place, "int32"))

    def product(self, curve: ArrayValue, other: ArrayValue) -> IntegerValue:
        """See `engine.Session`."""
        products = curve.zip(other).map(lambda pair: (pair.f1.cast("int64") * pair.f2).fill_null(0))
        return products.sums().fill_null(0)

    @contextmanager
    def scratch(self) -> Iterator[None]:
        """See `engine.Session`."""
        begin = len(self._views)
        try:
            yield
        finally:
            for name in self._views[begin:]:
                self._spark.catalog.dropTempView(name)
            del self._views[begin:]

    def close(self) -> None:
        """See `engine.Session`; Spark itself goes on."""

    def _view(self, frame: object, schema: ibis.Schema) -> ibis.Table:
        name = next(self._names)
        frame.createOrReplaceTempView(name)  # type: ignore[attr-defined]
        self._views.append(name)
        return ibis.table(schema, name=name)


@ibis.udf.scalar.builtin(name="slice", signature=((dt.Array(dt.int32), dt.int32, dt.int32), dt.Array(dt.int32)))
def _slice(curve, first, length):  # type: ignore[no-untyped-def]
    """Spark's own, counting from 1."""


@ibis.udf.scalar.builtin(name="get", signature=((dt.Array(dt.int32), dt.int32), dt.int32))
def _get(curve, place):  # type: ignore[no-untyped-def]
    """Spark's own, counting from 0, NULL beyond the end."""


@contextmanager
def local(folder: Path, *, cores: int) -> Iterator["SparkSession"]:
    """Spark inside this machine, without network or web page, working files in ``folder``; for tests and trials."""
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql import SparkSession

    started = (
        SparkSession.builder.master(f"local[{cores}]")
        .appName("gridhall")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.local.dir", str(folder))
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={folder} -Djava.io.tmpdir={folder}")
        .config("spark.sql.shuffle.partitions", cores)
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    try:
        yield started
    finally:
        started.stop()
