"""How long a year's bills of one account take: PySAM's `Utilityrate5` beside our rating, on the same rates and loads.

    python -m benchmarks.tariff_vs_pysam [--accounts 1000] [--sample 20] [--json]

Both bill twelve months of 8,760 hourly values under the same URDB rates: those built here, and those of ../shared
where that exists.

**Ours** is everything from the table of readings to the finished bills, every line of them: the rows are taken in and
summed once for all rates (`prepare_s`, counted in and spread over the rates), then there is one call of
`tariffs.operations.rate` for each rate over all accounts. What a rate asks for on which days is worked out on its first
call and kept with the tariff; `ours_first_round_s_per_account_year` is the round that includes it.

**PySAM** runs account by account, as it is made to: a model is created, given load and rate, executed, and its twelve
bills are read. It is spared what bills do not need: it analyses one year, and its inputs are made beforehand;
`pysam_25_years_s_per_account_year` is what it takes with the analysis period of 25 years that it is mostly used with.
It is timed on a sample of the accounts, one account costing what another does.

First come our rounds, then as many of PySAM, so that neither works with the other's leavings in memory; of each rate,
and of taking the readings in, the best round counts on either side. The sample's bills are compared: the totals of our
bills with PySAM's rounded half up to the cent, where the exact sum does not lie within its floating-point noise of half
a cent (`ties`), and, as ``max_difference_cents``, the sums before rounding.
"""

import argparse
import json
import os
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
from benchmarks.utilityrate5 import MonthlyBills
from gridhall.contexts.tariffs import operations, urdb
from gridhall.contexts.tariffs.types import Tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake.engine import DuckDB
from gridhall.lake.held import Held
from gridhall.lake.needs import Channel
from gridhall.runtime import memory

YEAR = DateSpan(date(2018, 1, 1), date(2019, 1, 1))
ZONE = ZoneInfo("UTC")
ROUNDS = 5


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


@dataclass
class Timed:
    """One rate, timed both ways, in the best round of each."""

    ours_s: float = float("inf")
    pysam_s: float = float("inf")
    months: int = 0
    equal: int = 0
    ties: int = 0
    difference_cents: Decimal = Decimal(0)


@dataclass(frozen=True)
class Round:
    """One round over all rates: seconds to take the rows in, seconds of each rate, and the bills."""

    prepare_s: float
    rates_s: dict[str, float]
    bills: dict[str, pa.Table]

    @property
    def total_s(self) -> float:
        """Everything together."""
        return self.prepare_s + sum(self.rates_s.values())


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


def ours(tariffs: dict[str, Tariff], session: DuckDB, rows: pa.Table, agreements: pa.Table) -> Round:
    """Rate all accounts under all rates, from the table of readings to the last bill."""
    begun = time.perf_counter()
    readings = Held.of(session, rows)
    readings.prepare([DateSpan.month(YEAR.start.year, month) for month in range(1, 13)])
    prepared = time.perf_counter() - begun
    spent, bills = {}, {}
    for name, tariff in tariffs.items():
        started = time.perf_counter()
        bills[name] = operations.rate(tariff, agreements, {Channel.IMPORT: readings}, YEAR, zone=ZONE).table
        spent[name] = time.perf_counter() - started
    return Round(prepared, spent, bills)


def pysam(rate: dict[str, Any], kwh: list[list[float]], *, years: int = 1) -> tuple[float, list[MonthlyBills]]:
    """Seconds for one account, and the bills of all."""
    inputs = utilityrate5.rates_of(rate)
    begun = time.perf_counter()
    bills = [utilityrate5.bills(inputs, load, years=years) for load in kwh]
    return (time.perf_counter() - begun) / len(kwh), bills


