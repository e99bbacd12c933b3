"""The demo gateway as payments uses it: the merchant's side."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from gridhall.contexts.payments.operations.past import PastPayment
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
from gridhall.integrations.demo_gateway import notices, sending, signing, statements
from gridhall.integrations.demo_gateway.book import Order
from gridhall.integrations.demo_gateway.service import RequestRefused, Service
from gridhall.kernel import clock as kernel_clock

#: Below the origin of the house: where payers of the demo gateway are sent.
PATH: Final = "/demo-gateway/pay/"


class DemoGateway:
    """Answers `payments.ports.PaymentGateway` without the outside world.

    Args:
        home: where it keeps keys and state; the installation's where None.
        clock: the gateway's own, as a gateway outside would have one.
    """

    code: str = "demo"
    methods: Sequence[Method] = (
        Method("demo.link", {"zh-Hans": "演示支付", "en": "Demo payment"}, "credit-card-pay"),
        Method("demo.qr", {"zh-Hans": "演示扫码支付", "en": "Demo payment by QR code"}, "qrcode", phone=False),
    )

    def __init__(self, home: Path | None = None, clock: Callable[[], datetime] | None = None) -> None:
        from django.conf import settings

        self._home = home
        self._zone = ZoneInfo(settings.TIME_ZONE)
        # Looked up at each call, so that it is the clock of the house whenever this was imported.
        self.clock = clock or (lambda: kernel_clock.now())
        self._service: Service | None = None

    @property
    def service(self) -> Service:
        """The gateway's own side."""
        from django.conf import settings

        home = self._home or Path(settings.HOME)
        if self._service is None or self._service.home != home:
            self._service = Service(home, self._zone)
        return self._service

    @property
    def keys(self) -> signing.Keys:
        """Both key pairs."""
        return signing.keys_of(self.service.home)

    def resume(self) -> None:
        """This will see that messages which were not heard yet are sent by this process."""
        sending.wake(self.service, self.clock)

    def create(self, order: OrderToPay) -> Checkout:
        """See `PaymentGateway`; asked again it leads to the same page."""
        request = self._signed(
            number=order.number, method=order.method, amount_fen=str(order.amount_fen), subject=order.subject,
            expires_at=order.expires_at.isoformat(), return_url=order.return_url, notify_url=order.notify_url,
        )  # fmt: skip
        try:
            known = self.service.announced(request)
        except RequestRefused as error:
            raise GatewayUnavailable(error.message, path=error.path) from error
        url = f"{_origin(order)}{PATH}{known.token}/"
        if order.method == "demo.qr":
            return Checkout(CheckoutKind.QR, url=url, text=url)
        return Checkout(CheckoutKind.LINK, url=url)

    def query(self, number: str) -> PaymentState:
        """See `PaymentGateway`."""
        now = self.clock()
        order = self.service.asked(self._signed(number=number), now)
        self.resume()
        if order is None:
            return PaymentState(MoneyState.UNKNOWN, number)
        if order.state == "paid":
            return PaymentState(MoneyState.DONE, number, order.reference, order.amount_fen, order.moves_at)
        return PaymentState(_state(order, now), number)

    def close(self, number: str) -> None:
        """See `PaymentGateway`."""
        self.service.closed(self._signed(number=number), self.clock())

    def refund(self, refund: RefundToMake) -> RefundState:
        """See `PaymentGateway`; *closed* where the gateway will not: more than came, or nothing was paid."""
        request = self._signed(
            number=refund.number, order_number=refund.order_number, amount_fen=str(refund.amount_fen),
            notify_url=refund.notify_url,
        )  # fmt: skip
        done = self.service.refunded(request, self.clock())
        if refund.notify_url:
            self.resume()
        if done is None:
            return RefundState(MoneyState.CLOSED, refund.number)
        return RefundState(MoneyState.DONE, refund.number, done.reference, done.amount_fen, done.done_at)

    def charge(self, order: OrderToPay, token: str) -> PaymentState:
        """See `payments.ports.ChargingGateway`; this one's payers agree to everything."""
        now = self.clock()
        request = self._signed(
            number=order.number, method=order.method, amount_fen=str(order.amount_fen), subject=order.subject,
            expires_at=order.expires_at.isoformat(), return_url=order.return_url, notify_url=order.notify_url,
            agreement=token,
        )  # fmt: skip
        try:
            self.service.charged(request, now)
        except RequestRefused as error:
            raise GatewayUnavailable(error.message, path=error.path) from error
        return self.query(order.number)

    def notice(self, raw: RawNotice, *, now: datetime) -> PaymentState | RefundState:
        """See `PaymentGateway`; the error's code says what is wrong with a message."""
        return notices.read(raw, self.keys.gateway.public_key(), now)

    def answer(self, *, accepted: bool) -> Answer:
        """See `PaymentGateway`."""
        return Answer(b"success" if accepted else b"fail")

    def statement(self, day: date) -> bytes:
        """See `PaymentGateway`."""
        try:
            return self.service.statement(self._signed(day=day.isoformat()), self.clock())
        except RequestRefused as error:
            raise GatewayUnavailable(error.message, path=error.path) from error

    def read_statement(self, content: bytes, day: date) -> Iterable[StatementLine]:
        """See `PaymentGateway`."""
        return statements.read(content, day, self.keys.gateway.public_key(), self._zone)

    def keep_past(self, payments: Sequence[PastPayment]) -> int:
        """This will write payments of the past into the gateway's own book, so that its statements have them.

        One that is there stays as it is. Gives how many were new.
        """
        return self.service.book.write_past(
            [
                Order(
                    number=each.reference, token=secrets.token_urlsafe(18), method=each.method,
                    amount_fen=each.amount_fen, subject="", expires_at=each.paid_at, return_url="", notify_url="",
                    state="paid", reference=each.reference, moves_at=each.paid_at,
                )
                for each in payments
            ]
        )  # fmt: skip

    def forget(self) -> None:
        """This will empty the gateway's own book: what it knew of is removed."""
        if self.service.book.exists:
            self.service.book.empty()

    def _signed(self, **fields: str) -> dict[str, str]:
        fields["merchant"] = signing.MERCHANT
        return fields | {"sign": signing.sign(fields, self.keys.merchant)}


def _state(order: Order, now: datetime) -> MoneyState:
    if order.state == "coming":
        return MoneyState.PENDING
    return MoneyState.CLOSED if order.state == "closed" or order.expires_at <= now else MoneyState.PENDING


def _origin(order: OrderToPay) -> str:
    # Where the payer's browser reaches the house, it reaches the demo gateway's page, too.
    from django.conf import settings

    parts = urlsplit(order.return_url or order.notify_url)
    public = str(settings.PUBLIC_URL)
    return public if public and order.method == "demo.qr" else f"{parts.scheme}://{parts.netloc}"
