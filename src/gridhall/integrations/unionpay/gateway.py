"""UnionPay's online gateway (全渠道, version 5.1.0) behind `PaymentGateway`.

Rules: https://open.unionpay.com (在线网关支付: frontTransReq, backTransReq, queryTrans; 文件下载). No library speaks it
well; signatures are made by `cryptography`.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Final
from urllib.parse import urlencode

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
from gridhall.integrations.asking import ask
from gridhall.integrations.unionpay.messages import Checker, Signer, fields_of
from gridhall.integrations.unionpay.statement import lines_of
from gridhall.integrations.wording import (
    BEIJING,
    NotGenuine,
    NoticeUnreadable,
    OtherMerchant,
    fen_of,
    form_of,
    moment_of,
    text_of,
)
from gridhall.kernel import clock
from gridhall.kernel.errors import Refused

_CHANNELS: Final = {"unionpay.page": "07", "unionpay.wap": "08"}
#: Under way: ask again.
_PENDING: Final = {"03", "04", "05"}
_UNKNOWN: Final = "34"
#: Nothing is said about the money: not open, busy, message refused, too many requests, no file yet.
_PASSING: Final = {"02", "06", "10", "11", "98"}
_TWICE: Final = "12"
#: A letter may say what is numbered.
_BEGINNING: Final = re.compile(r"[A-Z]?(\d{14})", re.ASCII)
_YUAN: Final = "156"
_COMPANY: Final = "中国银联股份有限公司"


class NumberInvalid(Refused):
    """UnionPay knows a movement by its number and the moment it was sent, with which our numbers begin."""

    code = "number_invalid"


class UnionPay:
    """Payments on UnionPay's page, in the utility's own name.

    Settings: ``GRIDHALL_UNIONPAY_MERCHANT_ID``, ``_PRIVATE_KEY_FILE`` (.pfx) and ``_PRIVATE_KEY_PASSWORD``,
    ``_ROOT_FILE`` and ``_MIDDLE_FILE`` (certificates above UnionPay's own), ``_URL``, ``_FILES_URL`` (production unless
    set), ``_SIGNER`` (the company in UnionPay's certificate; another one on its test gateway), and optionally
    ``_ENCRYPT_FILE`` (the certificate for fields of cards; its number is sent, we send no such fields).

    An order's number begins with the moment it was made (14 digits), and a refund's with the moment it was asked:
    UnionPay wants both, and the same again when it is asked.

    Raises:
        SettingInvalid: when one of them is missing or unusable.
    """

    code = "unionpay"
    methods = (
        Method("unionpay.wap", {"zh-Hans": "银联云闪付", "en": "UnionPay"}, "credit-card", desktop=False),
        Method("unionpay.page", {"zh-Hans": "银联在线支付", "en": "UnionPay"}, "credit-card", phone=False),
    )

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._merchant = settings.matching("GRIDHALL_UNIONPAY_MERCHANT_ID", r"[0-9A-Za-z]{15}", "15 digits")
        self._signer = Signer("GRIDHALL_UNIONPAY_PRIVATE_KEY_FILE", "GRIDHALL_UNIONPAY_PRIVATE_KEY_PASSWORD")
        company = settings.matching(
            "GRIDHALL_UNIONPAY_SIGNER", r"[^@\x00-\x1f]{2,64}", "a name", "中国银联股份有限公司"
        )
        self._checker = Checker("GRIDHALL_UNIONPAY_ROOT_FILE", "GRIDHALL_UNIONPAY_MIDDLE_FILE", company)
        self._url = settings.address("GRIDHALL_UNIONPAY_URL", "https://gateway.95516.com/gateway/api")
        self._files_url = settings.address("GRIDHALL_UNIONPAY_FILES_URL", "https://filedownload.95516.com")
        self._encrypt = settings.serial_of("GRIDHALL_UNIONPAY_ENCRYPT_FILE")
        self._seconds = settings.seconds()

    def create(self, order: OrderToPay) -> Checkout:
        """A form to be sent to UnionPay's page, which knows the order from then on.

        UnionPay leads back to the return address by a POST of its own; answer that with a redirect to the same.
        """
        fields = self._signer.sign(
            self._common("01", "01")
            | {
                "channelType": _CHANNELS[order.method], "orderId": order.number, "txnTime": _sent(order.number),
                "txnAmt": str(order.amount_fen), "currencyCode": _YUAN, "frontUrl": order.return_url,
                "backUrl": order.notify_url, "payTimeout": f"{order.expires_at.astimezone(BEIJING):%Y%m%d%H%M%S}",
                "orderDesc": order.subject[:32], "encryptCertId": self._encrypt,
            }
        )  # fmt: skip
        return Checkout(CheckoutKind.FORM, url=f"{self._url}/frontTransReq.do", fields=fields)

    def query(self, number: str) -> PaymentState:
        """What UnionPay knows of an order."""
        told = self._look_up(number)
        if told is None:
            return PaymentState(MoneyState.UNKNOWN, number)
        try:
            return _payment(told, told.get("origRespCode", ""))
        except ValueError as error:
            raise _unreadable() from error

    def close(self, number: str) -> None:
        """Does nothing: UnionPay closes an order by itself when its time to pay is over."""

    def refund(self, refund: RefundToMake) -> RefundState:
        """This will send money back; UnionPay takes a while, so ask again."""
        told = self._look_up(refund.number)
        if told is None:
            told = self._send(
                "backTransReq.do",
                self._common("04", "00")
                | {
                    "channelType": "07", "orderId": refund.number, "txnTime": _sent(refund.number),
                    "txnAmt": str(refund.amount_fen), "origQryId": refund.payment_reference,
                    "backUrl": refund.notify_url or "http://www.specialUrl.com",
                },
            )  # fmt: skip
            code = told.get("respCode", "")
            if code in _PASSING or not code:
                raise _unavailable(code)
            taken = code in {"00", _TWICE, *_PENDING}
            return RefundState(MoneyState.PENDING if taken else MoneyState.CLOSED, refund.number)
        try:
            return _refund(told, told.get("origRespCode", ""))
        except ValueError as error:
            raise _unreadable() from error

    def notice(self, raw: RawNotice, *, now: datetime) -> PaymentState | RefundState:
        """A notice, checked; it carries no time of its own, and is posted once however often it comes."""
        try:
            fields = form_of(raw.body)
        except ValueError as error:
            raise NoticeUnreadable("That is no notice of UnionPay.", path="notice") from error
        if not self._checker.genuine(fields, now):
            raise NotGenuine("The notice is not signed by UnionPay.", path="notice")
        if fields.get("merId") != self._merchant:
            raise OtherMerchant("The notice is for another merchant.", path="notice")
        try:
            kind, code = fields.get("txnType"), text_of(fields, "respCode", 2)
            if kind not in ("01", "04") or not code.isalnum():
                raise ValueError("txnType")
            return _payment(fields, code) if kind == "01" else _refund(fields, code)
        except ValueError as error:
            raise NoticeUnreadable("The notice is not of its form.", path="notice") from error

    def answer(self, *, accepted: bool) -> Answer:
        """UnionPay looks at the status alone."""
        return Answer(b"ok") if accepted else Answer(b"refused", status=400)

    def statement(self, day: date) -> bytes:
        """The zip of a settlement day, which ends at eleven in the evening."""
        now = self._now().astimezone(BEIJING)
        about = self._common("76", "01") | {
            "bizType": "000000", "fileType": "00", "settleDate": f"{day:%m%d}", "txnTime": f"{now:%Y%m%d%H%M%S}",
        }  # fmt: skip
        told = self._post(f"{self._files_url}/", about, 30 * self._seconds)
        if told.get("respCode") != "00":
            raise _unavailable(told.get("respCode", ""))
        try:
            return zlib.decompress(base64.b64decode(told.get("fileContent", ""), validate=True))
        except (binascii.Error, zlib.error) as error:
            raise _unreadable() from error

    def read_statement(self, content: bytes, day: date) -> Iterable[StatementLine]:
        """The movements of a settlement day; a refund's order number is that of the refund."""
        return lines_of(content, day, self._merchant)

    def _common(self, kind: str, sort: str) -> dict[str, str]:
        return {
            "version": "5.1.0", "encoding": "UTF-8", "signMethod": "01", "txnType": kind, "txnSubType": sort,
            "bizType": "000201", "accessType": "0", "merId": self._merchant,
        }  # fmt: skip

    def _look_up(self, number: str) -> dict[str, str] | None:
        about = self._common("00", "00") | {"orderId": number, "txnTime": _sent(number)}
        told = self._send("queryTrans.do", about)
        if told.get("respCode") == _UNKNOWN:
            return None
        if told.get("respCode") != "00" or told.get("orderId") != number:
            raise _unavailable(told.get("respCode", ""))
        return told

    def _send(self, name: str, fields: Mapping[str, str]) -> dict[str, str]:
        return self._post(f"{self._url}/{name}", fields, 4 * self._seconds)

    def _post(self, url: str, fields: Mapping[str, str], longest: float) -> dict[str, str]:
        body = urlencode(self._signer.sign(fields)).encode()
        form = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        reply = ask(url, body=body, headers=form, seconds=self._seconds, longest=longest)
        try:
            told = fields_of(reply.body.decode())
        except ValueError as error:
            raise _unreadable() from error
        if reply.status != 200 or not self._checker.genuine(told, self._now()):
            raise GatewayUnavailable("What answers is not genuinely UnionPay.", path="unionpay")
        if told.get("merId") != self._merchant:
            raise GatewayUnavailable("UnionPay's answer is for another merchant.", path="unionpay")
        return told


def _payment(fields: Mapping[str, str], code: str) -> PaymentState:
    number = text_of(fields, "orderId", 32)
    if fields.get("txnType") != "01":
        raise ValueError("txnType")
    if code in _PENDING:
        return PaymentState(MoneyState.PENDING, number)
    if code != "00":
        return PaymentState(MoneyState.CLOSED, number)
    return PaymentState(MoneyState.DONE, number, text_of(fields, "queryId"), _amount(fields), _moved(fields))


def _refund(fields: Mapping[str, str], code: str) -> RefundState:
    number = text_of(fields, "orderId", 32)
    if fields.get("txnType") != "04":
        raise ValueError("txnType")
    if code in _PENDING:
        return RefundState(MoneyState.PENDING, number)
    if code != "00":
        return RefundState(MoneyState.CLOSED, number)
    return RefundState(MoneyState.DONE, number, text_of(fields, "queryId"), _amount(fields), _moved(fields))


def _amount(fields: Mapping[str, str]) -> int:
    if fields.get("currencyCode") != _YUAN:
        raise ValueError("currencyCode")
    return fen_of(fields.get("txnAmt"))


def _moved(fields: Mapping[str, str]) -> datetime:
    # The moment of movement comes without its year; it is not before the order was sent.
    sent = moment_of(fields.get("txnTime"), "%Y%m%d%H%M%S")
    traced = fields.get("traceTime", "")
    if not traced:
        return sent
    year = sent.year + (traced[:2] < f"{sent:%m}")
    return moment_of(f"{year}{traced}", "%Y%m%d%H%M%S")


def _sent(number: str) -> str:
    found = _BEGINNING.match(number)
    try:
        moment_of(found and found[1], "%Y%m%d%H%M%S")
    except ValueError:
        found = None
    if found is None:
        raise NumberInvalid("The number does not begin with a moment.", path="number")
    return found[1]


def _unavailable(code: str) -> GatewayUnavailable:
    return GatewayUnavailable(f"UnionPay answers {code[:8]}.", path="unionpay")


def _unreadable() -> GatewayUnavailable:
    return GatewayUnavailable("UnionPay's answer is not of its form.", path="unionpay")
