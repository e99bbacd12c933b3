"""Small drawings of the home page, as places along a bar: per cent of its width, so that they stretch with the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

#: A segment narrower than this has no room for its name, limits closer than this none for two figures (per cent).
_NAME: Final = 15.0
_FIGURE: Final = 18.0
#: The open last tier is drawn this much longer than the limit below it; use beyond pushes it out, but not without end.
_OPEN: Final = 1.2
_FURTHEST: Final = 1.7


@dataclass(frozen=True)
class Segment:
    """A piece of a bar; ``role`` names its colour, ``name`` is empty where there is no room for it."""

    x: str
    width: str
    middle: str
    role: str
    name: str


@dataclass(frozen=True)
class Scale:
    """A scale of tiers with where the use stands now, and where it will at the end of the month.

    Attributes:
        segments: the tiers.
        limits: place and figure of each limit; the figure is empty where there is no room for it.
        now, end: places of the two markers; ``end`` is None without a forecast.
    """

    segments: tuple[Segment, ...]
    limits: tuple[tuple[str, str], ...]
    now: str
    end: str | None


def tier_scale(
    limits: Sequence[int], figures: Sequence[str], names: Sequence[str], used: int, forecast: int | None
) -> Scale:
    """The scale of tiers that end at these limits (Wh), the last one open.

    Args:
        figures: the limits as they are written.
        names: of the tiers, one more than limits.
    """
    longest = max(limits[-1] * _OPEN, max(used, forecast or 0) * 1.05)
    whole = min(longest, limits[-1] * _FURTHEST)
    edges = [0.0, *(limit * 100 / whole for limit in limits), 100.0]
    segments = tuple(
        Segment(
            x=_percent(first),
            width=_percent(last - first),
            middle=_percent((first + last) / 2),
            role=f"tier{at}",
            name=name if last - first >= _NAME else "",
        )
        for at, name, first, last in zip(count(1), names, edges, edges[1:], strict=False)
    )
    written: list[tuple[str, str]] = []
    last = 0.0
    for edge, figure in zip(edges[1:], figures, strict=False):
        room = not written or edge - last >= _FIGURE
        written.append((_percent(edge), figure if room else ""))
        last = edge if room else last
    return Scale(
        segments=segments,
        limits=tuple(written),
        now=_percent(_place(used, whole)),
        end=None if forecast is None else _percent(_place(forecast, whole)),
    )


@dataclass(frozen=True)
class Bar:
    """One of some bars that are compared by their length."""

    width: str
    wh: int


def bars(values: Sequence[int]) -> tuple[Bar, ...]:
    """Bars whose longest fills the width."""
    longest = max([*values, 1])
    return tuple(Bar(_percent(max(value, 0) * 100 / longest), value) for value in values)


@dataclass(frozen=True)
class Part:
    """One period of the day in a bar of all: ``share`` in whole per cent."""

    x: str
    width: str
    role: str
    name: str
    share: int
    wh: int


def split(parts: Sequence[tuple[str, str, int]]) -> tuple[Part, ...]:
    """A bar of (role, name, Wh), in this order."""
    total = max(sum(wh for _, _, wh in parts), 1)
    found, at = [], 0.0
    for role, name, wh in parts:
        width = wh * 100 / total
        found.append(Part(_percent(at), _percent(width), role, name, round(width), wh))
        at += width
    return tuple(found)


def _place(used: int, whole: float) -> float:
    return min(used * 100 / whole, 99.0)


def _percent(value: float) -> str:
    return f"{max(value, 0):.2f}%"
