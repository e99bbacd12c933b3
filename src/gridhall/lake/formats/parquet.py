"""Parquet files of readings: their columns as they stand, a row group at a time."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gridhall.lake.formats.bytes_in import MOST_EXPANSION, Found
from gridhall.lake.formats.errors import ColumnsUnknown, ExpandsTooFar, FileEmpty, FileRefused, ParquetDamaged
from gridhall.lake.formats.layout import Form, Layout, recognise
from gridhall.lake.formats.quantities import Unit

DAY_ROWS: Final = 8192
LONG_ROWS: Final = 262_144
#: A day of 5-minute slots and 25 hours; longer curves are not readings.
_LONGEST_CURVE: Final = 300


class ParquetRows:
    """A Parquet file as record batches of its needed columns.

    Raises:
        ParquetDamaged, FileEmpty, ColumnsUnknown: when its end already shows it.
    """

    def __init__(self, found: Found, unit: Unit | None, wanted: Form | None) -> None:
        self._place = str(found.path)
        self.share = 0.0  # of the rows that were read
        try:
            self._file = pq.ParquetFile(found.path, pre_buffer=False, memory_map=True)
            schema = self._file.schema_arrow
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, ValueError) as error:
            raise damaged(self._place, error) from error
        if not self._file.metadata.num_rows:
            raise FileEmpty("The Parquet file has no rows.", path=self._place)
        self.layout = self._recognised(schema, unit, wanted)
        self.schema = schema
        self._no_bomb(found)

    def _recognised(self, schema: pa.Schema, unit: Unit | None, wanted: Form | None) -> Layout:
        names = schema.names
        lists = [at for at, each in enumerate(schema) if _is_list(each.type)]
        told = unit or _unit_in(schema)
        if {"usage_point", "day", "curve", "missing", "estimated"} <= set(names) and unit is None:
            told = Unit.WH  # a file of the lake, or in its shape
        usable = [
            name if at in lists or _is_plain(schema.field(at).type) else f"({name})" for at, name in enumerate(names)
        ]
        layout = recognise(usable, place=self._place, unit=told)
        if (layout.form is Form.DAY_CURVE) != (layout.values[0] in lists) and not _is_text(
            schema.field(layout.values[0]).type
        ):
            raise ColumnsUnknown(
                f"Column {names[layout.values[0]]} has the type {schema.field(layout.values[0]).type}.",
                path=self._place,
                remedy="A curve is a list of numbers, an energy a number.",
            )
        if wanted and (layout.form is Form.LONG) is not (wanted is Form.LONG):
            raise ColumnsUnknown(
                f"The columns are those of a {layout.form} file, not of a {wanted} one.",
                path=self._place,
                remedy="Leave --format away, or name the right one.",
            )
        return replace(layout, columns=tuple(names))

    def _no_bomb(self, found: Found) -> None:
        metadata = self._file.metadata
        claimed = sum(metadata.row_group(at).total_byte_size for at in range(metadata.num_row_groups))
        values = 0
        for at in range(metadata.num_row_groups):
            group = metadata.row_group(at)
            for column in range(group.num_columns):
                values += group.column(column).num_values
        most_values = metadata.num_rows * (len(self.schema.names) + _LONGEST_CURVE)
        if values > most_values or claimed > max(1 << 28, found.size * MOST_EXPANSION * 4):
            raise ExpandsTooFar(
                f"{found.size:,} bytes claim to hold {claimed:,} bytes and {values:,} values.", path=self._place
            )

    def batches(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The needed columns, piece by piece, and the number of the piece's first row, from 1.

        Raises:
            ParquetDamaged: when a page does not decode.
        """
        row = 1
        size = LONG_ROWS if self.layout.form is Form.LONG else DAY_ROWS
        names = self.schema.names
        wanted = [names[at] for at in self.layout.needed]
        try:
            for batch in self._file.iter_batches(batch_size=size, columns=wanted, use_threads=False):
                yield row, batch.select(wanted)
                row += batch.num_rows
                self.share = (row - 1) / self._file.metadata.num_rows
        except FileRefused:
            raise
        except (pa.ArrowException, OSError, ValueError) as error:
            raise damaged(self._place, error) from error

    def close(self) -> None:
        """This will let go of the file."""
        self._file.close()


def damaged(place: str, error: Exception) -> ParquetDamaged:
    """The refusal of a broken Parquet file."""
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return ParquetDamaged(
        f"The Parquet file is cut off or broken: {reason}.".replace("..", "."),
        path=place,
        remedy="Fetch it again from its source.",
    )


def original_of(batch: pa.RecordBatch, layout: Layout, row: int) -> tuple[str, ...]:
    """The cells of a row as text; columns that were not read are empty."""
    cells = [""] * len(layout.columns)
    for at, column in zip(layout.needed, batch.columns, strict=True):
        cells[at] = text_of(column[row].as_py())
    return tuple(cells)


def text_of(value: Any) -> str:
    """A value as it would stand in a CSV."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "[" + ",".join(text_of(each) or "null" for each in value) + "]"
    return str(value)


def as_text(column: pa.Array) -> pa.DictionaryArray:
    """A column of usage points, days or times as dictionary-encoded text."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    return column.dictionary_encode()


def day_numbers(column: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    """Days since 1970 of a date or of naive timestamps that are midnights; None for other types or times."""
    if pa.types.is_date(column.type):
        return np.asarray(pc.fill_null(column.cast(pa.date32()).cast(pa.int32()), -(10**6)).to_numpy(), dtype=np.int64)
    if pa.types.is_timestamp(column.type) and column.type.tz is None:
        dated = column.cast(pa.date32(), safe=False)
        if pc.all(pc.equal(dated.cast(column.type), column)).as_py() is not False:
            return day_numbers(dated)
    return None


def _is_list(kind: pa.DataType) -> bool:
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        return False
    return _is_number(kind.value_type)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_plain(kind: pa.DataType) -> bool:
    return _is_number(kind) or _is_text(kind) or bool(pa.types.is_temporal(kind))


def _unit_in(schema: pa.Schema) -> Unit | None:
    said = (schema.metadata or {}).get(b"unit", b"").decode("utf-8", "replace").lower()
    return {"wh": Unit.WH, "kwh": Unit.KWH, "mwh": Unit.MWH, "varh": Unit.WH, "kvarh": Unit.KWH}.get(said)
