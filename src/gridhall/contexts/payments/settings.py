"""The rules of payments, from the content folder."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from gridhall.contexts.payments.errors import RulesInvalid
from gridhall.contexts.payments.rules.amounts import LARGEST_FEN
from gridhall.contexts.payments.rules.waterfall import Allocation, ChargesWhen, LateRule, OldestBy
from gridhall.runtime.rules import rules_of


class Part(BaseModel):
    """A part of the rules: closed, so that a mistyped key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OrderRules(Part):
    """How long an order can be paid, and how much at once."""

    minutes: int = Field(ge=1, le=1440)
    least_fen: int = Field(ge=1)
    most_fen: int = Field(ge=1, le=LARGEST_FEN)


class RefundRules(Part):
    """How much one person alone may send back."""

    one_person_fen: int = Field(ge=0)


class AutopayRules(Part):
    """How long before a debit its payer is told."""

    notice_days: int = Field(ge=1, le=30)


class AllocationRules(Part):
    """See `rules.waterfall.Allocation`."""

    oldest_by: OldestBy
    late_charges: ChargesWhen

    def rule(self) -> Allocation:
        """The words as the rule takes them."""
        return Allocation(self.oldest_by, self.late_charges)


class LateChargeRule(Part):
    """See `rules.waterfall.LateRule`."""

    per_day: Decimal = Field(ge=0, lt=1)
    per_day_later: Decimal = Field(ge=0, lt=1)
    minimum_fen: int = Field(ge=0)
    cap_per_mille: int | None = Field(default=None, ge=0)

    def rule(self) -> LateRule:
        """The figures as the rule takes them."""
        return LateRule(self.per_day, self.per_day_later, self.minimum_fen, self.cap_per_mille)


class LateChargeRules(Part):
    """By class of usage: homes, and all others."""

    residential: LateChargeRule
    other: LateChargeRule


class PaymentRules(Part):
    """``rules/payments.yaml``."""

    orders: OrderRules
    refunds: RefundRules
    autopay: AutopayRules
    allocation: AllocationRules
    late_charges: LateChargeRules


def rules() -> PaymentRules:
    """The rules as the file says them now.

    Raises:
        RulesInvalid: when it is no YAML or says something unknown, with the place.
        NotFound: when there is none.
    """
    return rules_of("payments", PaymentRules, RulesInvalid)
