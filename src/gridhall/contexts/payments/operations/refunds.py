"""Refunds: asked for by one person, above a limit allowed by another, made by the gateway, posted when it says so."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from gridhall.contexts.payments.errors import (
    MoreThanCame,
    NotBySamePerson,
    RefundDecided,
    RefundNotDone,
    RefundReasonMissing,
)
from gridhall.contexts.payments.models import RefundRequest, RefundStatus
from gridhall.contexts.payments.operations.ordering import fresh_number
from gridhall.contexts.payments.operations.reversing import go_back
from gridhall.contexts.payments.ports import (
    GatewayUnavailable,
    MoneyState,
    RefundState,
    RefundToMake,
    gateway,
)
from gridhall.contexts.payments.queries.receipts import receipt
from gridhall.contexts.payments.queries.refunds import Refund, refund
from gridhall.contexts.payments.rules.amounts import checked
from gridhall.contexts.payments.settings import rules
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, record

#: How long a gateway that does not answer, or not yet, is left alone by the job.
_PAUSE: Final = timedelta(minutes=1)
#: In what refunds still to come may take of a receipt.
_LEFT: Final = """
    SELECT r.amount_fen
        - coalesce((SELECT sum(b.amount_fen) FROM payments_receipt b WHERE b.reverses_id = r.id), 0)
        - coalesce((SELECT sum(q.amount_fen) FROM payments_refundrequest q
            WHERE q.receipt_id = r.id AND q.status IN ('asked', 'sending')), 0)
    FROM payments_receipt r WHERE r.id = %s
