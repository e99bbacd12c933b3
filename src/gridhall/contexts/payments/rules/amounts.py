"""Which amounts can be paid, and how one payment is shared among accounts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from gridhall.kernel.errors import Refused

#: The most that one payment may be, in fen: 10 million yuan, far above what online gateways accept.
LARGEST_FEN: Final = 1_000_000_000


class AmountInvalid(Refused):
    """Not an amount of money that can be paid."""

    code = "amount_invalid"


def fen_of(text: str) -> int:
    """The amount that somebody typed, in yuan, as whole fen.

    Raises:
        AmountInvalid: no number, zero or less, a fraction of a fen, or more than can be paid at once.

    >>> fen_of("12.30"), fen_of(" 1,000 "), fen_of("¥5")
    (1230, 100000, 500)
    """
    plain = text.strip().removeprefix("¥").removeprefix("￥").replace(",", "").replace("，", "")
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise AmountInvalid("That is not an amount.", path="amount", remedy="Type it in yuan: 128.50.") from None
    if not amount.is_finite() or abs(amount) > LARGEST_FEN:
        raise AmountInvalid("That is more than can be paid at once.", path="amount")
    fen = amount * 100
    if fen != fen.to_integral_value():
        raise AmountInvalid("There are no fractions of a fen.", path="amount", remedy="Give at most two decimals.")
    return checked(int(fen))


def checked(amount_fen: int) -> int:
    """The amount, when it can be paid.

    Raises:
        AmountInvalid: zero or less, or more than can be paid at once.
    """
    if amount_fen <= 0:
        raise AmountInvalid("An amount to pay is more than nothing.", path="amount")
    if amount_fen > LARGEST_FEN:
        raise AmountInvalid("That is more than can be paid at once.", path="amount")
    return amount_fen


def shares(amount_fen: int, owed: Sequence[tuple[int, int]]) -> Mapping[int, int]:
    """How an amount is shared among accounts: each gets what it owes, in the order given; the rest goes to the first.

    Args:
        owed: (account, owed fen), oldest debt first.

    >>> shares(500, [(1, 300), (2, 100)])
    {1: 400, 2: 100}
    >>> shares(350, [(1, 300), (2, 100)])
    {1: 300, 2: 50}
    """
    left = amount_fen
    found: dict[int, int] = {}
    for account, fen in owed:
        part = min(left, max(fen, 0))
        if part:
            found[account] = found.get(account, 0) + part
            left -= part
    if left and owed:
        first = owed[0][0]
        found[first] = found.get(first, 0) + left
    return found
