"""WeChat Pay v3 behind `PaymentGateway`, by the library `wechatpayv3`.

Rules: https://pay.weixin.qq.com/doc/v3/merchant (Native, JSAPI, H5; query, close, refunds; notices; trade bills).
"""

import base64
import binascii
import gzip
import hashlib
import json
import secrets
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from wechatpayv3 import SignType, WeChatPayType
from wechatpayv3 import WeChatPay as Library

from gridhall.contexts.payments.ports import (
    Answer,
    Checkout,
    CheckoutKind,
    GatewayUnavailable,
    Method,
    MoneyState,
    OrderToPay,
    PayerUnknown,
    PaymentState,
    RawNotice,
    RefundState,
    RefundToMake,
    StatementLine,
)
from gridhall.integrations import settings
from gridhall.integrations.asking import ask
from gridhall.integrations.wechatpay.bill import lines_of
from gridhall.integrations.wording import (
    BEIJING,
    NotGenuine,
    NoticeExpired,
    NoticeUnreadable,
    OtherMerchant,
    fen_of,
    text_of,
)
from gridhall.kernel import clock
from gridhall.kernel.errors import Refused

#: How far a notice's time may be from ours: WeChat's own advice.
_WINDOW: Final = timedelta(minutes=5)
_INSIDE: Final = "wechat.jsapi"
_KINDS: Final = {
    "wechat.native": WeChatPayType.NATIVE, _INSIDE: WeChatPayType.JSAPI, "wechat.h5": WeChatPayType.H5,
}  # fmt: skip
#: ``REFUND``: paid, and some of it went back since.
_STATES: Final = {
    "SUCCESS": MoneyState.DONE, "REFUND": MoneyState.DONE, "NOTPAY": MoneyState.PENDING,
    "USERPAYING": MoneyState.PENDING, "CLOSED": MoneyState.CLOSED, "REVOKED": MoneyState.CLOSED,
    "PAYERROR": MoneyState.CLOSED,
}  # fmt: skip
#: ``ABNORMAL``: the payer's bank refuses; somebody has to send it to another card, and it is not over.
_REFUNDS: Final = {
    "SUCCESS": MoneyState.DONE, "PROCESSING": MoneyState.PENDING, "ABNORMAL": MoneyState.PENDING,
    "CLOSED": MoneyState.CLOSED,
}  # fmt: skip
_SIGNED: Final = ("timestamp", "nonce", "serial", "signature")
#: ``errcode`` of a code that is not one, has expired, or was used.
_NOT_A_CODE: Final = {40029, 42003, 40163}
_UNKNOWN: Final = {"ORDER_NOT_EXIST", "ORDERNOTEXIST"}


class OpenidMissing(Refused):
    """Paying inside WeChat needs to know who the payer is there."""

    code = "openid_missing"


