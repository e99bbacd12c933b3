"""From a spent balance to a cut-off, step by step, and back out of it at any step.

Every decision is `rules.fee_control.decide`; here it is fed and carried out. One usage point is one transaction, with
the row of its agreement as the lock: money that comes in meanwhile waits for it, or is seen by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db import connection, transaction

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.payments.errors import CaseMoved
from gridhall.contexts.payments.fee_settings import fee_rules
from gridhall.contexts.payments.models import FeeCase, FeeControl, SwitchAction
from gridhall.contexts.payments.operations.fee_control import tell, tell_many
from gridhall.contexts.payments.operations.fee_control_standing import (
    decided,
    decided_now,
    in_the_dark,
    in_trouble,
    point_of,
)
from gridhall.contexts.payments.operations.fee_control_switching import order_switch, restore
from gridhall.contexts.payments.rules.fee_control import FeeControlRules, Move, Stage
from gridhall.kernel.errors import NotFound, Refused
from gridhall.runtime.audit import Act, record
from gridhall.runtime.localtime import local

#: Notices written in one transaction.
_AT_ONCE: Final = 2_000
_NOTICED: Final = """
    INSERT INTO payments_feecase (stage, noticed_at, usage_point_id, control_id, organisation_id, approved_by,
        closed_because, waits)
    SELECT 'noticed', %s, told.*, '', '', ''
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS told
"""
_BEFORE_CUT: Final = (Stage.NOTICED, Stage.APPROVED, Stage.ANNOUNCED)


@dataclass(frozen=True)
class Moved:
    """How many usage points took which step."""

    looked_at: int
    moves: dict[str, int]


def advance(*, act: Act, usage_points: Sequence[int] | None = None) -> Moved:
    """This will take the next step, where one is due now, of all whose balance is spent. Again is no harm.

    Args:
        act: who and when: the moment decides what may be done.
        usage_points: of these alone (ids); None: of the whole utility.
    """
    rules, moves = fee_rules(), dict[str, int]()
    found = in_trouble(usage_points)
    protected = accounts.protected([each.usage_point for each in found], local(act.at).date())
    quiet: dict[str, list[int]] = {}
    fresh: list[int] = []
    for point in found:
        decision = decided(point, point.usage_point in protected, act, rules)
        if decision.move is Move.NOTICE:
            fresh.append(point.usage_point)
        elif decision.move is not Move.NOTHING:
            if move := _step(point.usage_point, act, rules):
                moves[move] = moves.get(move, 0) + 1
        elif point.case is not None and point.waits != (waits := ",".join(decision.waits)):
            quiet.setdefault(waits, []).append(point.case)
    for begin in range(0, len(fresh), _AT_ONCE):
        if given := _give_notice(fresh[begin : begin + _AT_ONCE], act, rules):
            moves[Move.NOTICE] = moves.get(Move.NOTICE, 0) + given
    if back := sum(_bring_back(point.usage_point, act, rules) for point in in_the_dark(usage_points)):
        moves["restore"] = back
    for waits, cases in quiet.items():
        FeeCase.objects.filter(pk__in=cases, closed_at=None).update(waits=waits)
    return Moved(len(found), moves)


def approve(case: int, reason: str, *, act: Act) -> None:
    """This will let a cut-off go on, as a person has decided.

    Raises:
        NotFound: when there is no such case.
        CaseMoved: when it is not waiting for approval.
        Refused: without a reason.
    """
    words = _reason(reason)
    with transaction.atomic():
        control, row = _locked(case)
        if row.stage != Stage.NOTICED:
            raise CaseMoved("This cut-off does not wait for approval.", path="case")
        row.stage, row.approved_at, row.approved_by = Stage.APPROVED, act.at, act.actor
        row.save(update_fields=["stage", "approved_at", "approved_by"])
        tell(control, "approved", act=act, details={"reason": words})
        record(act, "payments.cut_off.approved", f"usage_point:{control.usage_point_id}", {"reason": words})


def reject(case: int, reason: str, *, act: Act) -> None:
    """This will end a cut-off before it happens; nothing is begun again for some days, by rule.

    Raises:
        NotFound, CaseMoved, Refused: as `approve`.
    """
    words = _reason(reason)
    with transaction.atomic():
        control, row = _locked(case)
        if row.stage not in _BEFORE_CUT:
            raise CaseMoved("This cut-off cannot be stopped any more.", path="case")
        until = local(act.at).date() + timedelta(days=fee_rules().cut_off.rejected_days)
        _close(row, "rejected", act, held_until=until)
        tell(control, "rejected", act=act, details={"reason": words, "until": until.isoformat()})
        record(act, "payments.cut_off.rejected", f"usage_point:{control.usage_point_id}", {"reason": words})


def close(case: FeeCase, because: str, act: Act) -> None:
    """This will close a case, in the caller's transaction."""
    _close(case, because, act)


