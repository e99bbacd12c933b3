"""What people type to say who they are: phones, e-mail addresses, chosen names, 户号; each in one canonical form."""

import re
from enum import StrEnum
from typing import Final


class IdentifierKind(StrEnum):
    """What an identifier is."""

    PHONE = "phone"
    EMAIL = "email"
    USERNAME = "username"
    USAGE_POINT = "usage_point"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Values with their Chinese labels."""
        return list(zip([word.value for word in cls], ("手机号", "邮箱", "用户名", "户号"), strict=True))


_SPACING: Final = re.compile(r"[\s\-().]")
_CHINESE: Final = re.compile(r"^(?:\+86|0086|86)?(1\d{10})$")
_FOREIGN: Final = re.compile(r"^\+[1-9]\d{6,14}$")
#: Begins with a letter, so that no name looks like a phone or a 户号, and has no @.
_USERNAME: Final = re.compile(r"^[a-z][a-z0-9._-]{3,29}$")
_EMAIL: Final = re.compile(r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$")
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def phone(text: str) -> str | None:
    """A phone number as it is stored, or None: eleven digits for China, ``+`` and digits for elsewhere.

    >>> phone("+86 154-0000-1234"), phone("154 0000 1234"), phone("１５４００００１２３４")
    ('15400001234', '15400001234', '15400001234')
    >>> phone("+852 9123 4567"), phone("12345"), phone("")
    ('+85291234567', None, None)
    """
    digits = _SPACING.sub("", text.translate(_FULL_WIDTH))
    if found := _CHINESE.match(digits):
        return found.group(1)
    return digits if _FOREIGN.match(digits) and digits.isascii() else None


def email(text: str) -> str | None:
    """An e-mail address as it is stored, or None.

    >>> email(" Wang@Example.COM "), email("no address")
    ('wang@example.com', None)
    """
    plain = text.strip().lower()
    return plain if len(plain) <= 254 and _EMAIL.match(plain) else None


def username(text: str) -> str | None:
    """A chosen name as it is stored, or None: 4 to 30 letters, digits, ``.``, ``_``, ``-``, a letter first.

    >>> username("Old.Wang"), username("31000001"), username("<b>")
    ('old.wang', None, None)
    """
    plain = text.strip().lower()
    return plain if _USERNAME.match(plain) else None


def canonical(text: str) -> str:
    """What somebody typed at sign-in, in the form that identifiers of any kind are stored in.

    >>> canonical(" +86 15400001234 "), canonical("3100000001"), canonical("Wang@Example.com")
    ('15400001234', '3100000001', 'wang@example.com')
    """
    return phone(text) or text.translate(_FULL_WIDTH).strip().lower()[:254]


def masked(address: str) -> str:
    """A phone number or e-mail address with its middle hidden.

    >>> masked("15400001234"), masked("wang@example.com"), masked("+85291234567"), masked("12")
    ('154****1234', 'w***@example.com', '+85****4567', '**')
    """
    if "@" in address:
        name, _, host = address.partition("@")
        return f"{name[:1]}***@{host}"
    return f"{address[:3]}****{address[-4:]}" if len(address) >= 8 else "*" * len(address)
