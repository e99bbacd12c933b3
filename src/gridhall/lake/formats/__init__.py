"""Files of interval readings, read in one stream whatever their form: a day a row or a reading a row, CSV or Parquet.

Reading knows no database: it serves `gridhall import` and, without one, `gridhall tariff price`.

>>> from pathlib import Path
>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder) / "one.csv"
...     _ = path.write_text("usage_point,start,kwh\\nA,2026-01-05 00:00,0.5\\nA,2026-01-05 00:30,x\\n")
...     found = read_all(path, zone="Asia/Shanghai")
>>> found.table.num_rows, found.table["curve"][0][0].as_py(), found.rejected[0].line, found.rejected[0].code
(1, 500, 3, 'not_a_number')
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from gridhall.lake import curves
from gridhall.lake.formats.errors import (
    ArchiveDamaged,
    ArchiveRefused,
    ColumnsUnknown,
    ExpandsTooFar,
    ExtensionMismatch,
    FileChanged,
    FileEmpty,
    FileMissing,
    FileRefused,
    FormatUnknown,
    NotAFile,
    ParquetDamaged,
    TextUnreadable,
)
from gridhall.lake.formats.quantities import NO_VALUE, Unit
from gridhall.lake.formats.reading import FORMATS, ReadingsFile
from gridhall.lake.formats.rows import Batch, Days, Limits, Rejected, lake_table

__all__ = [
    "FORMATS", "NO_VALUE", "ArchiveDamaged", "ArchiveRefused", "Batch", "ColumnsUnknown", "Days", "ExpandsTooFar",
    "ExtensionMismatch", "FileChanged", "FileEmpty", "FileMissing", "FileRefused", "FormatUnknown", "Limits",
    "NotAFile", "ParquetDamaged", "Readings", "ReadingsFile", "Rejected", "TextUnreadable", "Unit", "lake_table",
    "read", "read_all",
]  # fmt: skip


@dataclass
class Readings:
    """Everything of a file.

    Attributes:
        table: rows in the shape of the lake, ``usage_point`` as text; each usage point and day once.
        rejected: the rows that are not in it.
    """

    table: pa.Table
    rejected: list[Rejected] = field(default_factory=list)
    duplicate_rows: int = 0
    rounded: int = 0


def read(
    path: Path | str,
    *,
    zone: str,
    format: str | None = None,
    unit: Unit | None = None,
    interval: int | None = None,
    limits: Limits | None = None,
) -> Iterator[Batch]:
    """This will read a file piece by piece; see `ReadingsFile` for the arguments and `Batch.table` for the readings.

    Raises:
        FileRefused: when the file as a whole cannot be read; also after some batches.
    """
    with ReadingsFile(path, zone=zone, format=format, unit=unit, interval=interval, limits=limits) as file:
        yield from file.batches()


def read_all(
    path: Path | str,
    *,
    zone: str,
    format: str | None = None,
    unit: Unit | None = None,
    interval: int | None = None,
    limits: Limits | None = None,
) -> Readings:
    """This will read a file that fits into memory; arguments and errors as `read`."""
    schema = curves.SCHEMA.set(0, pa.field("usage_point", pa.string(), nullable=False))
    found = Readings(schema.empty_table())
    tables = [found.table]
    for batch in read(path, zone=zone, format=format, unit=unit, interval=interval, limits=limits):
        tables.append(batch.table())
        found.rejected += batch.rejected
        found.duplicate_rows += batch.duplicate_rows
        found.rounded += batch.rounded
    found.table = pa.concat_tables(tables)
    return found
