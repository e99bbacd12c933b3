"""Guards the promise that any bill can be explained and computed again to the fen, also long afterwards."""

from datetime import date

from gridhall.contexts.billing import queries
from gridhall.contexts.billing.models import Bill
from gridhall.kernel.spans import DateSpan


def test_every_line_is_quantity_times_price_with_source_and_version(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 200})
    utility.run("2013-01")
    found = queries.explain(Bill.objects.get(usage_point_id=utility.points["U1"]).number)
    assert [(str(line.quantity), str(line.price), str(line.amount)) for line in found.bill.lines] == [
        ("198.400", "0.617", "122.41"),
        ("99.200", "0.307", "30.45"),
    ]
    assert all(line.source and line.version for line in found.bill.lines)
    assert (found.equal, found.recomputed_total_fen, found.slots) == (True, 15286, 31 * 96)
    assert [day.energy_wh for day in found.days] == [9600] * 31


def test_a_bill_is_explained_from_the_readings_it_was_made_of(utility):
    utility.read(date(2013, 1, 1), 31, {"U1": 100, "U2": 100, "U3": 200})
    utility.run("2013-01")
    utility.read(date(2013, 1, 5), 1, {"U1": 900}, revision=True)
    found = queries.explain(Bill.objects.get(usage_point_id=utility.points["U1"]).number)
    assert found.equal
    assert {day.energy_wh for day in found.days} == {9600}


def test_a_month_is_verified_as_a_set(utility):
    utility.read(date(2013, 1, 1), 59, {"U1": 600, "U2": 100, "U3": 200})
    for month in ("2013-01", "2013-02"):
        utility.run(month)
        checked = list(queries.verify(DateSpan.parse_month(month)))
        assert [found.equal for found in checked] == [True] * 3
