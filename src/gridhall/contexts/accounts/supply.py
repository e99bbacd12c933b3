"""What feeds a usage point, and under which prices its customer takes the power."""

from typing import Final

from django.db import connection

from gridhall.contexts.accounts.types import AgreedTariff, Supply
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan

_SUPPLY: Final = """
    SELECT u.status, t.name, t.dedicated, t.capacity_va, f.name, s.name
    FROM accounts_usagepoint u
    LEFT JOIN accounts_transformerarea t ON t.id = u.transformer_area_id
    LEFT JOIN accounts_feeder f ON f.id = t.feeder_id
    LEFT JOIN accounts_substation s ON s.id = f.substation_id
    WHERE u.id = %s
"""
_AGREED: Final = """
    SELECT lower(span), upper(span), tariff_code, household_size FROM accounts_customeragreement
    WHERE usage_point_id = %s AND customer_id = %s ORDER BY lower(span)
"""


def supply_of(usage_point: int) -> Supply:
    """What feeds a usage point, from its transformer up to the substation. One query.

    Raises:
        NotFound: when there is no such usage point.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SUPPLY, [usage_point])
        row = cursor.fetchone()
    if row is None:
        raise NotFound("There is no such usage point.", path=str(usage_point))
    status, area, dedicated, capacity, feeder, substation = row
    return Supply(status, area, bool(dedicated), capacity, feeder, substation)


def agreed_tariffs(usage_point: int, customer: int) -> list[AgreedTariff]:
    """The tariffs a customer had at a usage point, oldest first. One query.

    Args:
        usage_point, customer: ids.
    """
    with connection.cursor() as cursor:
        cursor.execute(_AGREED, [usage_point, customer])
        return [AgreedTariff(DateSpan(start, end), code, size) for start, end, code, size in cursor.fetchall()]
