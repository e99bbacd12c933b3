"""Billing: runs, parked periods, approvals of corrections, what-if."""
