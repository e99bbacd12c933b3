"""What the counter and direct debit say of errors, methods, states and outcomes, in the reader's language."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gridhall.channels.web import words
from gridhall.channels.web.formats import in_english
from gridhall.channels.web.words import Words
from gridhall.kernel.errors import GridhallError

METHODS: Final[dict[str, Promise]] = {"cash": _("Cash"), "pos": _("Card"), "cheque": _("Cheque")}
FORMATS: Final[dict[str, Promise]] = {"pain": _("ISO 20022 (pain.008)"), "text": _("Text of a Chinese bank")}
STATES: Final[dict[str, tuple[Promise, str]]] = {
    "sent": (_("at the bank"), "info"),
    "paid": (_("collected"), "good"),
    "failed": (_("not collected"), "bad"),
    "returned": (_("came back"), "bad"),
}
#: What a bank's answer led to → words, colour, what to do.
OUTCOMES: Final[dict[str, tuple[Promise, str, str | Promise]]] = {
    "paid": (_("collected"), "good", ""),
    "failed": (_("not collected"), "warn", _("The bill stays open; the debit can be announced again.")),
    "returned": (_("came back"), "warn", _("Posted as a chargeback; the bill is open again.")),
    "repeated": (_("known already"), "info", ""),
    "unknown": (_("unknown debit"), "bad", _("No debit of this number was sent. Ask the bank.")),
    "differs": (_("other amount"), "bad", _("Another amount was asked for. Nothing was posted. Ask the bank.")),
    "contradicts": (
        _("contradicts an earlier answer"),
        "bad",
        _("The bank said otherwise before. Nothing was posted. Ask the bank."),
    ),
}
_ERRORS: Final[dict[str, tuple[Promise, str | Promise]]] = {
    "amount_invalid": (_("That is not an amount that can be paid."), _("Type it in yuan, for example 128.50.")),
    "tendered_too_little": (_("That is less than is to be paid."), _("Count again what was handed over.")),
    "count_invalid": (_("That cannot be the number of notes or coins."), _("Count again.")),
    "drawer_open": (_("You have a drawer open already."), _("Close it first.")),
    "no_drawer_open": (_("You have no drawer open."), _("Open one first.")),
    "document_missing": (_("The number of the slip or cheque is missing."), _("It stands on the slip or cheque.")),
    "not_voidable": (_("The payment cannot be voided any more."), _("Ask for a refund instead.")),
    "two_people_needed": (_("Who took the money cannot void it."), _("Ask a second person.")),
    "reason_missing": (_("The reason is missing."), _("Write in a sentence why.")),
    "debit_answered": (_("This answer was taken in before."), _("Nothing was changed.")),
    "debit_refused": (
        _("This cannot be used for direct debit; nothing was changed."),
        _("Check the day and the file. A file that is cut off has to be fetched from the bank again."),
    ),
}
#: Reasons of banks by their ISO 20022 codes; others are shown as they came.
REASONS: Final[dict[str, Promise]] = {
    "AC01": _("wrong account number"), "AC04": _("account closed"), "AC06": _("account blocked"),
    "AG01": _("debits not allowed on this account"), "AM04": _("not enough money"), "AM05": _("debited twice"),
    "BE01": _("name and account do not match"), "MD01": _("no mandate"), "MD06": _("the payer wants it back"),
    "MD07": _("the payer has died"), "MS02": _("refused by the payer"), "MS03": _("no reason given"),
    "SL01": _("limit of the bank"),
}  # fmt: skip


def of_error(error: GridhallError) -> Words:
    """An error of the counter or of direct debit; others as everywhere."""
    known = _ERRORS.get(error.code)
    if known is None or in_english():
        return words.of_error(error)
    where = f" ({error.path})" if error.path.startswith("line ") else ""
    return Words(f"{known[0]}{where}", str(known[1]))
