"""How long a year's bills of one account take: PySAM's `Utilityrate5` beside our rating, on the same rates and loads.

    python -m benchmarks.tariff_vs_pysam [--accounts 1000] [--sample 20] [--json]

Both bill twelve months of 8,760 hourly values under the same URDB rates: those built here, and those of ../shared
where that exists. PySAM runs account by account, as it is made to: a model is created, given load and rate, executed,
and its twelve bills are read; what it takes is measured on a sample of the accounts and is the same for each. Ours is
everything from the table of readings to the finished bills: the rows taken in once, then one call of
`tariffs.operations.rate` for each rate over all accounts; the best of three rounds, divided by accounts and rates. The
sample's bills are compared: ``max_difference_cents`` is the largest difference of a month before our rounding of lines,
which PySAM does not do.
"""

import argparse
import json
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks import urdb_vs_pysam, utilityrate5
from benchmarks.synthetic import rows_of
from gridhall.contexts.tariffs import operations, urdb
from gridhall.contexts.tariffs.types import Tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake.engine import DuckDB
from gridhall.lake.held import Held
from gridhall.lake.needs import Channel

YEAR = DateSpan(date(2018, 1, 1), date(2019, 1, 1))
ZONE = ZoneInfo("UTC")
ROUNDS = 3


def _months(summer: Any, winter: Any) -> list[Any]:
    return [winter] * 5 + [summer] * 4 + [winter] * 3


FLAT_DAY = [0] * 24
#: Rates of our own making, in the URDB form, one for each kind of charge.
RATES: dict[str, dict[str, Any]] = {
    "flat": {
        "energyratestructure": [[{"rate": 0.18034, "adj": 0.07345, "unit": "kWh"}]],
        "energyweekdayschedule": [FLAT_DAY] * 12,
        "energyweekendschedule": [FLAT_DAY] * 12,
        "fixedchargefirstmeter": 9.62,
        "fixedchargeunits": "$/month",
    },
    "time of use": {
        "energyratestructure": [[{"rate": 0.083}], [{"rate": 0.1161}], [{"rate": 0.2445, "adj": 0.0282}]],
        "energyweekdayschedule": _months([0] * 12 + [2] * 7 + [0] * 5, [0] * 15 + [1] * 5 + [0] * 4),
        "energyweekendschedule": [FLAT_DAY] * 12,
        "fixedchargefirstmeter": 16.91,
        "fixedchargeunits": "$/month",
    },
    "time of use with demand": {
        "energyratestructure": [[{"rate": 0.0141}], [{"rate": 0.0325, "adj": 0.039}]],
        "energyweekdayschedule": _months([0] * 12 + [1] * 9 + [0] * 3, [0] * 6 + [1] * 4 + [0] * 14),
        "energyweekendschedule": [FLAT_DAY] * 12,
        "flatdemandstructure": [[{"rate": 3.55, "adj": 1.71}]],
        "flatdemandmonths": [0] * 12,
        "demandratestructure": [[{"rate": 0}], [{"rate": 12.81}]],
        "demandweekdayschedule": _months([0] * 12 + [1] * 9 + [0] * 3, [0] * 6 + [1] * 4 + [0] * 14),
        "demandweekendschedule": [FLAT_DAY] * 12,
        "fixedmonthlycharge": 88.67,
    },
    "tiers a day": {
        "energyratestructure": [
            [{"max": 6.8, "rate": 0.25902, "unit": "kWh daily"}, {"rate": 0.40745, "unit": "kWh daily"}],
            [{"max": 8.2, "rate": 0.25902, "unit": "kWh daily"}, {"rate": 0.40745, "unit": "kWh daily"}],
        ],
        "energyweekdayschedule": _months(FLAT_DAY, [1] * 24),
        "energyweekendschedule": _months(FLAT_DAY, [1] * 24),
        "fixedchargefirstmeter": 0.5,
        "fixedchargeunits": "$/day",
    },
}


@dataclass(frozen=True)
class Timed:
    """One rate, timed both ways."""

    rate: str
    ours_s: float
    pysam_s: float
    difference_cents: Decimal


def loads(accounts: int) -> npt.NDArray[np.int32]:
    """Wh by hour, [accounts, 8760]: morning and evening, weekends, seasons and chance; the same on every run."""
    random = np.random.default_rng(20180101)
    hour = np.arange(utilityrate5.HOURS)
    clock, day = hour % 24, hour // 24
    shape = 0.3 + 0.6 * np.exp(-((clock - 7.5) ** 2) / 3) + np.exp(-((clock - 19) ** 2) / 8)
    shape *= 1 + 0.35 * np.cos((day - 15) / 58.1)
    shape *= np.where(day % 7 >= 5, 1.15, 1.0)
    found = np.empty((accounts, utilityrate5.HOURS), dtype=np.int32)
    for account in range(accounts):
        found[account] = shape * random.gamma(2.0, 350.0, utilityrate5.HOURS) * random.uniform(0.3, 3.0)
    return found


