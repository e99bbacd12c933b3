"""An e-wallet such as 电e宝 behind `PaymentGateway`: a signed JSON protocol; its rules are in the README beside."""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

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
from gridhall.integrations.asking import Reply, ask
from gridhall.integrations.ewallet.signing import is_fresh, is_genuine, signature
from gridhall.integrations.ewallet.statement import lines_of
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

_WAYS: Final = {"ewallet.app": "app", "ewallet.code": "code"}
_STATES: Final = {
    "unknown": MoneyState.UNKNOWN, "waiting": MoneyState.PENDING, "paid": MoneyState.DONE, "closed": MoneyState.CLOSED,
}  # fmt: skip
_REFUNDS: Final = {"pending": MoneyState.PENDING, "done": MoneyState.DONE, "refused": MoneyState.CLOSED}


class EWallet:
    """Payments by the utility's e-wallet.

    Settings: ``GRIDHALL_EWALLET_MERCHANT_ID``, ``_PRIVATE_KEY_FILE``, ``_PUBLIC_KEY_FILE`` (the wallet's), ``_URL``.

    Raises:
        SettingInvalid: when one of them is missing or unusable.
    """

    code = "ewallet"
    methods = (
        Method("ewallet.app", {"zh-Hans": "电e宝", "en": "E-wallet"}, "wallet", desktop=False),
        Method("ewallet.code", {"zh-Hans": "电e宝扫码", "en": "E-wallet QR code"}, "wallet", phone=False),
    )

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._merchant = settings.matching("GRIDHALL_EWALLET_MERCHANT_ID", r"\w{4,32}", "letters and digits")
        self._key = settings.private_key("GRIDHALL_EWALLET_PRIVATE_KEY_FILE")
        self._wallet = settings.public_key("GRIDHALL_EWALLET_PUBLIC_KEY_FILE")
        self._url = settings.address("GRIDHALL_EWALLET_URL", "")
        self._seconds = settings.seconds()

    def create(self, order: OrderToPay) -> Checkout:
        """A link into the wallet's app, or a QR code."""
        told = self._tell(
            "/v1/payments",
            number=order.number, amount_fen=order.amount_fen, subject=order.subject, way=_WAYS[order.method],
            expires_at=order.expires_at.isoformat(timespec="seconds"), return_url=order.return_url,
            notify_url=order.notify_url,
        )  # fmt: skip
        try:
            link = text_of(told, "link", 2048)
        except ValueError as error:
            raise _unavailable(told) from error
        if order.method == "ewallet.code":
            return Checkout(CheckoutKind.QR, text=link)
        return Checkout(CheckoutKind.LINK, url=link)

    def query(self, number: str) -> PaymentState:
        """What the wallet knows of an order."""
        told = self._tell("/v1/payments/query", number=number)
        try:
            return _payment(told)
        except ValueError as error:
            raise _unavailable(told) from error

    def close(self, number: str) -> None:
        """This will close an order that is not paid."""
        told = self._tell("/v1/payments/close", number=number)
        if told.get("state") not in _STATES:
            raise _unavailable(told)

    def refund(self, refund: RefundToMake) -> RefundState:
        """This will send money back; asked again with the same number it tells how far that is."""
        told = self._tell(
            "/v1/refunds",
            number=refund.number, order=refund.order_number, reference=refund.payment_reference,
            amount_fen=refund.amount_fen, reason=refund.reason, notify_url=refund.notify_url,
        )  # fmt: skip
        try:
            return _refund(told)
        except ValueError as error:
            raise _unavailable(told) from error

    def notice(self, raw: RawNotice, *, now: datetime) -> PaymentState | RefundState:
        """A notice, checked."""
        timestamp, nonce = raw.headers.get("x-timestamp", ""), raw.headers.get("x-nonce", "")
        if not is_genuine(self._wallet, raw.headers, "NOTICE", timestamp, nonce, body=raw.body):
            raise NotGenuine("The signature is not the e-wallet's.", path="notice")
        if not is_fresh(raw.headers, now):
            raise NoticeExpired("The notice is too old, or from the future.", path="notice")
        try:
            told = _object(raw.body)
            kind = told.get("kind")
            if kind not in ("payment", "refund"):
                raise ValueError("kind")
        except ValueError as error:
            raise NoticeUnreadable("That is no notice of the e-wallet.", path="notice") from error
        if told.get("merchant") != self._merchant:
            raise OtherMerchant("The notice is for another merchant.", path="notice")
        try:
            return _payment(told) if kind == "payment" else _refund(told)
        except ValueError as error:
            raise NoticeUnreadable("The notice is not of its form.", path="notice") from error

    def answer(self, *, accepted: bool) -> Answer:
        """The wallet looks at the status alone."""
        return Answer(b"ok") if accepted else Answer(b"refused", status=400)

    def statement(self, day: date) -> bytes:
        """The file of a day; it is there the next morning."""
        reply = self._ask("/v1/statements", {"day": day.isoformat()}, 30 * self._seconds)
        if reply.status != 200:
            raise GatewayUnavailable(f"The e-wallet answers {reply.status}.", path="ewallet")
        return reply.body

    def read_statement(self, content: bytes, day: date) -> Iterable[StatementLine]:
        """The movements of a statement."""
        return lines_of(content, day, self._merchant)

    def _tell(self, path: str, **fields: Any) -> dict[str, Any]:
        reply = self._ask(path, fields, 4 * self._seconds)
        try:
            told = _object(reply.body)
        except ValueError as error:
            raise GatewayUnavailable("The e-wallet's answer is not of its form.", path="ewallet") from error
        mine = told.get("number") == fields["number"] and told.get("merchant") == self._merchant
        if reply.status != 200 or not mine:
            raise _unavailable(told)
        return told

    def _ask(self, path: str, fields: Mapping[str, Any], longest: float) -> Reply:
        body = json.dumps({"merchant": self._merchant, **fields}, ensure_ascii=False).encode()
        timestamp, nonce = str(int(self._now().timestamp())), secrets.token_hex(16)
        headers = {
            "Content-Type": "application/json", "X-Merchant": self._merchant, "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": signature(self._key, "REQUEST", path, timestamp, nonce, body=body),
        }  # fmt: skip
        reply = ask(f"{self._url}{path}", body=body, headers=headers, seconds=self._seconds, longest=longest)
        told = reply.headers.get("x-timestamp", "")
        parts = ("ANSWER", str(reply.status), told, nonce)
        if not is_genuine(self._wallet, reply.headers, *parts, body=reply.body):
            raise GatewayUnavailable("What answers is not genuinely the e-wallet.", path="ewallet")
        return reply


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(told, dict):
        raise ValueError("no object")
    return told


