"""Pictures of a bill, drawn by the server: how its energy fills the tiers, and how it divides over the day.

Places along a bar are per cent of its width with two decimals, so that a drawing stretches with the page.
"""

from dataclasses import dataclass
from decimal import Decimal

from gridhall.channels.hall.bills.lines import component_of, period_name, period_role
from gridhall.contexts.billing.queries import OwnBillInFull
from gridhall.contexts.billing.types import BillView

#: Names of tiers are written into segments at least so wide, figures of limits at least so far apart (per cent).
_ROOM_FOR_NAME = 15.0
_ROOM_FOR_FIGURE = 12.0


@dataclass(frozen=True)
class Segment:
    """A piece of a bar from ``x`` on, ``width`` wide."""

    x: str
    width: str
    role: str


@dataclass(frozen=True)
class TierRow:
    """One tier beside the picture; ``up_to_wh`` is None for the last. ``wh`` and ``amount_fen`` are of this bill."""

    tier: int
    from_wh: int
    up_to_wh: int | None
    wh: int
    amount_fen: int
    middle: str
    named: bool


@dataclass(frozen=True)
class TierPicture:
    """How a bill's energy lies in the tiers.

    Attributes:
        track, before, now: segments of the tiers themselves, of what earlier bills used, of this bill.
        limits: place and Wh of the limits that there is room to name.
        marker: where the use stands after this bill.
        left_wh: until the next tier begins; None in the last.
        tier: the tier reached, from 1.
    """

    track: tuple[Segment, ...]
    before: tuple[Segment, ...]
    now: tuple[Segment, ...]
    limits: tuple[tuple[str, int], ...]
    marker: str
    rows: tuple[TierRow, ...]
    before_wh: int
    after_wh: int
    left_wh: int | None
    tier: int
    basis: str


@dataclass(frozen=True)
class PeriodRow:
    """One period of the day: its share in per cent, energy and amount."""

    name: str
    role: str
    share: int
    wh: int
    amount_fen: int


@dataclass(frozen=True)
class DayPicture:
    """How a bill's energy divides over the periods of the day."""

    segments: tuple[Segment, ...]
    rows: tuple[PeriodRow, ...]


def tiers(own: OwnBillInFull) -> TierPicture | None:
    """The picture of a bill's tiers; None where its price has none."""
    bill, limits = own.bill, own.limits
    if limits is None or not limits.limits_wh:
        return None
    cumulative = limits.basis in ("year", "season")
    before = bill.tier_used_wh if cumulative else 0
    used, amounts = _by_tier(bill)
    energy = sum(used.values())
    after = before + energy
    bounds = [0, *limits.limits_wh]
    # The last tier is open: drawn a quarter as long as all before it, and longer once the use is in it.
    whole = max(bounds[-1] * 5 // 4, after * 21 // 20, 1)
    edges = [*bounds, whole]
    tier = next(at for at in range(1, len(edges)) if after <= edges[at] or at == len(edges) - 1)
    rows: list[TierRow] = []
    track: list[Segment] = []
    old: list[Segment] = []
    new: list[Segment] = []
    for at in range(len(edges) - 1):
        first, last, role = edges[at], edges[at + 1], f"tier{min(at + 1, 3)}"
        track.append(_segment(first, last, whole, role))
        for pieces, start, stop in ((old, 0, before), (new, before, after)):
            low, high = max(first, start), min(last, stop)
            if high > low:
                pieces.append(_segment(low, high, whole, role))
        wide = (last - first) * 100 / whole
        up_to = None if at == len(edges) - 2 else last
        middle = _per_cent(first + (last - first) / 2, whole)
        rows.append(
            TierRow(at + 1, first, up_to, used.get(at + 1, 0), amounts.get(at + 1, 0), middle, wide >= _ROOM_FOR_NAME)
        )
    named: list[tuple[str, int]] = []
    place = 0.0
    for limit in limits.limits_wh:
        if limit * 100 / whole - place >= _ROOM_FOR_FIGURE:
            named.append((_per_cent(limit, whole), limit))
            place = limit * 100 / whole
    left = None if tier > len(limits.limits_wh) else limits.limits_wh[tier - 1] - after
    return TierPicture(
        tuple(track), tuple(old), tuple(new), tuple(named), _per_cent(after, whole), tuple(rows), before, after, left,
        tier, limits.basis,
    )  # fmt: skip


def day(bill: BillView) -> DayPicture | None:
    """The picture of a bill's periods of the day; None where its price does not tell them apart."""
    found: dict[str, tuple[str, int, int]] = {}
    for line in bill.lines:
        if line.period is None or line.unit != "kWh" or line.settlement != "bill" or line.quantity < 0:
            continue
        plan = bill.tariff.plan(line.version)
        part = component_of(plan, line)
        if part.type != "energy" or part.channel != "import":
            continue
        name, wh, fen = found.get(line.period, (period_name(plan, part, line.period), 0, 0))
        found[line.period] = (name, wh + int(line.quantity * 1000), fen + int(line.amount * 100))
    total = sum(wh for _, wh, _ in found.values())
    if not total:
        return None
    segments, rows, at = [], [], 0
    for period, (name, wh, fen) in found.items():
        role = "deep" if "deep" in period else period_role(period)
        segments.append(_segment(at, at + wh, total, role))
        rows.append(PeriodRow(name, role, round(wh * 100 / total), wh, fen))
        at += wh
    return DayPicture(tuple(segments), tuple(rows))


def _by_tier(bill: BillView) -> tuple[dict[int, int], dict[int, int]]:
    """Wh and fen of each tier of delivered energy; all in the first where only that was reached."""
    used: dict[int, int] = {}
    amounts: dict[int, int] = {}
    for line in bill.lines:
        if line.tier is None or line.unit != "kWh" or line.settlement != "bill":
            continue
        used[line.tier] = used.get(line.tier, 0) + int(line.quantity * 1000)
        amounts[line.tier] = amounts.get(line.tier, 0) + int(line.amount * 100)
    return used, amounts


def _segment(first: float, last: float, whole: int, role: str) -> Segment:
    return Segment(_per_cent(first, whole), _per_cent(last - first, whole), role)


def _per_cent(value: float, whole: int) -> str:
    return f"{Decimal(value) * 100 / whole:.2f}%"
