"""Whether a bill computed anew says something else."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Substance:
    """What makes a bill the same or another: who pays, which days, every line, to the fen."""

    agreement: int
    account: int
    organisation: int
    start: int  # days since 1970-01-01
    end: int
    codes: tuple[str, ...]
    quantities: tuple[int, ...]
    amounts: tuple[int, ...]
    tier_used_wh: int
    estimated: int
    missing: int

    @property
    def total(self) -> int:
        """The sum of the amounts in fen."""
        return sum(self.amounts)


def differs(old: Substance, new: Substance) -> bool:
    """Whether a bill must be replaced.

    Changed shares of estimated slots alone are no reason: the customer owes the same. Nor is another line number for
    the same line, as happens when a version was added to the tariff document.
    """
    return (old.agreement, old.account, old.start, old.end, old.codes, old.quantities, old.amounts) != (
        new.agreement,
        new.account,
        new.start,
        new.end,
        new.codes,
        new.quantities,
        new.amounts,
    )


def explain_difference(old: Substance, new: Substance) -> Sequence[str]:
    """What changed, in words for the bill that corrects."""
    changes = []
    if old.account != new.account:
        changes.append("the account that settles")
    if (old.start, old.end) != (new.start, new.end):
        changes.append("the period")
    if old.tier_used_wh != new.tier_used_wh:
        changes.append("the position in the tiers")
    if old.quantities != new.quantities:
        changes.append("the quantities")
    elif old.amounts != new.amounts:
        changes.append("the prices")
    return changes
