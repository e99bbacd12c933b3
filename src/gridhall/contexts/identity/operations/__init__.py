"""What can be done with identities: each function one transaction, recorded on the audit trail."""

from gridhall.contexts.identity.operations.entering import claim_shares, confirm_phone, expect
from gridhall.contexts.identity.operations.unmasking import unmask

__all__ = ["claim_shares", "confirm_phone", "expect", "unmask"]
