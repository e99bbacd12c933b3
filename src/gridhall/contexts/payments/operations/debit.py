"""Direct debit by files: payers are told first, then the bank is asked, then its answer is taken in."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.payments.creditor import DebitRules, debit_rules
from gridhall.contexts.payments.debit_files import (
    Answered,
    BankAnswer,
    DebitLine,
    DebitOrder,
    LineOutcome,
    bank_text,
    camt054,
    pain008,
)
from gridhall.contexts.payments.errors import DebitAnswered, DebitRefused
from gridhall.contexts.payments.models import (
    DebitBatch,
    DebitFormat,
    DebitItem,
    DebitItemStatus,
    DebitMandate,
    DebitResult,
)
from gridhall.contexts.payments.operations.receiving import take
from gridhall.contexts.payments.operations.reversing import go_back
from gridhall.contexts.payments.queries.owed import owed_of
from gridhall.contexts.payments.types import Part
from gridhall.kernel.errors import NotFound
from gridhall.runtime import outbox
from gridhall.runtime.audit import Act, record
from gridhall.runtime.localtime import local, local_day, noon

#: How receipts of direct debit are named; no adapter stands behind it.
DEBIT: Final = "debit"
#: Said on the outbox when a payer is to be told: ``{"account", "amount_fen", "collection_date", "end_to_end"}``.
NOTICE: Final = "payments.debit_notice"
_LONGEST_FILE: Final = 50_000_000


@dataclass(frozen=True)
class Noticed:
    """Who is told of a debit.

    Attributes:
        count, total_fen: debits that were announced.
        above_limit: references of mandates whose payers owe more than may be collected at once; nothing was announced.
    """

    count: int
    total_fen: int
    above_limit: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """One movement of a bank's answer and what became of it.

    Attributes:
        outcome: ``paid``, ``failed`` (never collected), ``returned`` (a chargeback), ``repeated`` (known already); or
            what a clerk has to look into, nothing having been posted: ``unknown``, ``differs``, ``contradicts``.
    """

    line: int
    end_to_end: str
    amount_fen: int
    outcome: str
    reason: str


#: What a clerk has to look into.
UNSETTLED: Final = frozenset({"unknown", "differs", "contradicts"})


def announce_debits(collection_date: date, *, act: Act) -> Noticed:
    """This will announce a debit to every payer with a mandate who owes something, and give how many those are.

    Announced again nobody is told twice: who has a debit under way is left out.

    Raises:
        DebitRefused: the day is too near for a notice.
    """
    rules = debit_rules()
    today = local_day(act.at)
    if collection_date < today + timedelta(days=rules.notice_days):
        raise DebitRefused(f"Payers are told at least {rules.notice_days} days before.", path="collection_date")
    with transaction.atomic():
        mandates = list(
            DebitMandate.objects.select_for_update()
            .filter(ended_at=None)
            .exclude(items__status__in=["noticed", "sent"])
            .order_by("id")
        )
        owed = owed_of([mandate.account_id for mandate in mandates], today=today)
        items, above = [], []
        for mandate in mandates:
            fen = owed[mandate.account_id].owed_fen
            if fen > min(mandate.limit_fen, rules.most_fen):
                above.append(mandate.reference)
            elif fen:
                number = f"GH{collection_date:%Y%m%d}{mandate.pk:08}{secrets.token_hex(4).upper()}"
                items.append(
                    DebitItem(
                        mandate=mandate, end_to_end=number, amount_fen=fen, noticed_at=act.at,
                        collection_date=collection_date,
                    )
                )  # fmt: skip
        DebitItem.objects.bulk_create(items, batch_size=2000)
        told = (
            {
                "account": item.mandate.account_id, "amount_fen": item.amount_fen, "end_to_end": item.end_to_end,
                "collection_date": collection_date.isoformat(),
            }
            for item in items
        )  # fmt: skip
        outbox.publish_many(NOTICE, told, now=act.at)
        total = sum(item.amount_fen for item in items)
        record(
            act, "payments.debit.noticed", f"collection:{collection_date}",
            {"count": len(items), "total_fen": total, "above_limit": len(above)},
        )  # fmt: skip
    return Noticed(len(items), total, tuple(above))


def make_batch(collection_date: date, *, format: str, act: Act) -> int | None:
    """This will make the file of a day's announced debits and give its id; None when nothing is left to collect.

    Who has paid meanwhile, or ended the mandate, is dropped; who owes less is debited with less, never with more than
    was announced.

    Raises:
        DebitRefused: the day is over, or the format is none.
    """
    if format not in DebitFormat.values:
        raise DebitRefused("A file is pain or text.", path="format")
    if collection_date < local_day(act.at):
        raise DebitRefused("That day is over.", path="collection_date", remedy="Announce the debits anew.")
    rules = debit_rules()
    with transaction.atomic():
        items = list(
            DebitItem.objects.select_for_update(of=("self",))
            .filter(status=DebitItemStatus.NOTICED, collection_date=collection_date)
            .select_related("mandate")
            .order_by("id")
        )
        lines = _lines(items, rules, act)
        kept = [item for item in items if item.status == DebitItemStatus.SENT]
        batch = None
        if kept:
            message = f"GH{act.at:%Y%m%d%H%M%S}{secrets.token_hex(3).upper()}"
            here = local(act.at)
            order = DebitOrder(message, here, collection_date, rules, lines)
            writer = pain008.written if format == DebitFormat.PAIN else bank_text.written
            batch = DebitBatch.objects.create(
                message_id=message, format=format, collection_date=collection_date, made_at=act.at, made_by=act.actor,
                item_count=len(kept), total_fen=order.total_fen, content=writer(order),
            )  # fmt: skip
            for item in kept:
                item.batch = batch
            record(
                act, "payments.debit.batch_made", f"debit_batch:{message}",
                {"count": len(kept), "total_fen": order.total_fen},
            )  # fmt: skip
        fields = ["status", "amount_fen", "sequence", "batch", "ended_at", "reason"]
        DebitItem.objects.bulk_update(items, fields, batch_size=2000)
    return int(batch.pk) if batch else None


def import_answer(content: bytes, *, act: Act) -> int:
    """This will take in a bank's answer, camt.054 or text, and give its id; what it says of each debit is posted once.

    A debit that was paid becomes a receipt; one that comes back later becomes a chargeback; one that never was
    collected may be announced anew. What cannot be matched is kept with the answer and changes nothing.

    Raises:
        DebitAnswered: the same message or file was taken in before.
        DebitRefused: cut off, of another creditor, or not in a known form; nothing changes.
    """
    if not content.strip():
        raise DebitRefused("The file is empty.", path="line 1")
    if len(content) > _LONGEST_FILE:
        raise DebitRefused("The file is too long.", path="file")
    answer, format = _read(content, debit_rules())
    digest = hashlib.sha256(content).hexdigest()
    try:
        with transaction.atomic():
            if DebitResult.objects.filter(digest=digest).exists():
                raise DebitAnswered("This file was taken in before.", path="file")
            if DebitResult.objects.filter(message_id=answer.message_id).exists():
                raise DebitAnswered("An answer of this number was taken in before.", path=answer.message_id)
            told = _settle(answer, format, act)
            result = DebitResult.objects.create(
                message_id=answer.message_id, digest=digest, format=format, imported_at=act.at, imported_by=act.actor,
                lines=[[each.line, each.end_to_end, each.amount_fen, each.outcome, each.reason] for each in told],
            )  # fmt: skip
            counts = {word: sum(each.outcome == word for each in told) for word in {each.outcome for each in told}}
            record(act, "payments.debit.answered", f"debit_answer:{answer.message_id}", counts)
    except IntegrityError as error:
        if "payments_debitresult" not in str(error):
            raise
        raise DebitAnswered("This file was taken in before.", path="file") from error
    return int(result.pk)


def _read(content: bytes, rules: DebitRules) -> tuple[BankAnswer, str]:
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<":
        return camt054.read(content.removeprefix(b"\xef\xbb\xbf").lstrip(), rules), DebitFormat.PAIN
    return bank_text.read(content, rules), DebitFormat.TEXT


def _lines(items: Sequence[DebitItem], rules: DebitRules, act: Act) -> list[DebitLine]:
    """The lines of those that are collected; sets each item's status, amount and sequence."""
    owed = owed_of([item.mandate.account_id for item in items], today=local_day(act.at))
    numbers = accounts.account_numbers([item.mandate.account_id for item in items])
    used = set(
        DebitItem.objects.filter(
            mandate__in=[item.mandate_id for item in items], status__in=[DebitItemStatus.PAID, DebitItemStatus.RETURNED]
        ).values_list("mandate_id", flat=True)
    )
    lines = []
    for item in items:
        mandate = item.mandate
        fen = min(item.amount_fen, owed[mandate.account_id].owed_fen, mandate.limit_fen, rules.most_fen)
        if fen <= 0 or mandate.ended_at is not None:
            item.status, item.ended_at = DebitItemStatus.DROPPED, act.at
            item.reason = "mandate ended" if mandate.ended_at else "nothing owed any more"
            continue
        item.status, item.amount_fen = DebitItemStatus.SENT, fen
        item.sequence = "RCUR" if item.mandate_id in used else "FRST"
        lines.append(
            DebitLine(
                item.end_to_end, mandate.reference, mandate.signed_date, mandate.debtor_name, mandate.bank_account,
                mandate.bank_code, fen, item.sequence, f"电费 {numbers[mandate.account_id]}",
            )
        )  # fmt: skip
    return lines


