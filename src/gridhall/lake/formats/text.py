"""CSV files as blocks of whole lines in UTF-8, and the rows of a block as columns.

A block is read by Arrow's CSV reader. Where that stumbles, the block, and only it, is read line by line, so that each
bad line is named and the others come through. Lines hold no line breaks inside quotes.
"""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from gridhall.lake.formats.errors import ColumnsUnknown, FileEmpty, TextUnreadable
from gridhall.lake.formats.layout import Form, Layout, recognise
from gridhall.lake.formats.quantities import Unit
from gridhall.lake.formats.rows import Rejected, shown

BLOCK: Final = 1 << 22
LONGEST_LINE: Final = 1 << 20
_SEPARATORS: Final = (",", ";", "\t", "|")
_NOTHING: Final = ("", "null", "NULL", "Null", "NA", "N/A", "n/a", "None", "--")
_NUMBER: Final = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"
_FLOAT_WORDS: Final = r"(?i)^\s*[-+]?(nan|inf|infinity)\s*$"


@dataclass(frozen=True)
class Dialect:
    """How a file separates cells and decimals."""

    separator: str
    decimal: str = "."


@dataclass
class Block:
    """Whole lines of a file, UTF-8, without the header."""

    first_line: int
    data: bytes
    _lines: list[bytes] | None = field(default=None, repr=False)

    def lines(self) -> list[bytes]:
        """The lines without their ends; the last is empty when the block ends with a line end."""
        if self._lines is None:
            self._lines = self.data.split(b"\n")
        return self._lines

    def cells(self, line: int, dialect: Dialect) -> tuple[str, ...]:
        """The cells of a line of the file."""
        text = self.lines()[line - self.first_line].decode("utf-8", "replace").rstrip("\r")
        cells = split(text, dialect.separator)
        return tuple(cells if cells is not None else [text])


@dataclass
class Columns:
    """The needed columns of some rows.

    Attributes:
        points, times: dictionary-encoded text.
        values: one column of float64 for each value column; for a day-curve the one column of text.
        said: for each value column the text of the cells, where the slow way has them (parallel to ``values``).
        lines: where each row stands in the file.
        block: where they come from.
    """

    points: pa.DictionaryArray
    times: pa.DictionaryArray
    values: list[pa.Array]
    lines: npt.NDArray[np.int64]
    block: Block
    mends: pa.Array | None = None
    rejected: list[Rejected] = field(default_factory=list)
    read_rows: int = 0


