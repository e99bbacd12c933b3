"""The audit trail in the admin, to be read."""

from typing import Any

from django.contrib import admin

from gridhall.runtime.models import AuditEntry
from gridhall.runtime.reference import ReadOnly


@admin.register(AuditEntry)
class AuditEntries(ReadOnly):
    """Who did what, when."""

    list_display = ("at", "actor", "action", "subject")
    search_fields = ("actor__startswith", "subject__startswith", "action__startswith")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False

    def get_ordering(self, request: Any) -> tuple[str, ...]:
        """The newest first; the table has an index for that."""
        return ("-id",)
