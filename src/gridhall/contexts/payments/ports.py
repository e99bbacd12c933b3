"""What payments needs from the outside world: gateways that take money, the head-end that switches meters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Protocol, cast, runtime_checkable

from gridhall.contexts.payments.headend import (
    HeadEnd,
    HeadEndAnswer,
    HeadEndUnavailable,
    MeterReading,
    Progress,
    Relay,
    SwitchOrder,
    head_end,
)
from gridhall.kernel.errors import GridhallError, NotFound, Refused

__all__ = [
    "Answer", "ChargingGateway", "Checkout", "CheckoutKind", "GatewayUnavailable", "HeadEnd", "HeadEndAnswer",
    "HeadEndUnavailable", "MeterReading", "Method", "MoneyState", "NoticeRefused", "OrderToPay", "PayerAskingGateway",
    "PayerUnknown", "PaymentGateway", "PaymentState", "Points", "Progress", "RawNotice", "RefundState", "RefundToMake",
    "Relay", "StatementInvalid", "StatementLine", "SwitchOrder", "gateway", "gateways", "head_end", "points",
]  # fmt: skip


class CheckoutKind(StrEnum):
    """How the payer goes on from our page to the gateway's."""

    #: Open ``url``: the gateway's own page, or its app.
    LINK = "link"
    #: Show ``text`` as a QR code, to be scanned by the gateway's app.
    QR = "qr"
    #: Send ``fields`` by POST to ``url``.
    FORM = "form"
    #: Hand ``fields`` to the gateway's script inside its own browser (WeChat JSAPI).
    SCRIPT = "script"
    #: Nothing to do for the payer: direct debit.
    NONE = "none"


@dataclass(frozen=True)
class Checkout:
    """How the payer goes on."""

    kind: CheckoutKind
    url: str = ""
    text: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Method:
    """A way to pay that a gateway offers.

    Attributes:
        code: ``alipay.wap``; stable.
        names: by language, ``zh-Hans`` and ``en``.
        icon: a Tabler icon's name.
        phone, desktop: where it can be used.
    """

    code: str
    names: Mapping[str, str]
    icon: str
    phone: bool = True
    desktop: bool = True


@dataclass(frozen=True)
class OrderToPay:
    """What a gateway is told about an order; nothing about who pays or lives where.

    Attributes:
        number: ours, at most 32 letters and digits.
        subject: what the payer's app shows: ``电费`` and the end of the account number.
        return_url: where the payer comes back to; ``notify_url`` where the gateway's messages go.
        client_ip: of the payer; some gateways ask for it.
        openid: of the payer, for payments inside WeChat.
    """

    number: str
    method: str
    amount_fen: int
    subject: str
    expires_at: datetime
    return_url: str
    notify_url: str
    client_ip: str = ""
    openid: str = ""


class MoneyState(StrEnum):
    """What a gateway says of a payment or refund."""

    PENDING = "pending"
    DONE = "done"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PaymentState:
    """A payment as its gateway tells it, genuine: signature, merchant and form are checked by the adapter.

    Attributes:
        number: ours. ``reference``: theirs, once money has moved. ``amount_fen`` and ``paid_at`` likewise.
    """

    state: MoneyState
    number: str
    reference: str = ""
    amount_fen: int = 0
    paid_at: datetime | None = None


@dataclass(frozen=True)
class RefundToMake:
    """A refund: ``number`` is ours and makes asking twice harmless."""

    number: str
    order_number: str
    payment_reference: str
    paid_fen: int
    amount_fen: int
    reason: str
    notify_url: str = ""


@dataclass(frozen=True)
class RefundState:
    """A refund as its gateway tells it."""

    state: MoneyState
    number: str
    reference: str = ""
    amount_fen: int = 0
    done_at: datetime | None = None


@dataclass(frozen=True)
class RawNotice:
    """A request that came in at a gateway's address; header names in lower case."""

    body: bytes
    headers: Mapping[str, str]
    query: str = ""


@dataclass(frozen=True)
class Answer:
    """What a gateway wants to hear."""

    body: bytes
    content_type: str = "text/plain"
    status: int = 200


@dataclass(frozen=True)
class StatementLine:
    """One movement of a gateway's daily statement; refunds have a positive amount and ``refund`` True."""

    reference: str
    order_number: str
    amount_fen: int
    at: datetime
    refund: bool = False
    fee_fen: int = 0
    line: int = 0


class NoticeRefused(Refused):
    """A message is not genuine or not for us: forged, altered, expired, of another merchant or amount."""

    code = "notice_refused"


class GatewayUnavailable(GridhallError):
    """A gateway did not answer, or not in its own protocol; nothing is known about the money."""

    code = "gateway_unavailable"


class PayerUnknown(Refused):
    """A gateway does not say who a payer is: the code that they brought is not its own, too old, or was used."""

    code = "payer_unknown"


