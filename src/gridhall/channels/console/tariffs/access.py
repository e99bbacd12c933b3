"""Who may do what with drafts: prices that are not published are for those who write, decide or audit."""

from django.core.exceptions import PermissionDenied

from gridhall.channels.console.access import ConsoleRequest
from gridhall.contexts.identity.types import Permission


def may_write(request: ConsoleRequest) -> bool:
    """Whether drafts may be written."""
    return request.staff.may(Permission.TARIFFS_DRAFT)


def may_approve(request: ConsoleRequest) -> bool:
    """Whether drafts may be decided on, if they are somebody else's."""
    return request.staff.may(Permission.TARIFFS_APPROVE)


def may_see_drafts(request: ConsoleRequest) -> bool:
    """Whether drafts and simulations may be seen."""
    return may_write(request) or may_approve(request) or request.staff.may(Permission.AUDIT_VIEW)


def only_for_drafts(request: ConsoleRequest) -> None:
    """Go on only when drafts may be seen.

    Raises:
        PermissionDenied: otherwise.
    """
    if not may_see_drafts(request):
        raise PermissionDenied
