"""The counter: drawers are opened, money is taken and voided, drawers are closed with what was counted."""

from collections.abc import Mapping
from typing import Final

from django.db import IntegrityError, transaction

from gridhall.contexts.payments.errors import (
    DocumentMissing,
    DrawerOpen,
    NoDrawerOpen,
    NotBySamePerson,
    NotVoidable,
    ReasonMissing,
)
from gridhall.contexts.payments.models import CashDrawer, CounterMethod, CounterPayment
from gridhall.contexts.payments.operations.receiving import take
from gridhall.contexts.payments.operations.reversing import go_back
from gridhall.contexts.payments.queries.accounts import books_of
from gridhall.contexts.payments.queries.counter import cash_in
from gridhall.contexts.payments.queries.owed import owed_by_number
from gridhall.contexts.payments.rules.amounts import LARGEST_FEN, AmountInvalid, checked
from gridhall.contexts.payments.rules.cash import change, counted
from gridhall.contexts.payments.types import Part
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, record
from gridhall.runtime.localtime import local_day

#: How receipts of the counter are named; no adapter stands behind it.
COUNTER: Final = "counter"


def open_drawer(organisation: int, opening_fen: int, *, act: Act) -> int:
    """This will open the actor's drawer at a unit with a float, and give its id.

    Raises:
        AmountInvalid: below zero, or absurdly much.
        DrawerOpen: the actor has one open already.
    """
    if not 0 <= opening_fen <= LARGEST_FEN:
        raise AmountInvalid("A float is nothing or more.", path="opening")
    try:
        with transaction.atomic():
            drawer = CashDrawer.objects.create(
                organisation_id=organisation, clerk=act.actor, opening_fen=opening_fen, opened_at=act.at
            )
            record(act, "payments.drawer.opened", f"drawer:{drawer.pk}", {"opening_fen": opening_fen})
    except IntegrityError as error:
        if "payments_drawer_one_open" not in str(error):
            raise
        raise DrawerOpen("You have a drawer open already.", path="drawer", remedy="Close it first.") from error
    return int(drawer.pk)


def take_at_counter(
    number: str,
    amount_fen: int,
    *,
    method: str,
    request_key: str,
    act: Act,
    tendered_fen: int | None = None,
    document: str = "",
) -> int:
    """This will take money for an account into the actor's open drawer and give the id of the payment.

    What it settles follows from the ledger, oldest first; more than is owed becomes a prepayment. Asked again with the
    same key it takes nothing and gives the payment that there is.

    Args:
        number: 户号 or account number.
        method: see `CounterMethod`.
        tendered_fen: cash that was handed over; None: exactly the amount.
        document: the number of the POS slip or cheque.

    Raises:
        AmountInvalid, TooLittle, NoDrawerOpen, DocumentMissing: as they say.
        NotFound: there is no such account.
    """
    if method not in CounterMethod.values:
        raise DocumentMissing("That is no way to pay at the counter.", path="method")
    checked(amount_fen)
    tendered = amount_fen if tendered_fen is None or method != CounterMethod.CASH else tendered_fen
    change(amount_fen, checked(tendered))
    document = document.strip()[:60] if method != CounterMethod.CASH else ""
    if method != CounterMethod.CASH and not document:
        raise DocumentMissing("The number of the slip or cheque is missing.", path="document")
    with transaction.atomic():
        drawer = _own_drawer(act)
        known = CounterPayment.objects.filter(drawer=drawer, request_key=request_key).values_list("pk", flat=True)
        if found := known.first():
            return int(found)
        owed = owed_by_number(number, today=local_day(act.at))
        made = CounterPayment.objects.filter(drawer=drawer).count() + 1
        receipt = take(
            [Part(owed.account, amount_fen, owed.usage_point)], gateway=COUNTER, method=f"{COUNTER}.{method}",
            reference=f"K{drawer.pk:06}{made:05}", organisation=books_of(owed.account).organisation, paid_at=act.at,
            now=act.at, actor=act.actor,
        )  # fmt: skip
        assert receipt is not None, "references of a locked drawer are new"
        payment = CounterPayment.objects.create(
            drawer=drawer, receipt_id=receipt, request_key=request_key, method=method, amount_fen=amount_fen,
            tendered_fen=tendered, document=document, taken_at=act.at, taken_by=act.actor,
        )  # fmt: skip
        record(
            act, "payments.counter.taken", f"counter_payment:{payment.pk}",
            {"receipt": receipt, "amount_fen": amount_fen, "method": method},
        )  # fmt: skip
    return int(payment.pk)


