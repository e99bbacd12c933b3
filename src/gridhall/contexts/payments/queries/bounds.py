"""How much can be paid at once, for how long an order can be, and what money settles first."""

from dataclasses import dataclass

from gridhall.contexts.payments.rules.waterfall import ChargesWhen
from gridhall.contexts.payments.settings import rules


@dataclass(frozen=True)
class OrderBounds:
    """The least and the most of one payment in fen, and the minutes that an order lasts."""

    least_fen: int
    most_fen: int
    minutes: int


def order_bounds() -> OrderBounds:
    """The bounds as ``rules/payments.yaml`` says them."""
    said = rules().orders
    return OrderBounds(said.least_fen, said.most_fen, said.minutes)


def charges_with_bill() -> bool:
    """Whether the late charge of a bill is settled just before it, and not after all bills."""
    return rules().allocation.rule().charges is ChargesWhen.WITH_BILL
