"""The cells of a place: what their columns are called, what may stand in them, what they mean."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gridhall.contexts.payments.models import PointKind, PointService
from gridhall.contexts.payments.rules.coordinates import CoordinateSystem, to_wgs84
from gridhall.contexts.payments.rules.opening_hours import HoursInvalid
from gridhall.contexts.payments.rules.opening_hours_text import exceptions_of, week_of

#: Column → text. A column that a file does not have is missing here.
Cells = Mapping[str, str]

#: Column → what it may be called in the head of a file. The first is the name that we write.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "code": ("code", "编号", "网点编号", "代码"),
    "kind": ("kind", "type", "类型", "网点类型"),
    "name": ("name", "名称", "网点名称"),
    "name_en": ("name_en", "英文名称"),
    "address": ("address", "地址", "详细地址"),
    "address_en": ("address_en", "英文地址"),
    "phone": ("phone", "电话", "联系电话"),
    "longitude": ("longitude", "lon", "lng", "经度"),
    "latitude": ("latitude", "lat", "纬度"),
    "hours": ("hours", "opening_hours", "营业时间"),
    "exceptions": ("exceptions", "特殊日期", "例外日期"),
    "services": ("services", "服务", "服务项目"),
    "active": ("active", "启用", "是否启用", "状态"),
}
#: What a place cannot be without.
REQUIRED: Final = ("code", "kind", "name", "address", "longitude", "latitude")
_LONGEST: Final = {"code": 40, "name": 80, "name_en": 80, "address": 160, "address_en": 160, "phone": 30}
_BY_NAME: Final = {name: column for column, names in COLUMNS.items() for name in names}
_KINDS: Final = {
    **{each.value: each for each in PointKind}, **{each.label: each for each in PointKind},
    "自助终端": PointKind.MACHINE, "银行": PointKind.BANK, "供电营业厅": PointKind.HALL,
}  # fmt: skip
_SERVICES: Final = {
    **{each.value: each for each in PointService}, **{each.label: each for each in PointService},
    "现金": PointService.CASH, "刷卡": PointService.CARD, "扫码": PointService.CODE, "发票": PointService.INVOICE,
    "无障碍": PointService.STEP_FREE, "银行卡": PointService.CARD, "购电卡充值": PointService.CHARGING_CARD,
}  # fmt: skip
_ON, _OFF = {"yes", "true", "1", "是", "启用"}, {"no", "false", "0", "否", "停用"}
#: About a centimetre: finer is noise.
_DIGITS: Final = 7


class RowFault(StrEnum):
    """What is wrong with a row; codes never change."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    CODE = "code"
    KIND = "kind"
    SERVICE = "service"
    HOURS = "hours"
    EXCEPTIONS = "exceptions"
    NUMBER = "number"
    OFF_EARTH = "off_earth"
    SWAPPED = "swapped"
    ACTIVE = "active"
    REPEATED = "repeated"
    CELLS = "cells"
    NOT_A_POINT = "not_a_point"