def void_at_counter(payment: int, *, reason: str, act: Act) -> int:
    """This will take a payment back on the day it was taken, and give the id of what went back.

    Cash is paid out of the drawer that it was taken into.

    Args:
        act: a second person, not who took the money.

    Raises:
        NotBySamePerson, ReasonMissing: as they say.
        NotVoidable: another day, a closed drawer, or voided before.
        NotFound: there is no such payment.
    """
    if not reason.strip():
        raise ReasonMissing("Write in a sentence why.", path="reason")
    with transaction.atomic():
        row = CounterPayment.objects.select_for_update().filter(pk=payment).first()
        if row is None:
            raise NotFound("There is no such payment.", path="payment")
        drawer = CashDrawer.objects.select_for_update().get(pk=row.drawer_id)
        if row.voided_at is not None:
            raise NotVoidable("It is voided already.", path="payment")
        if row.taken_by == act.actor:
            raise NotBySamePerson("Who took the money cannot void it.", path="payment", remedy="Ask a second person.")
        if local_day(row.taken_at) != local_day(act.at) or drawer.closed_at is not None:
            raise NotVoidable("The day or the drawer is closed.", path="payment", remedy="Ask for a refund instead.")
        back = go_back(
            row.receipt_id, row.amount_fen, kind="refund", reference=f"V{row.pk:011}", at=act.at,
            reason=reason.strip()[:200], act=act,
        )  # fmt: skip
        assert back is not None, "a payment is voided once"
        row.reversal_id, row.voided_at, row.voided_by, row.void_reason = back, act.at, act.actor, reason.strip()[:200]
        row.save(update_fields=["reversal", "voided_at", "voided_by", "void_reason"])
        record(act, "payments.counter.voided", f"counter_payment:{row.pk}", {"amount_fen": row.amount_fen})
    return back


def close_drawer(counts: Mapping[int, int], *, explanation: str = "", act: Act) -> int:
    """This will close the actor's drawer with what lies in it, and give its id.

    Args:
        counts: denomination in fen → how many notes or coins.
        explanation: why more or less lies in it than should; needed only then.

    Raises:
        CountInvalid: notes or coins that do not exist.
        NoDrawerOpen, ReasonMissing: as they say; nothing changes.
    """
    found = counted(counts)
    with transaction.atomic():
        drawer = _own_drawer(act)
        expected = drawer.opening_fen + cash_in(drawer.pk)
        if found != expected and not explanation.strip():
            raise ReasonMissing("The difference is not explained.", path="explanation")
        drawer.closed_at, drawer.expected_fen, drawer.counted_fen = act.at, expected, found
        drawer.counts = {str(denomination): count for denomination, count in counts.items() if count}
        drawer.explanation = explanation.strip()[:300] if found != expected else ""
        drawer.save()
        record(act, "payments.drawer.closed", f"drawer:{drawer.pk}", {"expected_fen": expected, "counted_fen": found})
    return int(drawer.pk)


def _own_drawer(act: Act) -> CashDrawer:
    drawer = CashDrawer.objects.select_for_update().filter(clerk=act.actor, closed_at=None).first()
    if drawer is None:
        raise NoDrawerOpen("You have no drawer open.", path="drawer", remedy="Open one first.")
    return drawer
