"""A gateway that says what a test wants."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest import mock

from gridhall.contexts.payments import ports
from gridhall.contexts.payments.ports import (
    Answer,
    Checkout,
    CheckoutKind,
    GatewayUnavailable,
    MoneyState,
    NoticeRefused,
    OrderToPay,
    PaymentState,
    RawNotice,
    RefundState,
    RefundToMake,
)


class Scripted:
    """Payments and refunds by number, as the test set them; counts what it was asked."""

    code = "scripted"
    methods = ()

    def __init__(self) -> None:
        self.orders: dict[str, PaymentState] = {}
        self.refunds: dict[str, RefundState] = {}
        self.notices: dict[bytes, PaymentState | RefundState] = {}
        self.charges: list[tuple[OrderToPay, str]] = []
        self.down = False
        self.closes = True
        self.asked: list[str] = []
        self.refunded: list[RefundToMake] = []
        self.charge_answer = MoneyState.DONE

    def _up(self) -> None:
        if self.down:
            raise GatewayUnavailable("The line is dead.")

    def create(self, order: OrderToPay) -> Checkout:
        self._up()
        self.orders.setdefault(order.number, PaymentState(MoneyState.PENDING, order.number))
        return Checkout(CheckoutKind.LINK, url="https://pay.example/")

    def query(self, number: str) -> PaymentState:
        self.asked.append(number)
        self._up()
        return self.orders.get(number, PaymentState(MoneyState.UNKNOWN, number))

    def close(self, number: str) -> None:
        self._up()
        if self.closes and number in self.orders and self.orders[number].state is MoneyState.PENDING:
            self.orders[number] = PaymentState(MoneyState.CLOSED, number)

    def refund(self, refund: RefundToMake) -> RefundState:
        self._up()
        self.refunded.append(refund)
        return self.refunds.get(refund.number, RefundState(MoneyState.PENDING, refund.number))

    def charge(self, order: OrderToPay, token: str) -> PaymentState:
        self._up()
        self.charges.append((order, token))
        state = self.charge_answer
        self.orders[order.number] = (
            PaymentState(state, order.number, f"C{order.number}"[:32], order.amount_fen, None)
            if state is MoneyState.DONE
            else PaymentState(state, order.number)
        )
        return self.orders[order.number]

    def notice(self, raw: RawNotice, *, now: datetime) -> PaymentState | RefundState:
        if raw.body not in self.notices:
            raise NoticeRefused("Not genuine.")
        return self.notices[raw.body]

    def answer(self, *, accepted: bool) -> Answer:
        return Answer(b"success" if accepted else b"fail")

    def statement(self, day: object) -> bytes:
        raise GatewayUnavailable("None.")

    def read_statement(self, content: bytes, day: object) -> tuple[()]:
        return ()

    def pays(self, number: str, fen: int, at: datetime, reference: str = "") -> PaymentState:
        """The payer has paid."""
        self.orders[number] = PaymentState(MoneyState.DONE, number, reference or f"G{number}", fen, at)
        return self.orders[number]


@contextmanager
def scripted() -> Iterator[Scripted]:
    """The gateway, as the utility's only one."""
    made = Scripted()
    with mock.patch.object(ports, "gateways", return_value={made.code: made}):
        yield made
