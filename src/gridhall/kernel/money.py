"""Money is an integer number of fen; prices are exact decimals; rounding happens in one place, half up.

One fen is 0.01 of the currency unit, whatever the currency: a cent, a penny.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

FEN_PER_YUAN: Final = 100
_CENT: Final = Decimal("0.01")


def fen(amount: Decimal) -> int:
    """Round an amount in currency units half up (away from zero) to whole fen.

    >>> fen(Decimal("12.345")), fen(Decimal("-12.345"))
    (1235, -1235)
    """
    return int(amount.quantize(_CENT, rounding=ROUND_HALF_UP) * FEN_PER_YUAN)


def yuan(amount_fen: int) -> Decimal:
    """Give whole fen as an exact amount with two places.

    >>> yuan(1235), yuan(-5)
    (Decimal('12.35'), Decimal('-0.05'))
    """
    return Decimal(int(amount_fen)).scaleb(-2)
