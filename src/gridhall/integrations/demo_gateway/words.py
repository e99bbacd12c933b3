"""What the demo gateway's page says, in both languages: it is not the utility's, and keeps its own words."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import get_language

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("演示收银台", "Demo checkout"),
    "stand_in": ("演示用支付网关 · 不会发生真实扣款", "A stand-in for a payment gateway · no money moves"),
    "to": ("收款方", "Paid to"),
    "merchant": ("供电公司", "The power company"),
    "subject": ("商品", "For"),
    "number": ("订单号", "Order number"),
    "method": ("支付方式", "Method"),
    "until": ("请在此时间前支付", "To be paid by"),
    "demo.link": ("演示支付", "Demo payment"),
    "demo.qr": ("演示扫码支付", "Demo payment by QR code"),
    "pay": ("立即支付", "Pay now"),
    "other": ("试试别的结果", "Try another outcome"),
    "other_why": (
        "真实的支付网关会延迟、重复通知，甚至不通知。这里可以逐一试试。",
        "Real gateways are late, say things twice or not at all. Here each can be tried.",
    ),
    "refuse": ("拒绝支付", "Refuse to pay"),
    "refuse_what": ("交易关闭，并通知商户", "The order is closed and the merchant is told"),
    "twice": ("支付，通知发送两次", "Pay, and tell twice"),
    "twice_what": ("账上只能入账一次", "It may be posted once only"),
    "never": ("支付，但不发通知", "Pay, and never tell"),
    "never_what": ("商户必须自己来查询", "The merchant has to ask by itself"),
    "late": ("稍后到账", "Pay later"),
    "late_what": ("银行处理中，过一会儿才到账", "The bank needs a while until the money moves"),
    "seconds": ("延迟秒数", "Delay in seconds"),
    "seconds_wrong": ("请输入 1 到 3600 之间的整数。", "Type a whole number from 1 to 3600."),
    "is_paid": ("支付成功", "Paid"),
    "is_coming": ("银行处理中", "The bank is at work"),
    "is_closed": ("交易已关闭", "The order is closed"),
    "is_expired": ("订单已过期", "The order has expired"),
    "paid_what": ("可以返回商户页面，或关闭本页。", "Go back to the merchant, or close this page."),
    "coming_what": ("到账后会通知商户，不必再付一次。", "The merchant is told when it is done: do not pay again."),
    "closed_what": ("没有扣款。需要支付时请重新下单。", "Nothing was paid. Order again to pay."),
    "back": ("返回商户", "Back to the merchant"),
    "not_here": ("没有这个订单", "There is no such order"),
    "not_here_what": ("链接不完整，或订单已被清除。", "The link is incomplete, or the order was removed."),
}


def words() -> dict[str, str]:
    """Every text by its name, in the language of the page; dots in names become underscores."""
    english = (get_language() or "").startswith("en")
    return {name.replace(".", "_"): both[english] for name, both in _WORDS.items()}
