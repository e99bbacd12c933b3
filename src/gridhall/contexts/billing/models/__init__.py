"""What billing keeps: runs, bills, what could not be billed, corrections asked for, and the receivables ledger."""

from gridhall.contexts.billing.models.bills import Bill, BillStatus, ParkedBill
from gridhall.contexts.billing.models.corrections import CorrectionRequest, Decision
from gridhall.contexts.billing.models.ledger import EntryKind, LedgerEntry
from gridhall.contexts.billing.models.running import RunningMonth
from gridhall.contexts.billing.models.runs import BillRun, BillRunBatch, PinnedTariff, RunKind, RunStatus, TierOpening

__all__ = [
    "Bill",
    "BillRun",
    "BillRunBatch",
    "BillStatus",
    "CorrectionRequest",
    "Decision",
    "EntryKind",
    "LedgerEntry",
    "ParkedBill",
    "PinnedTariff",
    "RunKind",
    "RunStatus",
    "RunningMonth",
    "TierOpening",
]
