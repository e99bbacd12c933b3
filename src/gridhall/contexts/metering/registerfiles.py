"""Files of register readings (示数, 日冻结): read in a stream, whoever wrote them.

A row says whose register (usage point or meter), when, and what it showed; with one reading column and, where there are
several registers, a column that names the register; or with one column for each register (总, 峰, 平, 谷).
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from gridhall.contexts.metering.rules.registers import RegisterKind
from gridhall.lake.formats import bytes_in, clock
from gridhall.lake.formats.bytes_in import Container
from gridhall.lake.formats.errors import ColumnsUnknown, FileEmpty, FormatUnknown, TextUnreadable
from gridhall.lake.formats.layout import QUARANTINE_PREFIX, QUARANTINE_ROW
from gridhall.lake.formats.rows import Rejected, shown

#: Rows given at a time.
AT_ONCE: Final = 20_000
_LONGEST_LINE: Final = 1 << 20
_HEAD: Final = 1 << 16

_POINT: Final = frozenset(
    {
        "usagepoint",
        "usagepointid",
        "usagepointnumber",
        "户号",
        "用户编号",
        "用户号",
        "用电户号",
        "用电客户编号",
        "客户编号",
    }
)
_METER: Final = frozenset(
    {"meter", "meterserial", "meternumber", "meterno", "meterid", "serial", "表号", "电表号", "电能表号", "电能表编号",
     "表计编号", "表计号", "资产编号", "电表编号", "表具编号"}
)  # fmt: skip
_AT: Final = frozenset(
    {"at", "time", "timestamp", "readat", "datetime", "时间", "抄表时间", "冻结时间", "数据时间", "示数时间"}
)
_DAY: Final = frozenset(
    {"day", "date", "readdate", "日期", "抄表日期", "冻结日期", "数据日期", "日冻结日期", "示数日期"}
)
_DAY_END: Final = frozenset({"dayend", "enddate", "endofday", "截止日期", "日末"})
_READING: Final = frozenset(
    {
        "reading",
        "registerreading",
        "index",
        "value",
        "示数",
        "表码",
        "止码",
        "本次示数",
        "本期示数",
        "抄见示数",
        "表底",
        "电能示值",
    }
)
_REGISTER: Final = frozenset({"register", "kind", "registertype", "示数类型", "寄存器", "类型", "示数类别", "电能类型"})
_KINDS: Final = {
    "import": RegisterKind.IMPORT, "total": RegisterKind.IMPORT, "importtotal": RegisterKind.IMPORT,
    "总": RegisterKind.IMPORT, "有功总": RegisterKind.IMPORT, "正向有功": RegisterKind.IMPORT,
    "正向有功总": RegisterKind.IMPORT, "正有总": RegisterKind.IMPORT,
    "importcritical": RegisterKind.IMPORT_CRITICAL, "critical": RegisterKind.IMPORT_CRITICAL,
    "尖": RegisterKind.IMPORT_CRITICAL, "正向有功尖": RegisterKind.IMPORT_CRITICAL,
    "importpeak": RegisterKind.IMPORT_PEAK, "peak": RegisterKind.IMPORT_PEAK,
    "峰": RegisterKind.IMPORT_PEAK, "正向有功峰": RegisterKind.IMPORT_PEAK,
    "importflat": RegisterKind.IMPORT_FLAT, "flat": RegisterKind.IMPORT_FLAT,
    "平": RegisterKind.IMPORT_FLAT, "正向有功平": RegisterKind.IMPORT_FLAT,
    "importvalley": RegisterKind.IMPORT_VALLEY, "valley": RegisterKind.IMPORT_VALLEY,
    "谷": RegisterKind.IMPORT_VALLEY, "正向有功谷": RegisterKind.IMPORT_VALLEY,
    "importdeepvalley": RegisterKind.IMPORT_DEEP_VALLEY, "deepvalley": RegisterKind.IMPORT_DEEP_VALLEY,
    "深谷": RegisterKind.IMPORT_DEEP_VALLEY, "正向有功深谷": RegisterKind.IMPORT_DEEP_VALLEY,
    "export": RegisterKind.EXPORT, "反向有功": RegisterKind.EXPORT, "反向有功总": RegisterKind.EXPORT,
    "反有总": RegisterKind.EXPORT,
    "reactive": RegisterKind.REACTIVE, "无功": RegisterKind.REACTIVE, "无功总": RegisterKind.REACTIVE,
    "正向无功": RegisterKind.REACTIVE, "正向无功总": RegisterKind.REACTIVE,
    "reactiveexport": RegisterKind.REACTIVE_EXPORT, "反向无功": RegisterKind.REACTIVE_EXPORT,
    "反向无功总": RegisterKind.REACTIVE_EXPORT,
    "maxdemand": RegisterKind.MAX_DEMAND, "demand": RegisterKind.MAX_DEMAND, "最大需量": RegisterKind.MAX_DEMAND,
    "需量": RegisterKind.MAX_DEMAND,
}  # fmt: skip
_NUMBER: Final = re.compile(r"[-+]?\d{1,15}(\.\d{1,10})?")


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """What a file says that a register showed at an instant.

    Attributes:
        line: of the file, counted from 1.
        usage_point: number; empty where the row names only the meter.
        meter: serial; empty where the row names only the usage point.
        at: UTC.
        original: the row's cells as they came.
        mends: the number of the quarantined row that this one stands for.
    """

    line: int
    usage_point: str
    meter: str
    at: datetime
    kind: RegisterKind
    reading: Decimal
    original: tuple[str, ...]
    mends: int | None = None


@dataclass
class SnapshotBatch:
    """A piece of the file: readings, rejected rows, and how many rows were looked at."""

    rows: list[SnapshotRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    read_rows: int = 0


@dataclass(frozen=True)
class _Layout:
    point: int | None
    meter: int | None
    time: int
    time_is: str  # "at", "day" (its beginning), "day_end"
    registers: tuple[tuple[int, RegisterKind | None], ...]  # None: the register column says which
    register: int | None
    mends: int | None


class RegisterFile:
    """A CSV file of register readings, ready to be read once; a context manager.

    A plain day means its beginning, 0:00; 24:00, or a column that says so (``day_end``, 截止日期), its end.

    Args:
        path: of the file; also packed as .gz or .zip.
        zone: the local zone of its clock times and days.
        now: readings of later moments are rejected.

    Raises:
        FileRefused: one of its kinds, on opening or while reading.
    """

    format: Final = "register-csv"

    def __init__(self, path: Path | str, *, zone: str, now: datetime) -> None:
        self._found = bytes_in.find(Path(path), trust_content=True)
        if self._found.container in {Container.XML, Container.PARQUET}:
            raise FormatUnknown(f"This is {self._found.container}, no CSV.", path=str(path))
        self._zone, self._local, self._now = zone, ZoneInfo(zone), now
        self.size = self._found.size
        self._stream = self._found.path.open("rb")
        try:
            self._unpacking = bytes_in.unpacked(self._found, self._stream)
            self._lines = _lines(self._unpacking.__enter__(), str(path))
            self._first_line, self._separator, self.columns, self._layout = self._header()
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """This will let go of the file."""
        self._stream.close()

    @property
    def consumed(self) -> int:
        """Bytes of the file read so far, for a progress bar."""
        return 0 if self._stream.closed else self._stream.tell()

    def sha256(self) -> str:
        """The SHA-256 of the content.

        Raises:
            FileChanged: when the file was written to meanwhile.
        """
        digest = bytes_in.sha256(self._found.path)
        self._found.unchanged()
        return digest

    def batches(self) -> Iterator[SnapshotBatch]:
        """The whole file, once."""
        batch = SnapshotBatch()
        try:
            for line, text in enumerate(self._lines, start=self._first_line):
                if not text.strip():
                    continue
                batch.read_rows += 1
                for each in self._read(line, text):
                    (batch.rows if isinstance(each, SnapshotRow) else batch.rejected).append(each)  # type: ignore[arg-type]
                if batch.read_rows >= AT_ONCE:
                    yield batch
                    batch = SnapshotBatch()
        except GeneratorExit:
            raise
        except BaseException as error:
            self._unpacking.__exit__(type(error), error, error.__traceback__)  # tells damage inside an archive
            raise
        if batch.read_rows:
            yield batch

    def _header(self) -> tuple[int, str, tuple[str, ...], _Layout]:
        line, text = 0, ""
        for line, text in enumerate(self._lines, start=1):  # noqa: B007 - the line of the header is wanted
            if text.strip() and not text.lower().startswith("sep="):
                break
        else:
            raise FileEmpty("The file holds no line of text.", path=str(self._found.path))
        separator = max(",;\t|", key=text.count)
        names = tuple(split(text, separator) or [text])
        return line + 1, separator, names, _recognise(names, f"{self._found.path}:{line}")

    def _read(self, line: int, text: str) -> Iterator[SnapshotRow | Rejected]:
        layout = self._layout
        cells = split(text, self._separator)
        if cells is None or len(cells) != len(self.columns):
            reason = "The row has an open quote." if cells is None else (
                f"The row has {len(cells)} cells, the header {len(self.columns)}."
            )  # fmt: skip
            yield Rejected(line, "", shown(text), "row_malformed", reason, "Mend the row.", (text,))
            return
        original = tuple(cells)

        def reject(at: int, code: str, reason: str, remedy: str) -> Rejected:
            return Rejected(line, self.columns[at].strip(), shown(original[at]), code, reason, remedy, original)

        point = "" if layout.point is None else cells[layout.point].strip()
        meter = "" if layout.meter is None else cells[layout.meter].strip()
        if not point and not meter:
            where = layout.point if layout.point is not None else layout.meter
            yield reject(where or 0, "whose_unclear", "The row names no usage point and no meter.", "Give one of them.")
            return
        moment = self._moment(cells[layout.time])
        if isinstance(moment, str):
            yield reject(layout.time, "time_unclear", moment, "Write it as YYYY-MM-DD HH:MM.")
            return
        if moment > self._now:
            yield reject(layout.time, "in_the_future", "The reading lies in the future.", "Correct the time.")
            return
        mends = cells[layout.mends].strip() if layout.mends is not None else ""
        for at, fixed in layout.registers:
            kind = fixed or kind_named(cells[layout.register] if layout.register is not None else "")
            if kind is None:
                assert layout.register is not None
                yield reject(
                    layout.register, "register_unclear", "There is no such register.",
                    f"One of {', '.join(RegisterKind)}, or 总, 尖, 峰, 平, 谷.",
                )  # fmt: skip
                continue
            value = cells[at].strip()
            if self._separator != "," and "." not in value:
                value = value.replace(",", ".")
            if not value and fixed is not None:
                continue  # this meter has no such register
            if not _NUMBER.fullmatch(value):
                yield reject(at, "not_a_number", "The reading is no number.", "Write what the register shows.")
                continue
            yield SnapshotRow(
                line, point, meter, moment, kind, Decimal(value), original, int(mends) if mends.isdecimal() else None
            )

    def _moment(self, text: str) -> datetime | str:
        """The instant a cell means, or why it means none."""
        try:
            minutes, aware = clock.parse_time(text)
        except clock.TimeUnclear as error:
            return f"{str(error)[:1].upper()}{str(error)[1:]}."
        if self._layout.time_is != "at":
            if aware or minutes % clock.MINUTES_PER_DAY:
                return "This is no plain day."
            minutes += clock.MINUTES_PER_DAY if self._layout.time_is == "day_end" else 0
        if aware:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        wall = datetime(1970, 1, 1) + timedelta(minutes=minutes)  # noqa: DTZ001 - the clock on the wall
        moment = wall.replace(tzinfo=self._local).astimezone(UTC)
        if moment.astimezone(self._local).replace(tzinfo=None) != wall:
            return f"The clock in {self._zone} does not show that time on that day."
        return moment


def _recognise(names: Sequence[str], place: str) -> _Layout:
    bare = ["" if name.strip().lower().startswith(QUARANTINE_PREFIX) else plain(name) for name in names]

    def one_of(known: frozenset[str]) -> int | None:
        return next((at for at, name in enumerate(bare) if name in known), None)

    point, meter, register, reading = one_of(_POINT), one_of(_METER), one_of(_REGISTER), one_of(_READING)
    times = [("at", one_of(_AT)), ("day", one_of(_DAY)), ("day_end", one_of(_DAY_END))]
    time_is, time = next(((kind, at) for kind, at in times if at is not None), ("", None))
    wide = [(at, kind) for at, name in enumerate(bare) if (kind := _KINDS.get(name)) and at != register]
    missing = (
        "whose register it is" if point is None and meter is None
        else "when it was read" if time is None
        else "what it showed" if reading is None and not wide
        else ""
    )  # fmt: skip
    if missing or time is None:
        listed = ", ".join(name.strip()[:40] for name in names[:8]) + (", …" if len(names) > 8 else "")
        raise ColumnsUnknown(
            f"No column says {missing}. The columns are: {listed}.",
            path=place,
            remedy="Name them usage_point (or meter), at (or day), reading and, for several registers, register.",
        )
    mends = next((at for at, name in enumerate(names) if name.strip().lower() == QUARANTINE_ROW), None)
    registers: list[tuple[int, RegisterKind | None]] = [(reading, None)] if reading is not None else list(wide)
    return _Layout(point, meter, time, time_is, tuple(registers), register, mends)


def kind_named(text: str) -> RegisterKind | None:
    """The register that a file's word means; import where it says nothing, None for a word nobody knows.

    >>> kind_named("正向有功峰示数"), kind_named(""), kind_named("?")
    (<RegisterKind.IMPORT_PEAK: 'import_peak'>, <RegisterKind.IMPORT: 'import'>, None)
    """
    return _KINDS.get(plain(text)) if text.strip() else RegisterKind.IMPORT


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a plain text file of any usual encoding.

    Raises:
        FileRefused: when there is no such file, or it is no text.
    """
    with bytes_in.find(path, trust_content=True).path.open("rb") as stream:
        yield from _lines(stream, str(path))


