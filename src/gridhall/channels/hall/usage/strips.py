"""Shares of a whole as a strip: where each part stands, in hundredths of its width."""

from dataclasses import dataclass

from gridhall.channels.hall.usage import words
from gridhall.channels.hall.usage.days import Share
from gridhall.channels.web.charts import SeriesRole


@dataclass(frozen=True)
class Part:
    """A part of a strip; ``start`` and ``width`` as text, since a drawing knows no decimal comma."""

    name: str
    role: SeriesRole
    wh: int
    percent: float
    start: str
    width: str


def strips(shares: list[Share]) -> list[Part]:
    """The parts of a strip, side by side; none where everything is zero."""
    found, at = [], 0.0
    for place, share in enumerate(shares):
        role = words.role_of(share.period, place)
        name = words.name_of(share.period)
        found.append(Part(name, role, share.wh, share.percent, f"{at:.3f}", f"{share.percent:.3f}"))
        at += share.percent
    return [part for part in found if part.wh]
