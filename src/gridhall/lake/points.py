"""The readings in force of one usage point, at once: for pages, where nobody waits for an engine to be opened.

One DuckDB serves the whole process, each thread through a connection of its own. Files of the lake never change, so
what was once read of a file and a usage point is kept. What comes out is what `readings.effective` gives.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.parts import LakeFile

#: So many bytes of what was read are kept in a process; a month at 96 slots a day is some 15 kB.
_KEPT: Final = 256 << 20
#: What keeping a part costs beside its data, by and large; parts without rows cost only this.
_ENTRY: Final = 500
_MEMORY: Final = "1GB"

#: A file as it was when it was read: where, how large, when written.
_Key = tuple[str, int, int, int]


def rows_of(root: Path, files: Iterable[LakeFile], span: DateSpan, usage_point: int) -> pa.Table:
    """The newest row of each day of one usage point, by day, in the form of `curves.SCHEMA`.

    The same rows as ``freshness.in_order(readings.effective(…))``, in a few milliseconds; for any number of threads.

    Args:
        root: of the lake.
        files: of one channel, as the catalogue names them.
        span: the days wanted, with an end.
        usage_point: id.
    """
    if span.end is None:
        raise ValueError(f"readings are read over a span with an end, not {span}")
    chosen = [
        file
        for file in files
        if file.first_day < span.end
        and span.start <= file.last_day
        and file.usage_point_min <= usage_point <= file.usage_point_max
    ]
    parts = _READER.parts(root, [file.path for file in chosen], usage_point)
    told = [(file, part) for file, part in zip(chosen, parts, strict=True) if part.num_rows]
    if not told:
        return SCHEMA.empty_table()
    table = pa.concat_tables([part for _, part in told])
    # A revision stands above every base row; among revisions the newest version stands.
    rank = np.concatenate(
        [np.full(part.num_rows, file.version if file.revision else -1, dtype=np.int64) for file, part in told]
    )
    days = np.asarray(table["day"], dtype="datetime64[D]")
    inside = np.flatnonzero((days >= np.datetime64(span.start)) & (days < np.datetime64(span.end)))
    order = inside[np.lexsort((rank[inside], days[inside]))]
    last: npt.NDArray[np.bool_] = np.append(days[order][1:] != days[order][:-1], True)[: len(order)]
    return table.take(pa.array(order[last])).combine_chunks()


class _Reader:
    """Reads and keeps what files hold of usage points."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, pa.Table] = OrderedDict()
        self._bytes = 0
        self._database: duckdb.DuckDBPyConnection | None = None
        self._process = 0
        self._threads = threading.local()

    def parts(self, root: Path, paths: Sequence[str], usage_point: int) -> list[pa.Table]:
        """The rows of a usage point in each of some files, in the order of the files."""
        keys = [self._key(root / path, usage_point) for path in paths]
        found: dict[_Key, pa.Table] = {}
        with self._lock:
            for key in keys:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    found[key] = self._kept[key]
        missing = [key for key in keys if key not in found]
        if missing:
            found |= self._read(missing, usage_point)
            with self._lock:
                self._keep({key: found[key] for key in missing})
        return [found[key] for key in keys]

    def _keep(self, parts: dict[_Key, pa.Table]) -> None:
        for key, part in parts.items():
            if key not in self._kept:
                self._kept[key] = part
                self._bytes += part.nbytes + _ENTRY
        while self._bytes > _KEPT:
            _, part = self._kept.popitem(last=False)
            self._bytes -= part.nbytes + _ENTRY

    @staticmethod
    def _key(path: Path, usage_point: int) -> _Key:
        # A home that was built anew may give other content the same name.
        status = path.stat()
        return str(path), status.st_size, status.st_mtime_ns, usage_point

    def _read(self, keys: Sequence[_Key], usage_point: int) -> dict[_Key, pa.Table]:
        columns = ", ".join(SCHEMA.names)
        found = self._connection().sql(
            f"SELECT {columns}, filename FROM read_parquet(?, filename = true, hive_partitioning = false)"
            " WHERE usage_point = ?",
            params=[[key[0] for key in keys], usage_point],
        )
        table = found.to_arrow_table()
        names = np.asarray(table["filename"].to_pylist(), dtype=object)
        rows = table.select(SCHEMA.names).cast(SCHEMA).combine_chunks()
        empty = SCHEMA.empty_table()
        places = {key: np.flatnonzero(names == key[0]) for key in keys}
        return {key: rows.take(pa.array(at)) if len(at) else empty for key, at in places.items()}

    def _connection(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._database is None or self._process != os.getpid():
                # A connection does not outlive a fork.
                self._database = duckdb.connect()
                self._process = os.getpid()
                self._threads = threading.local()
                for name, value in {
                    "enable_progress_bar": "false",
                    "memory_limit": f"'{_MEMORY}'",
                    "parquet_metadata_cache": "true",
                }.items():
                    self._database.execute(f"SET {name} = {value}")
            if not hasattr(self._threads, "connection"):
                self._threads.connection = self._database.cursor()
            connection: duckdb.DuckDBPyConnection = self._threads.connection
            return connection


_READER: Final = _Reader()
