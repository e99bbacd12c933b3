"""Rows of a running import that wait on disk: days to be merged or looked at again, and rows for the quarantine."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.lake.curves import Quality
from gridhall.lake.formats import NO_VALUE, Rejected

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

_DAYS: Final = pa.schema(
    [
        pa.field("usage_point", pa.int64()),
        pa.field("day", pa.int32()),
        pa.field("sparse", pa.bool_()),
        pa.field("revision", pa.bool_()),
        pa.field("look", pa.bool_()),
        pa.field("wh", pa.list_(pa.int32())),
        pa.field("quality", pa.list_(pa.int8())),
    ]
)


class DaySpool:
    """Days in a file of a temporary folder; `NO_VALUE` where missing.

    ``look`` says that a row may hold a spike, ``revision`` that it replaces an older one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None
        self.rows = 0

    def add(
        self, usage_points: Int64s, days: npt.NDArray[np.integer[Any]], wh: Int32s, *, sparse: bool = False,
        revision: bool = False, look: npt.NDArray[np.bool_] | None = None,
        quality: npt.NDArray[np.int8] | None = None,
    ) -> None:  # fmt: skip
        """This will put rows of equal slot count on disk."""
        count, slots = wh.shape
        if not count:
            return
        if quality is None:
            quality = np.where(wh == NO_VALUE, np.int8(Quality.MISSING), np.int8(Quality.MEASURED)).astype(np.int8)
        offsets = pa.array(np.arange(count + 1, dtype=np.int32) * slots)
        batch = pa.record_batch(
            [
                pa.array(usage_points),
                pa.array(days.astype(np.int32)),
                pa.array(np.full(count, sparse)),
                pa.array(np.full(count, revision)),
                pa.array(np.zeros(count, dtype=np.bool_) if look is None else look),
                pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(wh).ravel())),
                pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(quality).ravel())),
            ],
            schema=_DAYS,
        )
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self._path), _DAYS)
        self._writer.write_batch(batch)
        self.rows += count

    def table(self) -> pa.Table:
        """All rows, mapped into memory rather than read."""
        if self._writer is None:
            return _DAYS.empty_table()
        self._writer.close()
        with pa.memory_map(str(self._path)) as source:
            return pa.ipc.open_file(source).read_all()

    def close(self) -> None:
        """This will end writing."""
        if self._writer is not None:
            self._writer.close()


_REJECTED: Final = pa.schema(
    [
        pa.field("line", pa.int64()),
        *(pa.field(name, pa.string()) for name in ("field", "value", "code", "reason", "remedy")),
        pa.field("original", pa.list_(pa.string())),
    ]
)


class RejectedSpool:
    """Rows for the quarantine in a file of a temporary folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None
        self.rows = 0

    def add(self, rows: Sequence[Rejected]) -> None:
        """This will put rows on disk."""
        if not rows:
            return
        columns = [[getattr(row, name) for row in rows] for name in _REJECTED.names[:-1]]
        columns.append([list(row.original) for row in rows])
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self._path), _REJECTED)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, _REJECTED, strict=True)]
        self._writer.write_batch(pa.record_batch(arrays, schema=_REJECTED))
        self.rows += len(rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows, by column name; NUL, which a database text cannot hold, as its picture."""
        if self._writer is None:
            return
        self._writer.close()
        with pa.memory_map(str(self._path)) as source:
            reader = pa.ipc.open_file(source)
            for at in range(reader.num_record_batches):
                for row in reader.get_batch(at).to_pylist():
                    yield {name: _storable(value) for name, value in row.items()}

    def close(self) -> None:
        """This will end writing."""
        if self._writer is not None:
            self._writer.close()


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "␀")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return value
