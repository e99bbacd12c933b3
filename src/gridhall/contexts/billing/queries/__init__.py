"""What billing can be asked."""

from gridhall.contexts.billing.queries.balances import account_id, balance, end_of_day, statement
from gridhall.contexts.billing.queries.comparing import Comparison, Effect, compare
from gridhall.contexts.billing.queries.explaining import bill, explain, verify
from gridhall.contexts.billing.queries.lists import bills, parked, runs
from gridhall.contexts.billing.queries.own import (
    OwnBill,
    OwnBillInFull,
    comparands,
    own_bill,
    own_bills,
    without_hidden,
)
from gridhall.contexts.billing.queries.requests import correction_request, correction_requests
from gridhall.contexts.billing.rules.numbering import read as read_number
from gridhall.contexts.billing.rules.numbering import show as show_number
from gridhall.contexts.billing.settings import due_on

__all__ = [
    "Comparison",
    "Effect",
    "OwnBill",
    "OwnBillInFull",
    "account_id",
    "balance",
    "bill",
    "bills",
    "comparands",
    "compare",
    "correction_request",
    "correction_requests",
    "due_on",
    "end_of_day",
    "explain",
    "own_bill",
    "own_bills",
    "parked",
    "read_number",
    "runs",
    "show_number",
    "statement",
    "verify",
    "without_hidden",
]
