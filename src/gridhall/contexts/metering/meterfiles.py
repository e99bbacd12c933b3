"""Files of meters as they hang on the wall: which, where, since when, through what multiplier, and what they show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from gridhall.contexts.metering.registerfiles import kind_named, lines_of, plain, split
from gridhall.contexts.metering.rules.registers import Dial, RegisterKind, on_the_dial
from gridhall.kernel.errors import GridhallError
from gridhall.lake.formats import clock

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "usage_point": ("usagepoint", "户号", "用户编号", "用电户号"),
    "meter": ("meter", "serial", "表号", "电能表编号", "资产编号"),
    "at": ("at", "since", "day", "date", "装表日期", "装表时间", "日期", "时间"),
    "reading": ("reading", "示数", "起码", "装表示数"),
    "register": ("register", "kind", "示数类型"),
    "multiplier": ("multiplier", "倍率", "综合倍率"),
    "digits": ("digits", "整数位", "位数"),
    "decimals": ("decimals", "小数位"),
}
_NEEDED: Final = ("usage_point", "meter", "at", "reading")


class MeterFileWrong(GridhallError):
    """A file of meters that cannot be taken over; nothing of it is."""

    code = "meter_file_wrong"


@dataclass(frozen=True)
class MeterRow:
    """One register of a meter as it was installed; ``at`` in UTC."""

    line: int
    usage_point: str
    meter: str
    at: datetime
    multiplier: Decimal
    kind: RegisterKind
    dial: Dial
    reading: Decimal


def read_meters(path: Path, *, zone: str) -> list[MeterRow]:
    """This will read a whole file, or say what is wrong with its first bad row.

    Needed columns: usage_point, meter, at (a day means its beginning), reading. Optional: register (import), multiplier
    (1), digits (6), decimals (2). A meter with several registers has a row for each.

    Raises:
        FileRefused: when it cannot be read as text.
        MeterFileWrong: with file, line and field.
    """
    names: list[str] = []
    separator = ","
    rows: list[MeterRow] = []
    for line, text in enumerate(lines_of(path), start=1):
        if not text.strip():
            continue
        if not names:
            separator = max(",;\t|", key=text.count)
            names = _names(split(text, separator) or [], f"{path}:{line}")
            continue
        cells = split(text, separator)
        if cells is None or len(cells) != len(names):
            raise MeterFileWrong("The row has other cells than the header.", path=f"{path}:{line}")
        rows.append(_row(dict(zip(names, (cell.strip() for cell in cells), strict=True)), line, path, zone))
    if not rows:
        raise MeterFileWrong("The file holds no meters.", path=str(path))
    return rows


def _names(header: list[str], place: str) -> list[str]:
    known = {spelling: name for name, spellings in _COLUMNS.items() for spelling in spellings}
    names = [known.get(plain(cell), cell) for cell in header]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise MeterFileWrong(
            f"There is no column {', '.join(missing)}.", path=place, remedy=f"Name the columns {', '.join(_COLUMNS)}."
        )
    return names


def _row(cells: dict[str, str], line: int, path: Path, zone: str) -> MeterRow:
    def wrong(field: str, message: str) -> MeterFileWrong:
        return MeterFileWrong(message, path=f"{path}:{line}:{field}")

    def number(field: str, otherwise: str) -> Decimal:
        text = cells.get(field) or otherwise
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            raise wrong(field, f"{text[:40]!r} is no number.")
        return value

    for field in ("usage_point", "meter"):
        if not cells[field]:
            raise wrong(field, "It is empty.")
    kind = kind_named(cells.get("register", ""))
    if kind is None:
        raise wrong("register", f"There is no register {cells['register'][:40]!r}.")
    try:
        dial = Dial(int(number("digits", "6")), int(number("decimals", "2")))
    except ValueError as error:
        raise wrong("digits", f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    multiplier, reading = number("multiplier", "1"), number("reading", "")
    if not 0 < multiplier < 10**6 or multiplier != round(multiplier, 4):
        raise wrong("multiplier", "A multiplier lies above 0 and has at most four decimal places.")
    if finding := on_the_dial(reading, dial):
        raise wrong("reading", f"{finding.message[:1].upper()}{finding.message[1:]}.")
    try:
        at = moment(cells["at"], zone)
    except ValueError as error:
        raise wrong("at", f"{cells['at'][:40]!r}: {error}.") from error
    return MeterRow(line, cells["usage_point"], cells["meter"], at, multiplier, kind, dial, reading)


def moment(text: str, zone: str) -> datetime:
    """The instant, in UTC, that a local time (or a time with offset) means; a day means its beginning.

    Raises:
        ValueError: when it is no time, or one that the zone's clock never shows.
    """
    minutes, aware = clock.parse_time(text)
    if aware:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    wall = datetime(1970, 1, 1) + timedelta(minutes=minutes)  # noqa: DTZ001 - the clock on the wall
    found = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        raise ValueError(f"the clock in {zone} does not show that time on that day")
    return found