def plain(name: str) -> str:
    """A column's or register's name without case, spaces, brackets and the words around it."""
    text = unicodedata.normalize("NFKC", name).strip().strip("\"'\ufeff").lower()
    text = re.sub(r"[\s_\-./]+", "", re.sub(r"[(\[].*?[)\]]", "", text))
    for ending in ("电能示值", "示数", "reading", "kwh"):
        if text != ending and text.removesuffix(ending) in _KINDS:
            return text.removesuffix(ending)
    return text


def split(text: str, separator: str) -> list[str] | None:
    """The cells of a line; None where its quotes do not match."""
    if '"' not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), None)
    except csv.Error:
        return None


def _lines(stream: Any, place: str) -> Iterator[str]:
    """The lines of a text of any usual encoding, without their ends."""
    head: bytes = stream.read(_HEAD)
    text = io.TextIOWrapper(
        io.BufferedReader(_Rejoined(head, stream)), encoding=_encoding(head), errors="replace", newline=None
    )
    while line := text.readline(_LONGEST_LINE):
        if len(line) >= _LONGEST_LINE:
            raise TextUnreadable("A line is longer than a megabyte.", path=place, remedy="Is it text at all?")
        if "\0" in line:
            raise TextUnreadable("This is no text: it holds NUL bytes.", path=place)
        yield line.rstrip("\n")


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    whole = head[: head.rfind(b"\n") + 1] or head
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            whole.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "utf-8-sig"


class _Rejoined(io.RawIOBase):
    """A stream with what was already read of it put back in front."""

    def __init__(self, head: bytes, stream: Any) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._head or self._stream.read(len(buffer))
        taken = piece[: len(buffer)]
        self._head = piece[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)
