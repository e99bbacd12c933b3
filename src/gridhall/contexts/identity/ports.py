"""What identity needs from the outside world, and who answers for it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, cast

from gridhall.contexts.identity.rules.identifiers import masked

__all__ = ["CodeSender", "Message", "Purpose", "code_sender", "masked"]


class Purpose(StrEnum):
    """What a code is for; a gateway has an approved text for each."""

    SIGN_IN = "sign_in"
    PHONE = "phone"
    EMAIL = "email"
    LINK = "link"


@dataclass(frozen=True)
class Message:
    """A code to be sent.

    Attributes:
        address: a phone number of eleven digits, or ``+`` and a country's code; or an e-mail address.
        code: the digits to be typed in.
        purpose: what they are for.
    """

    address: str
    code: str
    purpose: Purpose


class CodeSender(Protocol):
    """Sends codes to phones and mailboxes.

    ``send`` hands the message over and returns at once: waiting for a gateway would tell an address that exists from
    one that does not.
    """

    def send(self, message: Message) -> None:
        """This will hand over one message; an address that cannot be reached is nobody's error here."""
        ...


def code_sender() -> CodeSender:
    """The sender that the setting ``CODE_SENDER`` names by its dotted name."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    return cast(CodeSender, import_string(settings.CODE_SENDER)())
