"""Commands to meters are driven on, each when it is due."""

from gridhall.contexts.payments.operations.fee_control_switching import SWITCH, drive
from gridhall.runtime.outbox import Message, subscriber


@subscriber(SWITCH, "head_end")
def switch(message: Message) -> None:
    """Take the next step of a command."""
    drive(message.payload["command"], now=message.now)
