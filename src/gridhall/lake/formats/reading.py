"""Reading a file of interval readings from front to back: recognise, decode in two threads, gather in order."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.lake.formats import bytes_in, clock, parquet, text
from gridhall.lake.formats.bytes_in import Container
from gridhall.lake.formats.daycurves import DayCheck, DayGather, DayPart, DayRows, matrix, ragged
from gridhall.lake.formats.errors import FormatUnknown
from gridhall.lake.formats.layout import Form, Layout
from gridhall.lake.formats.long import LongCheck, LongGather, LongPart
from gridhall.lake.formats.quantities import Unit, Whole, whole_matrix
from gridhall.lake.formats.rows import Batch, Int64s, Limits, Original, Points, Rejected, Resolve, Seen
from gridhall.lake.formats.rows import shown as shown_value

T = TypeVar("T")

#: Pieces that are decoded ahead of the one in hand.
_AHEAD: Final = 3

#: What ``--format`` takes: a form and its container. The two ways of writing a day's curve tell themselves apart.
FORMATS: Final = (
    "long-csv", "day-curve-csv", "day-columns-csv", "long-parquet", "day-curve-parquet", "day-columns-parquet",
)  # fmt: skip


class ReadingsFile:
    """A file of interval readings, recognised and ready to be read once; a context manager.

    Args:
        path: of the file.
        zone: the local zone of its clock times and days, e.g. ``Europe/London``.
        format: one of `FORMATS`; None: told by content and header.
        unit: of the energies; None: told by the header, otherwise kWh.
        interval: minutes of a slot of a long file; None: the coarsest that fits all times of a usage point.
        limits: what can be believed.
        resolve: gives the utility's id of usage-point numbers; rows of unknown ones are rejected. None: all are known.
        spill: the folder for what does not fit into memory; None: the system's.

    Attributes:
        layout: its columns.
        format: its form and container, one of `FORMATS`.
        size: of the file in bytes.

    Raises:
        FileRefused: one of its kinds, on opening or while reading; nothing read so far may be used then.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        zone: str,
        format: str | None = None,
        unit: Unit | None = None,
        interval: int | None = None,
        limits: Limits | None = None,
        resolve: Resolve | None = None,
        spill: Path | None = None,
    ) -> None:
        if format is not None and format not in FORMATS:
            raise FormatUnknown(f"There is no format {format!r}.", remedy=f"One of {', '.join(FORMATS)}.")
        self._found = bytes_in.find(Path(path), trust_content=format is not None)
        self._zone, self._limits = zone, limits or Limits()
        form, container = (Form(format.rpartition("-")[0]), format.rpartition("-")[2]) if format else (None, "")
        is_parquet = self._found.container is Container.PARQUET
        if self._found.container is Container.XML:
            raise FormatUnknown("This is XML, no table of readings.", path=str(path))
        if container and (container == "parquet") != is_parquet:
            raise FormatUnknown(f"The content is not {container}.", path=str(path), remedy="Leave --format away.")
        self._stream: Any = None
        self._hashed: bytes_in.HashedFile | None = None
        self._unpacking: Any = None
        self._parquet: parquet.ParquetRows | None = None
        if is_parquet:
            self._parquet = parquet.ParquetRows(self._found, unit, form)
            self.layout: Layout = self._parquet.layout
        else:
            self._stream = self._found.path.open("rb")
            try:
                self._hashed = bytes_in.HashedFile(self._stream)
                source: Any = self._hashed
                if self._found.container is Container.ZIP:
                    source = self._stream  # read in pieces from the end; hashed by itself afterwards
                self._unpacking = bytes_in.unpacked(self._found, source)
                self._text = self._inside(
                    lambda plain: text.TextFile(plain, str(path), unit, form), self._unpacking.__enter__()
                )
            except BaseException:
                self._stream.close()
                raise
            self.layout = self._text.layout
        self.format = f"{self.layout.form}-{'parquet' if is_parquet else 'csv'}"
        self.size = self._found.size
        self._points = Points(resolve)
        self._interval, self._spill = interval, spill
        self._layout = self.layout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """This will let go of the file."""
        if self._parquet:
            self._parquet.close()
        if self._stream:
            self._stream.close()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the file's columns, as it writes them."""
        return self.layout.columns

    @property
    def names(self) -> list[str]:
        """The usage-point numbers met so far, by code."""
        return self._points.names

    @property
    def consumed(self) -> int:
        """Bytes of the file read so far, for a progress bar."""
        if self._parquet:
            return int(self.size * self._parquet.share)
        return self._hashed.consumed if self._hashed and self._hashed.consumed else self._stream_position()

    def _stream_position(self) -> int:
        return 0 if self._stream is None or self._stream.closed else min(self.size, int(self._stream.tell()))

    def sha256(self) -> str:
        """The SHA-256 of the content, after reading.

        Raises:
            FileChanged: when the file was written to meanwhile.
        """
        plain = self._hashed and self._found.container is not Container.ZIP
        digest = self._hashed.hexdigest() if self._hashed and plain else bytes_in.sha256(self._found.path)
        self._found.unchanged()
        return digest

    def batches(self) -> Iterator[Batch]:
        """The whole file, once: its days of readings and its rejected rows.

        A long file yields its readings last, when all of it was seen, ordered by usage point and day.

        Raises:
            FileRefused: when the file turns out to be broken.
        """
        if self._layout.form is Form.LONG:
            gather = LongGather(self._layout, self._zone, self._limits, self._points, self._interval, self._spill)
            try:
                for part in self._parts(self._long_of_block, self._long_of_rows):
                    yield gather.batch(part)
                yield from gather.batches()
            finally:
                gather.close()
        else:
            by_day = DayGather(self._layout, self._points, Seen())
            for day_part in self._parts(self._days_of_block, self._days_of_rows):
                yield by_day.batch(day_part)

    def _parts(self, of_block: Callable[[text.Block], T], of_rows: Callable[[int, pa.RecordBatch], T]) -> Iterator[T]:
        """Parts in the order of the file, each decoded in another thread while the one before is in hand."""
        if self._parquet:
            rows = self._parquet.batches()
            yield from _ahead(lambda piece: of_rows(*piece), rows)
        else:
            yield from self._guarded(_ahead(of_block, self._text.blocks()))

    def _guarded(self, parts: Iterator[T]) -> Iterator[T]:
        """Turns damage met inside an archive into its refusal."""
        try:
            yield from parts
        except GeneratorExit:
            raise
        except BaseException as error:
            self._unpacking.__exit__(type(error), error, error.__traceback__)
            raise
        self._unpacking.__exit__(None, None, None)

    def _inside(self, act: Callable[[Any], T], plain: Any) -> T:
        try:
            return act(plain)
        except BaseException as error:
            self._unpacking.__exit__(type(error), error, error.__traceback__)
            raise

    # -- what the threads do: a piece of the file to a part ------------------------------------------------------

    def _long_of_block(self, block: text.Block) -> LongPart:
        found = text.columns(block, self._layout, self._text.dialect)
        part = LongCheck(self._layout, self._zone, self._limits).part(
            found.points,
            found.times,
            found.values[0],
            found.lines,
            self._cells(block, found.lines),
            _mends(found.mends),
        )
        part.rejected[:0] = found.rejected
        part.read_rows = found.read_rows
        return part

    def _long_of_rows(self, first_row: int, batch: pa.RecordBatch) -> LongPart:
        lines = np.arange(first_row, first_row + batch.num_rows, dtype=np.int64)
        times = batch.column(1)
        if pa.types.is_date(times.type):
            times = times.cast(pa.timestamp("s"))
        elif not pa.types.is_timestamp(times.type):
            times = parquet.as_text(times)
        values = batch.column(2)
        if not _numeric(values.type):
            values, wrong = text.numbers_of(values.cast(pa.string()), ".")
            values = pc.if_else(pa.array(wrong), pa.scalar(float("nan")), values)
        mends = batch.column(3) if self._layout.mends is not None else None
        return LongCheck(self._layout, self._zone, self._limits).part(
            parquet.as_text(batch.column(0)), times, values, lines, self._row(batch), _mends(mends)
        )

    def _days_of_block(self, block: text.Block) -> DayPart:
        found = text.columns(block, self._layout, self._text.dialect)
        part = DayPart(rejected=found.rejected, read_rows=found.read_rows)
        cells = self._cells(block, found.lines)
        days, good = self._days(found.times, found.lines, cells, part)
        check = DayCheck(self._layout, self._zone, self._limits)
        if self._layout.form is Form.DAY_CURVE:
            column = found.values[0]
            values, lengths, wrong = text.curve_numbers(column)
            self._curves(
                values, lengths, wrong, found.points, days, good, found.lines, cells, _mends(found.mends), part, check,
                lambda row, slot: _of_curve(column[row].as_py() or "", slot),
            )  # fmt: skip
            return part
        energies, null = matrix(found.values)
        rows = DayRows(
            found.points, days, whole_matrix(energies, null, self._layout.unit), null, found.lines, cells,
            lambda row, slot: cells(row)[self._layout.values[slot]], _mends(found.mends),
        )  # fmt: skip
        check.part(rows if good.all() else rows.pick(np.flatnonzero(good)), part)
        return part

    def _days_of_rows(self, first_row: int, batch: pa.RecordBatch) -> DayPart:
        lines = np.arange(first_row, first_row + batch.num_rows, dtype=np.int64)
        part = DayPart(read_rows=batch.num_rows)
        cells = self._row(batch)
        points, times = parquet.as_text(batch.column(0)), batch.column(1)
        days = parquet.day_numbers(times)
        good = np.ones(len(lines), dtype=np.bool_)
        if days is None:
            days, good = self._days(parquet.as_text(times), lines, cells, part)
        elif times.null_count:
            blank = times.is_null().to_numpy(zero_copy_only=False)
            for row in np.flatnonzero(blank).tolist():
                part.rejected.append(self._no_day(int(lines[row]), "", "There is no day.", cells(row)))
            good &= ~blank
        check = DayCheck(self._layout, self._zone, self._limits)
        width = len(self._layout.values)
        mends = _mends(batch.column(2 + width)) if self._layout.mends is not None else None
        if self._layout.form is Form.DAY_COLUMNS:
            columns = [pc.cast(column, pa.float64(), safe=False) for column in batch.columns[2 : 2 + width]]
            energies, null = matrix(columns)
            rows = DayRows(
                points, days, whole_matrix(energies, null, self._layout.unit), null, lines, cells,
                lambda row, slot: parquet.text_of(batch.column(2 + slot)[row].as_py()), mends,
            )  # fmt: skip
            check.part(rows if good.all() else rows.pick(np.flatnonzero(good)), part)
            return part
        curve = batch.column(2)
        if _numeric(getattr(curve.type, "value_type", pa.null())):
            lengths = pc.fill_null(pc.list_value_length(curve), 0).to_numpy(zero_copy_only=False).astype(np.int64)
            values, wrong = curve.flatten(), np.zeros(len(lines), dtype=np.bool_)
        else:
            values, lengths, wrong = text.curve_numbers(curve.cast(pa.string()).fill_null(""))
        self._curves(
            values, lengths, wrong, points, days, good, lines, cells, mends, part, check,
            lambda row, slot: parquet.text_of(_at(curve[row].as_py(), slot)),
        )  # fmt: skip
        return part

    def _curves(
        self, values: pa.Array, lengths: Int64s, wrong: Any, points: pa.DictionaryArray, days: Int64s, good: Any,
        lines: Int64s, cells: Original, mends: list[int | None] | None, part: DayPart, check: DayCheck,
        value_text: Callable[[int, int], str],
    ) -> None:  # fmt: skip
        for row in np.flatnonzero(wrong & good).tolist():
            part.rejected.append(self._no_curve(int(lines[row]), cells(row)))
        good = good & ~wrong
        for rows, whole, null in ragged(values, lengths, self._layout):
            if len(rows) == len(lines):
                piece = DayRows(points, days, whole, null, lines, cells, value_text, mends)
            else:
                piece = _some(rows, points, days, whole, null, lines, cells, value_text, mends)
            keep = good[rows]
            check.part(piece if keep.all() else piece.pick(np.flatnonzero(keep)), part)

    def _days(self, times: pa.DictionaryArray, lines: Int64s, cells: Original, part: DayPart) -> tuple[Int64s, Any]:
        """The day numbers of a column of text; rows without one are rejected."""
        numbers: list[int] = []
        faults: list[str] = []
        for entry in times.dictionary.to_pylist():
            try:
                numbers.append(clock.parse_day(entry or ""))
                faults.append("")
            except clock.TimeUnclear as error:
                numbers.append(0)
                faults.append(str(error))
        index = times.indices.fill_null(0).to_numpy(zero_copy_only=False)
        bad_entry = np.array([bool(fault) for fault in faults] or [True], dtype=np.bool_)
        bad = bad_entry[index] | times.is_null().to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(bad).tolist():
            value = times.dictionary[int(index[row])].as_py() or ""
            part.rejected.append(self._no_day(int(lines[row]), value, faults[index[row]], cells(row)))
        return np.array(numbers or [0], dtype=np.int64)[index], ~bad

    def _no_day(self, line: int, value: str, fault: str, original: tuple[str, ...]) -> Rejected:
        reason = f"{fault[0].upper()}{fault[1:]}".rstrip(".") + "." if fault else "There is no day."
        column = self._layout.columns[self._layout.time].strip()
        return Rejected(
            line, column, shown_value(value), "day_unclear", reason, "Write the day as YYYY-MM-DD.", original
        )

    def _no_curve(self, line: int, original: tuple[str, ...]) -> Rejected:
        at = self._layout.values[0]
        value = original[at] if at < len(original) else ""
        return Rejected(
            line, self._layout.columns[at].strip(), shown_value(value), "not_a_number",
            "The curve holds something that is no number.", "Write it as [0.1,0.2,…] with empty places as null.",
            original,
        )  # fmt: skip

    def _cells(self, block: text.Block, lines: Int64s) -> Original:
        dialect = self._text.dialect
        return lambda row: block.cells(int(lines[row]), dialect)

    def _row(self, batch: pa.RecordBatch) -> Original:
        return lambda row: parquet.original_of(batch, self._layout, row)


