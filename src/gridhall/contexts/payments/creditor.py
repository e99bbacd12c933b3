"""Who collects by direct debit, and how: ``rules/direct_debit.yaml``."""

from pydantic import BaseModel, ConfigDict, Field

from gridhall.contexts.payments.errors import RulesInvalid
from gridhall.contexts.payments.rules.amounts import LARGEST_FEN
from gridhall.runtime.rules import rules_of


class Creditor(BaseModel):
    """The utility as banks know it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=70)
    id: str = Field(pattern=r"^[A-Z0-9]{8,35}$")
    account: str = Field(pattern=r"^[A-Z0-9]{8,34}$")
    bank: str = Field(pattern=r"^[A-Z0-9]{8,14}$")
    merchant: str = Field(pattern=r"^[A-Z0-9]{4,20}$")


class DebitRules(BaseModel):
    """How direct debits are made. ``notice_days`` lie at least between a notice and its debit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    creditor: Creditor
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    notice_days: int = Field(ge=1, le=30)
    most_fen: int = Field(ge=1, le=LARGEST_FEN)


def debit_rules() -> DebitRules:
    """The rules as the file says them now.

    Raises:
        RulesInvalid: when it is no YAML or says something unknown, with the place.
        NotFound: when there is none.
    """
    return rules_of("direct_debit", DebitRules, RulesInvalid)
