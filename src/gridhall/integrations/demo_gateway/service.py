"""The demo gateway's own side: what it does when a merchant asks, each request signed by the merchant.

It answers within the process, so that a demo needs no second server; what would go over a wire the other way, messages
and statements, is signed by the gateway.
"""

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from gridhall.contexts.payments.ports import StatementLine
from gridhall.integrations.demo_gateway import signing, statements
from gridhall.integrations.demo_gateway.book import Book, Order, Refund
from gridhall.kernel.errors import Refused

#: What the gateway keeps of a payment, in per mille, as real ones do; it only shows on statements.
_FEE_PER_MILLE: Final = 6


class RequestRefused(Refused):
    """The gateway does not do what it was asked; the message says why."""

    code = "demo_gateway_refused"


class Service:
    """The gateway of an installation."""

    def __init__(self, home: Path, zone: ZoneInfo) -> None:
        self.home = home
        self.zone = zone
        self.book = Book(home, zone)

    def announced(self, request: Mapping[str, str]) -> Order:
        """Take an order on; announced again it is the same.

        Raises:
            RequestRefused: not signed, or announced before with another amount.
        """
        self._check(request)
        order = self.book.add(
            Order(
                number=request["number"], token=secrets.token_urlsafe(18), method=request["method"],
                amount_fen=int(request["amount_fen"]), subject=request.get("subject", ""),
                expires_at=datetime.fromisoformat(request["expires_at"]), return_url=request.get("return_url", ""),
                notify_url=request["notify_url"], state="open", reference="", moves_at=None,
            )
        )  # fmt: skip
        if order.amount_fen != int(request["amount_fen"]):
            raise RequestRefused("The order was announced with another amount.", path="amount_fen")
        return order

    def charged(self, request: Mapping[str, str], now: datetime) -> None:
        """Take the money of an order by an agreement; charged again nothing more happens.

        Raises:
            RequestRefused: as `announced`.
        """
        order = self.announced(request)
        self.book.agree(order.number, moves_at=now, copies=1 if order.notify_url else 0, now=now)

    def asked(self, request: Mapping[str, str], now: datetime) -> Order | None:
        """What is known of an order now."""
        self._check(request)
        self.book.move(now)
        return self.book.order(request["number"])

    def closed(self, request: Mapping[str, str], now: datetime) -> None:
        """Make an order unpayable; money that is on its way comes nevertheless."""
        self._check(request)
        self.book.close(request["number"], now, tell=False)

    def refunded(self, request: Mapping[str, str], now: datetime) -> Refund | None:
        """Send money back; None when more is asked for than is left, or nothing was paid."""
        self._check(request)
        self.book.move(now)
        order = self.book.order(request["order_number"])
        if order is None:
            return None
        amount, tell = int(request["amount_fen"]), request.get("notify_url", "")
        return self.book.refund(request["number"], order, amount, tell=tell, now=now)

    def statement(self, request: Mapping[str, str], now: datetime) -> bytes:
        """The signed file of a day that is over.

        Raises:
            RequestRefused: the day is not over.
        """
        self._check(request)
        self.book.move(now)
        day = date.fromisoformat(request["day"])
        start, end = (datetime(d.year, d.month, d.day, tzinfo=self.zone) for d in (day, day + timedelta(days=1)))
        if end > now:
            raise RequestRefused("There is a statement when the day is over.", path="day")
        paid, back = self.book.moved(start, end)
        lines = [
            StatementLine(
                each.reference, each.number, each.amount_fen, each.moves_at or start,
                fee_fen=each.amount_fen * _FEE_PER_MILLE // 1000,
            )
            for each in paid
        ]  # fmt: skip
        lines += [StatementLine(r.reference, r.order_number, r.amount_fen, r.done_at, refund=True) for r in back]
        return statements.written(sorted(lines, key=lambda line: line.at), day, signing.keys_of(self.home).gateway)

    def _check(self, request: Mapping[str, str]) -> None:
        if request.get("merchant") != signing.MERCHANT:
            raise RequestRefused("There is no such merchant.", path="merchant")
        if not signing.is_signed(request, signing.keys_of(self.home).merchant.public_key()):
            raise RequestRefused("The signature is not the merchant's.", path="sign")
