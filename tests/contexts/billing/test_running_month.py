"""Guards: what the days since the last bill would cost is what the tariff says, and the forecast is priced likewise."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from gridhall.contexts.accounts.models import Customer, CustomerAgreement, Settlement
from gridhall.contexts.billing import queries, sources
from gridhall.contexts.billing.errors import NothingToBillFrom
from gridhall.contexts.billing.models import Bill, LedgerEntry, RunningMonth
from gridhall.contexts.billing.operations import estimate_running
from gridhall.contexts.billing.rules import pace
from gridhall.contexts.metering.models import Import, LakeFile
from gridhall.contexts.tariffs import operations as tariffs
from gridhall.contexts.tariffs import queries as published
from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.needs import Channel
from gridhall.lake.parts import PartWriter
from gridhall.runtime.audit import Act, trail

ACT = Act("test", datetime(2013, 2, 1, 1, tzinfo=UTC))


def estimate(today: date):
    return estimate_running(today=today, act=ACT)


def row(utility, number: str) -> RunningMonth:
    return RunningMonth.objects.get(usage_point_id=utility.points[number])


def read_curves(utility, curves: dict[tuple[str, date], list[int]]) -> None:
    """Readings of any shape, as an import like that of the fixture."""
    imported = Import.objects.latest("pk")
    imported.pk, imported.content_sha256 = None, f"{len(curves)}-{min(day for _, day in curves)}"[:64]
    imported.save(force_insert=True)
    rows = [
        {
            "usage_point": utility.points[number], "day": day, "curve": curve, "quality": None, "missing": 0,
            "estimated": 0,
        }
        for (number, day), curve in sorted(curves.items())
    ]  # fmt: skip
    with PartWriter(utility.lake, Channel.IMPORT, imported.pk, revision=False) as writer:
        writer.write(pa.Table.from_pylist(rows, schema=SCHEMA))
        files = writer.close()
    for file in files:
        LakeFile.objects.create(
            source=imported, path=file.path, channel=file.channel.value, month=f"{file.month}-01",
            first_day=file.first_day, last_day=file.last_day, rows=file.rows,
            usage_point_min=file.usage_point_min, usage_point_max=file.usage_point_max, revision=file.revision,
        )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_complete_month_is_estimated_at_what_its_bill_comes_to(utility, seed):
    utility.read(date(2012, 12, 1), 31, {"U1": 1200, "U2": 100, "U3": 900})
    utility.run("2012-12")
    random = np.random.default_rng(seed)
    days = [date(2013, 1, 1) + timedelta(days=each) for each in range(31)]
    read_curves(
        utility,
        {
            (n, day): random.integers(0, top, 96).tolist()
            for n, top in (("U1", 3000), ("U2", 200), ("U3", 9000))
            for day in days
        },
    )
    estimate(date(2013, 2, 1))
    estimated = {each.usage_point_id: each for each in RunningMonth.objects.all()}
    assert LedgerEntry.objects.filter(value_date__gte=date(2013, 1, 1)).count() == 0, "an estimate posts nothing"
    utility.run("2013-01")
    for bill in Bill.objects.filter(start_date=date(2013, 1, 1)):
        found = estimated[bill.usage_point_id]
        assert (found.charges_fen, found.energy_wh) == (bill.total_fen, bill.energy_wh)
        assert (found.forecast_fen, found.forecast_wh) == (bill.total_fen, bill.energy_wh)
        assert (found.tier_before_wh, found.tier_after_wh) == (bill.tier_used_wh, bill.tier_used_after_wh)
        assert sum(found.periods_wh) == bill.energy_wh


def test_charges_so_far_are_what_the_tariff_rates_for_these_days(utility):
    utility.read(date(2013, 1, 1), 20, {"U1": 100, "U2": 3000, "U3": 9000})
    estimate(date(2013, 1, 21))
    span = DateSpan(date(2013, 1, 1), date(2013, 1, 21))
    agreements = pa.table(
        {
            "usage_point": list(utility.points.values()), "agreement": list(utility.agreements.values()),
            "start": [span.start] * 3, "end": [span.end] * 3, "since": [date(2012, 7, 1)] * 3,
        }
    )  # fmt: skip
    agreements = agreements.set_column(2, "start", agreements["start"].cast(pa.date32()))
    with sources.lake_session() as lake:
        readings = sources.as_of(lake, sources.newest_version(), {}).by_channel(
            span, agreements["usage_point"].to_numpy()
        )
        rated = tariffs.rate(
            published.tariff_as_of("shanghai-residential-tou"),
            agreements,
            readings,
            span,
            zone=ZoneInfo("Asia/Shanghai"),
        )
    totals = dict(zip(rated.table["usage_point"].to_pylist(), rated.table["total"].to_pylist(), strict=True))
    found = {each.usage_point_id: each.charges_fen for each in RunningMonth.objects.all()}
    assert found == totals
    assert row(utility, "U3").tier == 3


def test_steady_use_is_forecast_to_the_watt_hour_and_to_the_fen(utility):
    utility.read(date(2013, 1, 1), 20, {"U1": 100, "U2": 3000, "U3": 9000})
    estimate(date(2013, 1, 21))
    now = {number: row(utility, number) for number in utility.points}
    utility.read(date(2013, 1, 21), 11, {"U1": 100, "U2": 3000, "U3": 9000})
    utility.run("2013-01")
    for number, found in now.items():
        bill = Bill.objects.get(usage_point_id=utility.points[number])
        assert (found.forecast_wh, found.forecast_fen) == (bill.energy_wh, bill.total_fen)
        assert found.forecast_tier_wh == bill.tier_used_after_wh
    # 31 days × 96 × 3 kWh is beyond the second limit of 4,800 kWh; a straight line from 20 days would be below.
    assert (now["U2"].tier, now["U2"].forecast_tier) == (3, 3)
    assert now["U2"].forecast_fen * 20 > now["U2"].charges_fen * 31


def test_a_month_that_waits_counts_as_unbilled_before_this_one(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100})
    utility.read(date(2013, 1, 1), 30, {"U3": 100})
    utility.run("2013-01")
    utility.read(date(2013, 2, 1), 10, {"U1": 100, "U2": 100, "U3": 100})
    estimate(date(2013, 2, 11))
    waiting, plain = row(utility, "U3"), row(utility, "U1")
    assert (waiting.before_date, waiting.before_wh) == (date(2013, 1, 1), 30 * 9600)
    assert waiting.before_fen > 0
    assert (plain.before_date, plain.before_wh, plain.before_fen) == (None, 0, None)
    assert waiting.energy_wh == plain.energy_wh == 10 * 9600
    assert waiting.tier_before_wh == 30 * 9600
    assert plain.same_days_wh == 10 * 9600


def test_a_billed_month_has_nothing_unbilled(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 100})
    estimate(date(2013, 2, 1))
    utility.run("2013-01")
    assert estimate(date(2013, 2, 1)).agreements == 0
    assert not RunningMonth.objects.exists()


def test_a_silent_meter_has_no_forecast_and_says_since_when(utility):
    utility.read(date(2013, 1, 1), 20, {"U1": 100, "U2": 100})
    utility.read(date(2013, 1, 1), 2, {"U3": 100})
    estimate(date(2013, 1, 21))
    silent = row(utility, "U3")
    assert (silent.as_of_date, silent.days, silent.energy_wh) == (date(2013, 1, 2), 2, 2 * 9600)
    assert silent.forecast_fen is None
    assert silent.charges_fen is not None


def test_what_never_spoke_is_known_to_have_no_readings(utility):
    utility.read(date(2013, 1, 1), 20, {"U1": 100, "U2": 100})
    estimate(date(2013, 1, 21))
    never = row(utility, "U3")
    assert (never.as_of_date, never.energy_wh, never.charges_fen, never.forecast_fen) == (None, 0, None, None)


def test_a_day_read_in_part_waits_until_it_is_whole(utility):
    utility.read(date(2013, 1, 1), 19, {"U1": 100, "U2": 100, "U3": 100})
    utility.read(date(2013, 1, 20), 1, {"U1": None, "U2": 100, "U3": 100})
    estimate(date(2013, 1, 21))
    assert row(utility, "U1").as_of_date == date(2013, 1, 19)
    assert row(utility, "U1").forecast_wh == row(utility, "U2").forecast_wh


def test_the_pace_is_that_of_who_lives_there_now(utility):
    utility.read(date(2012, 12, 1), 51, {"U1": 9000, "U2": 100, "U3": 100})
    point, before = utility.points["U1"], CustomerAgreement.objects.get(usage_point_id=utility.points["U1"])
    utility.run("2012-12")
    with_end = (date(2012, 7, 1), date(2013, 1, 11))
    Settlement.objects.filter(agreement=before).update(span=with_end)
    CustomerAgreement.objects.filter(pk=before.pk).update(span=with_end)
    newcomer = Customer.objects.create(number="C-new", kind="person", name="李")
    now = CustomerAgreement.objects.create(
        usage_point_id=point, customer=newcomer, tariff_code=before.tariff_code, span=(date(2013, 1, 11), None)
    )
    Settlement.objects.create(agreement=now, account_id=utility.accounts["U1"], span=(date(2013, 1, 11), None))
    read_curves(utility, {("U1", date(2013, 1, 21) + timedelta(days=each)): [10] * 96 for each in range(5)})
    utility.read(date(2013, 1, 21), 5, {"U2": 100, "U3": 100})
    estimate(date(2013, 1, 26))
    mine = queries.running(point, newcomer.pk)
    theirs = queries.running(point, before.customer_id)
    assert mine is not None
    assert theirs is not None
    assert (mine.span.start, theirs.span.end) == (date(2013, 1, 11), date(2013, 1, 11))
    assert mine.energy_wh == (10 * 9000 + 5 * 10) * 96
    assert theirs.energy_wh == 10 * 9000 * 96
    assert theirs.forecast_fen == theirs.charges_fen, "nothing more will come"
    assert mine.same_days_wh is None, "the month before was somebody else's"


def test_limits_are_those_of_the_household_and_its_year(utility):
    utility.read(date(2013, 1, 1), 20, {"U1": 100, "U2": 100, "U3": 100})
    estimate(date(2013, 1, 21))
    found = queries.running(
        utility.points["U1"], CustomerAgreement.objects.get(usage_point_id=utility.points["U1"]).customer_id
    )
    assert found is not None
    assert found.tiers is not None
    assert (found.tiers.basis, found.tiers.since, found.tiers.limits_wh) == (
        "year",
        date(2013, 1, 1),
        (3_120_000, 4_800_000),
    )
    assert found.tiers.left_wh == 3_120_000 - 20 * 9600


def test_another_customer_sees_nothing(utility):
    utility.read(date(2013, 1, 1), 20, {"U1": 100, "U2": 100, "U3": 100})
    estimate(date(2013, 1, 21))
    other = CustomerAgreement.objects.get(usage_point_id=utility.points["U2"]).customer_id
    assert queries.running(utility.points["U1"], other) is None


def test_an_estimate_replaces_the_one_before_and_is_on_the_trail(utility):
    utility.read(date(2013, 1, 1), 20, {"U1": 100, "U2": 100, "U3": 100})
    estimate(date(2013, 1, 21))
    utility.read(date(2013, 1, 21), 1, {"U1": 100, "U2": 100, "U3": 100})
    report = estimate(date(2013, 1, 22))
    assert (report.agreements, report.unpriced) == (3, 0)
    assert set(RunningMonth.objects.values_list("energy_wh", flat=True)) == {21 * 9600}
    assert [entry.action for entry in trail("month:2013-01")] == ["billing.running.estimated"] * 2


def test_without_readings_there_is_nothing_to_estimate(utility):
    with pytest.raises(NothingToBillFrom):
        estimate(date(2013, 1, 21))


def test_a_working_day_is_like_working_days():
    curves = np.array([[[10], [20], [30], [40], [99]]])
    complete = np.array([[True, True, True, True, False]])
    off = np.array([False, False, True, True, True])
    found = pace.pace(curves, complete, off)
    assert (found.worked.tolist(), found.off.tolist(), found.known.tolist()) == ([[15]], [[35]], [True])


def test_two_days_tell_no_pace():
    found = pace.pace(np.array([[[10], [20]]]), np.array([[True, True]]), np.array([False, False]))
    assert found.known.tolist() == [False]
