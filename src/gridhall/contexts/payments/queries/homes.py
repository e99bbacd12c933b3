"""Which accounts settle the homes of a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

_SETTLING: Final = """
    SELECT w.point, s.account_id, c.number, c.customer_id = w.customer, bool_or(s.span @> %(today)s::date)
    FROM unnest(%(points)s::bigint[], %(customers)s::bigint[]) AS w(point, customer)
    JOIN accounts_customeragreement a ON a.usage_point_id = w.point AND a.customer_id = w.customer
    JOIN accounts_settlement s ON s.agreement_id = a.id JOIN accounts_customeraccount c ON c.id = s.account_id
    GROUP BY w.point, s.account_id, c.number, c.customer_id, w.customer ORDER BY s.account_id
"""


@dataclass(frozen=True)
class Settling:
    """An account that settles, or settled, a home.

    Attributes:
        usage_point, account: ids; ``number`` of the account.
        own: whether it belongs to the customer of the home. ``now``: whether it settles today.
    """

    usage_point: int
    account: int
    number: str
    own: bool
    now: bool


def settling(homes: Sequence[tuple[int, int]], today: date) -> list[Settling]:
    """The accounts of homes. One query.

    Args:
        homes: (usage point, customer), ids.
    """
    asked: dict[str, Any] = {
        "points": [point for point, _ in homes], "customers": [customer for _, customer in homes], "today": today,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SETTLING, asked)
        return [Settling(*row) for row in cursor.fetchall()]
