"""Guards: drawings of the home page stay inside their frame and say nothing that there is no room for."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhall.channels.hall.home.glance import as_of, owe
from gridhall.channels.hall.home.scale import bars, split, tier_scale
from gridhall.contexts.billing.queries import Owing, OwnBill
from gridhall.contexts.identity.types import Home, Right
from gridhall.kernel.spans import DateSpan

TODAY = date(2026, 3, 5)


def place(text: str) -> float:
    assert text.endswith("%")
    return float(text[:-1])


@given(
    st.lists(st.integers(1, 10**8), min_size=1, max_size=4, unique=True).map(sorted),
    st.integers(0, 10**10),
    st.none() | st.integers(0, 10**10),
)
def test_a_scale_fills_its_frame_and_its_markers_are_inside(limits, used, forecast):
    names = [f"tier {at}" for at in range(len(limits) + 1)]
    drawn = tier_scale(limits, [str(limit) for limit in limits], names, used, forecast)
    assert len(drawn.segments) == len(limits) + 1
    assert sum(place(each.width) for each in drawn.segments) == pytest.approx(100, abs=0.1)
    assert 0 <= place(drawn.now) <= 99
    assert drawn.end is None or 0 <= place(drawn.end) <= 99
    if forecast is not None and forecast >= used:
        assert place(drawn.end) >= place(drawn.now)


def test_the_marker_stands_in_the_tier_that_is_reached():
    drawn = tier_scale([2880, 4800], ["2,880", "4,800"], ["a", "b", "c"], 3000, 3300)
    second = drawn.segments[1]
    assert place(second.x) < place(drawn.now) < place(drawn.end) < place(second.x) + place(second.width)


def test_bars_and_periods_share_one_width():
    assert [each.width for each in bars([50, 100])] == ["50.00%", "100.00%"]
    assert [each.width for each in bars([0, 0])] == ["0.00%", "0.00%"]
    parts = split([("peak", "peak", 75), ("valley", "valley", 25)])
    assert [(each.x, each.share) for each in parts] == [("0.00%", 75), ("75.00%", 25)]


def home(*, owner: bool = True) -> Home:
    span = DateSpan(date(2020, 1, 1), None)
    return Home("k", 1, "U", 1, 1, "n", "a", "residential", "connected", frozenset(Right), owner, (span,))


def bill(total: int, month: int, due: date) -> OwnBill:
    span = DateSpan.month(2026, month)
    return OwnBill(
        number=f"2026{month:02}01-1-00", span=span, energy_wh=1, total_fen=total, separate_fen=0, status="issued",
        estimated=0, missing=0, days_missing=0, issued_at=datetime(2026, month + 1, 1, tzinfo=UTC), due=due,
        replaces=None, replaced_by=None,
    )  # fmt: skip


def owing(**changes: object) -> Owing:
    values = {"id": 1, "account": "A", "own": True, "now": True, "usage_points": 1, "balance_fen": 300, "here_fen": 300}
    return Owing(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("due", "tone", "days"),
    [(date(2026, 3, 25), "good", 20), (date(2026, 3, 5), "warn", 0), (date(2026, 3, 1), "bad", -4)],
)
def test_a_due_day_is_told_by_its_distance(due, tone, days):
    found = owe(home(), [bill(300, 2, due)], [owing()], TODAY)
    assert (found.kind, found.tone, found.days_left, found.older_fen) == ("owed", tone, days, 0)


def test_what_is_older_than_the_newest_bill_is_told_apart():
    found = owe(home(), [bill(100, 2, TODAY), bill(200, 1, TODAY)], [owing()], TODAY)
    assert (found.amount_fen, found.older_fen) == (300, 200)


@pytest.mark.parametrize(("balance", "credit"), [(0, 0), (-50, 50)])
def test_nothing_owed_is_said(balance, credit):
    found = owe(home(), [bill(100, 2, TODAY)], [owing(balance_fen=balance)], TODAY)
    assert (found.kind, found.credit_fen) == ("nothing", credit)


def test_an_account_of_many_shows_this_homes_part_and_only_its_owner_the_whole():
    account = owing(usage_points=40, balance_fen=9000)
    found = owe(home(), [bill(300, 2, TODAY)], [account], TODAY)
    assert (found.amount_fen, found.homes, found.account_fen) == (300, 40, 9000)
    reader = owe(home(owner=False), [bill(300, 2, TODAY)], [account], TODAY)
    assert (reader.amount_fen, reader.homes, reader.account_fen) == (300, 0, 0)


def test_another_customers_account_owes_nothing_to_this_one():
    found = owe(home(), [bill(300, 2, TODAY)], [owing(own=False, balance_fen=9000)], TODAY)
    assert (found.kind, found.amount_fen, found.account_fen) == ("elsewhere", 300, 0)


def test_a_new_home_has_no_bill_yet():
    assert owe(home(), [], [owing(balance_fen=0, here_fen=0)], TODAY).kind == "unbilled"


def test_readings_are_dated_as_people_say_it():
    from django.utils import translation

    with translation.override("en"):
        assert as_of(date(2026, 3, 4), TODAY) == "as of yesterday 24:00"
        assert as_of(date(2026, 3, 1), TODAY) == "as of 1 Mar 24:00"
        assert as_of(None, TODAY) == "no readings in the last two months"