class WeChatPay:
    """Payments by WeChat Pay, in the utility's own name.

    Settings: ``GRIDHALL_WECHAT_MERCHANT_ID``, ``_APP_ID``, ``_SERIAL_NUMBER`` (of the merchant's certificate),
    ``_PRIVATE_KEY_FILE``, ``_APIV3_KEY``, ``_PUBLIC_KEY_FILE`` and ``_PUBLIC_KEY_ID`` (WeChat Pay's public key, or its
    platform certificate and that one's serial number), ``_APP_SECRET`` (of the official account, for payments inside
    WeChat), ``_URL``, ``_OPEN_URL`` and ``_API_URL`` (production unless set).

    Raises:
        SettingInvalid: when one of them is missing or unusable.
    """

    code = "wechat"
    methods = (
        Method("wechat.h5", {"zh-Hans": "微信支付", "en": "WeChat Pay"}, "brand-wechat", desktop=False),
        Method(_INSIDE, {"zh-Hans": "微信支付", "en": "WeChat Pay"}, "brand-wechat"),
        Method("wechat.native", {"zh-Hans": "微信扫码", "en": "WeChat QR code"}, "brand-wechat", phone=False),
    )

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._mchid = settings.matching("GRIDHALL_WECHAT_MERCHANT_ID", r"\d{8,10}", "the merchant's number")
        self._appid = settings.matching("GRIDHALL_WECHAT_APP_ID", r"wx\w{8,30}", "the application's number: wx…")
        serial = settings.matching("GRIDHALL_WECHAT_SERIAL_NUMBER", r"[0-9A-Fa-f]{8,40}", "hexadecimal digits")
        private = settings.private_key("GRIDHALL_WECHAT_PRIVATE_KEY_FILE")
        self._key = settings.matching("GRIDHALL_WECHAT_APIV3_KEY", r"[!-~]{32}", "32 letters and digits")
        self._public = settings.public_key("GRIDHALL_WECHAT_PUBLIC_KEY_FILE")
        self._public_id = settings.matching(
            "GRIDHALL_WECHAT_PUBLIC_KEY_ID", r"PUB_KEY_ID_\w+|[0-9A-F]{8,40}", "PUB_KEY_ID_…, or a serial number"
        )
        self._url = settings.address("GRIDHALL_WECHAT_URL", "https://api.mch.weixin.qq.com")
        self._secret = settings.matching("GRIDHALL_WECHAT_APP_SECRET", r"[0-9A-Za-z]{32}", "32 letters and digits")
        self._open_url = settings.address("GRIDHALL_WECHAT_OPEN_URL", "https://open.weixin.qq.com")
        self._api_url = settings.address("GRIDHALL_WECHAT_API_URL", "https://api.weixin.qq.com")
        self._seconds = seconds = settings.seconds()
        self._library = Library(
            wechatpay_type=WeChatPayType.NATIVE, mchid=self._mchid, appid=self._appid, apiv3_key=self._key,
            private_key=settings.private_pem(private), cert_serial_no=serial, timeout=(seconds, seconds),
            public_key=settings.public_pem(self._public), public_key_id=self._public_id,
        )  # fmt: skip
        # The library knows production only.
        self._library._core._gate_way = self._url

    def create(self, order: OrderToPay) -> Checkout:
        """A QR code, a link from a phone's browser, or what WeChat's script wants.

        Raises:
            OpenidMissing: for a payment inside WeChat by nobody.
        """
        about: dict[str, Any] = {
            "description": order.subject[:40], "out_trade_no": order.number, "notify_url": order.notify_url,
            "amount": {"total": order.amount_fen, "currency": "CNY"}, "pay_type": _KINDS[order.method],
            "time_expire": order.expires_at.astimezone(BEIJING).isoformat(timespec="seconds"),
        }  # fmt: skip
        if order.method == _INSIDE:
            if not order.openid:
                raise OpenidMissing("Paying inside WeChat needs the payer's openid.", path="openid")
            about["payer"] = {"openid": order.openid}
        if order.method == "wechat.h5":
            about["scene_info"] = {"payer_client_ip": order.client_ip or "127.0.0.1", "h5_info": {"type": "Wap"}}
        status, told = self._ask(self._library.pay, **about)
        try:
            if status != 200:
                raise ValueError
            if order.method == "wechat.native":
                return Checkout(CheckoutKind.QR, text=text_of(told, "code_url", 512))
            if order.method == "wechat.h5":
                link = text_of(told, "h5_url", 2048)
                return Checkout(CheckoutKind.LINK, url=f"{link}&redirect_url={quote(order.return_url, safe='')}")
            return self._script(text_of(told, "prepay_id"))
        except ValueError as error:
            raise _unavailable(status, told) from error

    def asks_payer(self, method: str) -> bool:
        """Whether the way to pay is inside WeChat."""
        return method == _INSIDE

    def payer_link(self, return_url: str, state: str) -> str:
        """WeChat's page that sends its own browser back at once (``snsapi_base``: it tells who, and nothing else)."""
        asked = {
            "appid": self._appid, "redirect_uri": return_url, "response_type": "code", "scope": "snsapi_base",
            "state": state,
        }  # fmt: skip
        return f"{self._open_url}/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect"

    def payer(self, code: str) -> str:
        """The openid of a code."""
        asked = {"appid": self._appid, "secret": self._secret, "code": code, "grant_type": "authorization_code"}
        reply = ask(f"{self._api_url}/sns/oauth2/access_token?{urlencode(asked)}", seconds=self._seconds)
        try:
            told = json.loads(reply.body)
            if reply.status != 200 or not isinstance(told, dict):
                raise ValueError
            if told.get("errcode") in _NOT_A_CODE:
                raise PayerUnknown("WeChat does not know this code, or not any more.", path="code")
            return text_of(told, "openid", 128)
        except (ValueError, RecursionError) as error:
            raise GatewayUnavailable("WeChat does not say who the payer is.", path="wechat") from error

    def query(self, number: str) -> PaymentState:
        """What WeChat knows of an order."""
        status, told = self._ask(self._library.query, out_trade_no=number)
        if told.get("code") in _UNKNOWN:
            return PaymentState(MoneyState.UNKNOWN, number)
        try:
            if status != 200 or told.get("out_trade_no") != number or not self._ours(told):
                raise ValueError
            return _payment(told)
        except ValueError as error:
            raise _unavailable(status, told) from error

    def close(self, number: str) -> None:
        """This will close an order that is not paid."""
        status, told = self._ask(self._library.close, out_trade_no=number)
        if status != 204 and told.get("code") not in {*_UNKNOWN, "ORDERPAID", "ORDER_PAID", "ORDER_CLOSED"}:
            raise _unavailable(status, told)

    def refund(self, refund: RefundToMake) -> RefundState:
        """This will send money back; WeChat takes a while, so ask again."""
        status, told = self._ask(self._library.query_refund, out_refund_no=refund.number)
        if status == 404 and told.get("code") in ("RESOURCE_NOT_EXISTS", "NOT_EXIST"):
            reason = refund.reason.encode()[:80].decode(errors="ignore")
            amount = {"refund": refund.amount_fen, "total": refund.paid_fen, "currency": "CNY"}
            status, told = self._ask(
                self._library.refund, out_refund_no=refund.number, transaction_id=refund.payment_reference,
                amount=amount, reason=reason or None, notify_url=refund.notify_url or None,
            )  # fmt: skip
            if told.get("code") == "NOT_ENOUGH":
                return RefundState(MoneyState.PENDING, refund.number)
            if told.get("code") in ("INVALID_REQUEST", "PARAM_ERROR", "RESOURCE_NOT_EXISTS", "MCH_NOT_EXISTS"):
                return RefundState(MoneyState.CLOSED, refund.number)
        try:
            if status != 200 or told.get("out_refund_no") != refund.number:
                raise ValueError
            return _refund(told, "status")
        except ValueError as error:
            raise _unavailable(status, told) from error

    def notice(self, raw: RawNotice, *, now: datetime) -> PaymentState | RefundState:
        """A notice, checked and opened."""
        body = self._genuine(raw, now)
        try:
            event = json.loads(body)
            resource = event["resource"]
            if event["resource_type"] != "encrypt-resource" or resource["algorithm"] != "AEAD_AES_256_GCM":
                raise ValueError("resource")
            sealed = base64.b64decode(resource["ciphertext"], validate=True)
            plain = AESGCM(self._key.encode()).decrypt(
                resource["nonce"].encode(), sealed, (resource.get("associated_data") or "").encode()
            )
            told, kind = json.loads(plain), resource.get("original_type")
            if not isinstance(told, dict) or kind not in ("transaction", "refund"):
                raise ValueError("resource")
        except InvalidTag as error:
            raise NotGenuine("The notice is sealed with another key.", path="notice") from error
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise NoticeUnreadable("That is no notice of WeChat Pay.", path="notice") from error
        if told.get("mchid") != self._mchid or (kind == "transaction" and not self._ours(told)):
            raise OtherMerchant("The notice is for another merchant or application.", path="notice")
        try:
            return _payment(told) if kind == "transaction" else _refund(told, "refund_status")
        except ValueError as error:
            raise NoticeUnreadable("The notice is not of its form.", path="notice") from error

    def answer(self, *, accepted: bool) -> Answer:
        """WeChat sends a notice again until it is told ``SUCCESS``."""
        if accepted:
            return Answer(b'{"code":"SUCCESS","message":"OK"}', "application/json")
        return Answer(b'{"code":"FAIL","message":"refused"}', "application/json", 400)

    def statement(self, day: date) -> bytes:
        """The trade bill of a day, unpacked; it is there the next day at ten."""
        status, told = self._ask(self._library.trade_bill, bill_date=f"{day:%Y-%m-%d}")
        url = told.get("download_url")
        if status != 200 or not isinstance(url, str) or not url.startswith(f"{self._url}/"):
            raise _unavailable(status, told)
        status, content = self._call(self._library.download_bill, url=url)
        packed = content.encode() if isinstance(content, str) else content
        if status != 200 or not isinstance(packed, bytes):
            raise _unavailable(status, {})
        try:
            plain = gzip.decompress(packed) if packed.startswith(b"\x1f\x8b") else packed
        except (OSError, EOFError, zlib.error) as error:
            raise GatewayUnavailable("WeChat Pay's bill came cut off.", path="wechat") from error
        if hashlib.sha1(plain).hexdigest() != str(told.get("hash_value", "")).lower():
            raise GatewayUnavailable("WeChat Pay's bill came changed.", path="wechat")
        return plain

    def read_statement(self, content: bytes, day: date) -> Iterable[StatementLine]:
        """The movements of a trade bill."""
        return lines_of(content, day, self._mchid)

    def _script(self, prepay: str) -> Checkout:
        timestamp, nonce, package = str(int(self._now().timestamp())), secrets.token_hex(16), f"prepay_id={prepay}"
        sign = self._library.sign([self._appid, timestamp, nonce, package], SignType.RSA_SHA256)
        fields = {
            "appId": self._appid, "timeStamp": timestamp, "nonceStr": nonce, "package": package, "signType": "RSA",
            "paySign": sign,
        }  # fmt: skip
        return Checkout(CheckoutKind.SCRIPT, fields=fields)

    def _genuine(self, raw: RawNotice, now: datetime) -> str:
        told = {
            name: raw.headers.get(f"wechatpay-{name}", "") for name in ("timestamp", "nonce", "serial", "signature")
        }
        # By name alone: no stranger's message makes us fetch keys.
        key = self._key_of(told["serial"])
        if key is None:
            raise NotGenuine("The notice is not signed by a key of WeChat Pay that is known here.", path="notice")
        try:
            body = raw.body.decode()
            signature = base64.b64decode(told["signature"], validate=True)
            text = f"{told['timestamp']}\n{told['nonce']}\n{body}\n".encode()
            key.verify(signature, text, PKCS1v15(), SHA256())
        except UnicodeError as error:
            raise NoticeUnreadable("That is no notice of WeChat Pay.", path="notice") from error
        except (InvalidSignature, binascii.Error, ValueError) as error:
            raise NotGenuine("The signature is not WeChat Pay's.", path="notice") from error
        if not told["timestamp"].isdecimal() or abs(now.timestamp() - int(told["timestamp"][:12])) > _WINDOW.seconds:
            raise NoticeExpired("The notice is too old, or from the future.", path="notice")
        return body

    def _key_of(self, serial: str) -> RSAPublicKey | None:
        if serial == self._public_id:
            return self._public
        # Platform certificates that came with answers to our own requests.
        for certificate in list(self._library._core._certificates):
            key = certificate.public_key()
            if f"{certificate.serial_number:X}" == serial.lstrip("0") and isinstance(key, RSAPublicKey):
                return key
        return None

    def _ours(self, told: Mapping[str, Any]) -> bool:
        return told.get("mchid") == self._mchid and told.get("appid") == self._appid

    def _ask(self, what: Callable[..., tuple[int, Any]], **about: Any) -> tuple[int, dict[str, Any]]:
        status, body = self._call(what, **about)
        try:
            told = json.loads(body) if body else {}
        except (ValueError, RecursionError) as error:
            raise _unavailable(status, {}) from error
        if not isinstance(told, dict) or status >= 500 or status in (401, 403, 429):
            raise _unavailable(status, told if isinstance(told, dict) else {})
        return status, told

    @staticmethod
    def _call(what: Callable[..., tuple[int, Any]], **about: Any) -> tuple[int, Any]:
        try:
            return what(**about)
        except Exception as error:
            # The library raises plain exceptions, its own and those of what it uses.
            raise GatewayUnavailable(
                f"WeChat Pay did not answer, or not genuinely: {type(error).__name__}.", path="wechat"
            ) from error


