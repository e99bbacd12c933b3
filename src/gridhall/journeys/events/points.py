"""Money that comes in earns points, and takes them along when it goes back."""

from gridhall.contexts.payments.ports import points
from gridhall.runtime.outbox import Message, subscriber


@subscriber("payments.received", "points")
def earn(message: Message) -> None:
    """Have the points of a receipt counted."""
    points().count(message.payload["receipt"], now=message.now)


@subscriber("payments.gone_back", "points")
def take_back(message: Message) -> None:
    """Have the points counted that went back with money."""
    points().count(message.payload["receipt"], now=message.now)