def rates() -> dict[str, dict[str, Any]]:
    """Every rate to be timed: those above, and the shared ones that are not refused."""
    found = dict(RATES)
    for file in sorted((urdb_vs_pysam.SHARED / "tariffs" / "urdb").glob("*.json")):
        try:
            urdb.load(file)
        except urdb.UrdbRefused:
            continue
        found[file.stem] = json.loads(file.read_bytes())
    return found


def ours(
    tariffs: dict[str, Tariff], session: DuckDB, rows: pa.Table, agreements: pa.Table
) -> tuple[float, dict[str, float], dict[str, pa.Table]]:
    """Seconds for all accounts under all rates, seconds of each rate, and the bills; the best of some rounds.

    The clock runs from the table of readings to the last bill: taking the rows in is part of it.
    """
    best, of_rate, bills = float("inf"), {}, {}
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        readings = Held.of(session, rows)
        spent: dict[str, float] = {}
        for name, tariff in tariffs.items():
            started = time.perf_counter()
            bills[name] = operations.rate(tariff, agreements, {Channel.IMPORT: readings}, YEAR, zone=ZONE).table
            spent[name] = time.perf_counter() - started
        total = time.perf_counter() - begun
        if total < best:
            best, of_rate = total, spent
    return best, of_rate, bills


def pysam(rate: dict[str, Any], sample: npt.NDArray[np.int32]) -> tuple[float, list[utilityrate5.MonthlyBills]]:
    """Seconds for one account, and the sample's bills."""
    inputs = utilityrate5.rates_of(rate)
    kwh = [(load / 1000).tolist() for load in sample]
    utilityrate5.bills(inputs, kwh[0])
    begun = time.perf_counter()
    bills = [utilityrate5.bills(inputs, load) for load in kwh]
    return (time.perf_counter() - begun) / len(kwh), bills


def difference(
    rate: dict[str, Any], tariff: Tariff, bills: pa.Table, theirs: Sequence[utilityrate5.MonthlyBills]
) -> Decimal:
    """The largest difference of a month in cents, before our rounding of lines."""
    daily = Decimal(str(utilityrate5.daily_fixed(rate)))
    worst = Decimal(0)
    for number, bill in enumerate(bills.slice(0, 12 * len(theirs)).to_pylist()):
        month = number % 12
        expected = Decimal(theirs[number // 12].total[month]) + daily * utilityrate5.DAYS_IN_MONTH[month]
        worst = max(worst, abs(urdb_vs_pysam.unrounded(tariff, bill) - expected) * 100)
    return worst


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=20, help="accounts that PySAM bills")
    parser.add_argument("--json", action="store_true", dest="as_json")
    chosen = parser.parse_args(arguments)
    made = loads(chosen.accounts)
    points = np.arange(1, chosen.accounts + 1, dtype=np.int64)
    rows = rows_of(points, YEAR.days, YEAR.start, made.reshape(chosen.accounts * YEAR.days, 24))
    agreements = pa.table(
        {
            "usage_point": points,
            "agreement": points,
            "start": pa.array([YEAR.start] * chosen.accounts, pa.date32()),
            "end": pa.array([YEAR.end] * chosen.accounts, pa.date32()),
        }
    )
    known = rates()
    tariffs = {name: urdb.load(json.dumps(rate)) for name, rate in known.items()}
    with DuckDB() as session:
        total, of_rate, bills = ours(tariffs, session, rows, agreements)
    sample = made[: chosen.sample]
    timed = []
    for name, rate in known.items():
        seconds, theirs = pysam(rate, sample)
        timed.append(Timed(name, of_rate[name], seconds, difference(rate, tariffs[name], bills[name], theirs)))
    ours_s = total / len(timed) / chosen.accounts
    pysam_s = sum(each.pysam_s for each in timed) / len(timed)
    report = {
        "accounts": chosen.accounts,
        "rates": len(timed),
        "pysam_sample": min(chosen.sample, chosen.accounts),
        "ours_s_per_account_year": ours_s,
        "pysam_s_per_account_year": pysam_s,
        "speedup": pysam_s / ours_s,
        "max_difference_cents": float(max(each.difference_cents for each in timed)),
        "machine": f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}",
        "by_rate": {
            each.rate: {
                "ours_s_per_account_year": each.ours_s / chosen.accounts,
                "pysam_s_per_account_year": each.pysam_s,
                "speedup": each.pysam_s / (each.ours_s / chosen.accounts),
            }
            for each in timed
        },
    }
    if chosen.as_json:
        print(json.dumps(report, indent=2))
        return
    print(f"{'rate':28} {'ours µs':>9} {'PySAM µs':>9} {'times':>7}")
    for name, figures in report["by_rate"].items():
        print(
            f"{name:28} {figures['ours_s_per_account_year'] * 1e6:9.1f} "
            f"{figures['pysam_s_per_account_year'] * 1e6:9.0f} {figures['speedup']:7.0f}"
        )
    print(
        f"{len(timed)} rates, {chosen.accounts} accounts: {ours_s * 1e6:.1f} µs against {pysam_s * 1e6:.0f} µs "
        f"per account-year, {pysam_s / ours_s:.0f} times; largest difference {report['max_difference_cents']:.1e} cents"
    )


if __name__ == "__main__":
    main()