def _payment(told: Mapping[str, Any]) -> PaymentState:
    state = _STATES.get(str(told.get("trade_state")))
    number = text_of(told, "out_trade_no", 32)
    if state is None:
        raise ValueError("trade_state")
    if state is not MoneyState.DONE:
        return PaymentState(state, number)
    amount = _amount(told, "total")
    return PaymentState(state, number, text_of(told, "transaction_id"), amount, _moment(told.get("success_time")))


def _refund(told: Mapping[str, Any], status: str) -> RefundState:
    state = _REFUNDS.get(str(told.get(status)))
    number, reference = text_of(told, "out_refund_no"), text_of(told, "refund_id")
    if state is None:
        raise ValueError(status)
    if state is not MoneyState.DONE:
        return RefundState(state, number, reference)
    return RefundState(state, number, reference, _amount(told, "refund"), _moment(told.get("success_time")))


def _amount(told: Mapping[str, Any], name: str) -> int:
    amount = told.get("amount")
    if not isinstance(amount, dict) or amount.get("currency", "CNY") != "CNY" or not isinstance(amount.get(name), int):
        raise ValueError("amount")
    return fen_of(amount[name])


def _moment(told: object) -> datetime:
    at = datetime.fromisoformat(told) if isinstance(told, str) else None
    if at is None or at.tzinfo is None:
        raise ValueError("no moment")
    return at


def _unavailable(status: int, told: Mapping[str, Any]) -> GatewayUnavailable:
    return GatewayUnavailable(f"WeChat Pay answers {status} {str(told.get('code', ''))[:64]}.".strip(), path="wechat")