#: Fault → what is wrong, what to do.
FAULTS_SAID: Final[dict[RowFault, tuple[str, str]]] = {
    RowFault.MISSING: ("It is empty.", "Fill it in."),
    RowFault.TOO_LONG: ("It is too long.", "Shorten it."),
    RowFault.CODE: ("A code has no spaces.", "Write it as YX-01."),
    RowFault.KIND: ("There is no such kind of place.", "One of hall, agent, machine, bank."),
    RowFault.SERVICE: ("There is no such service.", f"Some of {', '.join(PointService.values)}, separated by ;."),
    RowFault.HOURS: ("The hours cannot be understood.", "Write Mo-Fr 08:30-17:00; Sa 09:00-12:00."),
    RowFault.EXCEPTIONS: ("The days cannot be understood.", "Write 2026-10-01 off; 2026-10-05 09:00-12:00."),
    RowFault.NUMBER: ("It is no number.", "Write degrees as 121.473701."),
    RowFault.OFF_EARTH: ("No place lies there.", "Look at longitude and latitude again."),
    RowFault.SWAPPED: ("Longitude and latitude look swapped.", "Put longitude, the larger one in China, first."),
    RowFault.ACTIVE: ("It is neither yes nor no.", "Write yes or no, or leave it empty."),
    RowFault.REPEATED: ("This code stands in the file before.", "Give each place a code of its own."),
    RowFault.CELLS: ("The row has more or fewer cells than the head.", "Put cells with commas in quotes."),
    RowFault.NOT_A_POINT: ("The feature is no point with two coordinates.", "Draw it as a point."),
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell.

    Attributes:
        field: the column; empty for the whole row. ``value``: what stands there.
    """

    field: str
    value: str
    code: RowFault


def column_of(name: str) -> str | None:
    """The column that a name in a head means; None for one that is not ours.

    >>> column_of(" Longitude "), column_of("经度"), column_of("colour")
    ('longitude', 'longitude', None)
    """
    return _BY_NAME.get(re.sub(r"\s+", "_", unicodedata.normalize("NFKC", name).strip("\ufeff").strip().lower()))


def values_of(cells: Cells, system: CoordinateSystem) -> tuple[dict[str, Any], list[Fault]]:
    """What the cells of a row mean, as `models.PaymentPoint` keeps it, and every fault in them.

    A column that is missing says nothing about the place, and is missing in what is given. Longitude and latitude come
    out as WGS-84.
    """
    found: dict[str, Any] = {}
    faults: list[Fault] = []

    def wrong(field: str, code: RowFault) -> None:
        faults.append(Fault(field, cells.get(field, ""), code))

    for field, longest in _LONGEST.items():
        if field in cells:
            found[field] = text = _line(cells[field])
            if len(text) > longest:
                wrong(field, RowFault.TOO_LONG)
    for field in REQUIRED:
        if not cells.get(field, "").strip():
            wrong(field, RowFault.MISSING)
    if re.search(r"\s", found.get("code", "")):
        wrong("code", RowFault.CODE)
    if kind := _line(cells.get("kind", "")):
        if kind.lower() in _KINDS:
            found["kind"] = _KINDS[kind.lower()].value
        else:
            wrong("kind", RowFault.KIND)
    if "services" in cells:
        named = [_line(each) for each in re.split(r"[;；、,，|]", cells["services"]) if each.strip()]
        if all(each.lower() in _SERVICES for each in named):
            told = {_SERVICES[each.lower()] for each in named}
            found["services"] = [each.value for each in PointService if each in told]
        else:
            wrong("services", RowFault.SERVICE)
    for field, read, fault in (
        ("hours", week_of, RowFault.HOURS), ("exceptions", exceptions_of, RowFault.EXCEPTIONS),
    ):  # fmt: skip
        try:
            if field in cells:
                found[field] = read(cells[field])
        except HoursInvalid:
            wrong(field, fault)
    if active := _line(cells.get("active", "")).lower():
        if active in _ON | _OFF:
            found["active"] = active in _ON
        else:
            wrong("active", RowFault.ACTIVE)
    _place(cells, system, found, wrong)
    return found, faults


def _place(cells: Cells, system: CoordinateSystem, found: dict[str, Any], wrong: Any) -> None:
    degrees: list[float] = []
    for field in ("longitude", "latitude"):
        text = cells.get(field, "").strip()
        if not text:
            return
        number = _number(text)
        if number is None:
            wrong(field, RowFault.NUMBER)
        else:
            degrees.append(number)
    if len(degrees) < 2:
        return
    east, north = degrees
    if abs(north) > 90 and abs(east) <= 90 and abs(north) <= 180:
        wrong("latitude", RowFault.SWAPPED)
    elif abs(east) > 180 or abs(north) > 90 or (east == 0 and north == 0):
        wrong("longitude" if abs(east) > 180 else "latitude", RowFault.OFF_EARTH)
    else:
        longitude, latitude = to_wgs84((east, north), system)
        found |= {"longitude": round(longitude, _DIGITS), "latitude": round(latitude, _DIGITS)}


def _number(text: str) -> float | None:
    try:
        number = float(text) if len(text) <= 40 and "_" not in text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _line(text: str) -> str:
    """A cell as a line, without what no line holds."""
    return " ".join("".join(" " if unicodedata.category(each) == "Cc" else each for each in text).split())
