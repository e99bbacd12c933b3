"""The tables of the payments context."""

from gridhall.contexts.payments.models.autopay import AutopayAgreement, AutopayDebit, AutopayStatus, DebitStatus
from gridhall.contexts.payments.models.collection import (
    CollectionCase,
    CollectionStep,
    Instalment,
    InstalmentPlan,
    PromiseToPay,
    StepKind,
    StepResult,
)
from gridhall.contexts.payments.models.counter import CashDrawer, CounterMethod, CounterPayment
from gridhall.contexts.payments.models.debit import (
    DebitBatch,
    DebitFormat,
    DebitItem,
    DebitItemStatus,
    DebitMandate,
    DebitResult,
)
from gridhall.contexts.payments.models.earning import EarnedPoints
from gridhall.contexts.payments.models.fee_control import FeeCase, FeeControl, FeeState, FeeStep, WeatherAlert
from gridhall.contexts.payments.models.guide import GuideArticle
from gridhall.contexts.payments.models.orders import (
    GatewayNotice,
    NoticeOutcome,
    OrderLine,
    OrderStatus,
    PaymentOrder,
)
from gridhall.contexts.payments.models.payment_points import PaymentPoint, PointFile, PointKind, PointService
from gridhall.contexts.payments.models.receipts import LateCharge, Receipt, ReceiptKind, ReceiptLine
from gridhall.contexts.payments.models.reconciliation import (
    MOVES_MONEY,
    CaseKind,
    CaseState,
    ClosedDay,
    ReconciliationCase,
    Resolution,
    Statement,
    StatementRow,
)
from gridhall.contexts.payments.models.refunds import RefundRequest, RefundStatus
from gridhall.contexts.payments.models.switching import SwitchAction, SwitchCommand, SwitchState

__all__ = [
    "MOVES_MONEY",
    "AutopayAgreement",
    "AutopayDebit",
    "AutopayStatus",
    "CaseKind",
    "CaseState",
    "CashDrawer",
    "ClosedDay",
    "CollectionCase",
    "CollectionStep",
    "CounterMethod",
    "CounterPayment",
    "DebitBatch",
    "DebitFormat",
    "DebitItem",
    "DebitItemStatus",
    "DebitMandate",
    "DebitResult",
    "DebitStatus",
    "EarnedPoints",
    "FeeCase",
    "FeeControl",
    "FeeState",
    "FeeStep",
    "GatewayNotice",
    "GuideArticle",
    "Instalment",
    "InstalmentPlan",
    "LateCharge",
    "NoticeOutcome",
    "OrderLine",
    "OrderStatus",
    "PaymentOrder",
    "PaymentPoint",
    "PointFile",
    "PointKind",
    "PointService",
    "PromiseToPay",
    "Receipt",
    "ReceiptKind",
    "ReceiptLine",
    "ReconciliationCase",
    "RefundRequest",
    "RefundStatus",
    "Resolution",
    "Statement",
    "StatementRow",
    "StepKind",
    "StepResult",
    "SwitchAction",
    "SwitchCommand",
    "SwitchState",
    "WeatherAlert",
]  # fmt: skip