def _payment(told: Mapping[str, Any]) -> PaymentState:
    state, number = _STATES.get(str(told.get("state"))), text_of(told, "number", 32)
    if state is None:
        raise ValueError("state")
    if state is not MoneyState.DONE:
        return PaymentState(state, number)
    amount, at = _whole(told), _moment(told.get("paid_at"))
    return PaymentState(state, number, text_of(told, "reference"), amount, at)


def _refund(told: Mapping[str, Any]) -> RefundState:
    state, number = _REFUNDS.get(str(told.get("state"))), text_of(told, "number", 32)
    if state is None:
        raise ValueError("state")
    if state is not MoneyState.DONE:
        return RefundState(state, number)
    amount, at = _whole(told), _moment(told.get("done_at"))
    return RefundState(state, number, text_of(told, "reference"), amount, at)


def _whole(told: Mapping[str, Any]) -> int:
    if not isinstance(told.get("amount_fen"), int):
        raise ValueError("amount_fen")
    return fen_of(told["amount_fen"])


def _moment(told: object) -> datetime:
    at = datetime.fromisoformat(told) if isinstance(told, str) else None
    if at is None or at.tzinfo is None:
        raise ValueError("no moment")
    return at.astimezone(BEIJING)


def _unavailable(told: Mapping[str, Any]) -> GatewayUnavailable:
    return GatewayUnavailable(f"The e-wallet answers {str(told.get('error', ''))[:64]}.", path="ewallet")
