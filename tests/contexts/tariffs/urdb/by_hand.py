"""A URDB rate priced as slowly and plainly as possible: one interval after the other, in exact decimals.

It shares no line with the importer or the engine, reads the JSON by itself, and can do what PySAM cannot: any year,
days on which clocks change, charges by the day.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any


@dataclass
class Month:
    """What one month comes to, unrounded."""

    energy: Decimal = Decimal(0)
    demand: Decimal = Decimal(0)
    fixed: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    used: dict[tuple[int, int], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def total(self) -> Decimal:
        return self.energy + self.demand + self.fixed + self.minimum


def price(
    rate: Mapping[str, Any], intervals: Iterable[tuple[datetime, int]], minutes: int
) -> dict[tuple[int, int], Month]:
    """Price every month of a supply, its tiers filled in the order of time.

    Args:
        rate: the JSON of a rate, numbers as Decimal or int.
        intervals: local start and Wh of each interval, in the order of time, whole months.
        minutes: how long an interval is.
    """
    months: dict[tuple[int, int], Month] = defaultdict(Month)
    used: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    peaks: dict[tuple[int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    per_hour = Fraction(60, minutes)
    for start, watt_hours in intervals:
        key = (start.year, start.month)
        month = months[key]
        day = "weekend" if start.weekday() >= 5 else "weekday"
        period = int(rate[f"energy{day}schedule"][start.month - 1][start.hour])
        kwh = Decimal(watt_hours) / 1000
        tiers = rate["energyratestructure"][period]
        for number, portion in fill(tiers, used[key], kwh, monthrange(start.year, start.month)[1]):
            month.energy += portion * total_rate(tiers[number])
            month.used[period, number] += portion
        used[key] += kwh
        watts = int(watt_hours * per_hour)
        named = rate.get(f"demand{day}schedule")
        demand_period = int(named[start.month - 1][start.hour]) if rate.get("demandratestructure") else 0
        peaks[key][demand_period] = max(peaks[key][demand_period], watts)
    for key, month in months.items():
        finish(rate, key, month, peaks[key])
    return dict(months)


def finish(rate: Mapping[str, Any], key: tuple[int, int], month: Month, peaks: Mapping[int, int]) -> None:
    """Demand, fixed and minimum charges of a month."""
    for period, watts in peaks.items():
        if rate.get("demandratestructure"):
            month.demand += blocks(rate["demandratestructure"][period], watts)
    if rate.get("flatdemandstructure"):
        month.demand += blocks(
            rate["flatdemandstructure"][int(rate["flatdemandmonths"][key[1] - 1])], max(peaks.values())
        )
    days = monthrange(*key)[1]
    month.fixed = Decimal(rate.get("fixedmonthlycharge") or 0)
    if rate.get("fixedchargefirstmeter"):
        unit = rate["fixedchargeunits"]
        month.fixed += Decimal(rate["fixedchargefirstmeter"]) * {"$/month": 1, "$/day": days}[unit]
    least = Decimal(rate.get("minmonthlycharge") or 0)
    if rate.get("mincharge"):
        least = Decimal(rate["mincharge"]) * {"$/month": 1, "$/day": days}[rate["minchargeunits"]]
    month.minimum = max(Decimal(0), least - month.energy - month.demand - month.fixed)


def fill(tiers: list[Any], used: Decimal, kwh: Decimal, days: int) -> Iterable[tuple[int, Decimal]]:
    """The tiers that the next kWh fall into."""
    left = kwh
    for number, tier in enumerate(tiers):
        limit = tier.get("max")
        if limit is None or number == len(tiers) - 1:
            yield number, left
            return
        if tier.get("unit", "").lower() == "kwh daily":
            limit = limit * days
        room = max(Decimal(0), Decimal(limit) - used)
        portion = min(left, room)
        if portion:
            yield number, portion
        used += portion
        left -= portion
        if not left:
            return


def blocks(tiers: list[Any], watts: int) -> Decimal:
    """The price of a demand by its tiers."""
    return sum(
        (portion * total_rate(tiers[number]) for number, portion in fill(tiers, Decimal(0), Decimal(watts) / 1000, 1)),
        Decimal(0),
    )


def total_rate(tier: Mapping[str, Any]) -> Decimal:
    """Rate and adjustment of a tier."""
    return Decimal(tier["rate"]) + Decimal(tier.get("adj") or 0)
