"""Money that comes in switches supply on again where its lack had it switched off."""

from collections.abc import Sequence

from gridhall.contexts.payments import queries
from gridhall.contexts.payments.operations.fee_control_money import money_moved
from gridhall.runtime.audit import Act
from gridhall.runtime.outbox import Message, subscriber, subscriber_of_many


@subscriber_of_many("payments.received", "reconnect")
def reconnect(messages: Sequence[Message]) -> None:
    """Look again at all that the accounts of receipts settle."""
    amounts = queries.amounts_of([message.payload["receipt"] for message in messages])
    money_moved(list(amounts), act=Act("job:reconnect", messages[-1].now), amounts=amounts)


@subscriber("payments.gone_back", "fee_control")
def take_back(message: Message) -> None:
    """Money that went back is taken off the balances at once; what follows is decided by the next look."""
    money_moved(message.payload["accounts"], act=Act("job:reconnect", message.now))
