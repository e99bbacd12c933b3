"""Mandates for direct debit: recorded and ended."""

from datetime import date
from typing import Final

from django.db import IntegrityError, transaction

from gridhall.contexts.payments.debit_files.pain008 import is_iban
from gridhall.contexts.payments.errors import MandateInvalid, ReasonMissing
from gridhall.contexts.payments.models import DebitItem, DebitMandate
from gridhall.contexts.payments.queries.owed import owed_by_number
from gridhall.contexts.payments.rules.amounts import checked
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, record
from gridhall.runtime.localtime import local_day

#: Constraints of the table → what is wrong with a mandate.
_WRONG: Final = {
    "payments_mandate_reference": ("There is a mandate of this reference.", "reference"),
    "payments_mandate_one": ("The account has a mandate already; end it first.", "number"),
    "payments_mandate_account": ("That is no account number or IBAN.", "bank_account"),
    "payments_mandate_bank": ("That is no BIC or bank number.", "bank_code"),
    "payments_mandate_debtor": ("The name of the payer is missing.", "debtor_name"),
}


def record_mandate(
    number: str,
    *,
    reference: str,
    debtor_name: str,
    bank_account: str,
    bank_code: str,
    limit_fen: int,
    signed_date: date,
    act: Act,
) -> int:
    """This will record that a payer lets an account's bills be collected from a bank account, and give its id.

    Args:
        number: 户号 or account number.
        reference: names the mandate to the bank; at most 35 letters, digits and ``-``.
        bank_account: IBAN, or account number; spaces do not count.
        limit_fen: the most of one debit.

    Raises:
        MandateInvalid: with the field that is wrong.
        AmountInvalid: the limit is none.
        NotFound: there is no such account.
    """
    checked(limit_fen)
    account, bank = ("".join(text.split()).upper() for text in (bank_account, bank_code))
    if not reference or len(reference) > 35 or not reference.replace("-", "").isalnum() or not reference.isascii():
        raise MandateInvalid("A reference has at most 35 letters, digits and hyphens.", path="reference")
    if account[:2].isalpha() and not is_iban(account):
        raise MandateInvalid("The check number of the IBAN is wrong.", path="bank_account")
    today = local_day(act.at)
    if signed_date > today:
        raise MandateInvalid("It cannot be signed in the future.", path="signed_date")
    owner = owed_by_number(number, today=today)
    try:
        with transaction.atomic():
            row = DebitMandate.objects.create(
                reference=reference, account_id=owner.account, debtor_name=debtor_name.strip()[:70],
                bank_account=account[:34], bank_code=bank[:14], limit_fen=limit_fen, signed_date=signed_date,
                recorded_at=act.at, recorded_by=act.actor,
            )  # fmt: skip
            record(act, "payments.mandate.recorded", f"mandate:{reference}", {"limit_fen": limit_fen})
    except IntegrityError as error:
        for constraint, (what, field) in _WRONG.items():
            if constraint in str(error):
                raise MandateInvalid(what, path=field) from error
        raise
    return int(row.pk)


def end_mandate(reference: str, *, reason: str, act: Act) -> None:
    """This will end a mandate; a debit that was noticed is dropped, one that is at the bank goes on.

    Raises:
        NotFound: there is none of this reference that holds.
        ReasonMissing: as it says.
    """
    if not reason.strip():
        raise ReasonMissing("Write in a sentence why.", path="reason")
    with transaction.atomic():
        row = DebitMandate.objects.select_for_update().filter(reference=reference, ended_at=None).first()
        if row is None:
            raise NotFound("There is no such mandate.", path="mandate")
        row.ended_at, row.ended_by, row.ended_reason = act.at, act.actor, reason.strip()[:200]
        row.save(update_fields=["ended_at", "ended_by", "ended_reason"])
        DebitItem.objects.filter(mandate=row, status="noticed").update(
            status="dropped", ended_at=act.at, reason="mandate ended"
        )
        record(act, "payments.mandate.ended", f"mandate:{reference}")
