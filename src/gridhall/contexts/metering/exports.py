"""Readings as files for people and programs: CSV, Parquet and Green Button, made piece by piece.

Each function takes lake rows with the columns ``usage_point`` (the number, text), ``channel``, ``day``, ``curve``,
``quality``, ``missing`` and ``estimated``, sorted by usage point, channel and day.
"""

import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from gridhall.lake import curves, greenbutton
from gridhall.lake.curves import Quality
from gridhall.lake.daycurves import DayCurve, day_start
from gridhall.lake.needs import Channel

#: The rows that every writer takes.
ROWS: Final = pa.schema(
    [
        pa.field("usage_point", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("curve", pa.list_(pa.int32()), nullable=False),
        pa.field("quality", pa.list_(pa.int8())),
        pa.field("missing", pa.int16(), nullable=False),
        pa.field("estimated", pa.int16(), nullable=False),
    ]
)
_PLAIN: Final = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
_QUOTED: Final = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
#: Rows made into one piece of text: 96 lines each in the long form.
_ROWS_AT_ONCE: Final = 4_000


def long_csv(tables: Iterable[pa.Table], zone: str) -> Iterator[bytes]:
    """One line per slot: number, channel, start with its UTC offset, kWh (kvarh) with three places, quality.

    A missing slot has a line without a value; every value that was not measured is named in ``quality``.
    """
    yield b"usage_point,channel,start,kwh,quality\n"
    for rows in _pieces(tables):
        yield _written(_long(rows, zone))


def curve_csv(tables: Iterable[pa.Table]) -> Iterator[bytes]:
    """One line per usage point, channel and day: the day's curve in Wh (varh), slots in the order of time.

    Slots are separated by ``;`` and empty where missing; ``quality`` holds a code per slot and is empty where all are
    measured: 0 measured, 1 missing, 2 interpolated, 3 like day, 4 edited, 5 suspect.
    """
    yield b"usage_point,channel,day,curve_wh,quality,missing,estimated\n"
    for rows in _pieces(tables):
        yield _written(
            pa.table(
                {
                    "usage_point": rows["usage_point"],
                    "channel": rows["channel"],
                    "day": rows["day"],
                    "curve_wh": _joined(rows["curve"]),
                    "quality": _joined(rows["quality"]),
                    "missing": rows["missing"],
                    "estimated": rows["estimated"],
                }
            )
        )


def parquet(tables: Iterable[pa.Table]) -> Iterator[bytes]:
    """A Parquet file with one row per usage point, channel and day, in the columns of `ROWS`."""
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), ROWS, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table.cast(ROWS))
            yield sink.taken()
    yield sink.taken()


def green_button(tables: Iterable[pa.Table], *, zone: str, updated: datetime) -> Iterator[bytes]:
    """A Green Button feed that validates against the official schema."""
    return greenbutton.write(_days(tables), zone=zone, updated=updated)


def _days(tables: Iterable[pa.Table]) -> Iterator[DayCurve]:
    for rows in _pieces(tables):
        for row in rows.to_pylist():
            quality = row["quality"]
            yield DayCurve(
                row["usage_point"], Channel(row["channel"]), row["day"], tuple(row["curve"]),
                None if quality is None else tuple(quality),
            )  # fmt: skip


def _pieces(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    for table in tables:
        for first in range(0, table.num_rows, _ROWS_AT_ONCE):
            yield table.slice(first, _ROWS_AT_ONCE).combine_chunks()


def _long(rows: pa.Table, zone: str) -> pa.Table:
    curve = _one(rows["curve"])
    lengths = np.asarray(pc.list_value_length(curve), dtype=np.int64)
    parents = np.repeat(np.arange(len(lengths)), lengths)
    firsts = np.cumsum(lengths) - lengths
    slots = np.arange(len(parents)) - firsts[parents]
    values = curve.flatten()
    absent = np.asarray(values.is_null())
    # The texts of a kind of day are made once, and lines refer to them.
    kinds, kind_of = np.unique(np.column_stack([_day_numbers(rows), lengths]), axis=0, return_inverse=True)
    texts = [_starts(zone, date(1970, 1, 1) + timedelta(days=int(day)), int(count)) for day, count in kinds]
    bases = np.cumsum([0, *(len(each) for each in texts)])
    starts = pa.array([text for each in texts for text in each], pa.string())
    wh = np.asarray(values.fill_null(0), dtype=np.int64)
    return pa.table(
        {
            "usage_point": rows["usage_point"].take(pa.array(parents)),
            "channel": rows["channel"].take(pa.array(parents)),
            "start": starts.take(pa.array(bases[kind_of.ravel()][parents] + slots)),
            "kwh": pc.if_else(pa.array(absent), pa.scalar(None, pa.decimal128(15, 3)), _thousandths(wh)),
            "quality": _quality_names().take(pa.array(_qualities(rows, lengths, firsts, absent))),
        }
    )


def _qualities(
    rows: pa.Table, lengths: npt.NDArray[np.int64], firsts: npt.NDArray[np.int64], absent: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int8]:
    """The quality of each slot of all rows, in a row."""
    found = np.full(int(lengths.sum()), Quality.MEASURED, dtype=np.int8)
    told = _one(rows["quality"])
    with_quality = np.flatnonzero(np.asarray(told.is_valid()))
    if len(with_quality):
        counts = lengths[with_quality]
        where = np.repeat(firsts[with_quality] - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        found[where] = np.asarray(told.drop_null().flatten())
    found[absent] = Quality.MISSING
    return found


@lru_cache(maxsize=1)
def _quality_names() -> pa.Array:
    return pa.array([quality.name.lower() for quality in Quality])


@lru_cache(maxsize=2048)
def _starts(zone: str, day: date, count: int) -> tuple[str, ...]:
    length = timedelta(minutes=curves.resolution(zone, day, count))
    start, local = day_start(zone, day), ZoneInfo(zone)
    return tuple((start + slot * length).astimezone(local).isoformat(timespec="minutes") for slot in range(count))


def _thousandths(values: npt.NDArray[np.int64]) -> pa.Array:
    """Integers as decimals of a thousandth each: a decimal128 is a little-endian integer of two words."""
    words = np.empty((len(values), 2), dtype="<i8")
    words[:, 0], words[:, 1] = values, values >> 63
    return pa.Array.from_buffers(pa.decimal128(15, 3), len(values), [None, pa.py_buffer(words)])


def _joined(column: pa.ChunkedArray) -> pa.Array:
    """Lists of integers as text, ``1;2;;4``; an empty text for no list."""
    lists = _one(column)
    texts = pc.fill_null(lists.flatten().cast(pa.string()), "")
    lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0), dtype=np.int32)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    return pc.binary_join(pa.ListArray.from_arrays(offsets, texts), ";")


def _day_numbers(rows: pa.Table) -> npt.NDArray[np.int64]:
    return np.asarray(rows["day"].cast(pa.int32()), dtype=np.int64)


def _one(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def _written(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    try:
        pyarrow.csv.write_csv(table, sink, _PLAIN)
    except pa.ArrowInvalid:  # a number with a comma or a quote in it
        sink = io.BytesIO()
        pyarrow.csv.write_csv(table, sink, _QUOTED)
    return sink.getvalue()


class _Sink(io.RawIOBase):
    """A file whose bytes are taken away as they are written."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._held.append(piece)
        self._position += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        piece = b"".join(self._held)
        self._held.clear()
        return piece
