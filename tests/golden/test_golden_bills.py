"""Guards: every component of a price, and every edge of the calendar, gives the bill that a clerk writes by hand.

Each YAML file beside this one is a case (or several, each changing what stands above them): a tariff, the terms, what
was used at which hours, and the bill that comes of it. The folders are the matrix: what is counted over (interval,
month, season, year), and which component. Each expected line is first checked against itself (quantity × price =
amount, the sum is the total), then against the engine, which reads the same readings from a file as `gridhall tariff
price` does.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gridhall.contexts.tariffs import operations
from gridhall.contexts.tariffs.document import check
from gridhall.contexts.tariffs.document.reading import read_text, read_yaml
from gridhall.contexts.tariffs.plan import compile_tariff
from gridhall.contexts.tariffs.types import Calendar, ExplainedLine, GivenTerms, Tariff
from gridhall.kernel.errors import GridhallError
from gridhall.kernel.money import yuan
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel

HERE = Path(__file__).parent
CONTENT = HERE.parent.parent / "content" / "tariffs"
CHANNELS = {"readings": Channel.IMPORT, "export": Channel.EXPORT, "reactive": Channel.REACTIVE}


def cases() -> Iterator[Any]:
    for file in sorted(HERE.rglob("*.yaml")):
        name = str(file.relative_to(HERE).with_suffix(""))
        case = read_yaml(read_text(file), name=name).content
        for index, one in enumerate(_variants(case)):
            yield pytest.param(one, id=f"{name}-{index + 1}")


def _variants(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "power_factor_table" in case:
        yield from (_power_factor_case(case, row) for row in case["power_factor_table"])
        return
    for variant in case.get("cases", [{}]):
        yield case | variant


def _power_factor_case(case: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    month = case["readings"][0]["days"]
    lines = [
        {"line": "energy", "quantity": 744, "price": 1, "amount": Decimal("744.00")},
        {"line": "capacity", "quantity": 256, "price": 1, "amount": Decimal("256.00")},
        {"line": "funds", "quantity": 744, "price": Decimal("0.1"), "amount": Decimal("74.40")},
    ]
    if row["amount"]:
        lines.append({"line": "pf", "quantity": 1000, "price": row["price"], "amount": row["amount"]})
    total = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
    return case | {
        "reactive": [{"days": month, "kwh_per_hour": row["reactive"]}],
        "terms": case["terms"] | {"standard": row["standard"]},
        "bills": [{"start": month[0], "lines": lines, "total": total}],
    }


@pytest.mark.parametrize("case", list(cases()))
def test_the_bill_is_what_a_clerk_writes(case: dict[str, Any], tmp_path: Path):
    if "error" in case:
        with pytest.raises(GridhallError) as caught:
            price(case, tmp_path)
        assert caught.value.code == case["error"]
        return
    for bill in case["bills"]:
        check_arithmetic(bill)
    priced = price(case, tmp_path)
    assert not priced.rejected
    assert [bill.start for bill in priced.bills] == [date.fromisoformat(bill["start"]) for bill in case["bills"]]
    for found, expected in zip(priced.bills, case["bills"], strict=True):
        assert [told(line) for line in found.lines] == [wanted(line, found) for line in expected["lines"]]
        assert [told(line) for line in found.separate] == [wanted(line, found) for line in expected.get("separate", [])]
        assert yuan(found.row["total"]) == Decimal(expected["total"])
        if "tax_included" in expected:
            assert yuan(found.row["tax_included"]) == Decimal(expected["tax_included"])


def check_arithmetic(bill: dict[str, Any]) -> None:
    """The expectation itself adds up, to the cent, by fractions."""
    for line in [*bill["lines"], *bill.get("separate", [])]:
        exact = fraction(line["quantity"]) * Fraction(Decimal(line["price"]))
        assert half_up(exact) == Decimal(line["amount"]), line
    assert sum((Decimal(line["amount"]) for line in bill["lines"]), Decimal(0)) == Decimal(bill["total"])


def fraction(quantity: Any) -> Fraction:
    """A quantity: a number, ``14/30`` or ``315 × 14/30``."""
    if not isinstance(quantity, str):
        return Fraction(Decimal(quantity))
    product = Fraction(1)
    for factor in quantity.split("×"):
        product *= Fraction(factor.strip())
    return product


def half_up(value: Fraction, places: str = "0.01") -> Decimal:
    precise = Decimal(value.numerator) / Decimal(value.denominator)
    return precise.quantize(Decimal(places), rounding=ROUND_HALF_UP)


def told(line: ExplainedLine) -> tuple[str, str, Decimal, Decimal, Decimal]:
    return (line.code, line.version, line.quantity.quantize(Decimal("0.000001")), line.price, line.amount)


def wanted(line: dict[str, Any], bill: Any) -> tuple[str, str, Decimal, Decimal, Decimal]:
    version = line.get("version") or bill.row["versions"][0]
    quantity = half_up(fraction(line["quantity"]), "0.000001")
    return (line["line"], version, quantity, Decimal(line["price"]), Decimal(line["amount"]))


def price(case: dict[str, Any], folder: Path) -> Any:
    tariff = load(case)
    zone = ZoneInfo(tariff.zone or "Asia/Shanghai")
    files = {}
    for key, channel in CHANNELS.items():
        if key in case:
            files[channel] = folder / f"{key}.csv"
            write_curves(files[channel], case[key], zone, case.get("interval", 60))
    prices = None
    if "prices" in case:
        prices = folder / "prices.csv"
        write_prices(prices, case["prices"])
    terms = case.get("terms", {})
    first, last = (date.fromisoformat(day) for day in case["days"])
    return operations.price_files(
        tariff,
        files,
        DateSpan(first, last),
        zone=zone,
        prices=prices,
        calendar=Calendar(days(case.get("holidays", [])), days(case.get("makeup_workdays", []))),
        terms=GivenTerms(
            household_size=terms.get("persons"),
            allowance=terms.get("allowance"),
            capacity_va=thousandths(terms.get("capacity_kva")),
            contract_demand_w=thousandths(terms.get("contract_kw")),
            power_factor_standard=None if "standard" not in terms else int(terms["standard"] * 100),
            move_in=date.fromisoformat(terms["move_in"]) if "move_in" in terms else None,
            tier_used_wh=thousandths(terms.get("used_kwh")),
        ),
    )


def load(case: dict[str, Any]) -> Tariff:
    if "document" in case:
        return compile_tariff(check(case["document"], name="golden"))
    return operations.load_tariff(CONTENT / f"{case['tariff']}.yaml")


def days(texts: list[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(text) for text in texts)


def thousandths(value: Any) -> int | None:
    return None if value is None else int(Decimal(value) * 1000)


def write_curves(file: Path, uses: list[dict[str, Any]], zone: ZoneInfo, minutes: int) -> None:
    """One row per local day from the first to the last day named, its slots in the order of time.

    Uses are constant from quarter hour to quarter hour by the clock on the wall, and add up.
    """
    first = min(date.fromisoformat(use["days"][0]) for use in uses)
    last = max(date.fromisoformat(use["days"][1]) for use in uses)
    rows = ["usage_point,day,curve"]
    day = first
    while day < last:
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        following = day + timedelta(days=1)
        end = datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)
        slots = []
        while midnight < end:
            energy = Decimal(0)
            for quarter in range(minutes // 15):
                local = (midnight + timedelta(minutes=15 * quarter)).astimezone(zone)
                energy += power(uses, day, local.hour * 60 + local.minute) / 4
            slots.append(format(energy.normalize(), "f"))
            midnight += timedelta(minutes=minutes)
        rows.append(f'golden,{day},"{" ".join(slots)}"')
        day = following
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")


def power(uses: list[dict[str, Any]], day: date, minute: int) -> Decimal:
    """The kW at a wall-clock minute of a day."""
    total = Decimal(0)
    for use in uses:
        first, last = (date.fromisoformat(text) for text in use["days"])
        if first <= day < last and covers(use.get("hours", "00:00-24:00"), minute):
            total += Decimal(use["kwh_per_hour"])
    return total


def covers(hours: str, minute: int) -> bool:
    start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in hours.split("-"))
    return start <= minute < end if start < end else minute >= start or minute < end


def write_prices(file: Path, series: list[dict[str, Any]]) -> None:
    rows = ["start,price"]
    for part in series:
        rows += [
            f"{part['day']} {hour:02}:00,{part['price']}" for hour in range(24) if covers(part["hours"], hour * 60)
        ]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
