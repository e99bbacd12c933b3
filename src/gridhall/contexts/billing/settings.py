"""The rules of billing, from the content folder."""

from datetime import date, datetime, timedelta

from gridhall.contexts.billing.errors import RulesInvalid
from gridhall.contexts.billing.rules.parking import BillingRules
from gridhall.runtime.localtime import local_day
from gridhall.runtime.rules import rules_of


def rules() -> BillingRules:
    """``rules/billing.yaml`` as it is now.

    Raises:
        RulesInvalid: when it is no YAML or says something unknown, with the place.
        NotFound: when there is none.
    """
    return rules_of("billing", BillingRules, RulesInvalid)


def due_on(issued_at: datetime) -> date:
    """The last day on which a bill that was issued at this moment is paid in time, in the utility's zone.

    Raises:
        RulesInvalid, NotFound: as `rules`.
    """
    return local_day(issued_at) + timedelta(days=due_days())


def due_days() -> int:
    """Within how many days of its issue a bill is paid in time.

    Raises:
        RulesInvalid, NotFound: as `rules`.
    """
    return rules().payment.due_days
