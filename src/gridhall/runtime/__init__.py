"""Transactions, audit trail and the embedded database: what every context stands on."""