class PaymentGateway(Protocol):
    """A place that takes money for the utility.

    States: an order is *pending* until its gateway says *done* (money has moved, once) or *closed* (it never will).
    *unknown* is what a gateway answers for an order that it has not seen: the payer never arrived there.

    Retries: `create` may be called again for the same order and gives a checkout for the same payment; `refund` with
    the same number refunds once. Whoever gets `GatewayUnavailable` asks again later by `query`; nothing is assumed.
    Callbacks come any number of times, in any order, late, and from anybody: `notice` checks the signature, the
    merchant and the form, and never touches the database; what is posted is decided by
    `payments.operations.take_notice`, once for each movement of money.

    Audit: every message is kept as a `GatewayNotice` with its outcome; refunds stand in the audit trail with who asked.

    Configuration: an adapter is made once at start and raises `SettingInvalid` naming the setting that is missing.
    """

    #: Names it in addresses, settings and the ledger; never changes.
    code: str
    #: What payers may choose; empty where nobody chooses it (counter, files).
    methods: Sequence[Method]

    def create(self, order: OrderToPay) -> Checkout:
        """This will announce an order and say how the payer goes on.

        Raises:
            GatewayUnavailable: as it says.
        """
        ...

    def query(self, number: str) -> PaymentState:
        """What the gateway knows of an order.

        Raises:
            GatewayUnavailable: as it says.
        """
        ...

    def close(self, number: str) -> None:
        """This will make an unpaid order unpayable where the gateway can; does nothing where it cannot.

        Raises:
            GatewayUnavailable: as it says.
        """
        ...

    def refund(self, refund: RefundToMake) -> RefundState:
        """This will send money back; *pending* where the gateway needs time: ask by calling again.

        Raises:
            GatewayUnavailable: as it says.
        """
        ...

    def notice(self, raw: RawNotice, *, now: datetime) -> PaymentState | RefundState:
        """A message of the gateway, checked.

        Raises:
            NoticeRefused: when it is not genuine, too old, or for another merchant.
        """
        ...

    def answer(self, *, accepted: bool) -> Answer:
        """What to reply to a message: taken, or to be sent again."""
        ...

    def statement(self, day: date) -> bytes:
        """The gateway's file of a day's movements, as it gives it.

        Raises:
            GatewayUnavailable: also when the day has no statement yet.
        """
        ...

    def read_statement(self, content: bytes, day: date) -> Iterable[StatementLine]:
        """The movements of a statement, all of it or none.

        Raises:
            StatementInvalid: cut off, of another day or merchant, or with sums that do not agree; with the line.
        """
        ...


@runtime_checkable
class ChargingGateway(PaymentGateway, Protocol):
    """A gateway that can be told to take money by an agreement with the payer, who does nothing (autopay).

    Alipay's and WeChat Pay's agreements are products of their own, with contracts of their own: their adapters do not
    offer this until a utility has one.
    """

    def charge(self, order: OrderToPay, token: str) -> PaymentState:
        """This will take the money of an order; called again for the same order it takes it once.

        Args:
            token: what the gateway knows the agreement by.

        Returns:
            *done*, *pending* (ask by `query`), or *closed*: refused, and nothing was taken.

        Raises:
            GatewayUnavailable: nothing is known; ask by `query`.
        """
        ...


@runtime_checkable
class PayerAskingGateway(PaymentGateway, Protocol):
    """A gateway that for some ways to pay has to know who the payer is to it: ``OrderToPay.openid``.

    The payer's browser is sent to it and comes back with a code, which the gateway tells who it is for, once.
    """

    def asks_payer(self, method: str) -> bool:
        """Whether a way to pay needs to know."""
        ...

    def payer_link(self, return_url: str, state: str) -> str:
        """Where the payer's browser is sent; it comes back to the address with ``code`` and ``state``."""
        ...

    def payer(self, code: str) -> str:
        """Who came back with a code.

        Raises:
            PayerUnknown: the code is not the gateway's, too old, or was used.
            GatewayUnavailable: it did not answer.
        """
        ...


class Points(Protocol):
    """Who counts points for payments, where a utility has such a programme: named by ``settings.PAYMENT_POINTS``.

    It is told of every payment and of all money that goes back, decides what that earns, and keeps it itself;
    payments only shows it. `points_journal.PointsJournal` is the one that comes with the house.
    """

    def count(self, receipts: Sequence[int], *, now: datetime) -> None:
        """This will count receipts (ids), refunds and chargebacks; told by the outbox, once or more, in any order.

        Raises:
            NotFound: when there is no such receipt.
        """
        ...

    def earned(self, receipts: Sequence[int]) -> Mapping[int, int]:
        """The points of receipts (ids), less what was taken back since; those not counted yet are left out.

        Of a refund or chargeback: what it took back, negative. At most one query.
        """
        ...


class _NoPoints:
    def count(self, receipts: Sequence[int], *, now: datetime) -> None:
        pass

    def earned(self, receipts: Sequence[int]) -> Mapping[int, int]:
        return {}


@cache
def points() -> Points:
    """Who counts points; without one nobody does, and histories show none."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    name = getattr(settings, "PAYMENT_POINTS", "")
    return cast(Points, import_string(name)()) if name else _NoPoints()


class StatementInvalid(Refused):
    """A statement cannot be used; the path says where."""

    code = "statement_invalid"


@cache
def gateways() -> Mapping[str, PaymentGateway]:
    """The gateways of this utility by code, in the order of the setting; made once for each process."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    return {code: cast(PaymentGateway, import_string(name)()) for code, name in settings.PAYMENT_GATEWAYS.items()}


def gateway(code: str) -> PaymentGateway:
    """The gateway of a code.

    Raises:
        NotFound: when this utility has none of that code.
    """
    try:
        return gateways()[code]
    except KeyError:
        raise NotFound(f"There is no payment gateway {code!r}.", path="gateway") from None
