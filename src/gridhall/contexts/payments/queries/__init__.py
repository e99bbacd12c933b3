"""What payments can be asked."""

from gridhall.contexts.payments.queries.accounts import Books, books_of
from gridhall.contexts.payments.queries.orders import order, overdue
from gridhall.contexts.payments.queries.receipts import receipt, receipts_of_order

__all__ = ["Books", "books_of", "order", "overdue", "receipt", "receipts_of_order"]
