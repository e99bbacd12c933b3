"""What payments can be asked."""

from gridhall.contexts.payments.queries.accounts import Books, books_of
from gridhall.contexts.payments.queries.autopay import (
    Autopay,
    Debit,
    autopay,
    autopay_of,
    charging_methods,
    debits_of,
)
from gridhall.contexts.payments.queries.counter import (
    CounterReceipt,
    Drawer,
    ToTake,
    counter_receipt,
    counter_receipts,
    drawer,
    drawers,
    open_drawer_of,
    to_take,
)
from gridhall.contexts.payments.queries.history import PaidState, Payment, payments_of, years_and_gateways
from gridhall.contexts.payments.queries.orders import order, overdue
from gridhall.contexts.payments.queries.owed import Owed, OwedByNumber, open_bills, owed_by_number, owed_of, to_assess
from gridhall.contexts.payments.queries.receipts import receipt, receipts_of_order
from gridhall.contexts.payments.queries.refunds import Refund, open_refunds, refund, refunds_of

__all__ = [
    "Autopay",
    "Books",
    "CounterReceipt",
    "Debit",
    "Drawer",
    "Owed",
    "OwedByNumber",
    "PaidState",
    "Payment",
    "Refund",
    "ToTake",
    "autopay",
    "autopay_of",
    "books_of",
    "charging_methods",
    "counter_receipt",
    "counter_receipts",
    "debits_of",
    "drawer",
    "drawers",
    "open_bills",
    "open_drawer_of",
    "open_refunds",
    "order",
    "overdue",
    "owed_by_number",
    "owed_of",
    "payments_of",
    "receipt",
    "receipts_of_order",
    "refund",
    "refunds_of",
    "to_assess",
    "to_take",
    "years_and_gateways",
]  # fmt: skip