def _give_notice(usage_points: Sequence[int], act: Act, rules: FeeControlRules) -> int:
    """Open the cases of some hundred usage points in one transaction, each decided again with its agreement locked."""
    first = (local(act.at) + timedelta(days=rules.cut_off.least_days)).date()
    details = {"from": first.isoformat(), "days": rules.cut_off.least_days}
    with transaction.atomic():
        mine = FeeControl.objects.select_for_update().filter(usage_point_id__in=usage_points, ended_at=None)
        controls = {control.pk: control for control in mine.order_by("usage_point_id")}
        points = [point for point in in_trouble(usage_points) if point.control in controls]
        protected = accounts.protected(usage_points, local(act.at).date())
        told = [
            point for point in points
            if decided(point, point.usage_point in protected, act, rules).move is Move.NOTICE
        ]  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(
                _NOTICED,
                [
                    act.at, [point.usage_point for point in told], [point.control for point in told],
                    [point.organisation for point in told],
                ],
            )  # fmt: skip
        tell_many(
            [(controls[point.control], point.balance) for point in told], "notice", act=act, details=details,
            message="cut_off_notice",
        )  # fmt: skip
    return len(told)


def _bring_back(usage_point: int, act: Act, rules: FeeControlRules) -> bool:
    """Have a home in the dark switched on whose cause went without a payment, or that has come to be protected."""
    with transaction.atomic():
        control = FeeControl.objects.select_for_update().filter(usage_point_id=usage_point, ended_at=None).first()
        point = point_of(usage_point)
        if control is None or point is None or point.case is None or point.stage not in (Stage.CUTTING, Stage.OFF):
            return False
        if not point.restored(rules) and not accounts.protected([usage_point], local(act.at).date()):
            return False
        row = FeeCase.objects.select_for_update().get(pk=point.case)
        restore(control, row, act=act, balance=point.balance if point.priced else None)
    return True


def _step(usage_point: int, act: Act, rules: FeeControlRules) -> str:
    """Decide again with everything locked, and do it."""
    with transaction.atomic():
        control = FeeControl.objects.select_for_update().filter(usage_point_id=usage_point).order_by("-id").first()
        point = point_of(usage_point)
        if control is None or point is None or point.control != control.pk:
            return ""
        move = decided_now(point, act, rules).move
        row = FeeCase.objects.filter(pk=point.case).first() if point.case is not None else None
        if move is Move.NOTHING or (row is not None and row.stage not in _BEFORE_CUT):
            return ""
        if row is None:
            return ""
        if move is Move.LAPSE:
            _close(row, "lapsed", act)
            tell(control, "lapsed", act=act, balance=point.balance)
        elif move is Move.CLOSE:
            because = "paid" if not point.cause(rules) else "protected"
            _close(row, because, act)
            tell(control, f"stopped_{because}", act=act, balance=point.balance)
        elif move is Move.FINAL_NOTICE:
            row.stage, row.final_at = Stage.ANNOUNCED, act.at
            row.save(update_fields=["stage", "final_at"])
            details = {"minutes": rules.cut_off.final_minutes}
            tell(control, "final_notice", act=act, balance=point.balance, details=details, message="final_notice")
        elif move is Move.CUT_OFF:
            row.stage, row.waits = Stage.CUTTING, ""
            row.save(update_fields=["stage", "waits"])
            tell(control, "cut_off_ordered", act=act, balance=point.balance)
            order_switch(control, row, SwitchAction.OFF, act=act)
        return move.value


def _locked(case: int) -> tuple[FeeControl, FeeCase]:
    known = FeeCase.objects.filter(pk=case).first()
    if known is None:
        raise NotFound("There is no such cut-off.", path="case")
    control = FeeControl.objects.select_for_update().get(pk=known.control_id)
    return control, FeeCase.objects.select_for_update().get(pk=case)


def _close(row: FeeCase, because: str, act: Act, *, held_until: date | None = None) -> None:
    row.stage, row.closed_at, row.closed_because, row.waits = Stage.CLOSED, act.at, because, ""
    row.held_until_date = held_until
    row.save(update_fields=["stage", "closed_at", "closed_because", "waits", "held_until_date"])


def _reason(reason: str) -> str:
    words = " ".join(reason.replace("\x00", "").split())
    if not words or len(words) > 500:
        raise Refused("Give a reason, in at most 500 characters.", path="reason")
    return words
