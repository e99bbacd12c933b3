"""Guards: the vectorised engine gives, for many accounts at once, what a slow reference gives for each by itself.

The reference is written here from the rules, in Decimal and Python, and knows nothing of the engine: it walks through
the year slot by slot.
"""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhall.contexts.tariffs import operations
from gridhall.contexts.tariffs.document import check
from gridhall.contexts.tariffs.plan import compile_tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves, engine
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings

ZONE = ZoneInfo("Asia/Shanghai")
SLOTS = 24


@pytest.fixture(scope="module")
def session():
    with engine.session(threads=1) as opened:
        yield opened


prices = st.integers(0, 9999).map(lambda value: Decimal(value).scaleb(-4))


@st.composite
def tariffs(draw: st.DrawFn) -> dict[str, Any]:
    """Energy by up to three tiers and two periods, on any basis, with a fixed charge and a minimum."""
    limits = sorted(draw(st.lists(st.integers(1, 400), max_size=2, unique=True)))
    edges = sorted(draw(st.lists(st.integers(1, 23), min_size=2, max_size=2, unique=True)))
    basis = draw(st.sampled_from(["month", "year", "day"]))
    divisor = {"month": 1, "year": 1, "day": 31}[basis]
    blocks: list[dict[str, Any]] = [{"up_to": max(limit // divisor, 1) + index} for index, limit in enumerate(limits)]
    for block in [*blocks, last := {}]:
        block["prices"] = {"day": draw(prices), "night": draw(prices)}
    return {
        "tariff": "drawn",
        "name": "drawn",
        "versions": [
            {
                "version": "1",
                "start": "2024-01-01",
                "source": "drawn by the test",
                "time_of_use": {
                    "clock": {
                        "periods": {"day": "day", "night": "night"},
                        "schedules": [
                            {
                                "hours": {
                                    "day": f"{edges[0]:02}:00-{edges[1]:02}:00",
                                    "night": f"{edges[1]:02}:00-{edges[0]:02}:00",
                                }
                            }
                        ],
                    }
                },
                "components": [
                    {
                        "code": "energy",
                        "type": "energy",
                        "time_of_use": "clock",
                        "tiers": {
                            "basis": basis,
                            "within": draw(st.sampled_from(["proportional", "chronological"])),
                            "blocks": [*blocks, last],
                        },
                    },
                    {"code": "fixed", "type": "fixed", "price": draw(prices)},
                    {"code": "minimum", "type": "minimum", "price": Decimal(draw(st.integers(0, 200)))},
                ],
            }
        ],
    }


@settings(max_examples=25)
@given(tariffs(), st.integers(0, 2**32 - 1), st.integers(0, 300_000))
def test_many_accounts_at_once_equal_each_by_itself(session: Any, document: dict[str, Any], seed: int, used: int):
    start, end = date(2024, 1, 20), date(2024, 3, 11)
    count, days = 7, (end - start).days
    matrix = np.random.default_rng(seed).integers(0, 900, size=(count, days, SLOTS)).astype(np.int32)
    matrix[1] = 0
    tariff = compile_tariff(check(document, name="drawn"))
    agreements = pa.table(
        {
            "usage_point": np.arange(count),
            "agreement": np.arange(count),
            "start": pa.array([start] * count),
            "end": pa.array([end] * count),
            "tier_used_wh": np.full(count, used),
        }
    )
    with session.scratch():
        readings = Readings(session, session.table(rows(matrix, start)))
        rated = operations.rate(tariff, agreements, {Channel.IMPORT: readings}, DateSpan(start, end), zone=ZONE)
    found = {
        (bill["usage_point"], bill["start"]): (
            sorted(
                (rated.line(bill["versions"], no).code, quantity, amount)
                for no, quantity, amount in zip(bill["line_no"], bill["quantity"], bill["amount"], strict=True)
                if rated.line(bill["versions"], no).component == "energy"
            ),
            bill["total"],
        )
        for bill in rated.bills()
    }
    for account in range(count):
        for month_start, lines, total in reference(document["versions"][0], matrix[account].tolist(), start, used):
            assert found[account, month_start] == (lines, total)


def rows(matrix: np.ndarray, start: date) -> pa.Table:
    count, days, _ = matrix.shape
    numbers = np.tile(np.arange(days), count) + (start - date(1970, 1, 1)).days
    offsets = np.arange(count * days + 1, dtype=np.int32) * SLOTS
    return pa.table(
        [
            np.repeat(np.arange(count), days),
            pa.array(numbers.astype(np.int32), pa.date32()),
            pa.ListArray.from_arrays(pa.array(offsets), pa.array(matrix.ravel())),
            pa.nulls(count * days, pa.list_(pa.int8())),
            np.zeros(count * days, np.int16),
            np.zeros(count * days, np.int16),
        ],
        schema=curves.SCHEMA,
    )


def cents(value: Decimal) -> int:
    return int((value * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def reference(version: dict[str, Any], account: list[list[int]], start: date, used: int) -> list[Any]:
    """Month by month: ``(start, [(line, Wh, fen)], total fen)``."""
    energy, fixed, minimum = version["components"]
    tiers = energy["tiers"]
    hours = version["time_of_use"]["clock"]["schedules"][0]["hours"]["day"]
    first, last = int(hours[:2]), int(hours[6:8])
    months: dict[tuple[int, int], list[tuple[date, list[int]]]] = {}
    for offset, curve in enumerate(account):
        day = start + timedelta(days=offset)
        months.setdefault((day.year, day.month), []).append((day, curve))
    bills = []
    for (year, month), listed in months.items():
        month_days = (date(year + month // 12, month % 12 + 1, 1) - date(year, month, 1)).days
        bounds = []
        for block in tiers["blocks"][:-1]:
            limit = Decimal(block["up_to"]) * 1000
            if tiers["basis"] == "month":
                limit = (limit * len(listed) / month_days).quantize(Decimal(1), rounding=ROUND_HALF_UP)
            if tiers["basis"] == "day":
                limit *= len(listed)
            bounds.append(int(limit))
        position = used if tiers["basis"] == "year" else 0
        cells = {(tier, period): 0 for tier in range(len(bounds) + 1) for period in ("day", "night")}
        by_tier = [0] * (len(bounds) + 1)
        by_period = {"day": 0, "night": 0}
        for _, curve in listed:
            for hour, wh in enumerate(curve):
                period = "day" if first <= hour < last else "night"
                by_period[period] += wh
                left = wh
                while left:
                    tier = sum(position >= bound for bound in bounds)
                    piece = min(left, bounds[tier] - position) if tier < len(bounds) else left
                    cells[tier, period] += piece
                    by_tier[tier] += piece
                    position += piece
                    left -= piece
        if tiers["basis"] == "year":
            used = position
        if tiers["within"] == "proportional":
            cells = shared(by_tier, by_period)
        lines = []
        for (tier, period), wh in cells.items():
            if wh:
                price = tiers["blocks"][tier]["prices"][period]
                suffix = f"-{tier + 1}-{period}"
                lines.append((f"energy{suffix}", wh, cents(Decimal(wh) / 1000 * price)))
        share = Decimal(len(listed)) / month_days
        total = sum(fen for _, _, fen in lines) + cents(fixed["price"] * len(listed) / month_days)
        least = cents(minimum["price"] * share)
        bills.append((listed[0][0], sorted(lines), max(total, least)))
    return bills


def shared(by_tier: list[int], by_period: dict[str, int]) -> dict[tuple[int, str], int]:
    """Day first, cumulatively rounded over the tiers; night gets the rest."""
    whole = sum(by_tier)
    cells: dict[tuple[int, str], int] = {}
    reached = given = 0
    for tier, wh in enumerate(by_tier):
        reached += wh
        exact = Decimal(reached) * by_period["day"] / max(whole, 1)
        upto = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
        cells[tier, "day"] = upto - given
        cells[tier, "night"] = wh - (upto - given)
        given = upto
    return cells