def _ahead(act: Callable[[Any], T], pieces: Iterator[Any]) -> Iterator[T]:
    """Apply ``act`` to the pieces in two threads, a few pieces ahead, and give the results in order."""
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="decode") as pool:
        try:
            for piece in pieces:
                waiting.append(pool.submit(act, piece))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _some(
    rows: Int64s, points: pa.DictionaryArray, days: Int64s, whole: Whole, null: Any, lines: Int64s, cells: Original,
    value_text: Callable[[int, int], str], mends: list[int | None] | None,
) -> DayRows:  # fmt: skip
    """The rows of a piece that have curves of one length; ``whole`` and ``null`` are of them alone already."""
    return DayRows(
        points.take(pa.array(rows)), days[rows], whole, null, lines[rows],
        lambda row: cells(int(rows[row])), lambda row, slot: value_text(int(rows[row]), slot),
        None if mends is None else [mends[row] for row in rows.tolist()],
    )  # fmt: skip


def _mends(column: pa.Array | None) -> list[int | None] | None:
    if column is None:
        return None
    texts = [str(each).strip() if each is not None else "" for each in column.to_pylist()]
    return [int(each) if each.isascii() and each.isdigit() else None for each in texts]


def _of_curve(curve: str, slot: int) -> str:
    cells = curve.strip().strip("[](){}").replace(";", ",").replace(" ", ",").replace(",,", ",").split(",")
    return cells[slot] if slot < len(cells) else ""


def _at(values: Any, slot: int) -> Any:
    return values[slot] if isinstance(values, list) and slot < len(values) else None


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
