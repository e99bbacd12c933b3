"""Writing readings into the lake: sorted Parquet parts, durable before anyone is told of them.

A part is written under a name that nobody reads, and is visible only once its `LakeFile` stands in the catalogue, which
the caller keeps in its database; so one transaction there makes a whole import visible, or nothing of it. What a killed
import leaves behind is named by no catalogue row, and `sweep` removes it.
"""

import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gridhall.lake.curves import SCHEMA
from gridhall.lake.needs import Channel

#: Rows of a row group: some 800,000 values at 96 a day. So one usage point is read in a few milliseconds, and a scan of
#: all is no slower than with larger groups.
ROW_GROUP_ROWS: Final = 8_192

#: Rows that a writer holds before it writes a part; about 400 bytes each at 96 values a day.
ROWS_IN_MEMORY: Final = 600_000


@dataclass(frozen=True)
class LakeFile:
    """One immutable Parquet file of the lake, as the catalogue knows it.

    Invariants: rows are sorted by usage point, then day; all days lie in ``month``.
    """

    path: str  # relative to the lake's root, with forward slashes
    channel: Channel
    month: str  # YYYY-MM
    first_day: date
    last_day: date  # inclusive
    rows: int
    usage_point_min: int
    usage_point_max: int
    version: int
    revision: bool  # its rows replace older rows of the same usage point and day


class PartWriter:
    """Takes lake rows in any order and writes them as sorted parts, one month in each.

    Memory is bounded by ``rows_in_memory``: when that many rows wait, the month with the most of them is written out.
    Parts whose rows came in order of usage point do not overlap, so a reader opens only those it needs.

    Args:
        root: of the lake.
        version: of the import; no other import may use it.
        revision: whether rows of older versions may exist for the same usage points and days.
        first_number: of the parts; where one import has several writers, their numbers must not meet.
    """

    def __init__(
        self,
        root: Path,
        channel: Channel,
        version: int,
        *,
        revision: bool = False,
        first_number: int = 0,
        rows_in_memory: int = ROWS_IN_MEMORY,
    ) -> None:
        self._root = root
        self._channel = channel
        self._version = version
        self._revision = revision
        self._limit = rows_in_memory
        self._waiting: dict[str, list[pa.Table]] = {}
        self._rows: dict[str, int] = {}
        self._files: list[LakeFile] = []
        self._first_number = self._number = first_number
        # One part is written while the caller prepares the next; Arrow releases the interpreter lock meanwhile.
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lake-parts")
        self._writing: Future[LakeFile] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.abandon()

    def write(self, table: pa.Table) -> None:
        """Take rows in the form of `curves.SCHEMA`."""
        if not table.num_rows:
            return
        table = table.select(SCHEMA.names).cast(SCHEMA)
        for month, part in _by_month(table):
            self._waiting.setdefault(month, []).append(part)
            self._rows[month] = self._rows.get(month, 0) + part.num_rows
        while sum(self._rows.values()) >= self._limit:
            self._flush(max(self._rows, key=lambda month: self._rows[month]))

    def close(self) -> list[LakeFile]:
        """Write what waits, make all parts and their folders durable, and name them."""
        for month in sorted(self._waiting):
            self._flush(month)
        self._settle()
        self._pool.shutdown()
        for folder in {(self._root / file.path).parent for file in self._files}:
            for each in (folder, folder.parent, self._root):
                _sync_folder(each)
        return list(self._files)

    def abandon(self) -> None:
        """Remove what has been written; for an import that failed."""
        self._waiting.clear()
        self._rows.clear()
        if self._writing is not None:
            self._writing.exception()
            self._writing = None
        self._pool.shutdown()
        for number in range(self._first_number, self._number):
            for path in (self._root / self._channel).glob(f"month=*/{self._version}-{number}.parquet"):
                path.unlink(missing_ok=True)
        self._files.clear()

    def _flush(self, month: str) -> None:
        table = pa.concat_tables(self._waiting.pop(month))
        del self._rows[month]
        path = f"{self._channel.value}/month={month}/{self._version}-{self._number}.parquet"
        self._number += 1
        self._settle()
        self._writing = self._pool.submit(self._write_part, table, path, month)

    def _settle(self) -> None:
        if self._writing is not None:
            self._files.append(self._writing.result())
            self._writing = None

    def _write_part(self, table: pa.Table, path: str, month: str) -> LakeFile:
        table = _in_order(table)
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as sink:
            pq.write_table(table, sink, **_parquet_options())
            sink.flush()
            os.fsync(sink.fileno())
        days = pc.min_max(table["day"])
        points = table["usage_point"]
        return LakeFile(
            path=path,
            channel=self._channel,
            month=month,
            first_day=days["min"].as_py(),
            last_day=days["max"].as_py(),
            rows=table.num_rows,
            usage_point_min=points[0].as_py(),
            usage_point_max=points[-1].as_py(),
            version=self._version,
            revision=self._revision,
        )


def sweep(root: Path, catalogued: Iterable[str]) -> list[str]:
    """Remove the parts that no catalogue row names and return their paths.

    Call only while no import is being written: its parts are not catalogued yet.
    """
    known = set(catalogued)
    removed = []
    for path in sorted(root.glob("*/month=*/*.parquet")):
        name = path.relative_to(root).as_posix()
        if name not in known:
            path.unlink(missing_ok=True)
            removed.append(name)
    return removed


def _parquet_options() -> dict[str, Any]:
    # Neighbouring slots differ by little, so deltas pack them as tightly as a general compressor would, and faster.
    return {
        "compression": "snappy",
        "use_dictionary": False,
        "column_encoding": {
            "usage_point": "DELTA_BINARY_PACKED",
            "day": "DELTA_BINARY_PACKED",
            "curve.list.element": "DELTA_BINARY_PACKED",
            "missing": "PLAIN",
            "estimated": "PLAIN",
        },
        "row_group_size": ROW_GROUP_ROWS,
        "write_statistics": ["usage_point", "day"],
        "store_schema": False,
    }


def _by_month(table: pa.Table) -> list[tuple[str, pa.Table]]:
    months = _days(table).astype("datetime64[M]")
    found = np.unique(months)
    if len(found) == 1:
        return [(str(found[0]), table)]
    return [(str(month), table.filter(pa.array(months == month))) for month in found]


def _in_order(table: pa.Table) -> pa.Table:
    points = table["usage_point"].to_numpy()
    days = _days(table)
    step = np.diff(points)
    if bool(((step > 0) | ((step == 0) & (days[1:] > days[:-1]))).all()):
        return table
    order = np.lexsort((days, points))
    return table.take(pa.array(order))


def _days(table: pa.Table) -> npt.NDArray[np.datetime64]:
    return np.asarray(table["day"].to_numpy(), dtype="datetime64[D]")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
