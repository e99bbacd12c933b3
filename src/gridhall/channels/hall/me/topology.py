"""The picture of customers, homes and settlement accounts: where each box stands, and the lines between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gridhall.contexts.identity.types import Home, Settled

#: Homes that are drawn; the list below the picture has all.
MOST: Final = 12
_WIDTH: Final = 108
_HEIGHT: Final = 50
_GAP: Final = 12
#: Left edges of the columns of customers, homes, accounts, in units of the picture, which is 360 wide.
_COLUMNS: Final = (0, 126, 252)
_LONGEST: Final = 7


@dataclass(frozen=True)
class Box:
    """A box with two short lines of text; ``kind`` names its colour."""

    kind: str
    x: int
    y: int
    title: str
    small: str


@dataclass
class Picture:
    """Boxes and lines in a picture of this height; ``hidden`` homes are only in the list."""

    height: int
    boxes: list[Box] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    hidden: int = 0


def drawn(homes: Sequence[Home], settled: Mapping[str, Settled]) -> Picture | None:
    """The picture of somebody's own homes; None where there is nothing to draw.

    Customers and accounts stand beside the middle of the homes that they belong to.
    """
    shown = [home for home in homes if home.key in settled][:MOST]
    if not shown:
        return None
    shown.sort(key=lambda home: (settled[home.key].customer, settled[home.key].account))
    picture = Picture(height=0, hidden=len(homes) - len(shown))
    rows = {home.key: index * (_HEIGHT + _GAP) for index, home in enumerate(shown)}
    customers: dict[str, list[int]] = {}
    accounts: dict[str, list[int]] = {}
    for home in shown:
        of = settled[home.key]
        customers.setdefault(of.customer, []).append(rows[home.key])
        if of.account:
            accounts.setdefault(of.account, []).append(rows[home.key])
    places = _places(customers)
    for home in shown:
        of = settled[home.key]
        picture.boxes.append(Box("home", _COLUMNS[1], rows[home.key], _short(_title(home)), home.number))
        picture.lines.append(_line(_COLUMNS[0] + _WIDTH, places[of.customer], _COLUMNS[1], rows[home.key]))
    for number, y in places.items():
        name = next(each.customer_name for each in settled.values() if each.customer == number)
        picture.boxes.append(Box("customer", _COLUMNS[0], y, _short(name), number))
    for number, y in _places(accounts).items():
        of = next(each for each in settled.values() if each.account == number)
        kind = "account" if of.own else "payer"
        picture.boxes.append(Box(kind, _COLUMNS[2], y, _short(of.payer), number))
        picture.lines += [_line(_COLUMNS[1] + _WIDTH, row, _COLUMNS[2], y) for row in accounts[number]]
    picture.height = max(box.y for box in picture.boxes) + _HEIGHT
    return picture


def _places(groups: Mapping[str, list[int]]) -> dict[str, int]:
    """The top of each box: the middle of its rows, moved down where boxes would overlap."""
    places: dict[str, int] = {}
    free = 0
    for number, rows in sorted(groups.items(), key=lambda item: sum(item[1]) / len(item[1])):
        places[number] = max(free, sum(rows) // len(rows))
        free = places[number] + _HEIGHT + _GAP
    return places


def _line(x: int, y: int, to_x: int, to_y: int) -> str:
    middle = (x + to_x) // 2
    half = _HEIGHT // 2
    return f"M{x} {y + half}C{middle} {y + half} {middle} {to_y + half} {to_x} {to_y + half}"


def _title(home: Home) -> str:
    # The number stands below it.
    return home.name if home.named else home.name.removesuffix(f" {home.number[-4:]}")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
