"""Guards the walk on real readings: London households of 2013, imported, billed on three prices, every bill recomputed.

The expected amounts are counted here from the raw file in plain decimals, not by the house.
"""

import csv
import shutil
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.billing import operations as billing
from gridhall.contexts.billing import queries as bills
from gridhall.contexts.metering import operations as metering
from gridhall.contexts.tariffs import operations as tariffs
from gridhall.kernel.money import yuan
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act
from gridhall.runtime.content import content

pytestmark = [pytest.mark.needs_shared, pytest.mark.takes(70), pytest.mark.django_db(transaction=True)]

NOW = datetime(2014, 1, 3, 3, 0, tzinfo=UTC)
ACT = Act("test", NOW)
YEAR = DateSpan(date(2013, 1, 1), date(2014, 1, 1))
READINGS = "interval/london_60_households_halfhourly_2013.parquet"
PRICES = "interval/london_dynamic_price_2013.csv"


@pytest.fixture
def utility(settings: Any, tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The 60 households on a given tariff, with their year imported; the data's clock is GMT all year."""
    settings.HOME = tmp_path / "home"
    settings.TIME_ZONE = "UTC"
    own = tmp_path / "content"
    shutil.copytree(content(), own)
    shutil.copy(shared / PRICES, own / "tariffs")
    dynamic = own / "tariffs" / "london-trial-dynamic.yaml"
    dynamic.write_text(
        dynamic.read_text(encoding="utf-8").replace("interval: 30", f"interval: 30\n        file: {Path(PRICES).name}"),
        encoding="utf-8",
    )
    monkeypatch.setenv("GRIDHALL_CONTENT", str(own))

    def build(tariff: str) -> None:
        with (shared / "interval/london_60_households.csv").open(encoding="utf-8") as file:
            numbers = [next(iter(row.values())) for row in csv.DictReader(file)]
        listed = tmp_path / "households.csv"
        listed.write_text(
            "usage_point,tariff_code,start\n" + "".join(f"{number},{tariff},2013-01-01\n" for number in numbers)
        )
        accounts.load_csv(listed, organisation="LDN", act=ACT)
        text = (own / "tariffs" / f"{tariff}.yaml").read_text(encoding="utf-8")
        tariffs.publish(text, name=tariff, at=NOW)
        report = metering.import_readings(shared / READINGS, now=NOW, zone="UTC")
        assert (report.accepted, report.quarantined) == (1_038_555, 0)

    return build


def year_of_bills() -> dict[tuple[str, date], Any]:
    """Every month billed, every bill computed again: equal to the fen; the live bills by household and month."""
    billed = {}
    for month in YEAR.months():
        billing.run_month(month, act=ACT, today=NOW.date())
        again = list(bills.verify(month))
        assert all(each.equal for each in again)
        for bill in bills.bills(span=month, limit=100):
            billed[(bill.usage_point, month.start)] = bill
        assert len(again) == sum(1 for key in billed if key[1] == month.start)
    return billed


def complete_months(shared: Path) -> dict[tuple[str, date], list[tuple[datetime, Decimal]]]:
    """The raw half hours of each household and month that lacks none."""
    table = pq.read_table(shared / READINGS).to_pydict()
    found: dict[tuple[str, date], list[tuple[datetime, Decimal]]] = defaultdict(list)
    for household, moment, kwh in zip(table["lclid"], table["ts"], table["kwh"], strict=True):
        at = moment.to_pydatetime() if hasattr(moment, "to_pydatetime") else moment
        found[(household, date(at.year, at.month, 1))].append((at, Decimal(f"{kwh:.3f}")))
    whole = {month.start: month.days * 48 for month in YEAR.months()}
    return {key: slots for key, slots in found.items() if len(slots) == whole[key[1]]}


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def test_the_flat_price_is_energy_times_price_to_the_cent(utility: Any, shared: Path) -> None:
    utility("london-trial-flat")
    billed = year_of_bills()
    compared = 0
    for key, slots in complete_months(shared).items():
        assert yuan(billed[key].total_fen) == cents(sum(kwh for _, kwh in slots) * Decimal("0.14228")), key
        compared += 1
    assert compared > 450


def test_the_dynamic_price_counts_each_half_hour_at_its_own_price(utility: Any, shared: Path) -> None:
    utility("london-trial-dynamic")
    with (shared / PRICES).open(encoding="utf-8") as file:
        price = {datetime.fromisoformat(row["ts"]): Decimal(row["price_gbp_per_kwh"]) for row in csv.DictReader(file)}
    billed = year_of_bills()
    for key, slots in complete_months(shared).items():
        assert yuan(billed[key].total_fen) == cents(sum(kwh * price[at] for at, kwh in slots)), key


def test_shanghai_tiers_fill_over_the_year_and_valley_hours_are_the_night(utility: Any, shared: Path) -> None:
    utility("shanghai-residential-tou")
    billed = year_of_bills()
    whole = complete_months(shared)
    crossed = compared = 0
    for household in sorted({household for household, _ in whole}):
        used = Decimal(0)
        for month in YEAR.months():
            slots = whole.get((household, month.start))
            if slots is None:
                break
            valley = sum((kwh for at, kwh in slots if at.hour >= 22 or at.hour < 6), Decimal(0))
            total = sum((kwh for _, kwh in slots), Decimal(0))
            assert yuan(billed[(household, month.start)].total_fen) == _shanghai(used, total - valley, valley)
            crossed += used < 3120 < used + total
            compared += 1
            used += total
    assert compared > 200
    assert crossed > 3


def _shanghai(used: Decimal, peak: Decimal, valley: Decimal) -> Decimal:
    """A month on the table of domain terms: tiers to 3,120 and 4,800 kWh a year, split over peak and valley by share.

    The watt-hours of a tier are rounded half up to the peak, the rest is the valley's, so that both sums stay whole.
    """
    prices = (("0.617", "0.307"), ("0.677", "0.337"), ("0.977", "0.487"))
    edges = (Decimal(3120), Decimal(4800), Decimal(10**9))
    total, low, done, split = peak + valley, used, Decimal(0), Decimal(0)
    amount = Decimal(0)
    for edge, (at_peak, at_valley) in zip(edges, prices, strict=True):
        part = max(min(edge, used + total) - low, Decimal(0))
        if part == 0:
            continue
        low, done = low + part, done + part
        reached = (done * peak / total).quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)
        here, split = reached - split, reached
        amount += cents(here * Decimal(at_peak)) + cents((part - here) * Decimal(at_valley))
    return amount
