"""Usage points that are never cut off for arrears: registered with what it rests on, ended with a reason."""

from datetime import date

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from gridhall.contexts.accounts.models import Protection, UsagePoint
from gridhall.contexts.accounts.operations.errors import AlreadyDone, SpanEmpty, ValueInvalid
from gridhall.contexts.accounts.types import ProtectionKind
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import audit


def protect(usage_point: str, kind: ProtectionKind, span: DateSpan, evidence: str, *, act: audit.Act) -> int:
    """This will put a usage point on the register of those that are never cut off for arrears, and give the entry's id.

    Args:
        usage_point: its 户号.
        span: from the first day on, usually until its certificate has to be renewed.
        evidence: what it rests on, as the clerk saw it; not copied to the audit trail.

    Raises:
        NotFound: when there is no such usage point.
        ValueInvalid: without evidence.
        AlreadyDone: when an entry of this kind already covers the first day.
    """
    words = " ".join(evidence.split())
    if not words or len(words) > 300:
        raise ValueInvalid("Say what the protection rests on, in at most 300 characters.", path="evidence")
    with transaction.atomic():
        point = UsagePoint.objects.select_for_update().filter(number=usage_point).first()
        if point is None:
            raise NotFound(f"There is no usage point {usage_point}.", path="usage_point")
        if Protection.objects.filter(usage_point=point, kind=kind.value, span__contains=span.start).exists():
            raise AlreadyDone("The usage point is on the register already.", path="usage_point")
        row = Protection.objects.create(
            usage_point=point, kind=kind.value, span=DateRange(span.start, span.end), evidence=words,
            recorded_at=act.at, recorded_by=act.actor,
        )  # fmt: skip
        details = {"protection": row.pk, "kind": kind.value, "from": span.start, "until": span.end}
        audit.record(act, "accounts.protection.registered", f"usage_point:{usage_point}", details)
    return row.pk


def end_protection(protection: int, day: date, reason: str, *, act: audit.Act) -> None:
    """This will end an entry of the register: from this day on the usage point is not protected by it.

    Raises:
        NotFound: when there is none of this number.
        ValueInvalid: without a reason.
        SpanEmpty: when the day is not after the entry's first.
        AlreadyDone: when it has ended by that day.
    """
    words = " ".join(reason.split())
    if not words or len(words) > 300:
        raise ValueInvalid("Say why the protection ends, in at most 300 characters.", path="reason")
    with transaction.atomic():
        row = Protection.objects.select_for_update(of=("self",)).select_related("usage_point").filter(pk=protection)
        found = row.first()
        if found is None:
            raise NotFound("There is no such entry of the register.", path="protection")
        if found.span.upper is not None and found.span.upper <= day:
            raise AlreadyDone("The protection has ended by that day already.", path="day")
        if day <= found.span.lower:
            raise SpanEmpty("A protection lasts a day at least.", path="day")
        found.span = DateRange(found.span.lower, day)
        found.ended_reason = words
        try:
            found.save(update_fields=["span", "ended_reason"])
        except IntegrityError as error:
            raise SpanEmpty("A protection lasts a day at least.", path="day") from error
        details = {"protection": protection, "until": day, "reason": words}
        audit.record(act, "accounts.protection.ended", f"usage_point:{found.usage_point.number}", details)
