"""What billing gives to others: frozen values."""

from dataclasses import dataclass

from gridhall.kernel.spans import DateSpan


@dataclass(frozen=True)
class RunReport:
    """What a bill run has come to.

    Attributes:
        run: its id.
        organisation: code of the unit it ran over, with all below; None for the whole utility.
        bills: bills issued by it, over all times it was taken up.
        total_fen: their sum.
        parked: open items of the work list that it left, by reason.
    """

    run: int
    organisation: str | None
    span: DateSpan
    bills: int
    total_fen: int
    parked: dict[str, int]
    readings_version: int
