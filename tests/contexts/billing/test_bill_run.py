"""Guards the promise that every agreement is billed exactly once or parked with a reason, to the fen."""

from datetime import date

import pytest
from django.db.models import Sum

from gridhall.contexts.accounts.models import Customer, CustomerAgreement, Settlement
from gridhall.contexts.billing import operations, queries
from gridhall.contexts.billing.errors import MonthNotOver, NothingToBillFrom, NotReleasable, OpeningsInvalid
from gridhall.contexts.billing.models import Bill, BillRun, LedgerEntry, ParkedBill
from gridhall.contexts.billing.operations.run import run_month
from gridhall.contexts.tariffs.publishing import publish
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act
from gridhall.runtime.content import content

from .conftest import NOW

ACT = Act("test", NOW)


def ledger() -> int:
    return LedgerEntry.objects.aggregate(sum=Sum("amount_fen"))["sum"] or 0


def live() -> int:
    return Bill.objects.filter(status="issued").aggregate(sum=Sum("total_fen"))["sum"] or 0


def test_a_month_is_billed_to_the_fen(utility):
    # 31 days × 96 slots × 100 Wh = 297.6 kWh, two thirds of it from 6 to 22 h
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 200})
    report = utility.run("2013-01")
    assert (report.bills, report.parked) == (3, {})
    bill = Bill.objects.get(usage_point_id=utility.points["U1"])
    assert bill.amount_fen == [12241, 3045]  # 198.4 × 0.617 = 122.4128, 99.2 × 0.307 = 30.4544
    assert bill.energy_wh == 297_600
    assert ledger() == report.total_fen == live()


def test_a_billed_month_run_again_changes_nothing(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 200})
    utility.run("2013-01")
    before = list(LedgerEntry.objects.values_list())
    again = utility.run("2013-01")
    assert (again.bills, again.total_fen, again.parked) == (0, 0, {})
    assert list(LedgerEntry.objects.values_list()) == before


def test_what_was_parked_is_billed_once_its_readings_are_there(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100})
    utility.read(date(2013, 1, 1), 20, {"U3": 100})
    first = utility.run("2013-01")
    assert (first.bills, first.parked) == (2, {"missing_readings": 1})
    utility.read(date(2013, 1, 21), 11, {"U3": 100})
    second = utility.run("2013-01")
    assert (second.bills, second.parked) == (1, {})
    assert not ParkedBill.objects.filter(resolved_at=None).exists()
    assert Bill.objects.filter(status="issued").count() == 3


@pytest.mark.parametrize(
    ("wh", "days", "code"),
    [(None, 31, "no_readings"), (100, 0, "no_readings"), (100, 30, "missing_readings")],
)
def test_incomplete_readings_are_parked_with_their_reason(utility, wh, days, code):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100})
    if days:
        utility.read(date(2013, 1, 1), days, {"U3": wh})
    assert utility.run("2013-01").parked == {code: 1}
    item = queries.parked()[0]
    assert item.usage_point == "U3"
    assert item.next_step


def test_a_clerk_releases_what_is_parked_and_the_next_run_bills_it(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100})
    utility.read(date(2013, 1, 1), 30, {"U3": 100})
    utility.run("2013-01")
    item = queries.parked()[0]
    assert operations.release(item.id, reason="meter burnt on the 31st", act=ACT).released
    assert utility.run("2013-01").bills == 1
    assert queries.parked() == []


def test_what_needs_data_cannot_be_released(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100})
    utility.run("2013-01")
    with pytest.raises(NotReleasable):
        operations.release(queries.parked()[0].id, reason="never mind", act=ACT)


def test_ten_times_the_usual_is_parked_and_so_is_nothing_after_three_bills(utility):
    utility.read(date(2013, 1, 1), 90, {"U1": 100, "U2": 100, "U3": 100})
    utility.read(date(2013, 4, 1), 30, {"U1": 100, "U2": 1500, "U3": 0})
    for month in ("2013-01", "2013-02", "2013-03"):
        assert utility.run(month).parked == {}
    assert utility.run("2013-04").parked == {"implausible_high": 1, "implausible_zero": 1}


def test_an_unknown_tariff_and_a_gap_before_its_first_version_are_parked(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 100})
    text = content("tariffs", "shanghai-residential-tou.yaml").read_text()
    late = text.replace("tariff: shanghai-residential-tou", "tariff: late").replace(
        "start: 2000-01-01", "start: 2014-01-01"
    )
    publish(late, name="late", at=NOW)
    for number, code in (("U1", "unheard-of"), ("U2", "late")):
        CustomerAgreement.objects.filter(pk=utility.agreements[number]).update(tariff_code=code)
    report = utility.run("2013-01")
    assert (report.bills, report.parked) == (1, {"no_tariff": 2})


def test_usage_without_an_agreement_is_parked(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 100})
    span = (date(2012, 7, 1), date(2013, 1, 11))
    CustomerAgreement.objects.filter(pk=utility.agreements["U3"]).update(span=span)
    Settlement.objects.filter(agreement_id=utility.agreements["U3"]).update(span=span)
    report = utility.run("2013-01")
    assert (report.bills, report.parked) == (3, {"no_agreement": 1})
    item = queries.parked()[0]
    assert (item.span.start, item.details) == (date(2013, 1, 11), {"energy_wh": 21 * 96 * 100})


