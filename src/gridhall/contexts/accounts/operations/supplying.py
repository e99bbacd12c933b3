"""Whether power flows to a usage point, as whoever switches it says."""

from django.db import transaction

from gridhall.contexts.accounts.models import UsagePoint
from gridhall.contexts.accounts.types import UsagePointStatus
from gridhall.kernel.errors import NotFound
from gridhall.runtime import audit


def mark_supply(usage_point: int, *, on: bool, act: audit.Act) -> bool:
    """This will note that a usage point (id) in use was switched on or off, and say whether that was news.

    Raises:
        NotFound: when there is no such usage point.
    """
    here, there = UsagePointStatus.DISCONNECTED, UsagePointStatus.CONNECTED
    if not on:
        here, there = there, here
    with transaction.atomic():
        number = UsagePoint.objects.filter(pk=usage_point).values_list("number", flat=True).first()
        if number is None:
            raise NotFound("There is no such usage point.", path="usage_point")
        changed = UsagePoint.objects.filter(pk=usage_point, status=here.value).update(status=there.value)
        if changed:
            audit.record(act, "accounts.usage_point.switched", f"usage_point:{number}", {"status": there.value})
    return bool(changed)
