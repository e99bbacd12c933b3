"""Why two bills differ: the difference taken apart into effects that sum to it, to the fen.

Sequential substitution. Write each part of a price that is paid by the kWh (an energy component, a fund, a dynamic
price) as Q kWh spread over cells (tier, period of the day) with prices p, so that it costs Q · Σ share · p. From the
earlier bill A to the later bill B one thing is changed at a time, everything else staying as it has become::

    days      Q_A              → Q_A · days_B / days_A      cells and prices of A
    weather   + the kWh that the weather explains           cells and prices of A
    use       → Q_B            whatever else changed        cells and prices of A
    tier      tiers of A       → tiers of B                 periods within a tier and prices of A
    shift     periods of A     → periods of B               prices of A
    price     prices of A      → prices of B
    other     everything that is not paid by the kWh: capacity, demand, fixed, credits, minimum, taxes

The order is part of the definition: days first, because nobody chose them; prices last, so that "price" is what the
new prices cost on what was really used. Prices of A for cells that A did not fill come from A's own tariff. Where the
two bills have prices that do not correspond (another tariff), there is one cell, the mean price per kWh, and ``price``
is what the change of that mean costs.

The effects are exact fractions of a fen; those of the kWh are rounded by largest remainder to the whole fen by which
the amounts of the kWh lines really differ, so that the sum of all effects is the difference of the totals. An effect
that is nothing stays nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Final


class Effect(StrEnum):
    """What makes a bill differ from another, in the order of substitution."""

    DAYS = "days"
    WEATHER = "weather"
    USE = "use"
    TIER = "tier"
    SHIFT = "shift"
    PRICE = "price"
    OTHER = "other"


#: The effects on what is paid by the kWh, in the order of substitution.
BY_KWH: Final = (Effect.DAYS, Effect.WEATHER, Effect.USE, Effect.TIER, Effect.SHIFT, Effect.PRICE)

#: (tier, period of the day); None where a price has none.
Cell = tuple[int | None, str | None]


@dataclass(frozen=True)
class Quantities:
    """One part of a price that is paid by the kWh, on one bill.

    Attributes:
        wh: energy of each cell.
        prices: fen per Wh of each cell that the tariff has, filled or not.
    """

    wh: Mapping[Cell, int]
    prices: Mapping[Cell, Fraction]

    @property
    def total_wh(self) -> int:
        """The energy of all cells."""
        return sum(self.wh.values())


@dataclass(frozen=True)
class Compared:
    """A bill as far as comparing needs it.

    Attributes:
        parts: by the code of their component.
        kwh_fen: what the lines of the parts amount to, as billed.
        comparable: whatever tells prices that correspond from those that do not, such as the tariff's code.
    """

    days: int
    energy_wh: int
    total_fen: int
    kwh_fen: int
    parts: Mapping[str, Quantities]
    comparable: str


@dataclass(frozen=True)
class Decomposition:
    """The effects in fen; they sum to ``difference_fen``.

    ``changed_wh`` says how much energy days, weather and use come to. ``same_prices`` is False where the bills' prices
    do not correspond and only their means were compared.
    """

    fen: Mapping[Effect, int]
    difference_fen: int
    changed_wh: Mapping[Effect, int]
    same_prices: bool
    exact: Mapping[Effect, Fraction] = field(repr=False)


def decompose(before: Compared, after: Compared, weather_wh: int | None = None) -> Decomposition:
    """This will take the difference between two bills apart; see the module for the definition.

    Args:
        before: the bill that is compared with.
        after: the bill that is explained.
        weather_wh: how much more energy the weather of the later period explains, at the later period's length; None
            where nothing is known of it, and what it did is then within ``use``.
    """
    same = _correspond(before, after)
    old = before.parts if same else {"all": _mean(before, after)}
    new = after.parts if same else {"all": _mean(after, before)}
    exact = dict.fromkeys(BY_KWH, Fraction(0))
    for code in dict.fromkeys([*old, *new]):
        empty = Quantities({}, {})
        share = Fraction(weather_wh or 0, before.energy_wh) if before.energy_wh else Fraction(0)
        _add(exact, old.get(code, empty), new.get(code, empty), Fraction(after.days, before.days), share)
    difference = after.total_fen - before.total_fen
    fen = _whole(exact, after.kwh_fen - before.kwh_fen)
    fen[Effect.OTHER] = difference - sum(fen.values())
    by_days = round(Fraction(before.energy_wh * (after.days - before.days), before.days))
    changed = {
        Effect.DAYS: by_days,
        Effect.WEATHER: weather_wh or 0,
        Effect.USE: after.energy_wh - before.energy_wh - by_days - (weather_wh or 0),
    }
    return Decomposition(fen, difference, changed, same, exact)


def _add(exact: dict[Effect, Fraction], old: Quantities, new: Quantities, days: Fraction, weather: Fraction) -> None:
    """Add one part's effects. ``weather`` is the energy that it explains as a share of the earlier bill's."""
    cost = _cost(old.wh, old.prices)
    if old.total_wh:
        scaled = cost * Fraction(new.total_wh, old.total_wh)
        exact[Effect.DAYS] += cost * (days - 1)
        exact[Effect.WEATHER] += cost * weather
        exact[Effect.USE] += scaled - cost * days - cost * weather
    else:
        # Nothing was used before: all of it is use, in the tiers and periods that it came in.
        scaled = _cost(new.wh, old.prices or new.prices)
        exact[Effect.USE] += scaled
    old_prices = {**new.prices, **old.prices}
    tiered = _cost(_tiers_of(old, new), old_prices) if old.total_wh else scaled
    shifted = _cost(new.wh, old_prices)
    exact[Effect.TIER] += tiered - scaled
    exact[Effect.SHIFT] += shifted - tiered
    exact[Effect.PRICE] += _cost(new.wh, new.prices) - shifted


def _tiers_of(old: Quantities, new: Quantities) -> dict[Cell, Fraction]:
    """The later energy in its own tiers, each spread over the periods as the earlier bill's energy of that tier was.

    A tier that the earlier bill did not reach is spread as all of its energy was.
    """
    periods: dict[int | None, dict[str | None, int]] = {}
    overall: dict[str | None, int] = {}
    for (tier, period), wh in old.wh.items():
        of_tier = periods.setdefault(tier, {})
        of_tier[period] = of_tier.get(period, 0) + wh
        overall[period] = overall.get(period, 0) + wh
    tiers: dict[int | None, int] = {}
    for (tier, _), wh in new.wh.items():
        tiers[tier] = tiers.get(tier, 0) + wh
    spread: dict[Cell, Fraction] = {}
    for tier, wh in tiers.items():
        like = periods.get(tier, {})
        like = like if sum(like.values()) else overall
        whole = sum(like.values())
        spread |= {(tier, period): Fraction(wh * part, whole) for period, part in like.items()}
    return spread


def _cost(wh: Mapping[Cell, int] | Mapping[Cell, Fraction], prices: Mapping[Cell, Fraction]) -> Fraction:
    return sum((Fraction(quantity) * prices[cell] for cell, quantity in wh.items() if quantity), Fraction(0))


def _correspond(before: Compared, after: Compared) -> bool:
    """Whether each cell that either bill fills has a price in the other's tariff."""
    if before.comparable != after.comparable or before.parts.keys() != after.parts.keys():
        return False
    for code, old in before.parts.items():
        new = after.parts[code]
        tiers = {tier for tier, _ in [*old.wh, *new.wh]}
        periods = {period for _, period in [*old.wh, *new.wh]}
        cells = {(tier, period) for tier in tiers for period in periods}
        if not (cells <= old.prices.keys() and cells <= new.prices.keys()):
            return False
    return True


def _mean(bill: Compared, other: Compared) -> Quantities:
    """All that is paid by the kWh as one cell at its mean price; that of the other bill where nothing was used."""
    cell: Cell = (None, None)
    used = bill if bill.energy_wh else other
    mean = Fraction(used.kwh_fen, used.energy_wh) if used.energy_wh else Fraction(0)
    return Quantities({cell: bill.energy_wh}, {cell: mean})


def _whole(exact: Mapping[Effect, Fraction], total: int) -> dict[Effect, int]:
    """Whole fen that sum to ``total``, each near its fraction; zeros stay zero, and where all are, so does the sum."""
    fen = {effect: value.numerator // value.denominator for effect, value in exact.items()}
    moving = [effect for effect, value in exact.items() if value]
    if not moving:
        return fen
    left = total - sum(fen.values())
    moving.sort(key=lambda effect: (exact[effect] - fen[effect], abs(exact[effect])), reverse=left > 0)
    step = 1 if left > 0 else -1
    for place in range(abs(left)):
        fen[moving[place % len(moving)]] += step
    return fen
