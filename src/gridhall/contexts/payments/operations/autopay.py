"""Autopay: bills are paid by a gateway that their payer has authorised; told of before, never above the limit.

A debit is noticed (`payments.autopay_notice` on the outbox) at least ``notice_days`` before it is sent, a bill once.
What is taken is what is owed then, at most what was noticed. A debit that fails is not tried again by itself: its payer
is told, and pays as anybody does.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from gridhall.contexts.payments.errors import AutopayRefused, BeingPaid, OrderEnded, OwesLess
from gridhall.contexts.payments.models import AutopayAgreement, AutopayDebit, AutopayStatus, DebitStatus, PaymentOrder
from gridhall.contexts.payments.operations.ordering import open_order
from gridhall.contexts.payments.operations.receiving import post
from gridhall.contexts.payments.ports import (
    ChargingGateway,
    GatewayUnavailable,
    MoneyState,
    NoticeRefused,
    OrderToPay,
    gateway,
)
from gridhall.contexts.payments.queries.autopay import Autopay, autopay
from gridhall.contexts.payments.queries.orders import order
from gridhall.contexts.payments.queries.owed import newest_open_bills, owed_of
from gridhall.contexts.payments.rules.amounts import checked
from gridhall.contexts.payments.settings import rules
from gridhall.contexts.payments.types import OrderState, Part, Purpose
from gridhall.kernel.errors import NotFound
from gridhall.runtime import outbox
from gridhall.runtime.audit import Act, record
from gridhall.runtime.localtime import local_day

#: Said on the outbox to the payer: ``{"agreement", "debit", "account", "payer", "kind", "amount_fen", "debit_date"}``;
#: the kind is ``noticed``, ``over_limit``, ``done`` or ``failed``.
AUTOPAY_NOTICE: Final = "payments.autopay_notice"
_log = logging.getLogger("gridhall.payments")


def sign_autopay(
    account: int,
    *,
    payer: int,
    gateway_code: str,
    method: str,
    limit_fen: int,
    usage_point: int | None = None,
    notice_days: int | None = None,
    token: str = "",
    act: Act,
) -> Autopay:
    """This will agree that an account is paid by itself.

    Args:
        payer: id of the person who agrees, and whose money it is.
        limit_fen: the most of one debit.
        notice_days: between notice and debit; what the rules say where None.
        token: what the gateway knows the agreement by; made here where the gateway wants none of its own.

    Raises:
        AutopayRefused: the gateway cannot charge, the limit is above one payment's, or there is an agreement already.
        AmountInvalid, NotFound: as they say.
    """
    checked(limit_fen)
    if not isinstance(gateway(gateway_code), ChargingGateway):
        raise AutopayRefused("This gateway cannot be charged by agreement.", path="gateway")
    if limit_fen > rules().orders.most_fen:
        raise AutopayRefused("The limit is above the most of one payment.", path="limit")
    with transaction.atomic():
        made, fresh = AutopayAgreement.objects.get_or_create(
            account_id=account, status=AutopayStatus.ACTIVE,
            defaults={
                "payer_id": payer, "usage_point_id": usage_point, "gateway": gateway_code, "method": method,
                "token": token or secrets.token_hex(16), "limit_fen": limit_fen, "signed_at": act.at,
                "notice_days": notice_days or rules().autopay.notice_days,
            },
        )  # fmt: skip
        if not fresh:
            raise AutopayRefused("This account is paid by itself already.", path="account")
        details = {"agreement": made.pk, "gateway": gateway_code, "limit_fen": limit_fen}
        record(act, "payments.autopay.signed", f"account:{account}", details)
    return autopay(made.pk)


def end_autopay(agreement: int, *, act: Act, payer: int | None = None) -> Autopay:
    """This will end an agreement at once; a debit that was only noticed is not sent. Ended again it stays as it is.

    Args:
        payer: whose it must be, where it is the payer who asks.

    Raises:
        NotFound: when there is none, or it is somebody else's.
    """
    with transaction.atomic():
        row = AutopayAgreement.objects.select_for_update().filter(pk=agreement).first()
        if row is None or (payer is not None and row.payer_id != payer):
            raise NotFound("There is no such agreement.", path="agreement")
        if row.status == AutopayStatus.ACTIVE:
            row.status, row.ended_at, row.ended_by = AutopayStatus.ENDED, act.at, act.actor
            row.save(update_fields=["status", "ended_at", "ended_by"])
            row.debits.filter(status=DebitStatus.NOTICED).update(status=DebitStatus.CANCELLED, ended_at=act.at)
            record(act, "payments.autopay.ended", f"account:{row.account_id}", {"agreement": row.pk})
    return autopay(agreement)


def notice_debits(now: datetime, *, progress: Callable[[int, int], None] = lambda done, all_: None) -> int:
    """This will tell payers of debits to come, for every account with an agreement that owes, and give how many."""
    today, told = local_day(now), 0
    waiting = AutopayDebit.objects.filter(status__in=[DebitStatus.NOTICED, DebitStatus.SENT])
    rows = list(
        AutopayAgreement.objects.filter(status=AutopayStatus.ACTIVE)
        .exclude(pk__in=waiting.values("agreement_id"))
        .order_by("pk")
    )
    for at in range(0, len(rows), 500):
        progress(at, len(rows))
        batch = rows[at : at + 500]
        owed = owed_of([row.account_id for row in batch], today=today)
        bills = newest_open_bills([row.account_id for row in batch], today=today)
        for row in batch:
            fen, bill = owed[row.account_id].owed_fen, bills.get(row.account_id)
            if fen and bill:
                told += _notice(row, bill, fen, today, now)
    return told


def send_debits(
    now: Callable[[], datetime], *, progress: Callable[[int, int], None] = lambda done, all_: None
) -> dict[str, int]:
    """This will charge what was noticed and is due, and look what became of what was sent before; again is no harm.

    Returns:
        How many debits ended or stand how, by status.
    """
    found: dict[str, int] = {}
    due = AutopayDebit.objects.filter(
        status__in=[DebitStatus.NOTICED, DebitStatus.SENT], debit_date__lte=local_day(now())
    )
    numbers = list(due.order_by("debit_date", "pk").values_list("pk", flat=True))
    for done, debit in enumerate(numbers):
        progress(done, len(numbers))
        status = _send(debit, now())
        found[status] = found.get(status, 0) + 1
    return found


def _notice(row: AutopayAgreement, bill: int, fen: int, today: date, now: datetime) -> int:
    over = fen > row.limit_fen
    with transaction.atomic():
        debit, fresh = AutopayDebit.objects.get_or_create(
            agreement=row, bill=bill,
            defaults={
                "amount_fen": fen, "noticed_at": now, "debit_date": today + timedelta(days=row.notice_days),
                "status": DebitStatus.OVER_LIMIT if over else DebitStatus.NOTICED, "ended_at": now if over else None,
            },
        )  # fmt: skip
        if fresh:
            _tell(debit, "over_limit" if over else "noticed", now)
    return int(fresh)


def _send(id: int, now: datetime) -> str:
    with transaction.atomic():
        debit = AutopayDebit.objects.select_for_update(of=("self",)).select_related("agreement").get(pk=id)
        if debit.status == DebitStatus.NOTICED:
            _prepare(debit, now)
        if debit.status != DebitStatus.SENT or debit.order_id is None:
            return debit.status
        number = PaymentOrder.objects.values_list("number", flat=True).get(pk=debit.order_id)
    state = order(number).state
    if state is OrderState.OPEN:
        state = _charge(debit, number, now)
    if state is OrderState.OPEN:
        return DebitStatus.SENT
    return _end(debit, DebitStatus.DONE if state is OrderState.PAID else DebitStatus.FAILED, now)


def _prepare(debit: AutopayDebit, now: datetime) -> None:
    agreed = debit.agreement
    owed = owed_of([agreed.account_id], today=local_day(now))[agreed.account_id].owed_fen
    fen = min(owed, debit.amount_fen, agreed.limit_fen)
    if agreed.status != AutopayStatus.ACTIVE or not fen:
        debit.status = DebitStatus.NOT_NEEDED if agreed.status == AutopayStatus.ACTIVE else DebitStatus.CANCELLED
        debit.ended_at = now
    else:
        try:
            made = open_order(
                [Part(agreed.account_id, fen, agreed.usage_point_id)], gateway=agreed.gateway, method=agreed.method,
                request_key=f"autopay-{debit.pk}", payer=agreed.payer_id, now=now, purpose=Purpose.DEBT,
            )  # fmt: skip
        except (BeingPaid, OwesLess) as error:
            _log.info("Debit %s waits: %s", debit.pk, error.message)
            return
        debit.status, debit.order_id = DebitStatus.SENT, PaymentOrder.objects.only("pk").get(number=made.number).pk
    debit.save(update_fields=["status", "order", "ended_at"])


def _charge(debit: AutopayDebit, number: str, now: datetime) -> OrderState:
    """Have the gateway take the money; asked again for the same order it takes it once."""
    asked = order(number)
    if now >= asked.expires_at:
        # `ask_overdue` finds out whether it was taken.
        return OrderState.OPEN
    try:
        at = gateway(asked.gateway)
        if not isinstance(at, ChargingGateway):
            raise OrderEnded("This gateway cannot be charged any more.", path="gateway")
        told = at.charge(
            OrderToPay(
                number=number, method=asked.method, amount_fen=asked.amount_fen, subject="电费",
                expires_at=asked.expires_at, return_url="", notify_url=_notify_url(asked.gateway),
            ),
            debit.agreement.token,
        )  # fmt: skip
        if told.state is MoneyState.DONE:
            with transaction.atomic():
                post(asked.gateway, told, now=now)
            return OrderState.PAID
    except (GatewayUnavailable, NotFound, OrderEnded, NoticeRefused) as error:
        _log.warning("Debit %s waits: %s", debit.pk, error.message)
        return OrderState.OPEN
    if told.state is MoneyState.CLOSED:
        PaymentOrder.objects.filter(number=number, status="open").update(status="closed", ended_at=now)
    return order(number).state


def _end(debit: AutopayDebit, status: DebitStatus, now: datetime) -> str:
    with transaction.atomic():
        changed = AutopayDebit.objects.filter(pk=debit.pk, status=DebitStatus.SENT).update(status=status, ended_at=now)
        if changed:
            _tell(debit, status.value, now)
    return status.value


def _tell(debit: AutopayDebit, kind: str, now: datetime) -> None:
    agreed = debit.agreement
    said: dict[str, Any] = {
        "agreement": agreed.pk, "debit": debit.pk, "account": agreed.account_id, "payer": agreed.payer_id, "kind": kind,
        "amount_fen": debit.amount_fen, "debit_date": debit.debit_date,
    }  # fmt: skip
    outbox.publish(AUTOPAY_NOTICE, said, now=now)


def _notify_url(code: str) -> str:
    return f"{settings.PUBLIC_URL}/pay/notify/{code}/" if settings.PUBLIC_URL else ""
