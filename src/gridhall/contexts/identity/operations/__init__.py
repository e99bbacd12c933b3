"""What can be done with identities: each function one transaction, recorded on the audit trail."""

from gridhall.contexts.identity.operations.entering import claim_shares, confirm_phone, expect
from gridhall.contexts.identity.operations.identifying import (
    ask_to_confirm_email,
    choose_usage_point,
    choose_username,
    confirm_email,
    deactivate,
    prefer,
    use_phone,
)
from gridhall.contexts.identity.operations.linking import ask_for_code, link, link_by_code, rename, unlink
from gridhall.contexts.identity.operations.sharing import NewShare, revoke, share
from gridhall.contexts.identity.operations.staffing import Appointment, appoint, employ, end_position
from gridhall.contexts.identity.operations.throttling import count_guess
from gridhall.contexts.identity.operations.unmasking import unmask

__all__ = [
    "Appointment",
    "NewShare",
    "appoint",
    "ask_for_code",
    "ask_to_confirm_email",
    "choose_usage_point",
    "choose_username",
    "claim_shares",
    "confirm_email",
    "confirm_phone",
    "count_guess",
    "deactivate",
    "employ",
    "end_position",
    "expect",
    "link",
    "link_by_code",
    "prefer",
    "rename",
    "revoke",
    "share",
    "unlink",
    "unmask",
    "use_phone",
]
