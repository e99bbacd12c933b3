"""The words of codes in the reader's language: errors of the house, reasons of parked bills, faults of rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gridhall.channels.web.error_words import WORDS
from gridhall.kernel.errors import GridhallError


@dataclass(frozen=True)
class Words:
    """What happened, and what to do next."""

    what: str
    remedy: str


def of_error(error: GridhallError) -> Words:
    """An error in the reader's language: its own English sentence, or the words of its code with the place."""
    if (get_language() or "").startswith("en"):
        return Words(error.message, error.remedy)
    known = next((WORDS[code] for code in _codes(type(error)) if code in WORDS), WORDS["error"])
    where = _(" (at: %s)") % error.path if error.path else ""
    return Words(f"{known[0]}{where}", str(known[1]))


def _codes(kind: type) -> Iterator[str]:
    """The codes of an error's class and of those it stems from."""
    return (base.code for base in kind.__mro__ if issubclass(base, GridhallError))
