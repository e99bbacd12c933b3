"""A rated bill in words: every line as quantity × price = amount, with its source and version."""

from collections.abc import Sequence
from decimal import Decimal

from gridhall.contexts.tariffs.types import LINES_PER_VERSION, ExplainedLine, Line, Tariff
from gridhall.kernel.money import yuan


def explain_lines(
    tariff: Tariff,
    versions: Sequence[str],
    line_no: Sequence[int],
    quantity: Sequence[int],
    price: Sequence[int],
    amount: Sequence[int],
) -> list[ExplainedLine]:
    """Each line of a bill, from the columns of its row in `RatedBills`.

    Raises:
        KeyError: when the tariff lacks one of the versions.
    """
    explained = []
    for number, how_many, each, fen in zip(line_no, quantity, price, amount, strict=True):
        line = tariff.plan(versions[number // LINES_PER_VERSION]).lines[number % LINES_PER_VERSION]
        shown, unit_price, money = line.quantity(how_many), line.price_of(each), yuan(fen)
        explained.append(
            ExplainedLine(
                code=line.code,
                label=line.label,
                quantity=plain(shown, 3 if line.unit in ("kWh", "kW", "kVA") else 2 if line.scale == 2 else 0),
                unit=line.unit,
                price=line.price if line.price is not None else plain(unit_price, 2),
                amount=money,
                formula=_formula(line, shown, unit_price, money, tariff.currency),
                source=line.source,
                version=line.version,
                tier=line.tier,
                period=line.period,
                settlement=line.settlement,
            )
        )
    return explained


def plain(value: Decimal, least: int) -> Decimal:
    """A decimal without trailing zeros beyond ``least`` places.

    >>> plain(Decimal("12.340000"), 3), plain(Decimal("1.000000"), 0), plain(Decimal("0.466667"), 0)
    (Decimal('12.340'), Decimal('1'), Decimal('0.466667'))
    """
    exponent = value.normalize().as_tuple().exponent
    places = max(least, -exponent if isinstance(exponent, int) else 0, 0)
    return value.quantize(Decimal(1).scaleb(-places))


def _formula(line: Line, quantity: Decimal, price: Decimal, amount: Decimal, currency: str) -> str:
    if line.scale == 2 and line.unit == currency:
        return f"{quantity:f} {currency} × {plain(price * 100, 0):f} % = {amount:f} {currency}"
    if line.price is None and line.scale == 0 and line.unit == currency:
        return f"exact sum of the lines, rounded once, less the sum of rounded lines = {amount:f} {currency}"
    if line.price is None and line.scale == 0:
        return f"top-up to the least amount per {line.unit} = {amount:f} {currency}"
    about = "mean " if line.price is None and line.unit == "kWh" else ""
    shown = plain(quantity, 3 if line.unit in ("kWh", "kW", "kVA") else 0)
    return f"{shown:f} {line.unit} × {about}{plain(price, 2):f} {currency}/{line.unit} = {amount:f} {currency}"
