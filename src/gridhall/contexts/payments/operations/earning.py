"""Points are counted: once for each receipt, whoever says how often and in whatever order that it was posted."""

from datetime import datetime
from typing import Final

from django.db import transaction

from gridhall.contexts.payments.earning_settings import points_rules
from gridhall.contexts.payments.rules.earning import earned, gone
from gridhall.kernel.errors import NotFound
from gridhall.runtime import prepared

#: The receipt that earns, held until the end of the transaction: what belongs to it is counted by one at a time.
_EARNING: Final = """
    SELECT o.id, o.gateway, o.method, o.amount_fen, o.value_date
    FROM payments_receipt o
    WHERE o.id = (SELECT coalesce(reverses_id, id) FROM payments_receipt WHERE id = %s::bigint) FOR UPDATE
"""
_OF_IT: Final = """
    SELECT f.id, f.amount_fen, e.points FROM payments_receipt f
    LEFT JOIN payments_earnedpoints e ON e.receipt_id = f.id
    WHERE f.id = %s::bigint OR f.reverses_id = %s::bigint ORDER BY f.reverses_id IS NOT NULL, e.points IS NULL, f.id
"""
_COUNTED: Final = """
    INSERT INTO payments_earnedpoints (receipt_id, of_id, points, counted_at)
    SELECT counted.receipt, %s::bigint, counted.points, %s::timestamptz
    FROM unnest(%s::bigint[], %s::integer[]) AS counted (receipt, points)
"""


def count_points(receipt: int, *, now: datetime) -> int:
    """This will count the points of a receipt with all that went back of it, and give how many rows were new.

    What is counted already stays, also when the rules have changed since.

    Args:
        receipt: money that came in, or a refund or chargeback of it.

    Raises:
        NotFound: when there is no such receipt.
    """
    with transaction.atomic(), prepared.cursor() as cursor:
        cursor.execute(_EARNING, [receipt])
        row = cursor.fetchone()
        if row is None:
            raise NotFound("There is no such receipt.", path="receipt")
        of, gateway, method, amount, day = row
        cursor.execute(_OF_IT, [of, of])
        (_, _, known), *backs = cursor.fetchall()
        fresh = {}
        if known is None:
            known = earned(amount, points_rules().rate(gateway, method, day))
            fresh[of] = known
        back = taken = 0
        for id, fen, points in backs:
            back += fen
            if points is None:
                points = taken - gone(known, amount, back)
                fresh[id] = points
            taken -= points
        if fresh:
            cursor.execute(_COUNTED, [of, now, list(fresh), list(fresh.values())])
    return len(fresh)
