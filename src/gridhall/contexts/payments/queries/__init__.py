"""What payments can be asked."""

from gridhall.contexts.payments.queries.accounts import Books, books_of
from gridhall.contexts.payments.queries.history import PaidState, Payment, payments_of, years_and_gateways
from gridhall.contexts.payments.queries.orders import order, overdue
from gridhall.contexts.payments.queries.owed import Owed, OwedByNumber, open_bills, owed_by_number, owed_of
from gridhall.contexts.payments.queries.receipts import receipt, receipts_of_order

__all__ = [
    "Books", "Owed", "OwedByNumber", "PaidState", "Payment", "books_of", "open_bills", "order", "overdue",
    "owed_by_number", "owed_of", "payments_of", "receipt", "receipts_of_order", "years_and_gateways",
]  # fmt: skip