def split(text: str, separator: str) -> list[str] | None:
    """The cells of one line; None where its quotes do not match."""
    if '"' not in text:
        return text.split(separator)
    try:
        rows = list(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


class TextFile:
    """A CSV file, from a stream of its bytes: first its layout, then its blocks.

    Raises:
        FileEmpty, TextUnreadable, ColumnsUnknown: when the beginning already shows it.
    """

    def __init__(self, stream: Any, place: str, unit: Unit | None, wanted: Form | None) -> None:
        self._place = place
        self._pieces = _decoded(stream, place)
        self._rest = b""
        self._line = 1
        self._encoding = ""
        self.dialect, self.layout = self._header(unit, wanted)

    def _header(self, unit: Unit | None, wanted: Form | None) -> tuple[Dialect, Layout]:
        head = next(self._pieces, b"")
        separator = None
        while head:
            line, found, rest = head.partition(b"\n")
            if not found:
                more = next(self._pieces, b"")
                if more:
                    head += more
                    continue
            if len(line) > LONGEST_LINE:
                raise TextUnreadable("The first line is longer than a megabyte.", path=f"{self._place}:1")
            text = self._utf8(line).decode("utf-8", "replace").rstrip("\r")
            if text.strip() and not text.lower().startswith("sep="):
                break
            if text.lower().startswith("sep=") and len(text) == 5:
                separator = text[4]
            head, self._line = rest, self._line + 1
        else:
            raise FileEmpty("The file holds no line of text.", path=self._place)
        if "\0" in text:
            raise TextUnreadable("This is no text: it holds NUL bytes.", path=f"{self._place}:{self._line}")
        self._line += 1
        self._rest = rest
        dialect, layout = self._recognise(text, separator, unit, wanted)
        while len(self._rest) < BLOCK and b"\n" not in self._rest.rstrip(b"\r\n") and (more := next(self._pieces, b"")):
            self._rest += more
        if not self._rest.strip():
            raise FileEmpty("There is a header and nothing below it.", path=self._place)
        return self._with_decimal(dialect, layout), layout

    def _recognise(
        self, text: str, separator: str | None, unit: Unit | None, wanted: Form | None
    ) -> tuple[Dialect, Layout]:
        seconds: list[ColumnsUnknown] = []
        candidates = (separator,) if separator else sorted(_SEPARATORS, key=text.count, reverse=True)
        for each in candidates:
            names = split(text, each)
            try:
                if names is None:
                    raise ColumnsUnknown(
                        "The quotes of the header do not match.", path=f"{self._place}:{self._line - 1}"
                    )
                layout = recognise(names, place=self._place, unit=unit)
            except ColumnsUnknown as error:
                seconds.append(error)
                continue
            if wanted and (layout.form is Form.LONG) is not (wanted is Form.LONG):
                raise ColumnsUnknown(
                    f"The columns are those of a {layout.form} file, not of a {wanted} one.",
                    path=f"{self._place}:{self._line - 1}",
                    remedy="Leave --format away, or name the right one.",
                )
            return Dialect(each), layout
        raise seconds[0]

    def _with_decimal(self, dialect: Dialect, layout: Layout) -> Dialect:
        """A comma as decimal point shows in the first lines, where cells are not separated by it."""
        if dialect.separator == "," or layout.form is Form.DAY_CURVE:
            return dialect
        for line in self._rest[:65536].split(b"\n")[:50]:
            cells = split(line.decode("utf-8", "replace"), dialect.separator) or []
            values = [cells[at] for at in layout.values if at < len(cells)]
            if any("." in value for value in values):
                return dialect
            if any("," in value for value in values):
                return Dialect(dialect.separator, ",")
        return dialect

    def blocks(self) -> Iterator[Block]:
        """The lines below the header, in blocks of some megabytes."""
        pending = [self._rest]
        size = len(self._rest)
        for piece in self._pieces:
            pending.append(piece)
            size += len(piece)
            if size < BLOCK:
                continue
            data = b"".join(pending)
            cut = data.rfind(b"\n") + 1
            if not cut:
                if size > LONGEST_LINE + BLOCK:
                    raise TextUnreadable(
                        "A line is longer than a megabyte.",
                        path=f"{self._place}:{self._line}",
                        remedy="Is it text at all?",
                    )
                pending, size = [data], len(data)
                continue
            yield self._block(data[:cut])
            pending, size = [data[cut:]], len(data) - cut
        data = b"".join(pending)
        if data:
            yield self._block(data)

    def _block(self, data: bytes) -> Block:
        block = Block(self._line, self._utf8(data))
        self._line += data.count(b"\n")
        return block

    def _utf8(self, data: bytes) -> bytes:
        """The same text in UTF-8; the first bytes beyond ASCII decide between UTF-8 and GB18030."""
        if data.isascii():
            return data
        if self._encoding != "gb18030":
            try:
                data.decode("utf-8")
                self._encoding = "utf-8"
                return data
            except UnicodeDecodeError:
                if self._encoding == "utf-8":
                    return data.decode("utf-8", "replace").encode()
        try:
            text = data.decode("gb18030")
            self._encoding = "gb18030"
        except UnicodeDecodeError:
            text = data.decode("utf-8" if not self._encoding else self._encoding, "replace")
        return text.encode()


def _decoded(stream: Any, place: str) -> Iterator[bytes]:
    """Pieces of the file as ASCII, UTF-8 or GB18030 without byte-order mark, line ends as LF or CRLF."""
    head = stream.read(BLOCK)
    wide = _wide_encoding(head)
    decoder = codecs.getincrementaldecoder(wide)("strict") if wide else None
    only_cr = False
    piece = head.removeprefix(codecs.BOM_UTF8)
    while piece:
        if decoder:
            try:
                piece = decoder.decode(piece).removeprefix("\ufeff").encode()
            except UnicodeDecodeError as error:
                raise TextUnreadable(
                    f"The file begins as {wide} and breaks off: {error.reason}.", path=place
                ) from error
        if piece is not None and not only_cr and b"\r" in piece and b"\n" not in piece:
            only_cr = True
        yield piece.replace(b"\r", b"\n") if only_cr else piece
        piece = stream.read(BLOCK)


def _wide_encoding(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark: digits and separators have a zero byte each, always on the same side.
    sample = head[:2000]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) > 0.1 * len(sample) and max(even, odd) > 4 * min(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


# -- a block as columns -----------------------------------------------------------------------------------------------


def columns(block: Block, layout: Layout, dialect: Dialect) -> Columns:
    """This will give a block's rows as columns; lines that are no rows are rejected."""
    count = block.data.count(b"\n") + (not block.data.endswith(b"\n"))
    try:
        table = _fast(block.data, layout, dialect)
        if table.num_rows == count:
            return _columns_of(table, np.arange(block.first_line, block.first_line + count), block, layout)
    except pa.ArrowInvalid:
        pass
    return _slowly(block, layout, dialect)


def _names(layout: Layout) -> list[str]:
    return [f"c{at}" for at in range(len(layout.columns))]


def _fast(data: bytes, layout: Layout, dialect: Dialect) -> pa.Table:
    text = pa.dictionary(pa.int32(), pa.string())
    needed = layout.needed
    types: dict[str, pa.DataType] = {f"c{at}": pa.float64() for at in layout.values}
    if layout.form is Form.DAY_CURVE:
        types[f"c{layout.values[0]}"] = pa.string()
    types |= {f"c{layout.usage_point}": text, f"c{layout.time}": text}
    if layout.mends is not None:
        types[f"c{layout.mends}"] = pa.string()
    return pcsv.read_csv(
        pa.BufferReader(data),
        read_options=pcsv.ReadOptions(column_names=_names(layout), block_size=len(data) + 1, use_threads=False),
        parse_options=pcsv.ParseOptions(delimiter=dialect.separator, newlines_in_values=False),
        convert_options=pcsv.ConvertOptions(
            column_types=types,
            include_columns=[f"c{at}" for at in needed],
            null_values=list(_NOTHING),
            strings_can_be_null=False,
            decimal_point=dialect.decimal,
            auto_dict_encode=False,
        ),
    )


def _columns_of(table: pa.Table, lines: npt.NDArray[np.int64], block: Block, layout: Layout) -> Columns:
    arrays = [column.combine_chunks() if column.num_chunks != 1 else column.chunk(0) for column in table.itercolumns()]
    arrays = [each.chunk(0) if isinstance(each, pa.ChunkedArray) else each for each in arrays]
    values = arrays[2 : 2 + len(layout.values)]
    mends = arrays[-1] if layout.mends is not None else None
    return Columns(arrays[0], arrays[1], values, lines, block, mends, read_rows=len(lines))


def _slowly(block: Block, layout: Layout, dialect: Dialect) -> Columns:
    """Line by line: every bad line is named."""
    kept: list[list[str]] = []
    lines: list[int] = []
    rejected: list[Rejected] = []
    read = 0
    for line, raw in enumerate(block.lines(), start=block.first_line):
        text = raw.decode("utf-8", "replace").rstrip("\r")
        if not text.strip():
            continue
        read += 1
        cells, fault = _cells(text, layout, dialect)
        if fault or cells is None:
            rejected.append(fault_of(line, text, *(fault or ("", "", ""))))
            continue
        lines.append(line)
        kept.append(cells)
    by_column = list(zip(*kept, strict=True)) if kept else [() for _ in layout.columns]
    text_of = {at: pa.array(list(by_column[at]), pa.string()) for at in layout.needed}
    good = np.ones(len(kept), dtype=np.bool_)
    values: list[pa.Array] = []
    for at in layout.values:
        if layout.form is Form.DAY_CURVE:
            values.append(text_of[at])
            continue
        numbers, wrong = numbers_of(text_of[at], dialect.decimal)
        for row in np.flatnonzero(wrong & good).tolist():
            cell = kept[row][at]
            rejected.append(
                Rejected(
                    lines[row], layout.columns[at].strip(), shown(cell), "not_a_number", "This is no number.",
                    "Write the energy with digits and a decimal point.", tuple(kept[row]),
                )
            )  # fmt: skip
        good &= ~wrong
        values.append(numbers)
    keep = pa.array(good)
    return Columns(
        text_of[layout.usage_point].filter(keep).dictionary_encode(),
        text_of[layout.time].filter(keep).dictionary_encode(),
        [column.filter(keep) for column in values],
        np.array(lines, dtype=np.int64)[good],
        block,
        text_of[layout.mends].filter(keep) if layout.mends is not None else None,
        rejected,
        read,
    )


def fault_of(line: int, text: str, code: str, reason: str, remedy: str) -> Rejected:
    """A line rejected as a whole."""
    return Rejected(line, "", shown(text), code, reason, remedy, (text,))


def _cells(text: str, layout: Layout, dialect: Dialect) -> tuple[list[str] | None, tuple[str, str, str] | None]:
    wanted = len(layout.columns)
    if "\0" in text:
        return None, ("nul_byte", "The line holds a NUL byte.", "Export the file again; it was damaged on its way.")
    cells = split(text, dialect.separator)
    if cells is None:
        return None, ("quotes_unmatched", "The quotes of this line do not match.", "Close the quote, or remove it.")
    if len(cells) == wanted:
        return cells, None
    if layout.form is Form.DAY_CURVE and len(cells) > wanted:  # a list written without quotes
        at, more = layout.values[0], len(cells) - wanted
        curve = dialect.separator.join(cells[at : at + more + 1])
        if curve.strip()[:1] in {"[", "{", "("}:
            return [*cells[:at], curve, *cells[at + more + 1 :]], None
    for separator in _SEPARATORS:
        other = split(text, separator) if separator != dialect.separator and separator in text else None
        if other is not None and len(other) == wanted:
            return other, None
    if len(cells) == wanted + 1 and not cells[-1].strip():
        return cells[:-1], None
    return None, (
        "column_count",
        f"The line has {len(cells)} cells, the header {wanted}.",
        "Give the line as many cells as the header.",
    )


def numbers_of(text: pa.Array, decimal: str) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Cells as float64, null where empty, and which are neither."""
    if decimal != ".":
        text = pc.replace_substring(text, decimal, ".")
    trimmed = pc.utf8_trim_whitespace(text)
    empty = pc.is_in(trimmed, pa.array(_NOTHING))
    number = pc.or_(pc.match_substring_regex(trimmed, _NUMBER), pc.match_substring_regex(trimmed, _FLOAT_WORDS))
    wrong = pc.invert(pc.or_(empty, number)).fill_null(True).to_numpy(zero_copy_only=False)
    plain = pc.if_else(number, trimmed, pa.scalar(None, pa.string()))
    plain = pc.replace_substring_regex(plain, r"^\+", "")
    try:
        numbers = plain.cast(pa.float64())
    except pa.ArrowInvalid:
        numbers = pa.array([None if each is None else float(each) for each in plain.to_pylist()], pa.float64())
    return numbers, wrong


def curve_numbers(column: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Curves written as text, ``[1,2]`` or ``1;2`` or ``1 2``: all their values in a row, and how many each has.

    Returns:
        values (float64, null where empty), lengths, and which rows hold something that is no number (length 0).
    """
    joined = pc.binary_join_element_wise(pc.utf8_trim_whitespace(column), "\n", "")
    flat = joined.buffers()[2]
    data = flat.to_pybytes()[: int(np.frombuffer(joined.buffers()[1], dtype=np.int32)[len(joined)])] if flat else b""
    plain = data.translate(_SPREAD, delete=b"[](){}\"'")
    plain = plain.replace(b", ", b",").replace(b" ", b",")
    rows = plain.split(b"\n")[:-1]
    lengths = np.array([row.count(b",") + 1 if row else 0 for row in rows], dtype=np.int64)
    wrong = np.zeros(len(rows), dtype=np.bool_)
    one_column = b"\n".join(row for row in rows if row).replace(b",", b"\n") + b"\n"
    try:
        table = pcsv.read_csv(
            pa.BufferReader(one_column),
            read_options=pcsv.ReadOptions(column_names=["v"], block_size=len(one_column) + 1, use_threads=False),
            parse_options=pcsv.ParseOptions(ignore_empty_lines=False),
            convert_options=pcsv.ConvertOptions(column_types={"v": pa.float64()}, null_values=list(_NOTHING)),
        )
        values = table.column(0).combine_chunks()
        values = values.chunk(0) if isinstance(values, pa.ChunkedArray) else values
        if len(values) == int(lengths.sum()):
            return values, lengths, wrong
    except pa.ArrowInvalid:
        pass
    pieces: list[pa.Array] = []
    for at, row in enumerate(rows):
        cells = row.decode("utf-8", "replace").split(",") if row else []
        numbers, bad = numbers_of(pa.array(cells, pa.string()), ".")
        if bad.any():
            wrong[at], lengths[at] = True, 0
        else:
            pieces.append(numbers)
    return pa.concat_arrays(pieces) if pieces else pa.array([], pa.float64()), lengths, wrong


_SPREAD = bytes.maketrans(b";|\t", b",,,")
