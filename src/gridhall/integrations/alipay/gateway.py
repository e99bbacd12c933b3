"""Alipay's open platform behind `PaymentGateway`: RSA2, by the library `python-alipay-sdk` and our own transport.

Rules: https://opendocs.alipay.com (alipay.trade.page.pay, wap.pay, precreate, query, close, refund,
fastpay.refund.query; asynchronous notices; data.dataservice.bill.downloadurl.query).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from alipay import AliPay
from alipay.exceptions import AliPayException, AliPayValidationError

from gridhall.contexts.payments.ports import (
    Answer,
    Checkout,
    CheckoutKind,
    GatewayUnavailable,
    Method,
    MoneyState,
    OrderToPay,
    PaymentState,
    RawNotice,
    RefundState,
    RefundToMake,
    StatementLine,
)
from gridhall.integrations import settings
from gridhall.integrations.alipay.bill import lines_of
from gridhall.integrations.asking import ask
from gridhall.integrations.wording import (
    BEIJING,
    NotGenuine,
    NoticeExpired,
    NoticeUnreadable,
    OtherMerchant,
    fen_of_yuan,
    form_of,
    moment_of,
    text_of,
    yuan_of,
)

#: Notices are sent again for 25 hours (24 h 22 min in eight steps, and a reserve).
_NOTICE_AGE: Final = timedelta(hours=25)
_AHEAD: Final = timedelta(minutes=5)
_STATES: Final = {
    "WAIT_BUYER_PAY": MoneyState.PENDING, "TRADE_SUCCESS": MoneyState.DONE, "TRADE_FINISHED": MoneyState.DONE,
    "TRADE_CLOSED": MoneyState.CLOSED,
}  # fmt: skip
#: Refusals of a refund that pass: asked again it may succeed.
_PASSING: Final = {"ACQ.SELLER_BALANCE_NOT_ENOUGH", "ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR"}
_UNKNOWN: Final = "ACQ.TRADE_NOT_EXIST"


class _Client(AliPay):  # type: ignore[misc]
    # The library's signatures; its transport takes keys of requests into addresses, and its time is the machine's.

    def __init__(self, url: str, seconds: float, **told: str) -> None:
        super().__init__(sign_type="RSA2", **told)
        self._gateway = url
        self._seconds = seconds

    def build_body(self, method: str, biz_content: Any = None, **others: Any) -> dict[str, Any]:
        body: dict[str, Any] = super().build_body(method, biz_content, **others)
        local = datetime.fromisoformat(body["timestamp"]).astimezone()
        return body | {"timestamp": f"{local.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"}

    def verified_sync_response(self, data: dict[str, Any], response_type: str) -> dict[str, Any]:
        form = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
        reply = ask(
            f"{self._gateway}?charset=utf-8", body=self.sign_data(data).encode(), headers=form, seconds=self._seconds
        )
        try:
            told = self._verify_and_return_sync_response(reply.body.decode(), response_type)
        except AliPayException as error:
            raise GatewayUnavailable("Alipay refuses to understand the request.", path="alipay") from error
        except (AliPayValidationError, ValueError, TypeError, AttributeError, LookupError) as error:
            raise GatewayUnavailable("What answers is not genuinely Alipay.", path="alipay") from error
        if not isinstance(told, dict):
            raise GatewayUnavailable("Alipay's answer is not of its form.", path="alipay")
        return told


class Alipay:
    """Payments by Alipay, in the utility's own name.

    Settings: ``GRIDHALL_ALIPAY_APP_ID``, ``_SELLER_ID`` (the PID, 2088…), ``_PRIVATE_KEY_FILE`` (the application's),
    ``_PUBLIC_KEY_FILE`` (Alipay's, not the application's), ``_URL`` (production unless set).

    Raises:
        SettingInvalid: when one of them is missing or unusable.
    """

    code = "alipay"
    methods = (
        Method("alipay.wap", {"zh-Hans": "支付宝", "en": "Alipay"}, "brand-alipay", phone=True, desktop=False),
        Method("alipay.page", {"zh-Hans": "支付宝", "en": "Alipay"}, "brand-alipay", phone=False, desktop=True),
        Method("alipay.qr", {"zh-Hans": "支付宝扫码", "en": "Alipay QR code"}, "qrcode", phone=False, desktop=True),
    )

    def __init__(self) -> None:
        self._app_id = settings.matching("GRIDHALL_ALIPAY_APP_ID", r"\d{16}", "the application's number of 16 digits")
        self._seller_id = settings.matching("GRIDHALL_ALIPAY_SELLER_ID", r"2088\d{12}", "the merchant's PID: 2088…")
        self._seconds = settings.seconds()
        self._client = _Client(
            settings.address("GRIDHALL_ALIPAY_URL", "https://openapi.alipay.com/gateway.do"),
            self._seconds,
            appid=self._app_id,
            app_private_key_string=settings.private_pem(settings.private_key("GRIDHALL_ALIPAY_PRIVATE_KEY_FILE")),
            alipay_public_key_string=settings.public_pem(settings.public_key("GRIDHALL_ALIPAY_PUBLIC_KEY_FILE")),
        )

    def create(self, order: OrderToPay) -> Checkout:
        """A link to Alipay's page, or a QR code.

        Alipay knows a page's order only once the payer is there; it can be paid until it expires.
        """
        about = {
            "subject": order.subject, "out_trade_no": order.number, "total_amount": yuan_of(order.amount_fen),
            "notify_url": order.notify_url,
            "time_expire": f"{order.expires_at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
        }  # fmt: skip
        if order.method == "alipay.qr":
            told = self._right(self._client.api_alipay_trade_precreate(**about), order.number)
            text = told.get("qr_code")
            if told["code"] != "10000" or not isinstance(text, str):
                raise _unavailable(told)
            return Checkout(CheckoutKind.QR, text=text)
        if order.method == "alipay.wap":
            link = self._client.api_alipay_trade_wap_pay(
                return_url=order.return_url, quit_url=order.return_url, **about
            )
        else:
            link = self._client.api_alipay_trade_page_pay(return_url=order.return_url, **about)
        return Checkout(CheckoutKind.LINK, url=f"{self._client._gateway}?{link}")

    def query(self, number: str) -> PaymentState:
        """What Alipay knows of an order; a trade that was paid and refunded whole is told as *closed*."""
        told = self._right(self._client.api_alipay_trade_query(out_trade_no=number), number)
        if told.get("sub_code") == _UNKNOWN:
            return PaymentState(MoneyState.UNKNOWN, number)
        if told["code"] != "10000":
            raise _unavailable(told)
        try:
            return _payment(told, number, "send_pay_date")
        except ValueError as error:
            raise GatewayUnavailable("Alipay's answer is not of its form.", path="alipay") from error

    def close(self, number: str) -> None:
        """This will close an order that Alipay knows; one that is paid or unknown stays."""
        told = self._right(self._client.api_alipay_trade_close(out_trade_no=number), number)
        if told["code"] != "10000" and told.get("sub_code") not in (_UNKNOWN, "ACQ.TRADE_STATUS_ERROR"):
            raise _unavailable(told)

    def refund(self, refund: RefundToMake) -> RefundState:
        """This will send money back; the refund's number is also its reference, as in Alipay's bills.

        The answer to a refund tells the sum of all refunds of the trade; so what became of this one is asked for.
        """
        if (done := self._refund(refund)) is not None:
            return done
        told = self._right(
            self._client.api_alipay_trade_refund(
                yuan_of(refund.amount_fen), out_trade_no=refund.order_number, out_request_no=refund.number,
                refund_reason=refund.reason[:80],
            ),
            refund.order_number,
        )  # fmt: skip
        if told["code"] == "20000" or str(told.get("sub_code", "")).startswith(("isp.", "isv.")):
            raise _unavailable(told)
        if told["code"] != "10000" and told.get("sub_code") not in _PASSING:
            return RefundState(MoneyState.CLOSED, refund.number)
        return self._refund(refund) or RefundState(MoneyState.PENDING, refund.number)

    def notice(self, raw: RawNotice, *, now: datetime) -> PaymentState | RefundState:
        """A notice, checked.

        One about a refund tells the sum of all refunds of its trade: it is given as *pending*, to be asked for.
        """
        try:
            fields = form_of(raw.body)
            signature = fields.pop("sign")
            genuine = self._client.verify(dict(fields), signature)
        except (ValueError, KeyError, TypeError) as error:
            raise NoticeUnreadable("That is no notice of Alipay.", path="notice") from error
        except AliPayException as error:
            raise NotGenuine("The signature is of another kind.", path="notice") from error
        if not genuine:
            raise NotGenuine("The signature is not Alipay's.", path="notice")
        if fields.get("app_id") != self._app_id or fields.get("seller_id") != self._seller_id:
            raise OtherMerchant("The notice is for another application or merchant.", path="notice")
        try:
            return self._told(fields, now)
        except ValueError as error:
            raise NoticeUnreadable("The notice is not of its form.", path="notice") from error

    def answer(self, *, accepted: bool) -> Answer:
        """Alipay wants to hear ``success``; it sends again otherwise."""
        return Answer(b"success" if accepted else b"fail")

    def statement(self, day: date) -> bytes:
        """The zip of a day's trades; it is there the next day at nine."""
        told = self._client.server_api(
            "alipay.data.dataservice.bill.downloadurl.query",
            biz_content={"bill_type": "trade", "bill_date": f"{day:%Y-%m-%d}"},
        )
        address = told.get("bill_download_url")
        if told.get("code") != "10000" or not isinstance(address, str):
            raise _unavailable(told)
        reply = ask(address, seconds=self._seconds, longest=60 * self._seconds)
        if reply.status != 200:
            raise GatewayUnavailable(f"Alipay's bill could not be had: status {reply.status}.", path="alipay")
        return reply.body

    def read_statement(self, content: bytes, day: date) -> Iterable[StatementLine]:
        """The movements of a zip as Alipay gives it."""
        return lines_of(content, day, self._seller_id)

    def _told(self, fields: Mapping[str, str], now: datetime) -> PaymentState | RefundState:
        if fields.get("notify_type") != "trade_status_sync":
            raise ValueError("notify_type")
        sent = moment_of(fields.get("notify_time"))
        if not now - _NOTICE_AGE <= sent <= now + _AHEAD:
            raise NoticeExpired("The notice is too old, or from the future.", path="notice")
        number = text_of(fields, "out_trade_no")
        if fields.get("out_biz_no") and fields.get("gmt_refund"):
            return RefundState(MoneyState.PENDING, text_of(fields, "out_biz_no"), text_of(fields, "out_biz_no"))
        return _payment(fields, number, "gmt_payment")

    def _refund(self, refund: RefundToMake) -> RefundState | None:
        told = self._right(
            self._client.api_alipay_trade_fastpay_refund_query(refund.number, out_trade_no=refund.order_number),
            refund.order_number,
        )
        if told["code"] != "10000" and told.get("sub_code") != _UNKNOWN:
            raise _unavailable(told)
        if told.get("refund_status") != "REFUND_SUCCESS" or told.get("out_request_no") != refund.number:
            return None
        try:
            amount = fen_of_yuan(told.get("refund_amount"))
            at = moment_of(told["gmt_refund_pay"]) if told.get("gmt_refund_pay") else None
        except ValueError as error:
            raise GatewayUnavailable("Alipay's answer is not of its form.", path="alipay") from error
        return RefundState(MoneyState.DONE, refund.number, refund.number, amount, at)

    @staticmethod
    def _right(told: dict[str, Any], number: str) -> dict[str, Any]:
        # A genuine answer to another question is none to this one.
        if not isinstance(told.get("code"), str) or told.get("out_trade_no", number) != number:
            raise GatewayUnavailable("Alipay's answer is to another question.", path="alipay")
        return told


def _payment(fields: Mapping[str, Any], number: str, paid_at: str) -> PaymentState:
    status = fields.get("trade_status")
    if status not in _STATES:
        raise ValueError("trade_status")
    state = _STATES[str(status)]
    if state is not MoneyState.DONE:
        return PaymentState(state, number)
    amount = fen_of_yuan(fields.get("total_amount"))
    return PaymentState(state, number, text_of(fields, "trade_no"), amount, moment_of(fields.get(paid_at)))


def _unavailable(told: Mapping[str, Any]) -> GatewayUnavailable:
    reason = str(told.get("sub_code") or told.get("code"))[:64]
    return GatewayUnavailable(f"Alipay answers {reason}.", path="alipay")
