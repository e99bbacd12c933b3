"""The tables of the payments context."""

from gridhall.contexts.payments.models.orders import (
    GatewayNotice,
    NoticeOutcome,
    OrderLine,
    OrderStatus,
    PaymentOrder,
)
from gridhall.contexts.payments.models.receipts import LateCharge, Receipt, ReceiptKind, ReceiptLine

__all__ = [
    "GatewayNotice", "LateCharge", "NoticeOutcome", "OrderLine", "OrderStatus", "PaymentOrder", "Receipt",
    "ReceiptKind", "ReceiptLine",
]  # fmt: skip
