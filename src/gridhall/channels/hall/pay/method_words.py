"""Names of ways to pay that nobody chooses on a page: at the counter, by file; and of gateways."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Gateway or method → name.
FORMER: Final[dict[str, Promise]] = {
    "demo": _("Demo payment"),
    "alipay": _("Alipay"),
    "wechat": _("WeChat Pay"),
    "unionpay": _("UnionPay"),
    "ewallet": _("Electricity wallet"),
    "counter": _("At the counter"),
    "cash": _("Cash at the counter"),
    "counter.cash": _("Cash at the counter"),
    "pos": _("Card at the counter"),
    "counter.pos": _("Card at the counter"),
    "counter.cheque": _("Cheque at the counter"),
    "debit": _("Direct debit by the bank"),
}
