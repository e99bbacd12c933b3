"""Guards: with `rounding` a bill comes to the exact sum of its charges rounded once; each line still multiplies out."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhall.contexts.tariffs import operations
from gridhall.contexts.tariffs.document import InvalidDocument, check
from gridhall.contexts.tariffs.plan import compile_tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves, engine
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings

ZONE = ZoneInfo("UTC")
BLOCK_HOURS = 6
ACCOUNTS = 5

prices = st.integers(0, 10**9).flatmap(
    lambda value: st.integers(0, 9).map(lambda places: Decimal(value).scaleb(-places) % 1000)
)


@pytest.fixture(scope="module")
def session():
    with engine.session(threads=1) as opened:
        yield opened


def version(components: list[dict[str, Any]]) -> dict[str, Any]:
    hours = {f"p{n}": f"{n * BLOCK_HOURS:02}:00-{(n + 1) * BLOCK_HOURS:02}:00" for n in range(24 // BLOCK_HOURS)}
    return {
        "tariff": "drawn",
        "name": "drawn",
        "versions": [
            {
                "version": "1",
                "start": "2020-01-01",
                "source": "drawn by the test",
                "time_of_use": {
                    "clock": {"periods": {name: name for name in hours}, "schedules": [{"hours": hours}]},
                },
                "components": components,
            }
        ],
    }


@st.composite
def components(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Charges of many places, credits among them, in any order around the rounding."""
    by_period = {f"p{n}": draw(prices) for n in range(24 // BLOCK_HOURS)}
    found: list[dict[str, Any]] = [
        {"code": "energy", "type": "energy", "time_of_use": "clock", "prices": by_period},
        {"code": "fund", "type": "surcharge", "price": draw(prices)},
        {"code": "demand", "type": "demand", "price": draw(prices), "window": 60},
        {
            "code": "fixed",
            "type": "fixed",
            "price": draw(prices),
            "per": draw(st.sampled_from(["month", "day", "year"])),
        },
        {"code": "credit", "type": "credit", "price": draw(prices), "per": draw(st.sampled_from(["month", "kwh"]))},
        {"code": "rounding", "type": "rounding"},
    ]
    return draw(st.permutations(found))


def rated(session: Any, document: dict[str, Any], matrix: np.ndarray, start: date, end: date) -> Any:
    accounts, days, slots = matrix.shape
    numbers = np.tile(np.arange(days), accounts) + (start - date(1970, 1, 1)).days
    offsets = np.arange(accounts * days + 1, dtype=np.int32) * slots
    rows = pa.table(
        [
            np.repeat(np.arange(accounts), days),
            pa.array(numbers.astype(np.int32), pa.date32()),
            pa.ListArray.from_arrays(pa.array(offsets), pa.array(matrix.ravel())),
            pa.nulls(accounts * days, pa.list_(pa.int8())),
            np.zeros(accounts * days, np.int16),
            np.zeros(accounts * days, np.int16),
        ],
        schema=curves.SCHEMA,
    )
    agreements = pa.table(
        {
            "usage_point": np.arange(accounts),
            "agreement": np.arange(accounts),
            "start": pa.array([start] * accounts),
            "end": pa.array([end] * accounts),
        }
    )
    tariff = compile_tariff(check(document, name="drawn"))
    with session.scratch():
        readings = {Channel.IMPORT: Readings(session, session.table(rows))}
        return operations.rate(tariff, agreements, readings, DateSpan(start, end), zone=ZONE)


def exact(components: list[dict[str, Any]], used: np.ndarray, days: int, year_days: int) -> Fraction:
    """The charges of one month of 31 days in currency, by fractions."""
    total = Fraction(0)
    for part in components:
        price = Fraction(part["price"]) if "price" in part else Fraction(0)
        kwh = Fraction(int(used.sum()), 1000)
        match part["type"], part.get("per"):
            case "energy", _:
                for n in range(24 // BLOCK_HOURS):
                    wh = int(used[:, n * BLOCK_HOURS : (n + 1) * BLOCK_HOURS].sum())
                    total += Fraction(wh, 1000) * Fraction(part["prices"][f"p{n}"])
            case "surcharge", _:
                total += kwh * price
            case "demand", _:
                total += Fraction(int(used.max()), 1000) * price * Fraction(days, 31)
            case "fixed", "day":
                total += price * days
            case "fixed", "year":
                total += price * Fraction(days, year_days)
            case "fixed", _:
                total += price * Fraction(days, 31)
            case "credit", "kwh":
                total -= kwh * price
            case "credit", _:
                total -= price * Fraction(days, 31)
    return total


@settings(max_examples=40)
@given(components(), st.integers(0, 2**32 - 1), st.integers(1, 31))
def test_the_total_is_the_exact_sum_rounded_once(session: Any, parts: list[dict[str, Any]], seed: int, days: int):
    matrix = np.random.default_rng(seed).integers(0, 9000, size=(ACCOUNTS, days, 24)).astype(np.int32)
    bills = rated(
        session, version(parts), matrix, date(2024, 1, 1), date(2024, 1, 1 + days) if days < 31 else date(2024, 2, 1)
    )
    for bill, used in zip(bills.bills(), matrix, strict=True):
        cents = exact(parts, used, days, 366) * 100
        half = int(abs(cents) + Fraction(1, 2))
        assert bill["total"] == (half if cents >= 0 else -half)
        assert bill["total"] == sum(bill["amount"])
        for no, quantity, price, amount in zip(
            bill["line_no"], bill["quantity"], bill["price"], bill["amount"], strict=True
        ):
            line = bills.line(bill["versions"], no)
            if line.component == "rounding":
                assert (line.unit, quantity, price) == ("CNY", 1, amount)
                assert amount


def test_a_minimum_and_a_tax_start_from_the_rounded_sum(session: Any):
    thirds = [{"code": f"e{n}", "type": "fixed", "price": Decimal("3.333")} for n in range(3)]
    lifted = [*thirds, {"code": "rounding", "type": "rounding"}, {"code": "least", "type": "minimum", "price": 10}]
    taxed = [{"code": "vat", "type": "tax", "mode": "added", "rate": Decimal("0.1")}, *lifted[:4]]
    used = np.zeros((1, 31, 24), dtype=np.int32)
    month = date(2024, 1, 1), date(2024, 2, 1)
    # 3 × 3.333 = 9.999, which is 10.00; the lines by themselves come to 9.99.
    [bill] = rated(session, version(lifted), used, *month).bills()
    assert (bill["amount"], bill["total"]) == ([333, 333, 333, 1], 1000)
    [bill] = rated(session, version(taxed), used, *month).bills()
    assert (bill["amount"], bill["total"]) == ([100, 333, 333, 333, 1], 1100)


def test_the_line_explains_itself(session: Any):
    parts = [{"code": f"e{n}", "type": "fixed", "price": Decimal("0.004")} for n in range(3)]
    found = rated(
        session,
        version([*parts, {"code": "rounding", "type": "rounding"}]),
        np.zeros((1, 31, 24), dtype=np.int32),
        date(2024, 1, 1),
        date(2024, 2, 1),
    )
    [bill] = found.bills()
    columns = (bill[name] for name in ("versions", "line_no", "quantity", "price", "amount"))
    last = operations.explain_lines(found.tariff, *columns)[-1]
    assert last.label.zh_hans == "尾差调整"
    assert last.quantity * last.price == last.amount == Decimal("0.01").quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    "other",
    [{"code": "again", "type": "rounding"}, {"code": "cut", "type": "credit", "price": 1, "refundable": False}],
)
def test_what_has_no_exact_sum_is_refused(other: dict[str, Any]):
    with pytest.raises(InvalidDocument) as caught:
        check(version([{"code": "rounding", "type": "rounding"}, other]), name="drawn")
    assert caught.value.code == "contradiction"
