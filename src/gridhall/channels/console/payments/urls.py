"""Addresses of payments in the console: receipts, counter, reconciliation, day closing."""

from django.urls import include, path

from gridhall.channels.console.payments import receipts, reconciliation

urlpatterns = [
    path("counter/", include("gridhall.channels.console.payments.counter_urls")),
    path("debit/", include("gridhall.channels.console.payments.debit_urls")),
    path("", receipts.receipts, name="console.receipts"),
    path("receipts/<int:id>/", receipts.receipt, name="console.receipt"),
    path("receipts/<int:id>/refund/", receipts.refund, name="console.receipt-refund"),
    path("receipts/<int:id>/chargeback/", receipts.chargeback, name="console.receipt-chargeback"),
    path("refunds/", receipts.refunds, name="console.refunds"),
    path("refunds/<slug:number>/decision/", receipts.refund_decision, name="console.refund-decision"),
    path("messages/", receipts.refused_messages, name="console.payment-messages"),
    path("reconciliation/", reconciliation.board, name="console.reconciliation"),
    path("reconciliation/cases/", reconciliation.cases, name="console.reconciliation-cases"),
    path("reconciliation/cases/<int:id>/", reconciliation.case, name="console.reconciliation-case"),
    path("reconciliation/<slug:gateway>/<str:when>/", reconciliation.day, name="console.reconciliation-day"),
    path(
        "reconciliation/<slug:gateway>/<str:when>/statement/", reconciliation.statement,
        name="console.reconciliation-statement",
    ),
    path("reconciliation/<slug:gateway>/<str:when>/close/", reconciliation.close, name="console.reconciliation-close"),
    path(
        "reconciliation/<slug:gateway>/<str:when>/reopen/", reconciliation.reopen, name="console.reconciliation-reopen"
    ),
    path("ledger/", reconciliation.ledger, name="console.ledger"),
    path("ledger/file/", reconciliation.ledger_file, name="console.ledger-file"),
]  # fmt: skip
