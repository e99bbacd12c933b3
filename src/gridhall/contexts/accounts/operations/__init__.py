"""What can be done to accounts: each function one transaction, decided by rules, checked by the database, recorded."""

from gridhall.contexts.accounts.operations.bulk import Portfolio, load

__all__ = ["Portfolio", "load"]
