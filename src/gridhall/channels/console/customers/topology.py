"""The three accounts of a customer drawn: who uses power, where, and who pays; as lines between boxes, from data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gridhall.contexts.accounts.queries import Contract, Payer, Portrait

#: Usage points drawn, and accounts unless more pay for these; the rest is one box that says how many.
_DRAWN: Final = 6
#: Stands for the accounts that are not drawn; no account has this number.
_UNSEEN: Final = 0
_BOX_W, _BOX_H, _GAP = 220, 56, 16
_COLUMNS: Final = (0, 310, 620)
WIDTH: Final = _COLUMNS[2] + _BOX_W + 4


@dataclass(frozen=True)
class Box:
    """A box of the drawing; ``kind`` decides its look: customer, other, point, account, their-account, more."""

    kind: str
    x: int
    y: int
    title: str
    small: str

    @property
    def text_x(self) -> int:
        """Where its words begin."""
        return self.x + 14

    @property
    def title_y(self) -> int:
        """The line of its title."""
        return self.y + 24

    @property
    def small_y(self) -> int:
        """The line of its second text."""
        return self.y + 43


@dataclass(frozen=True)
class Line:
    """A line from a box to one at its right; ``later`` for what is agreed and has not begun."""

    path: str
    later: bool


@dataclass
class Topology:
    """The drawing and its size."""

    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    height: int = 0
    width: int = WIDTH
    box_width: int = _BOX_W
    box_height: int = _BOX_H


def drawn(
    customer: Portrait,
    own: Sequence[Contract],
    own_count: int,
    for_others: Sequence[Contract],
    for_others_count: int,
    today: date,
) -> Topology:
    """Lay out a customer, the usage points in use, and the accounts that settle them, in three columns.

    Args:
        own, for_others: contracts of the customer, and those of others that the customer's accounts settle.
        own_count, for_others_count: how many there are, of which these are the first.
    """
    topology = Topology()
    shown = list(own[:_DRAWN])
    others = list(for_others[: _DRAWN // 2])
    rows = [*shown, *others]
    points: list[Box] = []
    for place, contract in enumerate(rows):
        small = contract.address or contract.unit
        points.append(Box("point", _COLUMNS[1], _y(place), contract.number, _end(small, 14)))
    hidden = own_count - len(shown)
    if hidden > 0:
        text = ngettext("%d more usage point", "%d more usage points", hidden) % hidden
        points.append(Box("more", _COLUMNS[1], _y(len(points)), f"+ {hidden}", _short(text, 15)))
    others_hidden = for_others_count - len(others)
    if others_hidden > 0:
        text = ngettext("%d more of others", "%d more of others", others_hidden) % others_hidden
        points.append(Box("more", _COLUMNS[1], _y(len(points)), f"+ {others_hidden}", _short(text, 15)))
    payers = _payers(rows, today)
    spare = [account for account in customer.accounts if account.id not in payers]
    unseen = spare[max(0, _DRAWN - len(payers)) :]
    for account in spare[: len(spare) - len(unseen)]:
        payers[account.id] = (account.number, customer.number, customer.name)
    accounts = {
        key: Box(
            "account" if owner == customer.number else "their-account", _COLUMNS[2], 0, number,
            _("settlement account") if owner == customer.number else _short(name, 15),
        )
        for key, (number, owner, name) in payers.items()
    }  # fmt: skip
    if unseen:
        text = ngettext("%d more account", "%d more accounts", len(unseen)) % len(unseen)
        accounts[_UNSEEN] = Box("more", _COLUMNS[2], 0, f"+ {len(unseen)}", _short(text, 15))
    people = {customer.number: Box("customer", 0, 0, _short(customer.name, 13), customer.number)}
    for contract in others:
        people.setdefault(contract.customer, Box("other", 0, 0, _short(contract.name, 13), contract.customer))
    height = max(_bottom(len(points)), _bottom(len(accounts)), _bottom(len(people)), _bottom(1))
    left = _spread(list(people.values()), height)
    right = _spread(list(accounts.values()), height)
    middle = _spread(points, height)
    holders = dict(zip(people, left, strict=True))
    payees = dict(zip(accounts, right, strict=True))
    for contract, box in zip(rows, middle, strict=False):
        topology.lines.append(_line(holders[contract.customer], box, later=contract.span.start > today))
        for payer in _relevant(contract, today):
            topology.lines.append(_line(box, payees[payer.account], later=payer.span.start > today))
    if hidden > 0:
        topology.lines.append(_line(left[0], middle[len(rows)], later=False))
    paying = next((payees[key] for key, (_number, owner, _name) in payers.items() if owner == customer.number), None)
    if others_hidden > 0 and paying is not None:
        topology.lines.append(_line(middle[-1], paying, later=False))
    topology.boxes = [*left, *middle, *right]
    topology.height = height
    return topology


def _payers(contracts: Sequence[Contract], today: date) -> dict[int, tuple[str, str, str]]:
    return {
        payer.account: (payer.number, payer.customer, payer.name)
        for contract in contracts
        for payer in _relevant(contract, today)
    }


def _relevant(contract: Contract, today: date) -> list[Payer]:
    """Who settles now, and who will."""
    return [payer for payer in contract.payers if payer.span.end is None or payer.span.end > today]


def _y(place: int) -> int:
    return place * (_BOX_H + _GAP)


def _bottom(count: int) -> int:
    return count * (_BOX_H + _GAP) - _GAP + 4


def _spread(boxes: list[Box], height: int) -> list[Box]:
    """The boxes of a column, one under the other, in the middle of the height."""
    top = (height - _bottom(len(boxes))) // 2 + 2
    return [Box(box.kind, box.x + 2, top + _y(place), box.title, box.small) for place, box in enumerate(boxes)]


def _line(start: Box, end: Box, *, later: bool) -> Line:
    x1, y1, x2, y2 = start.x + _BOX_W, start.y + _BOX_H // 2, end.x, end.y + _BOX_H // 2
    half = (x1 + x2) // 2
    return Line(f"M{x1} {y1} C{half} {y1} {half} {y2} {x2} {y2}", later)


def _short(text: str, letters: int) -> str:
    """As much of a text as fits in a box: a Chinese character is as wide as two others."""
    room = letters * 2
    kept: list[str] = []
    for each in text:
        room -= 2 if ord(each) > 0x2E7F else 1
        if room < 0:
            return "".join(kept[:-1]) + "…"
        kept.append(each)
    return text


def _end(text: str, letters: int) -> str:
    """The end of a text that fits in a box; of an address the street tells more than the province."""
    turned = _short(text[::-1], letters)
    return turned[::-1]
