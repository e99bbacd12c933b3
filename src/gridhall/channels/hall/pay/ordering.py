"""From what somebody chose on a page to an order: the amount, the parts, the way to pay; once, however often sent."""

import hashlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from gridhall.channels.hall.pay.offers import CHOSEN, Offer, offers
from gridhall.channels.web import formats
from gridhall.contexts.payments import operations
from gridhall.contexts.payments.operations import BeingPaid, OwesLess
from gridhall.contexts.payments.queries.bounds import order_bounds
from gridhall.contexts.payments.types import AmountInvalid, Order, OrderState, Part, Purpose, fen_of, shares
from gridhall.kernel import clock
from gridhall.kernel.errors import Refused

#: What a page's amounts are for; all others are paid ahead.
_PURPOSES: Final = {"all": Purpose.DEBT, "home": Purpose.DEBT, "sum": Purpose.DEBT, "power": Purpose.POWER}
#: A page whose order was closed may be sent again so often.
_AGAIN = 20
_LONGEST_KEY = 64
_log = logging.getLogger("gridhall.payments")


@dataclass
class Wish:
    """What a page asks to be paid.

    Attributes:
        key: of the page, random: sent twice it is one wish.
        choice: which of the page's amounts, or ``other``.
        typed: the other amount as typed. ``method``: code of the way to pay.
        anyway: although somebody else is paying it right now.
        amount_fen: what is to be paid; 0 where that is not known.
        wrong: place → what is wrong with it, in words.
        rival: the order that is being paid instead.
    """

    key: str
    choice: str
    typed: str
    method: str
    offer: Offer | None = None
    amount_fen: int = 0
    anyway: bool = False
    wrong: dict[str, str] = field(default_factory=dict)
    rival: BeingPaid | None = None

    @property
    def purpose(self) -> Purpose:
        """What it is paid for."""
        return Purpose.AHEAD if self.anyway else _PURPOSES.get(self.choice, Purpose.AHEAD)


def fresh(choice: str, method: str) -> Wish:
    """The wish of a page that was just opened."""
    return Wish(key=secrets.token_urlsafe(18), choice=choice, typed="", method=method)


def read(request: HttpRequest, suggested: Mapping[str, int]) -> Wish:
    """What a page sent, with what is wrong with it.

    Args:
        suggested: the amounts that the page offers, by choice.
    """
    posted = request.POST
    wish = Wish(
        key=posted.get("key", "")[:_LONGEST_KEY] or secrets.token_urlsafe(18), choice=posted.get("choice", "other"),
        typed=posted.get("amount", "")[:40], method=posted.get("method", "")[:40],
    )  # fmt: skip
    wish.anyway = bool(posted.get("anyway"))
    wish.offer = next((each for each in offers(request) if each.code == wish.method), None)
    if wish.offer is None:
        wish.wrong["method"] = _("Choose how you want to pay.")
    if wish.choice in suggested:
        wish.amount_fen = suggested[wish.choice]
    elif wish.choice != "other":
        _refuse(wish, OwesLess("The amount is offered no more."))
    else:
        try:
            wish.amount_fen = fen_of(wish.typed)
        except AmountInvalid as error:
            _refuse(wish, error)
    if not {"amount", "changed"} & wish.wrong.keys():
        bounds = order_bounds()
        if not bounds.least_fen <= wish.amount_fen <= bounds.most_fen:
            _refuse(wish, AmountInvalid("Out of bounds."))
    return wish


def _refuse(wish: Wish, error: Refused) -> None:
    """Say on the page, and in the log without the amount, why it cannot be paid so."""
    _log.info("No order was made: %s. %s", error.code, error.message)
    if isinstance(error, BeingPaid):
        wish.rival = error
        wish.wrong["rival"] = _("This is being paid already.")
    elif isinstance(error, OwesLess):
        wish.wrong["changed"] = _("What is owed has changed since you opened this page. Please look once more.")
    else:
        wish.wrong["amount"] = amount_words()


def amount_words() -> str:
    """Which amounts can be paid."""
    bounds = order_bounds()
    return _("Type an amount from %(least)s to %(most)s, with at most two decimals, such as 128.50.") % {
        "least": formats.money(bounds.least_fen), "most": formats.money(bounds.most_fen),
    }  # fmt: skip


def parts_of(amount_fen: int, owed: Sequence[tuple[int, int, int | None]], rest: int) -> list[Part]:
    """How an amount is shared among accounts: each gets what it owes, in the order given; what is left over, `rest`.

    Args:
        owed: (account, owed fen, usage point), oldest debt first.
        rest: the account that is paid in advance.

    >>> [(part.account, part.amount_fen) for part in parts_of(500, [(1, 300, None), (2, 100, None)], rest=2)]
    [(1, 300), (2, 200)]
    """
    points = {account: point for account, _fen, point in owed}
    total = sum(max(fen, 0) for _account, fen, _point in owed)
    found = dict(shares(min(amount_fen, total), [(account, fen) for account, fen, _point in owed]))
    if amount_fen > total:
        found[rest] = found.get(rest, 0) + amount_fen - total
    return [Part(account, fen, points.get(account)) for account, fen in found.items() if fen]


def placed(request: HttpRequest, wish: Wish, parts: Sequence[Part]) -> Order | None:
    """This will write the order of a wish; sent again it is the same order, unless that was closed meanwhile.

    Returns:
        None when it cannot be paid so: the wish says why.
    """
    assert wish.offer is not None
    if request.session.get(CHOSEN) != wish.method:
        request.session[CHOSEN] = wish.method
    said = f"{wish.key} {wish.method} {[(part.account, part.amount_fen) for part in parts]}"
    try:
        for again in range(_AGAIN):
            key = hashlib.sha256(f"{said} {again}".encode()).hexdigest()[:40]
            order = _opened(request.user.pk, wish, wish.offer, parts, key)
            if order.state is not OrderState.CLOSED and (
                order.state is OrderState.PAID or order.expires_at > clock.now()
            ):
                return order
    except Refused as error:
        _refuse(wish, error)
        return None
    return order


def _opened(payer: int | None, wish: Wish, offer: Offer, parts: Sequence[Part], key: str) -> Order:
    """The order of a wish, for which the payer's own earlier ones make way."""
    given: set[str] = set()
    while True:
        try:
            return operations.open_order(
                parts, gateway=offer.gateway, method=offer.code, request_key=key, payer=payer, now=clock.now(),
                purpose=wish.purpose,
            )  # fmt: skip
        except BeingPaid as error:
            if not error.own or error.own in given:
                raise
            given.add(error.own)
            operations.give_way(error.own, now=clock.now())
