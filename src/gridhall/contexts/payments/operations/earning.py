"""Points are counted: once for each receipt, whoever says how often and in whatever order that it was posted."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from django.db import transaction

from gridhall.contexts.payments.earning_settings import points_rules
from gridhall.contexts.payments.rules.earning import earned, gone
from gridhall.kernel.errors import NotFound
from gridhall.runtime import prepared

#: The receipts that earn, held until the end of the transaction: what belongs to one is counted by one at a time.
_EARNING: Final = """
    SELECT o.id, o.gateway, o.method, o.amount_fen, o.value_date
    FROM payments_receipt o
    WHERE o.id IN (SELECT coalesce(reverses_id, id) FROM payments_receipt WHERE id = ANY(%s::bigint[]))
    ORDER BY o.id FOR UPDATE
"""
#: Each with what went back of it: what is counted already first.
_OF_THEM: Final = """
    SELECT coalesce(f.reverses_id, f.id), f.id, f.amount_fen, e.points FROM payments_receipt f
    LEFT JOIN payments_earnedpoints e ON e.receipt_id = f.id
    WHERE f.id = ANY(%(of)s::bigint[]) OR f.reverses_id = ANY(%(of)s::bigint[])
    ORDER BY 1, f.reverses_id IS NOT NULL, e.points IS NULL, f.id
"""
_COUNTED: Final = """
    INSERT INTO payments_earnedpoints (of_id, receipt_id, points, counted_at)
    SELECT counted.*, %s::timestamptz FROM unnest(%s::bigint[], %s::bigint[], %s::integer[]) AS counted
"""


def count_points(receipts: Sequence[int], *, now: datetime) -> int:
    """This will count the points of receipts with all that went back of each, and give how many rows were new.

    What is counted already stays, also when the rules have changed since. Three statements, whatever their number.

    Args:
        receipts: ids: money that came in, or refunds and chargebacks of it.

    Raises:
        NotFound: when there is no such receipt; nothing is counted.
    """
    fresh: list[tuple[int, int, int]] = []
    with transaction.atomic(), prepared.cursor() as cursor:
        cursor.execute(_EARNING, [list(receipts)])
        earning = {of: rest for of, *rest in cursor.fetchall()}
        cursor.execute(_OF_THEM, {"of": list(earning)})
        rows = cursor.fetchall()
        if not {id for _, id, _, _ in rows}.issuperset(receipts):
            raise NotFound("There is no such receipt.", path="receipt")
        for of, family in groupby(rows, key=lambda row: row[0]):
            gateway, method, amount, day = earning[of]
            (_, _, _, known), *backs = family
            if known is None:
                known = earned(amount, points_rules().rate(gateway, method, day))
                fresh.append((of, of, known))
            back = taken = 0
            for _, id, fen, points in backs:
                back += fen
                if points is None:
                    points = taken - gone(known, amount, back)
                    fresh.append((of, id, points))
                taken -= points
        if fresh:
            cursor.execute(_COUNTED, [now, *map(list, zip(*fresh, strict=True))])
    return len(fresh)
