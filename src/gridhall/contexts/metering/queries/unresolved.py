"""How much lies in quarantine, over all imports."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from gridhall.contexts.metering.models import QuarantinedRow


@dataclass(frozen=True)
class Unresolved:
    """Rows that were not let in and not mended since; ``since``: when the oldest of their imports came."""

    rows: int
    imports: int
    since: datetime | None


def unresolved() -> Unresolved:
    """What lies in quarantine. One query."""
    found = QuarantinedRow.objects.filter(resolved_by=None).aggregate(
        rows=Count("id"), imports=Count("source", distinct=True), since=Min("source__available_at")
    )
    return Unresolved(found["rows"], found["imports"], found["since"])
