"""Payments in the console: receipts, counter, reconciliation, day closing."""
