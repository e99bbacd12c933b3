"""Money moved: who was cut off, or was about to be, is looked at again at once."""

from collections.abc import Sequence

from django.db import connection, transaction

from gridhall.contexts.payments.fee_settings import fee_rules
from gridhall.contexts.payments.models import FeeCase, FeeControl
from gridhall.contexts.payments.operations.fee_control import tell
from gridhall.contexts.payments.operations.fee_control_cases import close
from gridhall.contexts.payments.operations.fee_control_standing import of_accounts, point_of
from gridhall.contexts.payments.operations.fee_control_switching import restore
from gridhall.contexts.payments.rules.fee_control import Level, Stage
from gridhall.runtime.audit import Act

_LEVEL = """
    UPDATE payments_feestate SET money_fen = money_fen + %(more)s, paid_fen = paid_fen + %(more)s,
        balance_fen = balance_fen + %(more)s, overdue_fen = greatest(overdue_fen - %(more)s, 0), level = %(level)s,
        warned = CASE WHEN %(level)s = 0 THEN 0 ELSE warned END
    WHERE usage_point_id = %(point)s
"""


def money_moved(accounts: Sequence[int], *, act: Act, amounts: dict[int, int] | None = None) -> int:
    """This will bring the states of all usage points of some accounts up to the money that has come, and switch those
    on again whose cause is gone. Told twice, it does nothing twice. Gives how many are being switched on.

    Args:
        accounts: ids of settlement accounts.
        amounts: by account, what came now in fen, for the timeline; negative where it went back.
    """
    restored = 0
    for point in of_accounts(accounts):
        with transaction.atomic():
            restored += _look_again(point.usage_point, (amounts or {}).get(point.account, 0), act)
    return restored


def _look_again(usage_point: int, amount: int, act: Act) -> bool:
    rules = fee_rules()
    control = FeeControl.objects.select_for_update().filter(usage_point_id=usage_point, ended_at=None).first()
    point = point_of(usage_point)
    if control is None or point is None:
        return False
    if _update(usage_point, point.balance, point.level(control.warn_fen, rules)) and amount:
        kind = "paid" if amount > 0 else "gone_back"
        tell(control, kind, act=act, balance=point.balance, details={"amount_fen": abs(amount)})
    case = FeeCase.objects.select_for_update().filter(usage_point_id=usage_point, closed_at=None).first()
    if case is None or not point.restored(rules) or case.stage == Stage.RESTORING:
        return False
    if case.stage in (Stage.CUTTING, Stage.OFF):
        restore(control, case, act=act, balance=point.balance)
        return True
    close(case, "paid", act)
    tell(control, "stopped_paid", act=act, balance=point.balance)
    return False


def _update(usage_point: int, balance: int, level: Level) -> bool:
    """Whether money had moved since the state was written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(balance_fen, money_fen) FROM payments_feestate WHERE usage_point_id = %s", [usage_point]
        )
        row = cursor.fetchone()
        more = balance - row[0] if row else 0
        if more:
            cursor.execute(_LEVEL, {"more": more, "level": int(level), "point": usage_point})
    return bool(more)
