"""The URDB rates of ../shared against PySAM on real households: each exact, or refused with its reason.

    python -m benchmarks.urdb_vs_pysam [--json]

For every rate and household all twelve months are billed by both. A month is exact when our unrounded charges,
quantity times price of each line, differ from PySAM's by less than a thousandth of a cent (what is left is the noise of
its floating-point sums), and the total of our bill is PySAM's rounded half up to the cent. Only where the exact sum
lies so near to half a cent that this noise decides may the two be a cent apart; the table counts these months as ties.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import utilityrate5
from benchmarks.synthetic import rows_of
from gridhall.contexts.tariffs import operations, urdb
from gridhall.contexts.tariffs.types import Tariff
from gridhall.kernel.money import yuan
from gridhall.kernel.spans import DateSpan
from gridhall.lake.engine import DuckDB
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
#: PySAM's year begins on a Monday, as 2018 did.
YEAR = DateSpan(date(2018, 1, 1), date(2019, 1, 1))
ZONE = ZoneInfo("UTC")
#: The households together, this many times over, make a load that crosses the tiers of a factory's rate.
FACTORY = 40
EXACT = Decimal("0.00001")


@dataclass(frozen=True)
class Row:
    """How one rate fared."""

    rate: str
    outcome: str
    accounts: int = 0
    months: int = 0
    max_difference: str = ""
    equal_to_the_cent: int = 0
    ties: int = 0
    reason: str = ""


def household_loads(data: Path) -> npt.NDArray[np.int32]:
    """Wh by hour of the London households, [household, 8760], and last all of them together as a factory.

    The half-hours of 2013 in their order are laid on the days of 2018; missing ones count as zero, for both.
    """
    table = pq.read_table(data / "interval" / "london_60_households_halfhourly_2013.parquet")
    moments = table["ts"].to_numpy().astype("datetime64[m]")
    hours = ((moments - np.datetime64("2013-01-01", "m")).astype(int)) // 60
    names, place = np.unique(table["lclid"].to_numpy(zero_copy_only=False), return_inverse=True)
    watt_hours = np.rint(table["kwh"].to_numpy().astype(np.float64) * 1000).astype(np.int64)
    loads = np.zeros((len(names), utilityrate5.HOURS), dtype=np.int64)
    inside = (hours >= 0) & (hours < utilityrate5.HOURS)
    np.add.at(loads, (place[inside], hours[inside]), watt_hours[inside])
    return np.vstack([loads, loads.sum(axis=0) * FACTORY]).astype(np.int32)


def rated(tariff: Tariff, loads: npt.NDArray[np.int32]) -> pa.Table:
    """Our bills for loads by hour, months of 2018, usage points numbered from 1."""
    count = len(loads)
    points = np.arange(1, count + 1, dtype=np.int64)
    rows = rows_of(points, 365, YEAR.start, loads.reshape(count * 365, 24))
    agreements = pa.table(
        {
            "usage_point": points,
            "agreement": points,
            "start": pa.array([YEAR.start] * count, pa.date32()),
            "end": pa.array([YEAR.end] * count, pa.date32()),
        }
    )
    with DuckDB() as session:
        readings = {Channel.IMPORT: Readings.of(session, rows)}
        return operations.rate(tariff, agreements, readings, YEAR, zone=ZONE).table


def unrounded(tariff: Tariff, bill: Mapping[str, Any]) -> Decimal:
    """The exact sum of quantity × price over a bill's lines; where a minimum lifts the bill, that minimum."""
    total = Decimal(0)
    plan = tariff.plan(bill["versions"][0])
    for line_no, quantity, price in zip(bill["line_no"], bill["quantity"], bill["price"], strict=True):
        line = plan.lines[line_no]
        if line.component == "rounding":
            continue
        if line.component == "minimum":
            return yuan(bill["total"])
        total += line.quantity(quantity) * line.price_of(price)
    return total


def cents(dollars: Decimal) -> int:
    """Rounded half up, away from zero."""
    return int((dollars * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def tied(total: int, dollars: Decimal) -> bool:
    """Whether a total in cents is one of two that the noise of a floating-point sum decides between."""
    return abs(abs(dollars * 100 - total) - Decimal("0.5")) < EXACT * 100


def compare(file: Path, loads: npt.NDArray[np.int32]) -> Row:
    """One rate on all loads, or its refusal."""
    name = file.stem
    try:
        tariff = urdb.load(file)
    except urdb.UrdbRefused as refused:
        return Row(name, "refused", reason=f"{refused.code} at {refused.path}")
    rate = json.loads(file.read_bytes())
    inputs = utilityrate5.rates_of(rate)
    daily = Decimal(str(utilityrate5.daily_fixed(rate)))
    bills = {(bill["usage_point"], bill["start"].month): bill for bill in rated(tariff, loads).to_pylist()}
    worst, equal, ties = Decimal(0), 0, 0
    for index, load in enumerate(loads):
        theirs = utilityrate5.bills(inputs, (load / 1000).tolist())
        for month in range(12):
            bill = bills[index + 1, month + 1]
            ours = unrounded(tariff, bill)
            expected = Decimal(theirs.total[month]) + daily * utilityrate5.DAYS_IN_MONTH[month]
            worst = max(worst, abs(ours - expected))
            same = bill["total"] == cents(expected)
            equal += same
            ties += not same and tied(bill["total"], expected)
    months = 12 * len(loads)
    outcome = "exact" if worst < EXACT and equal + ties == months else "wrong"
    return Row(name, outcome, len(loads), months, f"{worst:.1e}", equal, ties)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; status 1 when a rate is wrong, 2 when there is no data to compare on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", dest="as_json")
    chosen = parser.parse_args(arguments)
    if not SHARED.is_dir():
        print("needs ../shared/data: the URDB rates and the London households are not here", file=sys.stderr)
        return 2
    loads = household_loads(SHARED)
    rows = [compare(file, loads) for file in sorted((SHARED / "tariffs" / "urdb").glob("*.json"))]
    if chosen.as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        print(f"{'rate':28} {'outcome':8} {'months':>6} {'max $ unrounded':>15} {'equal ¢':>8} {'ties':>5}  reason")
        for row in rows:
            print(
                f"{row.rate:28} {row.outcome:8} {row.months:6} {row.max_difference:>15}"
                f" {row.equal_to_the_cent:8} {row.ties:5}  {row.reason}"
            )
    return int(any(row.outcome == "wrong" for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
