"""Agreements on smart fee control, and red weather alerts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction

from gridhall.contexts.payments.errors import AlreadyControlled, AmountOutOfBounds, NotControlled
from gridhall.contexts.payments.models import FeeCase, FeeControl, FeeState, WeatherAlert
from gridhall.contexts.payments.rules.fee_control import Mode
from gridhall.kernel.errors import NotFound, Refused
from gridhall.runtime import outbox
from gridhall.runtime.audit import Act, record

#: Said on the outbox when a customer is to be told: ``{"usage_point", "customer", "kind", "balance_fen", "details"}``.
MESSAGE = "supply.message"
#: The highest balance at which somebody may want to be warned, in fen.
_MOST_WARN = 1_000_000
_STEPS = """
    INSERT INTO payments_feestep (control_id, usage_point_id, balance_fen, at, kind, message, actor, details)
    SELECT told.*, %(at)s, %(kind)s, %(message)s, %(actor)s, %(details)s::jsonb
    FROM unnest(%(controls)s::bigint[], %(points)s::bigint[], %(balances)s::bigint[]) AS told
"""


class StillOff(Refused):
    """Fee control cannot end while a cut-off is under way or supply is off."""

    code = "supply_still_off"


def agree(usage_point: int, customer: int, mode: Mode, *, warn_fen: int | None = None, act: Act) -> int:
    """This will put a usage point under fee control, as its customer agreed, and give the agreement's id.

    Args:
        usage_point, customer: ids; the customer has a contract there.
        warn_fen: the balance at which to warn first; None: the utility's.

    Raises:
        AlreadyControlled: when it is under fee control already.
        AmountOutOfBounds: for a warning below nothing or far above any bill.
    """
    _check_warning(warn_fen)
    try:
        with transaction.atomic():
            row = FeeControl.objects.create(
                usage_point_id=usage_point, customer_id=customer, mode=mode.value, warn_fen=warn_fen,
                signed_at=act.at, signed_by=act.actor,
            )  # fmt: skip
            tell(row, "agreed", act=act, details={"mode": mode.value, "warn_fen": warn_fen})
            record(act, "payments.fee_control.agreed", f"usage_point:{usage_point}", {"mode": mode.value})
    except IntegrityError as error:
        raise AlreadyControlled("This home is under fee control already.", path="usage_point") from error
    return row.pk


def change_warning(usage_point: int, customer: int, warn_fen: int | None, *, act: Act) -> None:
    """This will change the balance at which a customer is warned first; None: the utility's.

    Raises:
        NotControlled, AmountOutOfBounds: as they say.
    """
    _check_warning(warn_fen)
    with transaction.atomic():
        row = _control(usage_point, customer)
        row.warn_fen = warn_fen
        row.save(update_fields=["warn_fen"])
        tell(row, "warning_changed", act=act, details={"warn_fen": warn_fen})


def end_agreement(usage_point: int, customer: int, *, act: Act) -> None:
    """This will end fee control of a usage point; what it owes is billed as before.

    Raises:
        NotControlled: when it has none.
        StillOff: while a cut-off is under way.
    """
    with transaction.atomic():
        row = _control(usage_point, customer)
        if FeeCase.objects.filter(usage_point_id=usage_point, closed_at=None).exists():
            raise StillOff("A cut-off is under way here.", path="usage_point", remedy="Pay first, then end it.")
        row.ended_at, row.ended_by = act.at, act.actor
        row.save(update_fields=["ended_at", "ended_by"])
        FeeState.objects.filter(usage_point_id=usage_point).delete()
        tell(row, "ended", act=act)
        record(act, "payments.fee_control.ended", f"usage_point:{usage_point}")


def begin_alert(organisation: int, reason: str, *, act: Act) -> None:
    """This will hold all cut-offs of a unit (id) and everything below it, for a red weather alert.

    Raises:
        Refused: without a reason, or when one is on.
    """
    words = " ".join(reason.split())
    if not words or len(words) > 200:
        raise Refused("Say which alert it is, in at most 200 characters.", path="reason")
    try:
        with transaction.atomic():
            WeatherAlert.objects.create(organisation_id=organisation, reason=words, began_at=act.at, began_by=act.actor)
            record(act, "payments.red_alert.began", f"organisation:{organisation}", {"reason": words})
    except IntegrityError as error:
        raise Refused("An alert is on here already.", path="organisation") from error


def end_alert(organisation: int, *, act: Act) -> None:
    """This will end the red weather alert of a unit (id).

    Raises:
        NotFound: when none is on.
    """
    with transaction.atomic():
        ended = WeatherAlert.objects.filter(organisation_id=organisation, ended_at=None).update(
            ended_at=act.at, ended_by=act.actor
        )
        if not ended:
            raise NotFound("No alert is on here.", path="organisation")
        record(act, "payments.red_alert.ended", f"organisation:{organisation}")


def tell(
    control: FeeControl,
    kind: str,
    *,
    act: Act,
    balance: int | None = None,
    details: Mapping[str, Any] | None = None,
    message: str = "",
) -> None:
    """This will put a step on the timeline, in the caller's transaction, and have the customer told of it.

    Args:
        kind: a stable code, shown in words.
        message: what the customer is told: ``warning``, ``second_warning``, ``cut_off_notice``, ``final_notice``,
            ``cut_off``, ``reconnected``; empty: nothing.
    """
    tell_many([(control, balance)], kind, act=act, details=details, message=message)


def tell_many(
    whom: Sequence[tuple[FeeControl, int | None]],
    kind: str,
    *,
    act: Act,
    details: Mapping[str, Any] | None = None,
    message: str = "",
) -> None:
    """`tell` for agreements with their balances, at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            _STEPS,
            {
                "controls": [control.pk for control, _ in whom],
                "points": [control.usage_point_id for control, _ in whom],
                "balances": [balance for _, balance in whom],
                "at": act.at, "kind": kind, "message": bool(message), "actor": act.actor,
                "details": json.dumps(dict(details or {}), ensure_ascii=False),
            },
        )  # fmt: skip
    if message:
        told = (
            {
                "usage_point": control.usage_point_id, "customer": control.customer_id, "kind": message,
                "balance_fen": balance, "details": dict(details or {}),
            }
            for control, balance in whom
        )  # fmt: skip
        outbox.publish_many(MESSAGE, told, now=act.at)


def _control(usage_point: int, customer: int) -> FeeControl:
    mine = FeeControl.objects.select_for_update().filter(usage_point_id=usage_point, customer_id=customer)
    row = mine.filter(ended_at=None).first()
    if row is None:
        raise NotControlled("This home is not under fee control.", path="usage_point")
    return row


def _check_warning(warn_fen: int | None) -> None:
    if warn_fen is not None and not 0 <= warn_fen <= _MOST_WARN:
        raise AmountOutOfBounds("A warning is for a balance from 0 to 10,000 yuan.", path="warn")
