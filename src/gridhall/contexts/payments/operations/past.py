"""Payments of the past, many at once: what was paid before this house kept the books, or in an invented utility."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from gridhall.runtime.localtime import local_day

_RECEIPTS: Final = """
    WITH given AS (
        SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
            %s::timestamptz[], %s::date[])
            AS g(gateway, method, reference, organisation, account, point, amount, paid_at, day)
    ), fresh AS (
        INSERT INTO payments_receipt (kind, gateway, method, reference, organisation_id, amount_fen, paid_at,
            value_date, posted_at, actor, reason)
        SELECT 'receipt', gateway, method, reference, organisation, amount, paid_at, day, paid_at, %s, ''
        FROM given ORDER BY paid_at
        ON CONFLICT ON CONSTRAINT payments_receipt_once DO NOTHING
        RETURNING id, gateway, reference, amount_fen
    )
    SELECT array_agg(f.id), array_agg(g.account), array_agg(g.point), array_agg(f.amount_fen)
    FROM fresh f JOIN given g USING (gateway, reference)
"""
_LINES: Final = """
    INSERT INTO payments_receiptline (receipt_id, account_id, usage_point_id, amount_fen)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
"""


@dataclass(frozen=True)
class PastPayment:
    """A payment of the past for one account; ``reference`` names it once and for all at its gateway."""

    gateway: str
    method: str
    reference: str
    organisation: int
    account: int
    usage_point: int | None
    amount_fen: int
    paid_at: datetime


def take_past(payments: Sequence[PastPayment], *, actor: str) -> Sequence[int]:
    """This will post payments of the past and give the new receipts. Nobody is told: what follows from them is past.

    Each is posted as of when it was paid; one that was posted before is left as it is.
    """
    if not payments:
        return []
    columns: list[list[Any]] = [
        [each.gateway for each in payments], [each.method for each in payments], [each.reference for each in payments],
        [each.organisation for each in payments], [each.account for each in payments],
        [each.usage_point for each in payments], [each.amount_fen for each in payments],
        [each.paid_at for each in payments], [local_day(each.paid_at) for each in payments],
    ]  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RECEIPTS, [*columns, actor])
        ids, accounts, points, amounts = cursor.fetchone()
        cursor.execute(_LINES, [ids or [], accounts or [], points or [], amounts or []])
    return ids or []
