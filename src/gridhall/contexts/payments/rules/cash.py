"""Cash: which notes and coins there are, what they come to, and what somebody gets back."""

from collections.abc import Mapping
from typing import Final

from gridhall.kernel.errors import Refused

#: Notes and coins of the renminbi, in fen, the largest first.
DENOMINATIONS: Final = (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10)
#: More of one kind is a slip of the finger.
_MOST: Final = 100_000


class CountInvalid(Refused):
    """Notes and coins were counted that do not exist."""

    code = "count_invalid"


class TooLittle(Refused):
    """Less was handed over than is to be paid."""

    code = "tendered_too_little"


def counted(counts: Mapping[int, int]) -> int:
    """What notes and coins come to, in fen.

    Args:
        counts: denomination in fen → how many.

    Raises:
        CountInvalid: a denomination that does not exist, or a number that cannot be.

    >>> counted({10_000: 3, 50: 2})
    30100
    """
    for denomination, count in counts.items():
        if denomination not in DENOMINATIONS:
            raise CountInvalid("There is no such note or coin.", path=str(denomination))
        if not 0 <= count <= _MOST:
            raise CountInvalid("That cannot be the number of them.", path=str(denomination))
    return sum(denomination * count for denomination, count in counts.items())


def change(amount_fen: int, tendered_fen: int) -> int:
    """What somebody gets back.

    Raises:
        TooLittle: when less was handed over than is to be paid.

    >>> change(12850, 20000)
    7150
    """
    if tendered_fen < amount_fen:
        raise TooLittle("That is less than is to be paid.", path="tendered")
    return tendered_fen - amount_fen
