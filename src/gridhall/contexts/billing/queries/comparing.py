"""Why a bill differs from another of the same customer at the same usage point."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gridhall.contexts.billing.queries.own import OwnBillInFull
from gridhall.contexts.billing.rules.comparison import Cell, Compared, Decomposition, Effect, Quantities, decompose
from gridhall.contexts.billing.types import BillView
from gridhall.contexts.metering import queries as metering
from gridhall.contexts.metering.types.weather import WeatherBetween
from gridhall.contexts.tariffs.types import ExplainedLine, Tariff
from gridhall.kernel.spans import DateSpan

_BY_KWH = {"energy", "surcharge", "dynamic"}


@dataclass(frozen=True)
class Comparison:
    """A bill beside an earlier one, and the difference taken apart.

    Attributes:
        effects: in the order of `rules.comparison`, those that are nothing left out; they sum to ``difference_fen``.
        weather: None where temperatures are not known; without sensitivity where the use does not follow them.
        same_prices: False where the tariff changed, so that tiers and periods are within ``price``.
    """

    after: BillView
    before: BillView
    difference_fen: int
    effects: tuple[tuple[Effect, int], ...]
    changed_wh: Mapping[Effect, int]
    weather: WeatherBetween | None
    same_prices: bool

    @property
    def days_more(self) -> int:
        """How many days longer the later period is."""
        return self.after.span.days - self.before.span.days


def compare(after: OwnBillInFull, before: OwnBillInFull, visible: tuple[DateSpan, ...]) -> Comparison:
    """Take the difference between two bills apart. One query and one reading of the lake, for the weather.

    Args:
        visible: the days whose readings may be used to see how the use follows the weather.
    """
    weather = metering.weather_between(
        after.usage_point, after.organisation, before.bill.span, after.bill.span, visible
    )
    return of_bills(after.bill, before.bill, weather)


def of_bills(after: BillView, before: BillView, weather: WeatherBetween | None = None) -> Comparison:
    """The same from bills and weather that are known already. No query."""
    found: Decomposition = decompose(compared(before), compared(after), None if weather is None else weather.more_wh)
    effects = tuple((effect, fen) for effect, fen in found.fen.items() if fen)
    return Comparison(after, before, found.difference_fen, effects, found.changed_wh, weather, found.same_prices)


def compared(bill: BillView) -> Compared:
    """A bill as far as comparing needs it: its lines by the kWh, and the prices that its tariff has for each cell."""
    lines: dict[str, list[ExplainedLine]] = {}
    prices: dict[str, dict[Cell, Fraction]] = {}
    for version in bill.versions:
        kinds = _kinds(bill.tariff, version)
        for line in bill.tariff.plan(version).lines:
            if line.component not in kinds or line.settlement != "bill":
                continue
            lines.setdefault(line.component, [])
            known = prices.setdefault(line.component, {})
            if line.price is not None:
                known.setdefault((line.tier, line.period), Fraction(line.price) / 10)
    for billed, component in _by_kwh(bill):
        lines[component].append(billed)
    parts = {code: _quantities(found, prices[code]) for code, found in lines.items()}
    kwh_fen = sum(int(line.amount * 100) for line, _ in _by_kwh(bill))
    return Compared(bill.span.days, bill.energy_wh, bill.total_fen, kwh_fen, parts, bill.tariff.code)


def _by_kwh(bill: BillView) -> list[tuple[ExplainedLine, str]]:
    """The lines that are paid by the kWh, with their component."""
    found = []
    for line in bill.lines:
        component = next(each.component for each in bill.tariff.plan(line.version).lines if each.code == line.code)
        if line.settlement == "bill" and component in _kinds(bill.tariff, line.version):
            found.append((line, component))
    return found


def _kinds(tariff: Tariff, version: str) -> dict[str, Any]:
    """The components of a version that are paid by the kWh delivered, by code."""
    return {
        part.code: part
        for part in tariff.plan(version).text.components
        if part.type in _BY_KWH and getattr(part, "channel", "import") == "import"
    }


def _quantities(lines: list[ExplainedLine], prices: Mapping[Cell, Fraction]) -> Quantities:
    """Energy and prices by cell; where a version began within the bill, the mean price of what was used."""
    wh: dict[Cell, int] = {}
    worth: dict[Cell, Fraction] = {}
    for line in lines:
        cell = line.tier, line.period
        energy = int(line.quantity * 1000)
        wh[cell] = wh.get(cell, 0) + energy
        worth[cell] = worth.get(cell, Fraction(0)) + Fraction(line.price) / 10 * energy
    means = {cell: worth[cell] / quantity for cell, quantity in wh.items() if quantity}
    return Quantities(wh, {**prices, **means})
