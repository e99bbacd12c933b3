"""Which column is what: recognised by the names that meter-data files give them, in English and Chinese."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gridhall.lake import curves
from gridhall.lake.formats.errors import ColumnsUnknown
from gridhall.lake.formats.quantities import Unit

#: Columns that a quarantine export adds; ignored on the way back, but for the row's own number.
QUARANTINE_PREFIX: Final = "quarantine_"
QUARANTINE_ROW: Final = "quarantine_row"

_USAGE_POINT: Final = frozenset(
    {
        "usagepoint", "usagepointid", "usagepointnumber", "usagepointno", "up", "upid", "lclid", "household",
        "householdid", "meterid", "meterpoint", "mpan", "nmi", "pod", "account", "accountnumber", "customer",
        "customerid", "consno", "consid", "户号", "用户编号", "用户号", "用电户号", "用电客户编号", "客户编号",
        "用电户", "计量点编号", "计量点",
    }
)  # fmt: skip
_DAY: Final = frozenset(
    {
        "day", "date", "localdate", "localday", "readingdate", "readdate", "datadate", "日期", "数据日期", "用电日期",
        "抄表日期", "日冻结日期",
    }
)  # fmt: skip
_START: Final = frozenset(
    {
        "start", "starttime", "startat", "intervalstart", "periodstart", "begin", "from", "ts", "timestamp", "time",
        "datetime", "tstp", "readingtime", "时间", "开始时间", "起始时间", "数据时间", "时刻", "时段开始",
    }
)  # fmt: skip
_END: Final = frozenset(
    {"end", "endtime", "endat", "intervalend", "periodend", "to", "结束时间", "截止时间", "终止时间", "时段结束"}
)
_ENERGY: Final = frozenset(
    {
        "energy", "value", "consumption", "usage", "delivered", "import", "kwhhh", "quantity", "电量",
        "用电量", "电能量", "有功电量", "正向有功", "正向有功电量",
    }
)  # fmt: skip
_CURVE: Final = frozenset(
    {"curve", "loadcurve", "values", "readings", "intervals", "负荷曲线", "曲线", "电量曲线", "曲线数据"}
)
_UNITS: Final = {
    "kwh": Unit.KWH, "kvarh": Unit.KWH, "千瓦时": Unit.KWH, "度": Unit.KWH,
    "mwh": Unit.MWH, "兆瓦时": Unit.MWH,
    "wh": Unit.WH, "varh": Unit.WH, "瓦时": Unit.WH,
}  # fmt: skip
_UNIT = re.compile(
    r"(?:^|[\W_]|(?<=[^\x00-\x7f]))(mwh|kwh|wh|kvarh|varh|千瓦时|兆瓦时|瓦时|度)(?:$|[\W_])", re.IGNORECASE
)
_POWER = re.compile(r"(?:^|[\W_])(kw|mw|w)(?:$|[\W_])|功率|power", re.IGNORECASE)
_POSITION = re.compile(r"^(?:p|v|h|hh|t|q|slot|point|value|d|e|kwh|wh|点)?0*(\d{1,3})点?$")
_CLOCK = re.compile(r"^(\d{1,2})[:：时](\d{2})(?:[:：]00)?(?:[-~–].*)?$")

#: Slots of a day at the accepted resolutions, days of 23 and 25 hours included.
LENGTHS: Final = frozenset(hours * 60 // minutes for minutes in curves.RESOLUTIONS for hours in (23, 24, 25))


class Form(StrEnum):
    """How rows tell energy; the name that ``--format`` takes is the container's and this."""

    LONG = "long"
    DAY_COLUMNS = "day-columns"
    DAY_CURVE = "day-curve"


@dataclass(frozen=True)
class Layout:
    """Where things stand in a row; columns by position.

    Attributes:
        columns: the names as the file writes them.
        values: the one column of energy or of curves, or one for each slot.
        time: the column of the day, or of the time.
        ends: ``time`` is the end of the slot.
        utc: times without an offset are of UTC.
        starts: for clock-named value columns the wall-clock minute at which each slot starts, otherwise empty.
        mends: the column that says which quarantined row this one mends.
    """

    form: Form
    columns: tuple[str, ...]
    usage_point: int
    time: int
    values: tuple[int, ...]
    unit: Unit
    unit_said: bool
    ends: bool = False
    utc: bool = False
    starts: tuple[int, ...] = ()
    mends: int | None = None

    @property
    def needed(self) -> tuple[int, ...]:
        """The columns to read, in this order: usage point, time, values, and what is mended."""
        return (self.usage_point, self.time, *self.values, *(() if self.mends is None else (self.mends,)))


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).strip().strip("\"'\ufeff").lower()
    return re.sub(r"[\s_\-./]+", "", re.sub(r"[(\[（].*?[)\]）]", "", text)).replace("\0", "")


def _without_unit(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).strip().lower()
    return _plain(_UNIT.sub(" ", text))


def unit_of(name: str) -> Unit | None:
    """The unit that a column's name tells.

    >>> unit_of("curve_wh"), unit_of("电量(kWh)"), unit_of("curve")
    (<Unit.WH: 0>, <Unit.KWH: 3>, None)
    """
    match = _UNIT.search(unicodedata.normalize("NFKC", name).strip().lower())
    return _UNITS[match.group(1)] if match else None


