"""Places to pay at, written by their code: again it changes what is there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gridhall.contexts.payments.models import PaymentPoint
from gridhall.contexts.payments.rules.opening_hours import hours_of


@dataclass(frozen=True)
class NewPoint:
    """A place as `models.PaymentPoint` keeps it; longitude and latitude are WGS-84 degrees."""

    code: str
    kind: str
    name: str
    address: str
    longitude: float
    latitude: float
    name_en: str = ""
    address_en: str = ""
    phone: str = ""
    hours: Mapping[str, Any] = field(default_factory=dict)
    exceptions: Mapping[str, Any] = field(default_factory=dict)
    services: Sequence[str] = ()
    active: bool = True


def put_points(points: Iterable[NewPoint], *, source: str, now: datetime) -> int:
    """This will write places, all or none, and give how many.

    Raises:
        HoursInvalid: opening hours that cannot be understood.
    """
    rows = []
    for each in points:
        hours_of(each.hours, each.exceptions)
        rows.append(
            PaymentPoint(
                code=each.code,
                kind=each.kind,
                name=each.name,
                name_en=each.name_en,
                address=each.address,
                address_en=each.address_en,
                phone=each.phone,
                hours=dict(each.hours),
                exceptions=dict(each.exceptions),
                services=list(each.services),
                longitude=each.longitude,
                latitude=each.latitude,
                active=each.active,
                source=source,
                changed_at=now,
            )
        )
    changed = [each.name for each in PaymentPoint._meta.concrete_fields if each.name not in {"id", "code"}]
    PaymentPoint.objects.bulk_create(rows, update_conflicts=True, unique_fields=["code"], update_fields=changed)
    return len(rows)
