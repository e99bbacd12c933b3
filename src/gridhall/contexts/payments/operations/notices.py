"""What gateways tell by themselves: checked, posted once, and kept with what became of it."""

import hashlib
from datetime import datetime
from typing import Final

from django.db import transaction

from gridhall.contexts.payments.operations.receiving import post
from gridhall.contexts.payments.operations.refunds import take_refund
from gridhall.contexts.payments.ports import PaymentState, RawNotice, RefundState, gateway
from gridhall.contexts.payments.types import Taken
from gridhall.kernel.errors import NotFound, Refused
from gridhall.runtime import prepared

_NOTICE: Final = """
    INSERT INTO payments_gatewaynotice
        (gateway, received_at, outcome, code, order_number, reference, amount_fen, digest)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def take_notice(code: str, raw: RawNotice, *, now: datetime) -> Taken:
    """This will check a gateway's message and post what it says, once; every message is kept with its outcome.

    Raises:
        NotFound: when there is no such gateway.
    """
    told: PaymentState | RefundState | None = None
    at = gateway(code)
    try:
        told = at.notice(raw, now=now)
        with transaction.atomic():
            if isinstance(told, PaymentState):
                outcome = post(code, told, now=now)
            else:
                outcome = Taken.ACCEPTED if take_refund(code, told, now=now) else Taken.REPEATED
            note(code, raw, outcome, "", told, now)
        return outcome
    except (Refused, NotFound) as error:
        note(code, raw, Taken.REFUSED, error.code, told, now)
        return Taken.REFUSED


def note(
    code: str, raw: RawNotice, outcome: Taken, reason: str, told: PaymentState | RefundState | None, now: datetime
) -> None:
    """This will keep a gateway's message with what became of it."""
    number, reference, amount = (told.number, told.reference, told.amount_fen) if told is not None else ("", "", None)
    digest = hashlib.sha256(raw.body + b"?" + raw.query.encode()).hexdigest()
    with prepared.cursor() as cursor:
        cursor.execute(_NOTICE, [code, now, outcome, reason, number[:32], reference[:64], amount, digest])
