"""The tables of the payments context."""

from gridhall.contexts.payments.models.fee_control import FeeCase, FeeControl, FeeState, FeeStep, WeatherAlert
from gridhall.contexts.payments.models.orders import (
    GatewayNotice,
    NoticeOutcome,
    OrderLine,
    OrderStatus,
    PaymentOrder,
)
from gridhall.contexts.payments.models.receipts import LateCharge, Receipt, ReceiptKind, ReceiptLine
from gridhall.contexts.payments.models.switching import SwitchAction, SwitchCommand, SwitchState

__all__ = [
    "FeeCase",
    "FeeControl",
    "FeeState",
    "FeeStep",
    "GatewayNotice",
    "LateCharge",
    "NoticeOutcome",
    "OrderLine",
    "OrderStatus",
    "PaymentOrder",
    "Receipt",
    "ReceiptKind",
    "ReceiptLine",
    "SwitchAction",
    "SwitchCommand",
    "SwitchState",
    "WeatherAlert",
]  # fmt: skip
