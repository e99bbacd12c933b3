"""What payments does."""

from gridhall.contexts.payments.operations.asking import Asked, ask, ask_overdue
from gridhall.contexts.payments.operations.late_charges import assess
from gridhall.contexts.payments.operations.ordering import close_expired, open_order
from gridhall.contexts.payments.operations.receiving import RECEIVED, post, take, take_notice
from gridhall.contexts.payments.operations.reversing import GONE_BACK, go_back

__all__ = [
    "GONE_BACK",
    "RECEIVED",
    "Asked",
    "ask",
    "ask_overdue",
    "assess",
    "close_expired",
    "go_back",
    "open_order",
    "post",
    "take",
    "take_notice",
]  # fmt: skip
