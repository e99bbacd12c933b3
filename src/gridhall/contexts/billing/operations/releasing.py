"""A clerk's decision about a parked period."""

from django.db import transaction

from gridhall.contexts.billing.errors import NotReleasable, ReasonMissing
from gridhall.contexts.billing.models import ParkedBill
from gridhall.contexts.billing.queries.lists import item_of
from gridhall.contexts.billing.rules.parking import RELEASABLE, Reason
from gridhall.contexts.billing.types import ParkedItem
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, record


def release(item: int, *, reason: str, act: Act) -> ParkedItem:
    """This will note that a period is billed as it is by the next run of its month; usage without agreement is closed.

    Raises:
        NotFound: there is no open item of this number.
        ReasonMissing: no reason is given.
        NotReleasable: the item needs a change of data, as its next step says.
    """
    if not reason.strip():
        raise ReasonMissing("A release needs a reason.", path="--reason", remedy="Say why it may be billed as it is.")
    with transaction.atomic():
        row = ParkedBill.objects.select_for_update().filter(pk=item, resolved_at=None).first()
        if row is None:
            raise NotFound(f"There is no open item {item}.", path="item", remedy="See `gridhall bill parked`.")
        if row.code not in RELEASABLE and row.code != Reason.NO_AGREEMENT:
            raise NotReleasable(f"{row.reason} No decision can mend this.", path=f"item {item}", remedy=row.next_step)
        row.released_at, row.released_by, row.release_reason = act.at, act.actor, reason.strip()
        row.save(update_fields=["released_at", "released_by", "release_reason"])
        record(act, "billing.parked.released", f"parked:{item}", {"code": row.code, "reason": reason.strip()})
    return item_of(row)
