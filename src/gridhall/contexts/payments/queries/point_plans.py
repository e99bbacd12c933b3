"""What taking in a file of places would change, and places as staff see them."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from gridhall.contexts.payments.models import PaymentPoint, PointFile, PointKind
from gridhall.contexts.payments.place_files import (
    FAULTS_SAID,
    LARGEST,
    REQUIRED,
    BadRow,
    Fault,
    PlaceFile,
    RowFault,
    bad_rows_csv,
    cells_of,
    column_of,
    places_csv,
    read_places,
    values_of,
)
from gridhall.contexts.payments.rules.coordinates import CoordinateSystem
from gridhall.kernel.errors import NotFound

__all__ = [
    "FAULTS_SAID", "LARGEST", "REQUIRED", "BadRow", "Change", "CoordinateSystem", "Fault", "PlaceFile", "Plan",
    "PointKind", "RowFault", "StaffPoint", "UploadedFile", "bad_rows_csv", "cells_of", "column_of", "differs",
    "file_plan", "newest_files", "plan_of", "point_mark", "point_of_staff", "points_csv", "points_of_staff",
    "read_places", "uploaded_file", "values_of",
]  # fmt: skip

#: What a file may say of a place.
FIELDS: Final = (
    "kind", "name", "name_en", "address", "address_en", "phone", "hours", "exceptions", "services", "longitude",
    "latitude", "active",
)  # fmt: skip
_DIGITS: Final = 7


@dataclass(frozen=True)
class Change:
    """What a row does to a place.

    Attributes:
        line: of the file. ``values``: the place as it would be.
        fields: those that change; all that are told of a new place. ``new``: there is none of this code yet.
    """

    line: int
    code: str
    name: str
    values: dict[str, Any]
    fields: tuple[str, ...]
    new: bool


@dataclass(frozen=True)
class Plan:
    """What taking in a file would do.

    Attributes:
        unchanged: how many places are as the file says.
        missing: code and name of active places that the file does not have.
        deactivates: whether these would be set inactive. ``unsure``: a bad row without a code could be any of them, so
            none is set inactive although that was asked.
        bad: rows that are not let in. ``ignored``: columns of the file that are not ours.
        mark: the same as long as the plan is.
    """

    form: str
    new: tuple[Change, ...]
    changed: tuple[Change, ...]
    unchanged: int
    missing: tuple[tuple[str, str], ...]
    deactivates: bool
    unsure: bool
    bad: tuple[BadRow, ...]
    ignored: tuple[str, ...]
    mark: str

    @property
    def counts(self) -> dict[str, int]:
        """The figures of the plan."""
        return {
            "new": len(self.new), "changed": len(self.changed), "unchanged": self.unchanged,
            "deactivated": len(self.missing) if self.deactivates else 0, "bad": len(self.bad),
        }  # fmt: skip


@dataclass(frozen=True)
class UploadedFile:
    """A file of places as it was uploaded; ``counts`` is empty until it is taken in."""

    id: int
    name: str
    coordinates: CoordinateSystem
    deactivate_missing: bool
    uploaded_at: datetime
    uploaded_by: str
    taken_in_at: datetime | None
    taken_in_by: str
    counts: dict[str, int]


@dataclass(frozen=True)
class StaffPoint:
    """A place as staff see it; ``cells`` is the place as a row of a file, ``mark`` changes with it."""

    id: int
    active: bool
    source: str
    changed_at: datetime
    cells: dict[str, str]
    mark: str


def plan_of(content: bytes, system: CoordinateSystem, *, deactivate_missing: bool) -> Plan:
    """What taking in a file would do to the places as they are now. One query.

    Raises:
        PointFileUnreadable, PointColumnsMissing, PointFileEmpty, PointFileTooLarge: nothing of the file can be used.
    """
    read = read_places(content, system)
    known = {point.code: point for point in PaymentPoint.objects.all()}
    new: list[Change] = []
    changed: list[Change] = []
    for row in read.rows:
        code, point = row.values["code"], known.get(row.values["code"])
        values = _as_kept(point) | row.values if point else row.values
        fields = tuple(each for each in FIELDS if each in row.values and differs(point, each, row.values[each]))
        if point is None or fields:
            (changed if point else new).append(Change(row.line, code, values["name"], values, fields, point is None))
    told = {row.values["code"] for row in read.rows} | {" ".join(row.cells.get("code", "").split()) for row in read.bad}
    missing = sorted((each.code, each.name) for each in known.values() if each.active and each.code not in told)
    unsure = deactivate_missing and "" in told and bool(missing)
    deactivates = deactivate_missing and not unsure
    return Plan(
        read.form, tuple(new), tuple(changed), len(read.rows) - len(new) - len(changed), tuple(missing), deactivates,
        unsure, read.bad, read.ignored,
        _digest([[each.values for each in (*new, *changed)], missing if deactivates else [], len(read.bad)]),
    )  # fmt: skip


def file_plan(id: int) -> Plan:
    """What taking in an uploaded file would do now.

    Raises:
        NotFound: there is no such file.
    """
    row = _file(id)
    return plan_of(bytes(row.content), CoordinateSystem(row.coordinates), deactivate_missing=row.deactivate_missing)


def uploaded_file(id: int) -> UploadedFile:
    """An uploaded file, without its content.

    Raises:
        NotFound: there is no such file.
    """
    return _uploaded(_file(id))


def newest_files(limit: int) -> list[UploadedFile]:
    """The files uploaded last, the newest first."""
    return [_uploaded(row) for row in PointFile.objects.defer("content").order_by("-pk")[:limit]]


def points_of_staff(
    *, text: str = "", active: bool | None = None, kind: str = "", chinese: bool = False, offset: int = 0, limit: int
) -> tuple[list[StaffPoint], int]:
    """Places by code, and how many there are in all. Two queries.

    Args:
        chinese: hours in Chinese words.
    """
    wanted = Q() if active is None else Q(active=active)
    if kind in PointKind.values:
        wanted &= Q(kind=kind)
    for word in text.split():
        wanted &= (
            Q(code__icontains=word) | Q(name__icontains=word) | Q(name_en__icontains=word)
            | Q(address__icontains=word) | Q(address_en__icontains=word) | Q(phone__icontains=word)
        )  # fmt: skip
    found = PaymentPoint.objects.filter(wanted)
    return [_staff_point(row, chinese) for row in found.order_by("code")[offset : offset + limit]], found.count()


def point_of_staff(id: int, *, chinese: bool = False) -> StaffPoint:
    """A place; its hours in Chinese words where asked.

    Raises:
        NotFound: there is none of this number.
    """
    row = PaymentPoint.objects.filter(pk=id).first()
    if row is None:
        raise NotFound("There is no such place.", path="place")
    return _staff_point(row, chinese)


def points_csv() -> bytes:
    """All places, active or not, as a file that can be taken in again; coordinates are WGS-84."""
    return places_csv(PaymentPoint.objects.order_by("code"))


def point_mark(point: PaymentPoint) -> str:
    """The same as long as nobody changes the place."""
    return _digest(_as_kept(point))


def _staff_point(row: PaymentPoint, chinese: bool) -> StaffPoint:
    cells = cells_of(row, chinese=chinese)
    return StaffPoint(row.pk, row.active, row.source, row.changed_at, cells, point_mark(row))


def _as_kept(point: PaymentPoint) -> dict[str, Any]:
    return {"code": point.code} | {each: getattr(point, each) for each in FIELDS}


def differs(point: PaymentPoint | None, field: str, value: Any) -> bool:
    """Whether a value changes a field of a place; of a new one everything does."""
    if point is None:
        return True
    held = getattr(point, field)
    if isinstance(held, float):
        held, value = round(held, _DIGITS), round(value, _DIGITS)
    elif field == "services":
        held, value = sorted(held), sorted(value)
    elif field == "hours":
        held = {day: spells for day, spells in held.items() if spells}
    return bool(held != value)


def _digest(of: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(of, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


def _file(id: int) -> PointFile:
    row = PointFile.objects.filter(pk=id).first()
    if row is None:
        raise NotFound("There is no such file.", path="file")
    return row


def _uploaded(row: PointFile) -> UploadedFile:
    return UploadedFile(
        row.pk, row.name, CoordinateSystem(row.coordinates), row.deactivate_missing, row.uploaded_at, row.uploaded_by,
        row.taken_in_at, row.taken_in_by, row.counts,
    )  # fmt: skip
