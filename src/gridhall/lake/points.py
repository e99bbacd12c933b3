"""The readings in force of one usage point, at once: for pages, where nobody waits for an engine to be opened.

One DuckDB serves the whole process, each thread through a connection of its own. Files of the lake never change, so
what was once read of a file and a usage point is kept. What comes out is what `readings.effective` gives.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.needs import Channel
from gridhall.lake.parts import LakeFile

#: So many bytes of what was read are kept in a process; a month at 96 slots a day is some 15 kB.
_KEPT: Final = 256 << 20
#: What keeping a part costs beside its data, by and large; parts without rows cost only this.
_ENTRY: Final = 500
_MEMORY: Final = "1GB"

#: So many bytes of usage-point ids are kept in a process, eight of each usage point of each file.
_IDS_KEPT: Final = 64 << 20

#: A file as it was when it was read: where, how large, when written.
_File = tuple[str, int, int]
#: A file and a usage point.
_Key = tuple[_File, int]


def rows_of(root: Path, files: Iterable[LakeFile], span: DateSpan, usage_point: int) -> pa.Table:
    """The newest row of each day of one usage point, by day, in the form of `curves.SCHEMA`.

    The same rows as ``freshness.in_order(readings.effective(…))``, in a few milliseconds; for any number of threads.

    Args:
        root: of the lake.
        files: of one channel, as the catalogue names them.
        span: the days wanted, with an end.
        usage_point: id.
    """
    # Of which channel the files are, they say themselves.
    return rows_by_channel(root, {Channel.IMPORT: files}, [span], usage_point)[Channel.IMPORT]


def rows_by_channel(
    root: Path, files: Mapping[Channel, Iterable[LakeFile]], spans: Sequence[DateSpan], usage_point: int
) -> dict[Channel, pa.Table]:
    """`rows_of` for several channels and spans with one reading of all their files.

    Args:
        root: of the lake.
        files: of each channel wanted, as the catalogue names them.
        spans: the days wanted, each with an end; a day in several of them comes once.
        usage_point: id.
    """
    if any(span.end is None for span in spans):
        raise ValueError(f"readings are read over spans with an end, not {', '.join(map(str, spans))}")
    chosen = {channel: [each for each in told if _near(each, spans, usage_point)] for channel, told in files.items()}
    parts = iter(_READER.parts(root, [file.path for told in chosen.values() for file in told], usage_point))
    return {channel: _newest([(file, next(parts)) for file in told], spans) for channel, told in chosen.items()}


def _near(file: LakeFile, spans: Sequence[DateSpan], usage_point: int) -> bool:
    """Whether a file may hold a day wanted of the usage point."""
    return file.usage_point_min <= usage_point <= file.usage_point_max and any(
        span.end is not None and file.first_day < span.end and span.start <= file.last_day for span in spans
    )


def _newest(parts: Sequence[tuple[LakeFile, pa.Table]], spans: Sequence[DateSpan]) -> pa.Table:
    """The row in force of each day of the spans, by day."""
    told = [(file, part) for file, part in parts if part.num_rows]
    if not told:
        return SCHEMA.empty_table()
    table = pa.concat_tables([part for _, part in told])
    # A revision stands above every base row; among revisions the newest version stands.
    rank = np.concatenate(
        [np.full(part.num_rows, file.version if file.revision else -1, dtype=np.int64) for file, part in told]
    )
    days = np.asarray(table["day"], dtype="datetime64[D]")
    wanted = np.zeros(len(days), dtype=np.bool_)
    for span in spans:
        wanted |= (days >= np.datetime64(span.start)) & (days < np.datetime64(span.end))
    inside = np.flatnonzero(wanted)
    order = inside[np.lexsort((rank[inside], days[inside]))]
    last: npt.NDArray[np.bool_] = np.append(days[order][1:] != days[order][:-1], True)[: len(order)]
    return table.take(pa.array(order[last])).combine_chunks()


class _Reader:
    """Reads and keeps what files hold of usage points."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, pa.Table] = OrderedDict()
        self._bytes = 0
        self._ids: OrderedDict[_File, npt.NDArray[np.int64]] = OrderedDict()
        self._ids_bytes = 0
        self._database: duckdb.DuckDBPyConnection | None = None
        self._process = 0
        self._threads = threading.local()

    def parts(self, root: Path, paths: Sequence[str], usage_point: int) -> list[pa.Table]:
        """The rows of a usage point in each of some files, in the order of the files."""
        keys = [(self._file(root / path), usage_point) for path in paths]
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
    def _file(path: Path) -> _File:
        # A home that was built anew may give other content the same name.
        status = path.stat()
        return str(path), status.st_size, status.st_mtime_ns

    def _holds(self, file: _File, usage_point: int) -> bool:
        """Whether a file has a row of a usage point; most have none fed in or of reactive energy."""
        with self._lock:
            ids = self._ids.get(file)
            if ids is not None:
                self._ids.move_to_end(file)
        if ids is None:
            column = pq.ParquetFile(file[0], memory_map=True).read(columns=["usage_point"])["usage_point"].to_numpy()
            ids = column[np.append(column[1:] != column[:-1], True)[: len(column)]]
            with self._lock:
                if file not in self._ids:
                    self._ids[file] = ids
                    self._ids_bytes += ids.nbytes + _ENTRY
                while self._ids_bytes > _IDS_KEPT:
                    _, oldest = self._ids.popitem(last=False)
                    self._ids_bytes -= oldest.nbytes + _ENTRY
        place = int(np.searchsorted(ids, usage_point))
        return place < len(ids) and int(ids[place]) == usage_point

    def _read(self, keys: Sequence[_Key], usage_point: int) -> dict[_Key, pa.Table]:
        found = dict.fromkeys(keys, SCHEMA.empty_table())
        wanted = {file[0]: (file, point) for file, point in keys if self._holds(file, point)}
        if not wanted:
            return found
        columns = ", ".join(SCHEMA.names)
        query = self._connection().sql(
            f"SELECT {columns}, filename FROM read_parquet(?, filename = true, hive_partitioning = false)"
            " WHERE usage_point = ?",
            params=[list(wanted), usage_point],
        )
        table = query.to_arrow_table().combine_chunks()
        names = pc.dictionary_encode(table["filename"]).combine_chunks()
        codes = names.indices.to_numpy()
        rows = table.select(SCHEMA.names).cast(SCHEMA)
        for code, name in enumerate(names.dictionary.to_pylist()):
            found[wanted[name]] = rows.take(pa.array(np.flatnonzero(codes == code)))
        return found

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
