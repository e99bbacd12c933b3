"""Guards the promise that corrections keep their period: the old bill cancelled, the new one posted, both explained,
and the account's balance right at every date."""

from datetime import UTC, date, datetime

import pytest

from gridhall.contexts.accounts.models import CustomerAgreement, Settlement
from gridhall.contexts.billing import operations, queries
from gridhall.contexts.billing.errors import BillCancelled, NothingToCorrect
from gridhall.contexts.billing.models import Bill, LedgerEntry
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act

from .conftest import NOW

LATER = datetime(2013, 6, 1, 2, 0, tzinfo=UTC)
ACT = Act("test", LATER)
JANUARY = DateSpan.parse_month("2013-01")


@pytest.fixture
def billed(utility):
    """January to March billed, 1,000 to 1,100 kWh a month for U1, so that March crosses 3,120 kWh."""
    utility.read(date(2013, 1, 1), 90, {"U1": 400, "U2": 100, "U3": 200})
    for month in ("2013-01", "2013-02", "2013-03"):
        utility.run(month)
    return utility


def bills(utility, **conditions):
    return list(Bill.objects.filter(usage_point_id=utility.points["U1"], **conditions).order_by("start_date", "number"))


def test_a_late_reading_replaces_the_bill_of_its_period_and_those_whose_tier_moves(billed):
    old = bills(billed)
    billed.read(date(2013, 1, 10), 10, {"U1": 900}, revision=True)
    report = operations.correct(old[0].number, reason="late readings", act=ACT)
    # January for its energy, March for its tier; February stays within the first tier
    assert [bill.span.start.month for bill in report.bills] == [1, 3]
    assert report.bills[1].changes == ("the position in the tiers",)
    january = bills(billed, start_date=date(2013, 1, 1))
    assert [bill.status for bill in january] == ["cancelled", "issued"]
    assert (january[0].replaced_by, january[1].replaces) == (january[1].number, january[0].number)
    for bill in bills(billed):
        assert queries.explain(bill.number).equal


def test_the_balance_is_right_at_every_date_by_value_and_by_posting(billed):
    account = billed.accounts["U1"]
    old = [bill.total_fen for bill in bills(billed)]
    billed.read(date(2013, 1, 10), 10, {"U1": 900}, revision=True)
    report = operations.correct(bills(billed)[0].number, reason="late readings", act=ACT)
    new = {bill.span.start.month: bill.new_total_fen for bill in report.bills}
    assert queries.balance(account, at=date(2013, 1, 30)) == 0
    assert queries.balance(account, at=date(2013, 1, 31)) == new[1]
    assert queries.balance(account, at=date(2013, 3, 30)) == new[1] + old[1]
    assert queries.balance(account) == new[1] + old[1] + new[3]
    assert queries.balance(account, at=NOW, by="posting") == sum(old)
    assert queries.balance(account, at=LATER, by="posting") == new[1] + old[1] + new[3]


def test_a_preview_shows_the_same_and_posts_nothing(billed):
    billed.read(date(2013, 1, 10), 10, {"U1": 900}, revision=True)
    number, before = bills(billed)[0].number, list(LedgerEntry.objects.values_list())
    preview = operations.correct(number, reason="late", act=ACT, preview=True)
    assert list(LedgerEntry.objects.values_list()) == before
    posted = operations.correct(number, reason="late", act=ACT)
    assert preview.bills == posted.bills
    assert (preview.posted, posted.posted) == (False, True)


def test_the_bills_of_a_month_that_would_be_different_are_found(billed):
    billed.read(date(2013, 1, 10), 10, {"U1": 900}, revision=True)
    found = operations.correct_month(JANUARY, reason="late", act=ACT)
    assert [bill.usage_point for bill in found.bills] == ["U1"]
    assert not found.posted
    operations.correct_month(JANUARY, reason="late", act=ACT, preview=False)
    assert operations.correct_month(JANUARY, reason="late", act=ACT).bills == ()


def test_a_right_bill_and_a_cancelled_bill_are_not_corrected(billed):
    first = bills(billed)[0]
    with pytest.raises(NothingToCorrect):
        operations.correct(first.number, reason="no reason", act=ACT)
    billed.read(date(2013, 1, 10), 10, {"U1": 900}, revision=True)
    operations.correct(first.number, reason="late", act=ACT)
    with pytest.raises(BillCancelled, match="took its place"):
        operations.correct(first.number, reason="again", act=ACT)


def test_a_move_out_found_out_late_shortens_the_bill(billed):
    span = (date(2012, 7, 1), date(2013, 3, 18))
    CustomerAgreement.objects.filter(pk=billed.agreements["U1"]).update(span=span)
    Settlement.objects.filter(agreement_id=billed.agreements["U1"]).update(span=span)
    march = bills(billed)[-1]
    report = operations.correct(march.number, reason="moved out on the 18th", act=ACT)
    assert [str(bill.span) for bill in report.bills] == ["[2013-03-01, 2013-03-18)"]
    assert report.difference_fen < 0


def test_an_agreement_that_never_was_leaves_no_bill(billed):
    span = (date(2012, 7, 1), date(2013, 3, 1))
    CustomerAgreement.objects.filter(pk=billed.agreements["U1"]).update(span=span)
    Settlement.objects.filter(agreement_id=billed.agreements["U1"]).update(span=span)
    report = operations.correct(bills(billed)[-1].number, reason="never lived here in March", act=ACT)
    assert [(bill.new, bill.new_total_fen) for bill in report.bills] == [(None, 0)]
    account = billed.accounts["U1"]
    assert queries.balance(account) == queries.balance(account, at=date(2013, 2, 28))


def test_a_corrected_bill_can_be_corrected_again(billed):
    number = bills(billed)[0].number
    for wh in (900, 500, 400):
        billed.read(date(2013, 1, 10), 10, {"U1": wh}, revision=True)
        number = queries.read_number(operations.correct(number, reason=f"{wh}", act=ACT).bills[0].new)
    assert number % 100 == 3
    assert [bill.status for bill in bills(billed, start_date=date(2013, 1, 1))] == ["cancelled"] * 3 + ["issued"]
