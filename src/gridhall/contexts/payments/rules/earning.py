"""How many points a payment earns, and how many go back with its money; whole points, exactly."""

from fractions import Fraction


def earned(amount_fen: int, per_yuan: Fraction) -> int:
    """The points of an amount; the fraction of a point is let fall.

    >>> earned(12_850, Fraction(1)), earned(99, Fraction(1)), earned(150, Fraction(3, 2))
    (128, 0, 2)
    """
    return int(amount_fen * per_yuan // 100)


def gone(points: int, amount_fen: int, back_fen: int) -> int:
    """How many of the points of an amount are gone when so much of it went back in all.

    Counted from all that went back, so that many small refunds take the same as one: all of it takes every point.

    >>> gone(128, 12_850, 100), gone(128, 12_850, 12_850)
    (0, 128)
    """
    return points * back_fen // amount_fen
