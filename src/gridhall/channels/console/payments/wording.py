"""Words of codes on the pages of payments."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

_Said = str | Promise

GATEWAYS: Final[dict[str, _Said]] = {
    "demo": _("Demo gateway"),
    "alipay": _("Alipay"),
    "wechat": _("WeChat Pay"),
    "unionpay": _("UnionPay"),
    "ewallet": _("E-wallet"),
    "counter": _("Counter"),
    "debit": _("Direct debit"),
}
KINDS: Final[dict[str, _Said]] = {
    "receipt": _("Money in"),
    "refund": _("Refund"),
    "chargeback": _("Chargeback"),
}
#: Kinds of differences: what they are, and what to do about them.
CASES: Final[dict[str, tuple[_Said, _Said]]] = {
    "missing_there": (
        _("Missing in the statement"),
        _("The books have this movement, the gateway does not. A line at midnight comes with the next statement."),
    ),
    "amount_differs": (
        _("Amounts differ"),
        _("Both have the movement, with different amounts. Find out which is right before anything is booked."),
    ),
    "duplicate": (
        _("Told twice"),
        _("The same movement stands twice, or an order was paid by two movements. Ask the customer about the second."),
    ),
    "unknown_order": (
        _("Order unknown"),
        _("The gateway names an order that was never made here. Find the account it is for, or ask the gateway."),
    ),
    "missing_here_posted": (
        _("Was missing here"),
        _("The books did not have this movement; it was posted from the statement."),
    ),
}
STATES: Final[dict[str, tuple[_Said, str]]] = {
    "open": (_("to be explained"), "warn"),
    "proposed": (_("waits for a second person"), "info"),
    "explained": (_("explained"), "good"),
}
RESOLUTIONS: Final[dict[str, _Said]] = {
    "posted": _("Posted from the statement"),
    "late": _("A later statement has it"),
    "gone": _("No longer so when matched again"),
    "noted": _("Explained; nothing is booked"),
    "take": _("Book the money that the gateway has"),
    "take_back": _("Take back what never came"),
}
OUTCOMES: Final[dict[str, tuple[_Said, str]]] = {
    "accepted": (_("posted"), "good"),
    "repeated": (_("told again"), "info"),
    "noted": (_("noted"), "info"),
    "refused": (_("refused"), "bad"),
}
REFUSALS: Final[dict[str, _Said]] = {
    "notice_refused": _("Not genuine, too old, or for another merchant"),
    "notice_of_unknown_order": _("Of an order that was never made here"),
    "notice_of_wrong_amount": _("Of another amount than was ordered"),
    "order_paid_twice": _("A second payment of an order that is paid"),
    "refund_not_done": _("Of another refund than was asked for"),
}
REFUNDS: Final[dict[str, tuple[_Said, str]]] = {
    "asked": (_("waits for a second person"), "warn"),
    "sending": (_("the gateway is asked"), "info"),
    "done": (pgettext_lazy("of a refund", "sent back"), "good"),
    "refused": (_("not sent back"), "bad"),
}
ORDERS: Final[dict[str, _Said]] = {
    "open": _("waits for the money"),
    "paid": _("paid"),
    "closed": pgettext_lazy("day", "closed"),
}
ENTRIES: Final[dict[str, _Said]] = {
    "bill": pgettext_lazy("ledger", "Bills"),
    "cancellation": _("Cancelled bills"),
    "receipt": _("Money in"),
    "refund": _("Refunds"),
    "chargeback": _("Chargebacks"),
    "late_charge": _("Late charges"),
}


def gateway(code: str) -> str:
    """The name of a gateway; one without words is named by its code."""
    return str(GATEWAYS.get(code, code))
