"""Days and texts that an address or form of these pages asks for."""

from datetime import date

from django.http import QueryDict

from gridhall.contexts.payments import ports
from gridhall.kernel.errors import NotFound


def day_of(text: str) -> date | None:
    """The day written YYYY-MM-DD; None where it is none.

    >>> day_of("2026-03-02"), day_of("2026-3-2"), day_of("0000-00-00")
    (datetime.date(2026, 3, 2), None, None)
    """
    try:
        return date.fromisoformat(text) if len(text) == 10 and text.isascii() else None
    except ValueError:
        return None


def known_day(text: str) -> date:
    """The day of an address.

    Raises:
        NotFound: when it is none.
    """
    found = day_of(text)
    if found is None:
        raise NotFound("There is no such day.", path="day")
    return found


def known_gateway(code: str) -> str:
    """The gateway of an address.

    Raises:
        NotFound: when this utility has none of that code.
    """
    ports.gateway(code)
    return code


def line_of(form: QueryDict, name: str, most: int = 500) -> str:
    """A line that somebody typed, without what no line holds."""
    return " ".join(form.get(name, "").replace("\x00", "").split())[:most]
