"""Files to and from banks: ISO 20022 pain.008 and camt.054, and the text of Chinese banks' 代扣."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gridhall.contexts.payments.creditor import DebitRules

__all__ = ["Answered", "BankAnswer", "DebitLine", "DebitOrder", "LineOutcome"]


@dataclass(frozen=True)
class DebitLine:
    """One debit of a file.

    Attributes:
        end_to_end: what the bank repeats in its answer.
        mandate, signed: the payer's agreement and its day.
        account, bank: of the payer: IBAN or account number, BIC or bank number.
        sequence: FRST or RCUR.
        text: what stands on the payer's statement.
    """

    end_to_end: str
    mandate: str
    signed: date
    name: str
    account: str
    bank: str
    amount_fen: int
    sequence: str
    text: str


@dataclass(frozen=True)
class DebitOrder:
    """A file to the bank."""

    message_id: str
    made_at: datetime
    collection: date
    rules: DebitRules
    lines: Sequence[DebitLine]

    @property
    def total_fen(self) -> int:
        """The sum of all lines."""
        return sum(line.amount_fen for line in self.lines)


class LineOutcome(StrEnum):
    """What a bank says of a debit."""

    PAID = "paid"
    RETURNED = "returned"


@dataclass(frozen=True)
class Answered:
    """One movement of a bank's answer.

    Attributes:
        line: where it stands in the file, counted from 1.
        reference: the bank's number of the movement.
        booked: its day.
        reason: why it was returned, as the bank says it.
    """

    line: int
    end_to_end: str
    amount_fen: int
    outcome: LineOutcome
    reference: str
    booked: date
    reason: str = ""


@dataclass(frozen=True)
class BankAnswer:
    """A bank's answer."""

    message_id: str
    lines: tuple[Answered, ...]
