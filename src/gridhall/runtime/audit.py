"""The audit trail: who did what to what, when. Written in the transaction of the deed itself, never changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Act:
    """Somebody acting now: every operation that writes is handed one.

    Attributes:
        actor: who, as the trail shall name them: ``cli:zhang``, ``job:billing``.
        at: when, aware.
    """

    actor: str
    at: datetime


@dataclass(frozen=True)
class Entry:
    """One line of the trail."""

    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]


def record(act: Act, action: str, subject: str, details: Mapping[str, Any] | None = None) -> None:
    """This will add an entry to the trail, inside the caller's transaction.

    Args:
        act: who and when.
        action: what, as a dotted code that never changes once published: ``accounts.agreement.ended``.
        subject: to what, as ``kind:number``: ``usage_point:3101000001``.
        details: values before and after; no personal data.
    """
    record_many(act, [(action, subject, details or {})])


def record_many(act: Act, deeds: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
    """`record` for many deeds of one act, in their order: action, subject and details of each. One statement."""
    from django.core.serializers.json import DjangoJSONEncoder

    from gridhall.runtime.models import AuditEntry

    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=act.at, actor=act.actor, action=action, subject=subject,
            details=json.loads(json.dumps(dict(details), cls=DjangoJSONEncoder)),
        )
        for action, subject, details in deeds
    )  # fmt: skip


def trail(subject: str) -> list[Entry]:
    """The entries about one subject, oldest first."""
    from gridhall.runtime.models import AuditEntry

    return [
        Entry(entry.at, entry.actor, entry.action, entry.subject, entry.details)
        for entry in AuditEntry.objects.filter(subject=subject).order_by("id")
    ]


def trails(subjects: Sequence[str], *, limit: int) -> list[Entry]:
    """The newest entries about any of several subjects, the newest first. One query."""
    from gridhall.runtime.models import AuditEntry

    return [
        Entry(entry.at, entry.actor, entry.action, entry.subject, entry.details)
        for entry in AuditEntry.objects.filter(subject__in=list(subjects)).order_by("-id")[:limit]
    ]