def compare(rate: dict[str, Any], tariff: Tariff, bills: pa.Table, theirs: Sequence[MonthlyBills], into: Timed) -> None:
    """Compare each month of the sample: totals to the cent, and sums before rounding."""
    daily = Decimal(str(utilityrate5.daily_fixed(rate)))
    for number, bill in enumerate(bills.slice(0, 12 * len(theirs)).to_pylist()):
        month = number % 12
        expected = Decimal(theirs[number // 12].total[month]) + daily * utilityrate5.DAYS_IN_MONTH[month]
        same = bill["total"] == urdb_vs_pysam.cents(expected)
        into.months += 1
        into.equal += same
        into.ties += not same and urdb_vs_pysam.tied(bill["total"], expected)
        off = abs(urdb_vs_pysam.unrounded(tariff, bill) - expected) * 100
        into.difference_cents = max(into.difference_cents, off)


def report(accounts: int, sample: int, rounds: int) -> dict[str, Any]:
    """Run both and put the figures together."""
    made = loads(accounts)
    points = np.arange(1, accounts + 1, dtype=np.int64)
    rows = rows_of(points, YEAR.days, YEAR.start, made.reshape(accounts * YEAR.days, 24))
    agreements = pa.table(
        {
            "usage_point": points,
            "agreement": points,
            "start": pa.array([YEAR.start] * accounts, pa.date32()),
            "end": pa.array([YEAR.end] * accounts, pa.date32()),
        }
    )
    known = rates()
    tariffs = {name: urdb.load(json.dumps(rate)) for name, rate in known.items()}
    kwh = [(load / 1000).tolist() for load in made[:sample]]
    timed = {name: Timed() for name in known}
    finished: list[Round] = []
    with DuckDB() as session:
        for number in range(rounds):
            finished.append(ours(tariffs, session, rows, agreements))
            if number:
                finished[-1].bills.clear()
    for number in range(rounds):
        for name, rate in known.items():
            seconds, theirs = pysam(rate, kwh)
            timed[name].pysam_s = min(timed[name].pysam_s, seconds)
            if number == 0:
                compare(rate, tariffs[name], finished[0].bills[name], theirs, timed[name])
    prepare_s = min(each.prepare_s for each in finished)
    for name, each in timed.items():
        each.ours_s = min(one.rates_s[name] for one in finished) / accounts
    long = [pysam(rate, kwh[:2], years=25)[0] for rate in known.values()]
    prepare_each = prepare_s / len(known) / accounts
    ours_s = prepare_each + sum(each.ours_s for each in timed.values()) / len(timed)
    pysam_s = sum(each.pysam_s for each in timed.values()) / len(timed)
    return {
        "accounts": accounts,
        "rates": len(timed),
        "rounds": rounds,
        "pysam_sample": len(kwh),
        "ours_s_per_account_year": ours_s,
        "pysam_s_per_account_year": pysam_s,
        "speedup": pysam_s / ours_s,
        "prepare_s": prepare_s,
        "prepare_s_per_account_year": prepare_each,
        "ours_first_round_s_per_account_year": finished[0].total_s / len(known) / accounts,
        "pysam_25_years_s_per_account_year": sum(long) / len(long),
        "months_compared": sum(each.months for each in timed.values()),
        "equal_to_the_cent": sum(each.equal for each in timed.values()),
        "ties": sum(each.ties for each in timed.values()),
        "max_difference_cents": float(max(each.difference_cents for each in timed.values())),
        "machine": f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}",
        "load_average": os.getloadavg()[0],
        "by_rate": {
            name: {
                "ours_s_per_account_year": each.ours_s,
                "pysam_s_per_account_year": each.pysam_s,
                "speedup_without_prepare": each.pysam_s / each.ours_s,
            }
            for name, each in timed.items()
        },
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and print a table or JSON; status 1 when a bill is not PySAM's to the cent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=20, help="accounts that PySAM bills")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", dest="as_json")
    chosen = parser.parse_args(arguments)
    memory.keep_freed()
    found = report(chosen.accounts, min(chosen.sample, chosen.accounts), chosen.rounds)
    wrong = found["months_compared"] - found["equal_to_the_cent"] - found["ties"]
    if chosen.as_json:
        print(json.dumps(found, indent=2))
        return int(wrong > 0)
    print(f"{'rate':28} {'ours µs':>9} {'PySAM µs':>9} {'times':>7}")
    for name, figures in found["by_rate"].items():
        print(
            f"{name:28} {figures['ours_s_per_account_year'] * 1e6:9.1f} "
            f"{figures['pysam_s_per_account_year'] * 1e6:9.0f} {figures['speedup_without_prepare']:7.0f}"
        )
    print(
        f"{found['rates']} rates, {found['accounts']} accounts: {found['ours_s_per_account_year'] * 1e6:.1f} µs (of it "
        f"{found['prepare_s_per_account_year'] * 1e6:.1f} to take the readings in) against "
        f"{found['pysam_s_per_account_year'] * 1e6:.0f} µs per account-year: {found['speedup']:.0f} times\n"
        f"{found['equal_to_the_cent']} of {found['months_compared']} months equal to the cent, {found['ties']} ties; "
        f"before rounding at most {found['max_difference_cents']:.1e} cents apart"
    )
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