def recognise(names: Sequence[str], *, place: str, unit: Unit | None = None) -> Layout:
    """This will find usage point, time and energy among a file's columns.

    Args:
        place: the file, for the error.
        unit: the unit that the user says; otherwise the column's name tells, otherwise kWh.

    Raises:
        ColumnsUnknown: when one of the three cannot be told.
    """
    plain = [_plain(name) if not name.strip().lower().startswith(QUARANTINE_PREFIX) else "" for name in names]
    bare = [_without_unit(name) if plain[index] else "" for index, name in enumerate(names)]
    mends = next((at for at, name in enumerate(names) if name.strip().lower() == QUARANTINE_ROW), None)
    point = _one_of(plain, _USAGE_POINT)
    if point is None:
        raise _unknown("No column says which usage point a row belongs to.", names, place)
    common = {"columns": tuple(names), "usage_point": point, "mends": mends}
    free = [at for at, name in enumerate(plain) if name and at != point]
    day, start, end = _one_of(plain, _DAY), _time_of(plain, _START), _time_of(plain, _END)

    curve = next((at for at in free if bare[at] in _CURVE), None)
    if day is not None and curve is not None:
        said = unit or unit_of(names[curve])
        return Layout(Form.DAY_CURVE, time=day, values=(curve,), unit=said or Unit.KWH, unit_said=bool(said), **common)  # type: ignore[arg-type]
    if day is not None:
        values, starts = _slots(names, plain, [at for at in free if at != day])
        if values:
            said = unit or _agreed([unit_of(names[at]) for at in values])
            return Layout(
                Form.DAY_COLUMNS, time=day, values=values, unit=said or Unit.KWH, unit_said=bool(said), starts=starts,
                **common,  # type: ignore[arg-type]
            )  # fmt: skip
    moment = start if start is not None else end
    if moment is None and day is not None and any(bare[at] in _ENERGY or plain[at] in _UNITS for at in free):
        moment = day  # a column named "date" that holds the time too
    if moment is None:
        raise _unknown("No column says when: a start time, or a day with its values.", names, place)
    energy = _energy(names, plain, bare, [at for at in free if at not in {day, start, end}])
    if energy is None:
        raise _unknown("No column holds the energy.", names, place)
    said = unit or unit_of(names[energy]) or _UNITS.get(plain[energy])
    return Layout(
        Form.LONG, time=moment, values=(energy,), unit=said or Unit.KWH, unit_said=bool(said),
        ends=start is None and moment == end, utc=plain[moment].endswith("utc"),
        **common,  # type: ignore[arg-type]
    )  # fmt: skip


def _one_of(plain: Sequence[str], names: frozenset[str]) -> int | None:
    return next((at for at, name in enumerate(plain) if name in names), None)


def _time_of(plain: Sequence[str], names: frozenset[str]) -> int | None:
    return next((at for at, name in enumerate(plain) if name in names or name.removesuffix("utc") in names), None)


def _energy(names: Sequence[str], plain: Sequence[str], bare: Sequence[str], free: list[int]) -> int | None:
    for at in free:
        if plain[at] in _UNITS or (bare[at] in _ENERGY and (unit_of(names[at]) or not _POWER.search(names[at]))):
            return at
    return next((at for at in free if unit_of(names[at])), None)


def _slots(names: Sequence[str], plain: Sequence[str], free: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The value columns of a day, and the wall-clock minutes of their starts where the names are clock times."""
    clocks = {at: _CLOCK.match(names[at].strip()) for at in free}
    timed = [at for at in free if clocks[at]]
    if len(timed) in LENGTHS:
        minutes = [int(found.group(1)) * 60 + int(found.group(2)) for at in timed if (found := clocks[at])]
        step = 1440 // len(timed) if 1440 % len(timed) == 0 else 0
        ends = minutes[0] != 0
        starts = [minute - step if ends else minute for minute in minutes]
        if ends and minutes[-1] == 0:  # the last slot's end written 00:00
            starts[-1] = 1440 - step
        plain_day = step and starts == list(range(0, 1440, step))
        return tuple(timed), tuple(starts) if plain_day else ()
    positions = {at: _POSITION.match(plain[at]) for at in free}
    numbered = [at for at in free if positions[at]]
    if len(numbered) in LENGTHS:
        order = [int(found.group(1)) for at in numbered if (found := positions[at])]
        if order == list(range(order[0], order[0] + len(order))):
            return tuple(numbered), ()
    if len(free) in LENGTHS:
        return tuple(free), ()
    return (), ()


def _agreed(units: Sequence[Unit | None]) -> Unit | None:
    return units[0] if len(set(units)) == 1 else None


def _unknown(what: str, names: Sequence[str], place: str) -> ColumnsUnknown:
    shown = ", ".join(name.strip()[:40] for name in names[:8]) + (", …" if len(names) > 8 else "")
    return ColumnsUnknown(
        f"{what} The columns are: {shown}.",
        path=f"{place}:1",
        remedy="Name them usage_point,start,kwh or usage_point,day,p1…p96 or usage_point,day,curve.",
    )
