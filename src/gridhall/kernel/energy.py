"""Energy is an integer number of watt-hours (reactive energy: var-hours); demand an integer number of watts."""

from decimal import Decimal
from typing import Final

WH_PER_KWH: Final = 1000


def kwh(watt_hours: int) -> Decimal:
    """Give whole watt-hours as exact kilowatt-hours with three places; the same serves W → kW and varh → kvarh.

    >>> kwh(1234567)
    Decimal('1234.567')
    """
    return Decimal(int(watt_hours)).scaleb(-3)
