"""Money that comes in switches supply on again where its lack had it switched off."""

from gridhall.contexts.payments import queries
from gridhall.contexts.payments.operations.fee_control_money import money_moved
from gridhall.runtime.audit import Act
from gridhall.runtime.outbox import Message, subscriber


@subscriber("payments.received", "reconnect")
def reconnect(message: Message) -> None:
    """Look again at all that the accounts of a receipt settle."""
    amounts: dict[int, int] = {}
    for part in queries.receipt(message.payload["receipt"]).parts:
        amounts[part.account] = amounts.get(part.account, 0) + part.amount_fen
    money_moved(list(amounts), act=Act("job:reconnect", message.now), amounts=amounts)


@subscriber("payments.gone_back", "fee_control")
def take_back(message: Message) -> None:
    """Money that went back is taken off the balances at once; what follows is decided by the next look."""
    money_moved(message.payload["accounts"], act=Act("job:reconnect", message.now))
