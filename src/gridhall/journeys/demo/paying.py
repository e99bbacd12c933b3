"""How the people of the demo utility pay: most in time, some late, a few are months behind, a few pay ahead."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, Protocol, runtime_checkable

from django.db import transaction

from gridhall.contexts.payments.operations.past import PastPayment, take_past
from gridhall.contexts.payments.ports import gateways, points
from gridhall.contexts.payments.queries.issued import Issued, issued_in
from gridhall.journeys.demo import grid
from gridhall.kernel.spans import DateSpan

#: Of a hundred accounts so many pay a month late, the next are months behind; the last pay ahead now and then.
_LATE, _BEHIND, _AHEAD = range(86, 93), range(93, 97), range(97, 100)
#: Days from the bill to the payment. Those whom tours show have the newest bill open, and no other.
_SHOWN_DAYS: Final = 33
_BEHIND_DAYS: Final = 110
_ACTOR: Final = "demo"
_GATEWAY: Final = "demo"


def settle(month: DateSpan, *, shown: Collection[str], until: datetime) -> int:
    """This will post what is paid for the bills of a month until a moment, and give how much was new.

    Called again it adds what was paid since.

    Args:
        shown: numbers of the usage points that tours and tests look for.
    """
    paid = [payment for each in issued_in(month, grid.PROVINCE) if (payment := _payment(each, shown)).paid_at <= until]
    # Before they are posted here: a build that is killed in between finds them there.
    if (known := gateway_of_the_past()) is not None:
        known.keep_past([payment for payment in paid if payment.gateway == _GATEWAY])
    with transaction.atomic():
        receipts = take_past(paid, actor=_ACTOR)
        points().count(receipts, now=until)
    return len(receipts)


@runtime_checkable
class KeepsPast(Protocol):
    """A gateway that can be told of payments as if it had taken them, so that its statements agree with the books."""

    def keep_past(self, payments: Sequence[PastPayment]) -> int:
        """This will remember payments, each once, and give how many were new."""
        ...

    def forget(self) -> None:
        """This will forget every payment."""
        ...


def gateway_of_the_past() -> KeepsPast | None:
    """The gateway by which the demo's people paid, where it can be told so."""
    found = gateways().get(_GATEWAY)
    return found if isinstance(found, KeepsPast) else None


def _payment(bill: Issued, shown: Collection[str]) -> PastPayment:
    kind = _draw(f"account {bill.account}", 100)
    of_bill = _draw(f"bill {bill.bill}", 10_000)
    if bill.point_number in shown:
        days = _SHOWN_DAYS
    elif kind in _BEHIND:
        days = _BEHIND_DAYS + of_bill % 10
    elif kind in _LATE:
        days = 34 + of_bill % 10
    else:
        days = 5 + of_bill % 20
    fen = bill.total_fen
    if kind in _AHEAD and bill.point_number not in shown and of_bill % 6 == 0:
        fen = -(-fen // 5_000) * 5_000 + 10_000
    counter = kind % 5 == 0
    return PastPayment(
        gateway="counter" if counter else _GATEWAY, method="counter.cash" if counter else "demo.link",
        reference=f"D{bill.bill}", organisation=bill.organisation, account=bill.account, usage_point=bill.usage_point,
        amount_fen=fen,
        paid_at=bill.issued_at + timedelta(days=days, minutes=of_bill % (9 * 60), seconds=of_bill % 60),
    )  # fmt: skip


def _draw(name: str, sides: int) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) % sides
