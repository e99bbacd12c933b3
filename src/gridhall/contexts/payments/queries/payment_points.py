"""Places to pay at, by distance, with how they stand now."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Q

from gridhall.contexts.payments.models import PaymentPoint, PointKind, PointService
from gridhall.contexts.payments.rules.opening_hours import Hours, Opening, Spells, hours_of, opening

__all__ = ["Opening", "PointKind", "PointService", "PointView", "payment_points"]

#: Mean radius of the earth in metres (IUGG).
_EARTH: Final = 6_371_008.8


@dataclass(frozen=True)
class PointView:
    """A place to pay at.

    Attributes:
        longitude, latitude: WGS-84, degrees.
        week: spells of Monday to Sunday, in minutes of the day. ``today``: those of today, exceptions counted.
        exceptional: today is otherwise than the weekday.
        opening: how it stands now.
        metres: from where was asked; None where nobody said where.
    """

    code: str
    kind: PointKind
    name: str
    name_en: str
    address: str
    address_en: str
    phone: str
    services: tuple[PointService, ...]
    longitude: float
    latitude: float
    week: tuple[Spells, ...]
    today: Spells
    exceptional: bool
    coming: Mapping[date, Spells]
    opening: Opening
    metres: int | None


def payment_points(
    at: datetime,
    *,
    text: str = "",
    kind: str = "",
    services: Sequence[str] = (),
    open_now: bool = False,
    near: tuple[float, float] | None = None,
) -> list[PointView]:
    """The places in use, the nearest first where it is known from where, else by name. One query.

    Args:
        at: the moment, in the utility's zone.
        text: in name, address, or phone.
        services: all of which a place must have.
        near: longitude and latitude, WGS-84.
    """
    wanted = Q(active=True)
    for word in text.split():
        wanted &= (
            Q(name__icontains=word) | Q(name_en__icontains=word) | Q(address__icontains=word)
            | Q(address_en__icontains=word) | Q(phone__icontains=word)
        )  # fmt: skip
    if kind in PointKind.values:
        wanted &= Q(kind=kind)
    if known := [each for each in services if each in PointService.values]:
        wanted &= Q(services__contains=known)
    found = [_view(row, at, near) for row in PaymentPoint.objects.filter(wanted).order_by("name", "pk")]
    if open_now:
        found = [each for each in found if each.opening.open]
    if near is not None:
        found.sort(key=lambda each: each.metres or 0)
    return found


def _view(row: PaymentPoint, at: datetime, near: tuple[float, float] | None) -> PointView:
    hours: Hours = hours_of(row.hours, row.exceptions)
    day = at.date()
    return PointView(
        code=row.code, kind=PointKind(row.kind), name=row.name, name_en=row.name_en, address=row.address,
        address_en=row.address_en, phone=row.phone,
        services=tuple(PointService(each) for each in row.services if each in PointService.values),
        longitude=row.longitude, latitude=row.latitude,
        week=tuple(hours.weekdays.get(each, ()) for each in range(1, 8)), today=hours.on(day),
        exceptional=day in hours.exceptions,
        coming={each: spells for each, spells in sorted(hours.exceptions.items()) if each > day},
        opening=opening(hours, at),
        metres=None if near is None else round(metres(near, (row.longitude, row.latitude))),
    )  # fmt: skip


def metres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """The distance of two places on the sphere, by the haversine formula; longitude and latitude in degrees.

    >>> round(metres((120.0, 30.0), (120.0, 31.0)))
    111195
    """
    (east, north), (east2, north2) = ([math.radians(each) for each in place] for place in (here, there))
    half = math.sin((north2 - north) / 2) ** 2
    half += math.cos(north) * math.cos(north2) * math.sin((east2 - east) / 2) ** 2
    return 2 * _EARTH * math.asin(min(1.0, math.sqrt(half)))
