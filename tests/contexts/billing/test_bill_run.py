"""Guards the promise that every agreement is billed exactly once or parked with a reason, to the fen."""

from datetime import date

from gridhall.contexts.billing.models import Bill, LedgerEntry


def test_a_month_is_billed_to_the_fen(utility):
    # 31 days × 96 slots × 100 Wh = 297.6 kWh, two thirds of it from 6 to 22 h
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 200})
    report = utility.run("2013-01")
    assert (report.bills, report.parked) == (3, {})
    bill = Bill.objects.get(usage_point_id=utility.points["U1"])
    assert bill.amount_fen == [12241, 3045]  # 198.4 × 0.617 = 122.4128, 99.2 × 0.307 = 30.4544
    assert bill.energy_wh == 297_600
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == report.total_fen
