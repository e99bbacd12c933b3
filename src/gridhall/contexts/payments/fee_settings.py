"""The rules of smart fee control, from the content folder."""

from gridhall.contexts.payments.errors import FeeControlRulesInvalid
from gridhall.contexts.payments.rules.fee_control import FeeControlRules
from gridhall.runtime.rules import rules_of


def fee_rules() -> FeeControlRules:
    """The rules as the file says them now.

    Raises:
        FeeControlRulesInvalid: when it is no YAML or says something unknown, with the place.
        NotFound: when there is none.
    """
    return rules_of("fee_control", FeeControlRules, FeeControlRulesInvalid)
