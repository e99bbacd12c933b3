"""What the lake is asked for a rating, once for the whole span, and handed out piece by piece."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.rules.arithmetic import Integers
from gridhall.contexts.tariffs.rules.charges.batch import Batch, BilledPiece, Measured
from gridhall.contexts.tariffs.rules.pieces import Layout, Piece, layout
from gridhall.contexts.tariffs.rules.series import adjusted
from gridhall.contexts.tariffs.types import Calendar, Plan, PriceSeries, Tariff
from gridhall.kernel.errors import Refused
from gridhall.lake.measure import measure, measure_chronological, measure_priced
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings


class PriceSeriesMissing(Refused):
    """A dynamic component has no series of prices to go by."""

    code = "price_series_missing"


@dataclass(frozen=True)
class _Block:
    """One channel on all pieces of one plan: each column ``[piece, row]``, 0 where a row has no readings."""

    layout: Layout
    columns: Mapping[str, Integers]


class Measurements:
    """Energy and demands of all rows on all pieces.

    Args:
        pieces: of the span; each plan's pieces are measured in one pass per channel.
        members: ``usage_point, start, end`` of every row.
    """

    def __init__(
        self,
        tariff: Tariff,
        pieces: Sequence[Piece],
        readings: Mapping[Channel, Readings],
        members: pa.Table,
        *,
        zone: ZoneInfo,
        calendar: Calendar,
        prices: Mapping[str, PriceSeries],
    ) -> None:
        self._pieces = pieces
        self._readings = readings
        self._members = members
        self._zone = zone
        self._prices = prices
        self._blocks: list[dict[Channel, tuple[_Block, int]]] = [{} for _ in pieces]
        for plan in tariff.plans:
            numbers = [index for index, piece in enumerate(pieces) if piece.plan is plan]
            if not numbers:
                continue
            for channel in channels_of(plan):
                if channel in readings:
                    self._measure(plan, numbers, channel, calendar)

    def _measure(self, plan: Plan, numbers: Sequence[int], channel: Channel, calendar: Calendar) -> None:
        shape = layout(plan, [self._pieces[number].span for number in numbers], channel, calendar)
        found = measure(self._readings[channel], list(shape.needs), self._zone, self._members)
        columns = {name: found[name].to_numpy() for name in found.column_names}
        size = (len(numbers), len(self._members))
        if len(found) == size[0] * size[1]:
            columns = {name: column.reshape(size) for name, column in columns.items()}
        else:
            place = columns["segment"], columns["member"]
            sparse, columns = columns, {}
            for name, values in sparse.items():
                columns[name] = np.zeros(size, dtype=np.int64)
                columns[name][place] = values
        block = _Block(shape, columns)
        for index, number in enumerate(numbers):
            self._blocks[number][channel] = (block, index)

    def of_pieces(self, numbers: Sequence[int], rows: npt.NDArray[np.int64]) -> dict[Channel, Measured]:
        """What was measured on pieces for some rows: all rows of the first piece, of the second, …

        Args:
            numbers: of pieces of one plan, one after the other.
        """
        found = {}
        for channel, (block, _) in self._blocks[numbers[0]].items():
            picked = self._picked(channel, numbers, rows)
            energy = [picked(f"wh_{each}") for each in range(len(block.layout.combinations))]
            demand = [picked(f"w_{each}") for each in range(len(block.layout.needs[0].demands))]
            found[channel] = Measured(block.layout, energy, demand, picked("days"))
        return found

    def counts_of(self, numbers: Sequence[int], rows: npt.NDArray[np.int64]) -> dict[str, Integers]:
        """Days read, slots missing and estimated, of pieces for some rows, in the order of `of_pieces`."""
        if Channel.IMPORT not in self._blocks[numbers[0]]:
            return {}
        picked = self._picked(Channel.IMPORT, numbers, rows)
        return {name: picked(name) for name in ("days", "missing", "estimated")}

    def _picked(
        self, channel: Channel, numbers: Sequence[int], rows: npt.NDArray[np.int64]
    ) -> Callable[[str], Integers]:
        block, first = self._blocks[numbers[0]][channel]
        everyone = len(rows) == len(self._members)

        def picked(name: str) -> Integers:
            part = block.columns[name][first : first + len(numbers)]
            return (part if everyone else part[:, rows]).reshape(-1)

        return picked

    def counts(self, batch: Batch) -> dict[str, Integers]:
        """Determinants for information: days, gaps, energies, the highest demand, in columns of the bills' table."""
        names = ("days", "days_read", "missing", "estimated", "energy_wh", "export_wh", "reactive_varh", "demand_w")
        found = dict.fromkeys(names, batch.nothing)
        for piece in (piece for parts in batch.parts for piece in parts):
            found["days"] = batch.added(found["days"], piece.days)
            for name, counted in (("days_read", "days"), ("missing", "missing"), ("estimated", "estimated")):
                if counted in piece.counts:
                    found[name] = batch.added(found[name], piece.counts[counted])
            for channel, name in (
                (Channel.IMPORT, "energy_wh"),
                (Channel.EXPORT, "export_wh"),
                (Channel.REACTIVE, "reactive_varh"),
                (Channel.REACTIVE_EXPORT, "reactive_varh"),
            ):
                if channel in piece.measured:
                    found[name] = batch.added(found[name], piece.measured[channel].of_period(None, None))
            if Channel.IMPORT in piece.measured:
                for column in piece.measured[Channel.IMPORT].demand:
                    found["demand_w"] = np.maximum(found["demand_w"], column)
        return found

    def chronological(
        self, batch: Batch, part: BilledPiece, limits: Sequence[Integers], used: Integers
    ) -> list[list[Integers]]:
        """See `Intervals`.

        Only who crosses a limit on the piece is measured again; everybody else stays in one tier.
        """
        measured = part.measured[Channel.IMPORT]
        energy = measured.of_period(None, None)
        begin, end = batch.zeros(), batch.zeros()
        for limit in limits:
            begin, end = begin + (used >= limit), end + (used + energy > limit)
        end = np.maximum(begin, end)
        cells = [
            [np.where((begin == end) & (begin == tier), column, 0) for column in measured.energy]
            for tier in range(len(limits) + 1)
        ]
        crossing = np.flatnonzero(begin != end)
        if not len(crossing):
            return cells
        block, index = self._blocks[part.number][Channel.IMPORT]
        needs = block.layout.needs[index]
        asked = self._members.take(pa.array(batch.rows[crossing])).append_column("used", pa.array(used[crossing]))
        for index, limit in enumerate(limits):
            asked = asked.append_column(f"limit_{index}", pa.array(limit[crossing]))
        found = measure_chronological(self._readings[Channel.IMPORT], needs, self._zone, asked)
        rows = crossing[found["member"].to_numpy()]
        for tier, columns in enumerate(cells):
            for register, column in enumerate(columns):
                column[rows] = found[f"wh_{register}_{tier}"].to_numpy()
        return cells

    def priced(
        self, batch: Batch, part: BilledPiece, component: models.Dynamic
    ) -> tuple[Integers, Integers, Integers, int]:
        """See `Intervals`."""
        channel = Channel(component.channel)
        if component.code not in self._prices:
            raise PriceSeriesMissing(
                f"There is no price series for {component.code}.", path=component.code, remedy="Hand one in."
            )
        if channel not in self._readings:
            batch.refuse(part.days > 0, "export_readings_missing")
            return batch.zeros(), batch.zeros(), batch.zeros(), 0
        series = adjusted(self._prices[component.code], component)
        members = self._members.take(pa.array(batch.rows))
        found = measure_priced(self._readings[channel], series.table, self._zone, members, part.piece.span)
        rows = found["member"].to_numpy()
        columns = []
        for name in ("wh", "priced", "unpriced"):
            column = batch.zeros()
            column[rows] = found[name].to_numpy()
            columns.append(column)
        return columns[0], columns[1], columns[2], series.scale


def channels_of(plan: Plan) -> list[Channel]:
    """The channels that a plan's components price or judge by."""
    found: dict[Channel, Any] = {Channel.IMPORT: True}
    for part in plan.text.components:
        if isinstance(part, models.Energy) and (part.net_of_export or part.channel == "export"):
            found[Channel.EXPORT] = True
        if isinstance(part, models.Dynamic) and part.channel == "export":
            found[Channel.EXPORT] = True
        if isinstance(part, models.PowerFactor):
            found[Channel.REACTIVE] = found[Channel.REACTIVE_EXPORT] = True
    return list(found)