def test_the_position_in_the_annual_tiers_goes_on_from_bill_to_bill(utility):
    # 31 × 96 × 600 Wh = 1785.6 kWh a month: 3,120 kWh are reached in February
    utility.read(date(2013, 1, 1), 59, {"U1": 600, "U2": 100, "U3": 100})
    utility.run("2013-01")
    utility.run("2013-02")
    january, february = Bill.objects.filter(usage_point_id=utility.points["U1"]).order_by("start_date")
    assert (january.tier_used_wh, january.tier_used_after_wh) == (0, 1_785_600)
    assert (february.tier_used_wh, february.tier_source) == (1_785_600, "bills")
    assert len(february.line_no) == 4  # peak and valley of two tiers


def test_without_bills_before_the_position_is_measured_from_the_readings(utility):
    utility.read(date(2013, 1, 1), 59, {"U1": 600, "U2": 100, "U3": 100})
    utility.run("2013-02")
    february = Bill.objects.get(usage_point_id=utility.points["U1"])
    assert (february.tier_used_wh, february.tier_source) == (1_785_600, "readings")


def test_an_opening_from_the_system_before_is_where_the_tiers_go_on(utility, tmp_path):
    utility.read(date(2013, 2, 1), 59, {"U1": 600, "U2": 100, "U3": 100})
    file = tmp_path / "openings.csv"
    file.write_text("usage_point,as_of,kwh\nU1,2013-02-01,3100.5\n")
    assert operations.load_openings(file, act=ACT) == 1
    utility.run("2013-02")
    utility.run("2013-03")
    february, march = Bill.objects.filter(usage_point_id=utility.points["U1"]).order_by("start_date")
    assert (february.tier_used_wh, february.tier_source) == (3_100_500, "opening")
    assert (march.tier_used_wh, march.tier_source) == (3_100_500 + 28 * 96 * 600, "opening")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("usage_point,kwh\nU1,1\n", "openings.csv:1"),
        ("usage_point,as_of,kwh\nU1,2013-02-30,1\n", "openings.csv:2:as_of"),
        ("usage_point,as_of,kwh\nU1,2013-02-01,-1\n", "openings.csv:2:kwh"),
        ("usage_point,as_of,kwh\nU1,2013-02-01,1\nU9,2013-02-01,1\n", "openings.csv:3:usage_point"),
    ],
)
def test_openings_that_cannot_be_understood_are_refused_with_their_place(utility, tmp_path, text, place):
    file = tmp_path / "openings.csv"
    file.write_text(text)
    with pytest.raises(OpeningsInvalid) as refused:
        operations.load_openings(file, act=ACT)
    assert refused.value.path == place


def test_a_change_of_tariff_goes_on_in_the_same_tier_year_and_a_new_customer_begins_at_nothing(utility):
    utility.read(date(2013, 1, 1), 59, {"U1": 600, "U2": 600, "U3": 100})
    first = date(2013, 2, 1)
    for number, customer in (("U1", None), ("U2", Customer.objects.create(number="N", kind="person", name="李二"))):
        old = CustomerAgreement.objects.get(pk=utility.agreements[number])
        span = (date(2012, 7, 1), first)
        CustomerAgreement.objects.filter(pk=old.pk).update(span=span)
        Settlement.objects.filter(agreement=old).update(span=span)
        new = CustomerAgreement.objects.create(
            usage_point_id=old.usage_point_id, customer=customer or old.customer, tariff_code=old.tariff_code,
            span=(first, None),
        )  # fmt: skip
        Settlement.objects.create(agreement=new, account_id=utility.accounts[number], span=(first, None))
    utility.run("2013-01")
    utility.run("2013-02")
    used = {
        number: Bill.objects.get(usage_point_id=utility.points[number], start_date=first).tier_used_wh
        for number in ("U1", "U2")
    }
    assert used == {"U1": 1_785_600, "U2": 0}


def test_a_change_of_the_settling_account_splits_the_bill(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 100})
    Settlement.objects.filter(agreement_id=utility.agreements["U1"]).update(span=(date(2012, 7, 1), date(2013, 1, 17)))
    Settlement.objects.create(
        agreement_id=utility.agreements["U1"], account_id=utility.accounts["U2"], span=(date(2013, 1, 17), None)
    )
    assert utility.run("2013-01").bills == 4
    first, second = Bill.objects.filter(usage_point_id=utility.points["U1"]).order_by("start_date")
    assert (first.account_id, second.account_id) == (utility.accounts["U1"], utility.accounts["U2"])
    assert first.tier_used_after_wh == second.tier_used_wh


def test_a_run_in_small_batches_is_the_same(utility, monkeypatch):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 200})
    from gridhall.contexts.billing.operations import run

    rules = run.current_rules().model_copy(update={"batch": 1})
    monkeypatch.setattr(run, "current_rules", lambda: rules)
    report = utility.run("2013-01")
    assert report.bills == 3
    assert BillRun.objects.get(pk=report.run).batches.count() == 3


def test_a_month_that_is_not_over_is_refused(utility):
    with pytest.raises(MonthNotOver):
        run_month(DateSpan.parse_month("2013-01"), act=ACT, today=date(2013, 1, 31))


def test_without_any_readings_nothing_is_run(utility):
    with pytest.raises(NothingToBillFrom):
        utility.run("2013-01")
