"""What billing can be asked."""

from gridhall.contexts.billing.queries.balances import account_id, balance, end_of_day, statement
from gridhall.contexts.billing.queries.comparing import Comparison, compare
from gridhall.contexts.billing.queries.explaining import bill, explain, printable, verify
from gridhall.contexts.billing.queries.genuine import Genuine, check_code, genuine
from gridhall.contexts.billing.queries.lists import bills, parked, runs
from gridhall.contexts.billing.queries.of_customer import (
    balances_of,
    bills_of_customer,
    parked_counts,
    parked_of_customer,
    place_of_bill,
    statement_page,
)
from gridhall.contexts.billing.queries.owing import Owing, Waiting, owing, waiting
from gridhall.contexts.billing.queries.own import (
    OwnBill,
    OwnBillInFull,
    comparands,
    own_bill,
    own_bills,
    without_hidden,
)
from gridhall.contexts.billing.queries.requests import correction_request, correction_requests
from gridhall.contexts.billing.queries.running import Running, Tiers, running
from gridhall.contexts.billing.rules.comparison import Effect
from gridhall.contexts.billing.rules.numbering import read as read_number
from gridhall.contexts.billing.rules.numbering import show as show_number
from gridhall.contexts.billing.settings import due_days, due_on

__all__ = [
    "Comparison",
    "Effect",
    "Genuine",
    "Owing",
    "OwnBill",
    "OwnBillInFull",
    "Running",
    "Tiers",
    "Waiting",
    "account_id",
    "balance",
    "balances_of",
    "bill",
    "bills",
    "bills_of_customer",
    "check_code",
    "comparands",
    "compare",
    "correction_request",
    "correction_requests",
    "due_days",
    "due_on",
    "end_of_day",
    "explain",
    "genuine",
    "owing",
    "own_bill",
    "own_bills",
    "parked",
    "parked_counts",
    "parked_of_customer",
    "place_of_bill",
    "printable",
    "read_number",
    "running",
    "runs",
    "show_number",
    "statement",
    "statement_page",
    "verify",
    "waiting",
    "without_hidden",
]
