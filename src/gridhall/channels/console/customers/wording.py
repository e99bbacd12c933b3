"""Words of codes on a customer's pages: what a search matched, what the audit trail says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from gridhall.channels.web import formats
from gridhall.channels.web.people import person
from gridhall.contexts.accounts.queries import Matched
from gridhall.runtime.audit import Entry

_Said = str | Promise

_MATCHED: Final[dict[Matched, _Said]] = {
    Matched.USAGE_POINT: _("account number"),
    Matched.ACCOUNT: _("settlement account"),
    Matched.CUSTOMER: _("customer number"),
    Matched.METER: _("meter number"),
    Matched.PHONE: _("phone"),
    Matched.NAME: pgettext_lazy("of a person", "name"),
    Matched.ADDRESS: _("address"),
}
_DEEDS: Final[dict[str, _Said]] = {
    "accounts.agreement.begun": _("Contract begun"),
    "accounts.agreement.ended": _("Contract ended"),
    "accounts.customer.created": _("Customer created"),
    "accounts.account.created": _("Settlement account created"),
    "accounts.usage_point.created": _("Point of supply created"),
    "accounts.settlement.changed": _("Other settlement account"),
    "accounts.agreement.tariff_changed": _("Other tariff"),
    "accounts.agreement.terms_changed": _("Terms changed"),
    "identity.customer.unmasked": _("Personal data looked at"),
    "billing.correction.requested": _("Correction asked for"),
    "billing.correction.approved": _("Correction approved"),
    "billing.correction.rejected": _("Correction rejected"),
    "billing.correction.withdrawn": _("Correction withdrawn"),
    "billing.parked.released": _("Released for billing"),
}


@dataclass(frozen=True)
class Deed:
    """An entry of the trail in words."""

    at: datetime
    who: str
    what: str
    subject: str
    why: str


def matched_as(kind: Matched) -> str:
    """What of a customer was found, in words."""
    return str(_MATCHED[kind])


def deed(entry: Entry) -> Deed:
    """An entry of the audit trail in words; a deed without words is named by its code."""
    details = entry.details
    said = [str(details[key]) for key in ("reason", "note") if details.get(key)]
    if "difference_fen" in details:
        said.append(formats.money(int(details["difference_fen"])))
    _kind, _colon, number = entry.subject.partition(":")
    return Deed(entry.at, person(entry.actor), str(_DEEDS.get(entry.action, entry.action)), number, " · ".join(said))
