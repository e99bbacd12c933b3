"""Some people of the demo utility pay before they use: most are fine, one runs dry, one may not be cut off."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection, transaction

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.accounts.types import ProtectionKind
from gridhall.contexts.payments.operations.fee_control import agree
from gridhall.contexts.payments.operations.fee_control_cases import advance
from gridhall.contexts.payments.operations.fee_control_daily import take_stock
from gridhall.contexts.payments.operations.past import PastPayment, take_past
from gridhall.contexts.payments.queries.fee_control import Watched, watched
from gridhall.contexts.payments.types import Mode
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act

_ACTOR: Final = "demo"
#: The balance of each, in fen: near nothing, on life support without money, spent, low, and others.
_BALANCES: Final = (800, -2_300, -1_700, 2_600, 6_000, 9_500, 12_000, 15_500, 21_000, 34_000)
_LIFE_SUPPORT: Final = 1
#: Homes whose account settles nothing else, the last ones first: tours begin at the others.
_HOMES: Final = """
    SELECT u.id, u.number, a.customer_id, s.account_id, u.organisation_id
    FROM accounts_usagepoint u
    JOIN accounts_customeragreement a ON a.usage_point_id = u.id AND a.span @> %(today)s::date
    JOIN accounts_settlement s ON s.agreement_id = a.id AND s.span @> %(today)s::date
    WHERE u.usage_class = 'residential' AND NOT u.number = ANY(%(shown)s::text[])
        AND lower(a.span) < %(today)s::date - 60
        AND (SELECT count(*) FROM accounts_settlement o WHERE o.account_id = s.account_id) = 1
        AND EXISTS (SELECT FROM billing_runningmonth r WHERE r.agreement_id = a.id AND r.charges_fen > 0)
    ORDER BY u.number DESC LIMIT %(limit)s
"""


def begin(today: date, now: datetime, *, shown: Collection[str]) -> int:
    """This will have some homes under fee control, with money for their balances, and take stock; how many there are.

    Called again on a later day it only takes stock: what they use runs their balances down.

    Args:
        today: the first day without readings.
        shown: numbers of the usage points that tours and tests look for; these are left alone.
    """
    act = Act(_ACTOR, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payments_feecontrol")
        known = int(cursor.fetchone()[0])
        if not known:
            cursor.execute(_HOMES, {"today": today, "shown": sorted(shown), "limit": len(_BALANCES)})
            homes = cursor.fetchall()
            for point, _, customer, _, _ in homes:
                agree(point, customer, Mode.PREPAID, act=Act(_ACTOR, now - timedelta(days=20)))
            if len(homes) > _LIFE_SUPPORT:
                span = DateSpan(today - timedelta(days=200), None)
                number = homes[_LIFE_SUPPORT][1]
                accounts.protect(number, ProtectionKind.LIFE_SUPPORT, span, "家用呼吸机，医院证明", act=act)
            _pay(homes, today, act)
            known = len(homes)
    if known:
        take_stock(today, act=act)
        advance(act=act)
    return known


def _pay(homes: list[tuple[int, str, int, int, int]], today: date, act: Act) -> None:
    """Each has paid so much that its balance comes out as planned; who would have to get money back has more."""
    # Looked at and taken back: nobody is warned of what is about to be paid.
    with transaction.atomic():
        take_stock(today, usage_points=[home[0] for home in homes], act=act)
        seen: dict[int, Watched | None] = {home[0]: watched(home[0], None, today) for home in homes}
        transaction.set_rollback(True)
    payments = []
    for (point, _, _, account, unit), wanted in zip(homes, _BALANCES, strict=False):
        found = seen[point]
        missing = wanted - (found.balance or 0) if found is not None else 0
        if missing > 0:
            payments.append(
                PastPayment(
                    "counter", "counter.cash", f"F{account}", unit, account, point, missing, act.at - timedelta(days=1)
                )
            )
    take_past(payments, actor=_ACTOR)
