"""What of a customer can be unmasked, and what counts as a reason."""

from enum import StrEnum
from typing import Final

#: A reason is at least this long: a word of Chinese is two characters.
SHORTEST_REASON: Final = 4
LONGEST_REASON: Final = 200


class PersonalField(StrEnum):
    """One thing about a customer that is shown masked."""

    NAME = "name"
    PHONE = "phone"
    CREDENTIAL = "credential"
    ADDRESS = "address"


def reason_of(text: str) -> str | None:
    """A reason without needless spaces, or None where it is too short to be one.

    >>> reason_of("  电话   核对地址 "), reason_of("  。。 ")
    ('电话 核对地址', None)
    """
    plain = " ".join(text.split())[:LONGEST_REASON]
    return plain if len(plain) >= SHORTEST_REASON and len(set(plain)) > 2 else None
