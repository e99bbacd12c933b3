"""Codes are printed where the house was started: for demos, and for utilities that have no gateway yet."""

import sys

from gridhall.contexts.identity.ports import Message, masked


class TerminalCodes:
    """Prints each code with the masked address it would go to."""

    def send(self, message: Message) -> None:
        """Print one line: to whom, for what, the code."""
        text = f"[{message.purpose}] {masked(message.address)}: {message.code or 'nothing to do'}"
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
