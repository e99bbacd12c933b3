"""Energy times price, slot by slot, for prices that change by the hour or oftener."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.kernel.errors import GridhallError
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves
from gridhall.lake.curves import RESOLUTIONS, IntervalTooCoarse
from gridhall.lake.measure.registers import of_members
from gridhall.lake.readings import Readings

_INT64: Final = 2**63 - 1


class PricedEnergyTooLarge(GridhallError):
    """A sum of energy times price does not fit 64 bits."""

    code = "priced_energy_too_large"


def measure_priced(
    readings: Readings, prices: pa.Table, zone: str | ZoneInfo, members: pa.Table, span: DateSpan
) -> pa.Table:
    """Sum energy times price over every slot, exactly.

    Args:
        prices: ``day date32, prices list<int64>``: each day once, an integer price for each slot of that day, at any
            accepted resolution, NULL where there is none. Readings finer than the prices share the price of their
            slot; readings coarser are priced only where all prices within a reading are equal.
        members: ``usage_point int64, start date32, end date32``; a usage point may occur more than once.
        span: the days wanted.

    Returns:
        One row per member with readings: ``usage_point, member`` (row of ``members``), ``wh`` (all energy), ``priced``
        (Σ Wh × price), ``unpriced`` (Wh in slots without a price), ``days, missing, estimated``; all int64, ordered by
        member.

    Raises:
        IntervalTooCoarse: when prices change within a reading.
        ResolutionUnknown: when a day's prices or a curve do not fit the day.
        PricedEnergyTooLarge: when the sum does not fit int64; give prices with fewer decimal places.
    """
    session = readings.session
    by_day = {
        day: values
        for day, values in zip(prices["day"].to_pylist(), prices["prices"].to_pylist(), strict=True)
        if day in span
    }
    shared = math.gcd(*(price for values in by_day.values() for price in values if price)) or 1
    with session.scratch():
        rows = of_members(readings, members, np.arange(len(members), dtype=np.int64))
        rows = rows.filter(rows.day >= span.start, rows.day < span.end)
        rows = rows.mutate(length=rows.curve.length())
        listed = session.table(_by_length(by_day, zone, shared))
        joined = rows.join(listed, [rows.day == listed.day, rows.length == listed.length], how="left").select(
            rows, listed.price, listed.gap
        )
        priceless = joined.price.isnull()
        total = session.total(joined.curve)
        gapless = all(price is not None for values in by_day.values() for price in values)
        gaps = ibis.literal(0, "int64") if gapless else session.product(joined.curve, joined.gap)
        counted = joined.select(
            "usage_point",
            "member",
            "missing",
            "estimated",
            wh=total,
            # Ibis has no sum of products of two arrays; pairs, multiplied and added, are the same on every engine.
            priced=ibis.ifelse(priceless, 0, session.product(joined.curve, joined.price)),
            unpriced=ibis.ifelse(priceless, total, gaps),
            unfit=(priceless & joined.day.isin(list(by_day))).cast("int64") if by_day else ibis.literal(0, "int64"),
        )
        names = ("wh", "priced", "unpriced", "unfit", "missing", "estimated")
        found = session.collect(
            counted.group_by(["usage_point", "member"]).aggregate(
                **{name: counted[name].sum().cast("int64") for name in names}, days=counted.count().cast("int64")
            )
        )
        if len(found) and pc.max(found["unfit"]).as_py():
            _explain(readings, rows, by_day, zone)
    found = found.take(pc.sort_indices(found, [("member", "ascending")]))
    return pa.table(
        {
            "usage_point": found["usage_point"],
            "member": found["member"],
            "wh": found["wh"],
            "priced": _times(found["priced"].to_numpy(), shared),
            **{name: found[name] for name in ("unpriced", "days", "missing", "estimated")},
        }
    )


def _by_length(by_day: dict[date, list[int | None]], zone: str | ZoneInfo, shared: int) -> pa.Table:
    """Each day's prices once for every length of curve that they can price, and 1 in place of each price that lacks."""
    days, lengths, lists, gaps = [], [], [], []
    for day, values in by_day.items():
        for minutes in RESOLUTIONS:
            fitted = _fitted(values, zone, day, minutes)
            if fitted is not None:
                days.append(day)
                lengths.append(len(fitted))
                lists.append([0 if price is None else price // shared for price in fitted])
                gaps.append([1 if price is None else 0 for price in fitted])
    return pa.table(
        {
            "day": pa.array(days, pa.date32()),
            "length": pa.array(lengths, pa.int64()),
            "price": pa.array(lists, pa.list_(pa.int64())),
            "gap": pa.array(gaps, pa.list_(pa.int64())),
        }
    )


def _fitted(values: Sequence[int | None], zone: str | ZoneInfo, day: date, minutes: int) -> list[int | None] | None:
    """A day's prices for slots of so many minutes; None where a slot would have several."""
    own = curves.resolution(zone, day, len(values))
    if curves.day_minutes(zone, day) % minutes:
        return None
    if own % minutes == 0:
        return [price for price in values for _ in range(own // minutes)]
    if minutes % own:
        return None
    at_once = minutes // own
    grouped = [values[first : first + at_once] for first in range(0, len(values), at_once)]
    return [group[0] for group in grouped] if all(len(set(group)) == 1 for group in grouped) else None


def _explain(readings: Readings, rows: ibis.Table, by_day: dict[date, list[int | None]], zone: str | ZoneInfo) -> None:
    """Find the first row whose curve no price fits and raise what is wrong with it."""
    seen = rows.filter(rows.day.isin(list(by_day))).group_by(["day", "length"])
    for row in readings.session.collect(
        seen.aggregate(usage_point=rows.usage_point.min()).order_by("day", "length")
    ).to_pylist():
        place = f"usage point {row['usage_point']}, {row['day']}"
        minutes = curves.resolution(zone, row["day"], row["length"])
        if _fitted(by_day[row["day"]], zone, row["day"], minutes) is None:
            raise IntervalTooCoarse(
                f"Prices change within the {minutes}-minute readings of {row['day']}.",
                path=place,
                remedy="Finer readings are needed for this price series.",
            )
    raise AssertionError("a row could not be priced, and no reason was found")


def _times(values: npt.NDArray[np.int64], factor: int) -> npt.NDArray[np.int64]:
    if len(values) and int(np.abs(values).max()) * factor > _INT64:
        raise PricedEnergyTooLarge(
            "Energy times price does not fit 64 bits.", remedy="Give prices with fewer decimal places."
        )
    return values * factor
