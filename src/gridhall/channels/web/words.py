"""The words of codes in the reader's language: errors of the house, reasons of parked bills, faults of rows."""

from dataclasses import dataclass

from gridhall.kernel.errors import GridhallError


@dataclass(frozen=True)
class Words:
    """What happened, and what to do next."""

    what: str
    remedy: str


def of_error(error: GridhallError) -> Words:
    """An error in words; the house's own English where its code has no translation yet."""
    return Words(error.message, error.remedy)