def _settle(answer: BankAnswer, format: str, act: Act) -> list[Told]:
    items = {
        item.end_to_end: item
        for item in DebitItem.objects.select_for_update(of=("self",))
        .filter(end_to_end__in={line.end_to_end for line in answer.lines})
        .select_related("mandate__account")
        .order_by("id")
    }
    told = []
    for line in answer.lines:
        item = items.get(line.end_to_end)
        outcome = _one(item, line, format, act)
        told.append(Told(line.line, line.end_to_end, line.amount_fen, outcome, line.reason))
    return told


def _one(item: DebitItem | None, line: Answered, format: str, act: Act) -> str:
    if item is None or item.batch_id is None:
        return "unknown"
    if item.amount_fen != line.amount_fen:
        return "differs"
    moment = _moment(line.booked, act)
    if line.outcome is LineOutcome.PAID:
        if item.status == DebitItemStatus.PAID:
            return "repeated"
        if item.status != DebitItemStatus.SENT:
            return "contradicts"
        account = item.mandate.account
        item.receipt_id = take(
            [Part(account.pk, item.amount_fen)], gateway=DEBIT, method=f"{DEBIT}.{format}", reference=item.end_to_end,
            organisation=account.organisation_id, paid_at=moment, now=act.at, actor=act.actor,
        )  # fmt: skip
        item.status = DebitItemStatus.PAID
    elif item.status == DebitItemStatus.SENT:
        item.status, item.reason = DebitItemStatus.FAILED, line.reason
    elif item.status == DebitItemStatus.PAID:
        assert item.receipt_id is not None
        item.reversal_id = go_back(
            item.receipt_id, item.amount_fen, kind="chargeback", reference=f"{item.end_to_end}R", at=moment,
            reason=line.reason or "returned by the bank", act=act,
        )  # fmt: skip
        item.status, item.reason = DebitItemStatus.RETURNED, line.reason
    else:
        return "repeated"
    item.ended_at = act.at
    item.save(update_fields=["status", "reason", "ended_at", "receipt", "reversal"])
    return str(item.status)


def _moment(day: date, act: Act) -> datetime:
    """Noon of a day of booking, which has no clock time; never after now."""
    return min(noon(day).astimezone(UTC), act.at)


def batch_file(batch: int) -> tuple[str, bytes]:
    """The name and content of a file for the bank, as it was made.

    Raises:
        NotFound: when there is none.
    """
    row = DebitBatch.objects.filter(pk=batch).first()
    if row is None:
        raise NotFound("There is no such file.", path="batch")
    return f"{row.message_id}.{'xml' if row.format == DebitFormat.PAIN else 'txt'}", bytes(row.content)


def take_batch_file(batch: int, *, act: Act) -> tuple[str, bytes]:
    """As `batch_file`, for a person: who took a file with payers' bank accounts stands on the trail.

    Raises:
        NotFound: when there is none.
    """
    name, content = batch_file(batch)
    record(act, "payments.debit.file_taken", f"debit_batch:{name.rpartition('.')[0]}")
    return name, content


def notice_days() -> int:
    """How many days lie at least between a notice and its debit."""
    return debit_rules().notice_days