"""
_log = logging.getLogger("gridhall.payments")


def request_refund(receipt_id: int, amount_fen: int, *, reason: str, act: Act) -> Refund:
    """This will ask for a refund of a receipt; above the limit of the rules it waits for a second person.

    It does not speak to the gateway: call `send_refund` after the transaction, else the job does within a minute.

    Raises:
        AmountInvalid: for nothing or less.
        MoreThanCame: when less is left of the receipt, with other refunds that are on their way.
        RefundReasonMissing: without a reason.
        RefundNotDone: for money that no gateway took and none can send back (counter).
        NotFound: when there is no such receipt.
    """
    checked(amount_fen)
    if not reason.strip():
        raise RefundReasonMissing("A refund needs a reason.", path="reason")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT gateway FROM payments_receipt WHERE id = %s AND kind = 'receipt' FOR UPDATE", [receipt_id]
        )
        row = cursor.fetchone()
        if row is None:
            raise NotFound("There is no such receipt.", path="receipt")
        try:
            gateway(row[0])
        except NotFound:
            raise RefundNotDone("No gateway took this money: it goes back where it came in.", path="receipt") from None
        cursor.execute(_LEFT, [receipt_id])
        left = int(cursor.fetchone()[0])
        if amount_fen > left:
            raise MoreThanCame(f"{left} fen are left of this receipt.", path="amount")
        alone = amount_fen <= rules().refunds.one_person_fen
        made = RefundRequest.objects.create(
            number=f"R{fresh_number(act.at)}",
            receipt_id=receipt_id, amount_fen=amount_fen, reason=reason.strip()[:200], asked_by=act.actor,
            asked_at=act.at, status=RefundStatus.SENDING if alone else RefundStatus.ASKED,
        )  # fmt: skip
        _record(act, "requested", made, {"reason": made.reason, "second_person": not alone})
    return refund(made.number)


def decide_refund(number: str, *, allow: bool, act: Act, why: str = "") -> Refund:
    """This will allow a refund, or refuse it, by somebody else than who asked for it.

    Raises:
        NotBySamePerson: by who asked.
        RefundDecided: when it waits for nobody.
        NotFound: when there is none.
    """
    with transaction.atomic():
        row = _locked(number)
        if row.status != RefundStatus.ASKED:
            raise RefundDecided("This refund is decided already.", path="refund")
        if row.asked_by == act.actor:
            raise NotBySamePerson("Somebody else has to allow what you ask for.", path="refund")
        row.decided_by, row.decided_at = act.actor, act.at
        if allow:
            row.status = RefundStatus.SENDING
        else:
            row.status, row.ended_at, row.refusal = RefundStatus.REFUSED, act.at, why.strip()[:200]
        row.save()
        _record(act, "allowed" if allow else "refused", row, {"why": why.strip()[:200]})
    return refund(number)


def send_refund(number: str, *, now: datetime, notify_url: str = "") -> Refund:
    """This will have the gateway send the money back and post it when it says so; again is no harm.

    Call outside a transaction: it waits for the gateway.

    Raises:
        GatewayUnavailable: nothing is known; the job asks again.
        NotFound: when there is no such refund, or its gateway was given up.
    """
    asked = refund(number)
    if asked.status != RefundStatus.SENDING:
        return asked
    paid = receipt(asked.receipt)
    RefundRequest.objects.filter(number=number).update(tried_at=now)
    told = gateway(paid.gateway).refund(
        RefundToMake(
            number=number, order_number=paid.order_number, payment_reference=paid.reference, paid_fen=paid.amount_fen,
            amount_fen=asked.amount_fen, reason=asked.reason, notify_url=notify_url,
        )
    )  # fmt: skip
    with transaction.atomic():
        take_refund(paid.gateway, told, now=now)
    return refund(number)


def take_refund(code: str, told: RefundState, *, now: datetime) -> bool:
    """This will post a refund that a gateway tells of, once, and give whether it was news. Call inside a transaction.

    Raises:
        RefundNotDone: a refund of another gateway or amount than was asked for; nothing changes.
        NotFound: a refund that was never asked for here: a case for reconciliation.
    """
    row = _locked(told.number)
    if row.receipt.gateway != code:
        raise NotFound("There is no such refund.", path="refund")
    if row.status != RefundStatus.SENDING or told.state not in (MoneyState.DONE, MoneyState.CLOSED):
        return False
    act = Act(f"gateway:{code}", now)
    if told.state is MoneyState.CLOSED:
        row.status, row.ended_at, row.refusal = RefundStatus.REFUSED, now, "gateway"
        row.save()
        _record(act, "refused", row, {"why": "gateway"})
        return True
    if told.amount_fen != row.amount_fen:
        raise RefundNotDone(f"{told.amount_fen} fen went back instead of {row.amount_fen}.", path="amount")
    reference = told.reference or told.number
    posted = go_back(
        row.receipt_id, row.amount_fen, kind="refund", reference=reference, at=told.done_at or now, reason=row.reason,
        act=Act(row.asked_by, now),
    ) or _posted(row.receipt_id, reference)  # fmt: skip
    row.status, row.ended_at, row.posted_id = RefundStatus.DONE, now, posted
    row.save()
    return True


def send_waiting_refunds(
    now: Callable[[], datetime], *, progress: Callable[[int, int], None] = lambda done, all_: None
) -> dict[str, int]:
    """This will ask the gateways for every refund that is on its way, and give how many are done, refused, waiting."""
    numbers = list(
        RefundRequest.objects.filter(status=RefundStatus.SENDING)
        .exclude(tried_at__gt=now() - _PAUSE)
        .order_by("tried_at", "id")
        .values_list("number", flat=True)[:500]
    )
    found = {"done": 0, "refused": 0, "waiting": 0}
    for done, number in enumerate(numbers):
        progress(done, len(numbers))
        try:
            state = send_refund(number, now=now()).status
        except (GatewayUnavailable, NotFound, RefundNotDone, MoreThanCame) as error:
            _log.warning("Refund %s waits: %s", number, error.message)
            state = RefundStatus.SENDING
        found[state if state in found else "waiting"] += 1
    return found


def _posted(original: int, reference: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM payments_receipt WHERE reverses_id = %s AND reference = %s", [original, reference]
        )
        row = cursor.fetchone()
    if row is None:
        raise RefundNotDone("The gateway gave the number of another movement.", path="reference")
    return int(row[0])


def _locked(number: str) -> RefundRequest:
    found = (
        RefundRequest.objects.select_for_update(of=("self",)).select_related("receipt").filter(number=number).first()
    )
    if found is None:
        raise NotFound("There is no such refund.", path="refund")
    return found


def _record(act: Act, deed: str, row: RefundRequest, more: dict[str, Any]) -> None:
    details = {"refund": row.number, "amount_fen": row.amount_fen} | more
    record(act, f"payments.refund.{deed}", f"receipt:{row.receipt_id}", details)
