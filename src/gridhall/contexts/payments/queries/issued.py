"""Bills of a month with what they are for: what payments of the past are made from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from gridhall.kernel.spans import DateSpan

_ISSUED: Final = """
    SELECT b.number, b.account_id, b.usage_point_id, b.organisation_id, b.total_fen, b.issued_at, u.number
    FROM billing_bill b JOIN accounts_usagepoint u ON u.id = b.usage_point_id
    JOIN accounts_organisation o ON o.id = b.organisation_id
    JOIN accounts_organisation top ON top.code = %s AND o.path LIKE top.path || '%%'
    WHERE b.status = 'issued' AND b.total_fen > 0 AND b.start_date >= %s AND b.start_date < %s ORDER BY b.number
"""


@dataclass(frozen=True)
class Issued:
    """A live bill above zero; ids, but the numbers of the bill and its usage point."""

    bill: int
    account: int
    usage_point: int
    organisation: int
    total_fen: int
    issued_at: datetime
    point_number: str


def issued_in(span: DateSpan, organisation: str) -> list[Issued]:
    """The live bills above zero of a unit and all below it, of periods that begin within a span. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_ISSUED, [organisation, span.start, span.end])
        return [Issued(*row) for row in cursor.fetchall()]
