"""What payments does."""

from gridhall.contexts.payments.errors import BeingPaid, OwesLess
from gridhall.contexts.payments.operations.asking import Asked, ask, ask_overdue, give_way
from gridhall.contexts.payments.operations.autopay import (
    AUTOPAY_NOTICE,
    end_autopay,
    notice_debits,
    send_debits,
    sign_autopay,
)
from gridhall.contexts.payments.operations.counter import (
    COUNTER,
    close_drawer,
    open_drawer,
    take_at_counter,
    void_at_counter,
)
from gridhall.contexts.payments.operations.debit import (
    DEBIT,
    NOTICE,
    UNSETTLED,
    Noticed,
    announce_debits,
    batch_file,
    import_answer,
    make_batch,
    notice_days,
    take_batch_file,
)
from gridhall.contexts.payments.operations.late_charges import assess
from gridhall.contexts.payments.operations.mandates import end_mandate, record_mandate
from gridhall.contexts.payments.operations.notices import take_notice
from gridhall.contexts.payments.operations.ordering import open_order
from gridhall.contexts.payments.operations.printing import write_receipt
from gridhall.contexts.payments.operations.receiving import RECEIVED, post, take
from gridhall.contexts.payments.operations.refunds import (
    decide_refund,
    request_refund,
    send_refund,
    send_waiting_refunds,
    take_refund,
)
from gridhall.contexts.payments.operations.reversing import GONE_BACK, go_back
from gridhall.contexts.payments.rules.cash import DENOMINATIONS, CountInvalid

__all__ = [
    "AUTOPAY_NOTICE",
    "COUNTER",
    "DEBIT",
    "DENOMINATIONS",
    "GONE_BACK",
    "NOTICE",
    "RECEIVED",
    "UNSETTLED",
    "Asked",
    "BeingPaid",
    "CountInvalid",
    "Noticed",
    "OwesLess",
    "announce_debits",
    "ask",
    "ask_overdue",
    "assess",
    "batch_file",
    "close_drawer",
    "decide_refund",
    "end_autopay",
    "end_mandate",
    "give_way",
    "go_back",
    "import_answer",
    "make_batch",
    "notice_days",
    "notice_debits",
    "open_drawer",
    "open_order",
    "post",
    "record_mandate",
    "request_refund",
    "send_debits",
    "send_refund",
    "send_waiting_refunds",
    "sign_autopay",
    "take",
    "take_at_counter",
    "take_batch_file",
    "take_notice",
    "take_refund",
    "void_at_counter",
    "write_receipt",
]  # fmt: skip
