"""A bill as proof: who can name one of these has it in hand."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection

_CHARGED: Final = """
    SELECT u.id, u.number, a.customer_id, b.total_fen, b.end_date FROM billing_bill b
    JOIN accounts_customeragreement a ON a.id = b.agreement_id JOIN accounts_usagepoint u ON u.id = b.usage_point_id
    WHERE b.number = %s
"""


@dataclass(frozen=True)
class Charged:
    """What a bill says to whom: ids of usage point and customer, 户号, total in fen, the first day after its period."""

    usage_point: int
    number: str
    customer: int
    total_fen: int
    end: date


def charged(number: int) -> Charged | None:
    """What the bill of this number says; None where there is none. One small query either way."""
    with connection.cursor() as cursor:
        cursor.execute(_CHARGED, [number])
        row = cursor.fetchone()
    return Charged(*row) if row else None
