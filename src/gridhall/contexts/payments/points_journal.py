"""Points for payments, kept here: the programme of a utility that has no other. See `ports.Points`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from gridhall.contexts.payments.operations.earning import count_points
from gridhall.runtime import prepared

_EARNED: Final = """
    SELECT e.receipt_id, CASE WHEN e.receipt_id = e.of_id
        THEN (SELECT sum(points) FROM payments_earnedpoints a WHERE a.of_id = e.of_id) ELSE e.points END
    FROM payments_earnedpoints e WHERE e.receipt_id = ANY(%s::bigint[])
"""


class PointsJournal:
    """A row for each receipt, by ``rules/points.yaml``; a programme with accounts of its own takes its place."""

    def count(self, receipts: Sequence[int], *, now: datetime) -> None:
        """See `ports.Points`."""
        count_points(receipts, now=now)

    def earned(self, receipts: Sequence[int]) -> Mapping[int, int]:
        """See `ports.Points`."""
        if not receipts:
            return {}
        with prepared.cursor() as cursor:
            cursor.execute(_EARNED, [list(receipts)])
            return {receipt: int(points) for receipt, points in cursor.fetchall()}
