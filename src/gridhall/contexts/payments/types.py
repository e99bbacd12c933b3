"""What payments gives to others."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gridhall.contexts.payments.rules.amounts import AmountInvalid, fen_of, shares
from gridhall.contexts.payments.rules.fee_control import Mode

__all__ = [
    "AmountInvalid",
    "Mode",
    "Order",
    "OrderState",
    "Part",
    "Purpose",
    "Taken",
    "TakenReceipt",
    "fen_of",
    "shares",
]


class OrderState(StrEnum):
    """Where an order stands."""

    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"


class Purpose(StrEnum):
    """What an order is for, which decides whether two may be open at once."""

    #: What accounts owe: paid once.
    DEBT = "debt"
    #: What brings or keeps power under fee control: asked for once, and more than is owed.
    POWER = "power"
    #: Any amount, as often as somebody likes.
    AHEAD = "ahead"


@dataclass(frozen=True)
class Part:
    """The part of a payment that is for one account.

    Attributes:
        account: id of the settlement account. ``usage_point``: of the home it is paid from, where it is.
    """

    account: int
    amount_fen: int
    usage_point: int | None = None


@dataclass(frozen=True)
class Order:
    """An intent to pay."""

    number: str
    gateway: str
    method: str
    amount_fen: int
    state: OrderState
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    payer: int | None
    reference: str | None
    parts: tuple[Part, ...]


class Taken(StrEnum):
    """What became of a gateway's message."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    NOTED = "noted"
    REFUSED = "refused"


@dataclass(frozen=True)
class TakenReceipt:
    """Money that came in.

    Attributes:
        id: of the receipt. ``value_date``: its day in the utility's zone.
        gone_back_fen: refunded or charged back since.
    """

    id: int
    gateway: str
    method: str
    reference: str
    order_number: str
    amount_fen: int
    gone_back_fen: int
    paid_at: datetime
    value_date: date
    parts: tuple[Part, ...]
