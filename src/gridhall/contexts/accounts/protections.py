"""Who is never cut off for arrears."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django.db import connection

from gridhall.contexts.accounts.types import ProtectionKind, ProtectionRecord
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan

_SELECT: Final = """
    SELECT p.id, p.usage_point_id, u.number, o.name, o.path, p.kind, lower(p.span), upper(p.span), p.evidence,
        p.recorded_at, p.recorded_by, p.ended_reason
    FROM accounts_protection p
    JOIN accounts_usagepoint u ON u.id = p.usage_point_id JOIN accounts_organisation o ON o.id = u.organisation_id
    WHERE {where} ORDER BY p.id DESC LIMIT %(limit)s
"""


def protected(usage_points: Sequence[int], day: date) -> dict[int, ProtectionKind]:
    """Those of some usage points (ids) that must not be cut off on a day, with the gravest reason. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT usage_point_id, array_agg(kind) FROM accounts_protection"
            " WHERE usage_point_id = ANY(%s::bigint[]) AND span @> %s::date GROUP BY usage_point_id",
            [list(usage_points), day],
        )
        return {
            point: next(kind for kind in ProtectionKind if kind.value in kinds) for point, kinds in cursor.fetchall()
        }


def protections(
    units: Sequence[int], *, day: date | None = None, number: str = "", offset: int = 0, limit: int = 100
) -> list[ProtectionRecord]:
    """The register of some units (ids), the newest entry first. One query.

    Args:
        day: only what protects on this day; None: ended ones too.
        number: only usage points whose 户号 begins so.
    """
    where = "u.organisation_id = ANY(%(units)s::bigint[])"
    where += " AND p.span @> %(day)s::date" if day is not None else ""
    where += " AND u.number LIKE %(number)s" if number else ""
    plain = number.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    asked = {"units": list(units), "day": day, "number": f"{plain}%", "limit": limit + offset}
    return _read(where, asked)[offset:]


def protection(id: int) -> ProtectionRecord:
    """An entry of the register.

    Raises:
        NotFound: when there is none.
    """
    found = _read("p.id = %(id)s", {"id": id, "limit": 1})
    if not found:
        raise NotFound("There is no such entry of the register.", path="protection")
    return found[0]


def _read(where: str, asked: dict[str, Any]) -> list[ProtectionRecord]:
    with connection.cursor() as cursor:
        cursor.execute(_SELECT.format(where=where), asked)
        return [
            ProtectionRecord(
                id, point, number, unit, path, ProtectionKind(kind), DateSpan(start, end), evidence, at, by, reason
            )
            for id, point, number, unit, path, kind, start, end, evidence, at, by, reason in cursor.fetchall()
        ]
