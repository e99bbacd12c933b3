"""Money that comes in earns points, and takes them along when it goes back."""

from collections.abc import Sequence

from gridhall.contexts.payments.ports import points
from gridhall.runtime.outbox import Message, subscriber_of_many


@subscriber_of_many("payments.received", "points")
def earn(messages: Sequence[Message]) -> None:
    """Have the points of receipts counted."""
    points().count([message.payload["receipt"] for message in messages], now=messages[-1].now)


@subscriber_of_many("payments.gone_back", "points")
def take_back(messages: Sequence[Message]) -> None:
    """Have the points counted that went back with money."""
    points().count([message.payload["receipt"] for message in messages], now=messages[-1].now)
