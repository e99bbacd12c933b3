"""Guards the rules of cut-offs: nobody is cut off without cause, notice, approval and fresh reading, nobody who is
protected, and nobody at an hour or on a day when nobody could help."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.payments.fee_settings import fee_rules
from gridhall.contexts.payments.rules.fee_control import (
    Decision,
    Level,
    Move,
    Present,
    Standing,
    Wait,
    decide,
    levels,
)

ZONE = ZoneInfo("Asia/Shanghai")
RULES = fee_rules()
CUT = RULES.cut_off
#: A Tuesday, with a working day after it.
TUESDAY = datetime(2026, 3, 10, 10, 0, tzinfo=ZONE)


def works(day: date) -> bool:
    return accounts.is_working_day(day)


def present(at: datetime = TUESDAY, *, alert: bool = False) -> Present:
    return Present(at, works, alert)


def ready(at: datetime = TUESDAY) -> Standing:
    """Everything has been done: only the moment decides."""
    return Standing(
        cause=True, protected=False, newest=at.date() - timedelta(days=1), noticed_at=at - timedelta(days=4),
        approved_at=at - timedelta(days=1), final_at=at - timedelta(minutes=40),
    )  # fmt: skip


def waits(standing: Standing, when: Present) -> tuple[Wait, ...]:
    decision = decide(standing, when, CUT)
    assert decision.move is Move.NOTHING
    return decision.waits


def test_with_everything_in_place_supply_is_cut_off() -> None:
    assert decide(ready(), present(), CUT) == Decision(Move.CUT_OFF)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("2026-03-10 08:59", {Wait.HOURS}),
        ("2026-03-10 09:00", set()),
        ("2026-03-10 14:59", set()),
        ("2026-03-10 15:00", {Wait.HOURS}),
        ("2026-03-10 23:30", {Wait.HOURS}),
        ("2026-03-13 10:00", {Wait.WEEKDAY, Wait.EVE}),  # Friday
        ("2026-03-14 10:00", {Wait.WEEKDAY, Wait.DAY_OFF, Wait.EVE}),  # Saturday
        ("2026-03-15 10:00", {Wait.WEEKDAY, Wait.DAY_OFF}),  # Sunday, Monday is worked
        ("2026-02-17 10:00", {Wait.DAY_OFF, Wait.EVE}),  # a Tuesday in the Spring Festival
        ("2026-09-24 10:00", {Wait.EVE}),  # a Thursday, Mid-Autumn is tomorrow
        ("2026-02-28 10:00", {Wait.WEEKDAY, Wait.EVE}),  # a Saturday that is worked
        ("2031-03-11 10:00", {Wait.DAY_OFF, Wait.EVE}),  # a year that the calendar does not know
    ],
)
def test_hours_weekdays_and_holidays(at: str, why: set[Wait]) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=ZONE)

    def known(day: date) -> bool:
        return day.year <= 2027 and works(day)

    decision = decide(ready(moment), Present(moment, known), CUT)
    assert set(decision.waits) == why
    assert (decision.move is Move.CUT_OFF) == (not why)


def test_a_red_alert_holds_everything_but_notices() -> None:
    assert waits(ready(), present(alert=True)) == (Wait.RED_ALERT,)
    assert decide(replace(ready(), noticed_at=None), present(alert=True), CUT).move is Move.NOTICE


@pytest.mark.parametrize("days", range(10))
def test_a_notice_lies_three_to_seven_days_before(days: int) -> None:
    standing = replace(ready(), noticed_at=TUESDAY - timedelta(days=days, minutes=1))
    move = decide(standing, present(), CUT).move
    assert move is (Move.NOTHING if days < 3 else Move.CUT_OFF if days < 7 else Move.LAPSE)


def test_half_an_hour_lies_between_the_final_notice_and_the_cut_off() -> None:
    standing = replace(ready(), final_at=None)
    assert decide(standing, present(), CUT).move is Move.FINAL_NOTICE
    for minutes, expected in ((0, Move.NOTHING), (29, Move.NOTHING), (30, Move.CUT_OFF), (239, Move.CUT_OFF)):
        given_at = replace(standing, final_at=TUESDAY - timedelta(minutes=minutes))
        assert decide(given_at, present(), CUT).move is expected, minutes
    # One that was given and not followed has to be given again.
    assert decide(replace(standing, final_at=TUESDAY - timedelta(hours=5)), present(), CUT).move is Move.FINAL_NOTICE


def test_no_final_notice_is_given_that_would_end_after_the_last_hour() -> None:
    at = TUESDAY.replace(hour=14, minute=31)
    assert waits(replace(ready(at), final_at=None), present(at)) == (Wait.HOURS,)


def test_only_a_person_lets_it_go_on() -> None:
    assert waits(replace(ready(), approved_at=None), present()) == (Wait.APPROVAL,)
    both = replace(ready(), approved_at=None, noticed_at=TUESDAY - timedelta(days=1))
    assert waits(both, present()) == (Wait.NOTICE_DAYS, Wait.APPROVAL)


@pytest.mark.parametrize(("days", "stops"), [(1, False), (2, False), (3, True), (30, True), (None, True)])
def test_never_without_a_fresh_reading(days: int | None, stops: bool) -> None:
    newest = None if days is None else TUESDAY.date() - timedelta(days=days)
    for standing in (ready(), replace(ready(), noticed_at=None), replace(ready(), final_at=None)):
        decision = decide(replace(standing, newest=newest), present(), CUT)
        assert (decision.waits == (Wait.READING_OLD,)) == stops
        assert stops == (decision.move is Move.NOTHING)


def test_what_a_person_has_rejected_is_not_begun_again_for_days() -> None:
    fresh = replace(ready(), noticed_at=None)
    assert waits(replace(fresh, held_until=date(2026, 3, 11)), present()) == (Wait.REJECTED,)
    assert decide(replace(fresh, held_until=date(2026, 3, 10)), present(), CUT).move is Move.NOTICE


@given(
    st.booleans(), st.booleans(), st.integers(-400, 400), st.integers(-400, 400) | st.none(),
    st.integers(-400, 400) | st.none(), st.integers(-400, 400) | st.none(),
    st.integers(0, 364 * 24 * 60), st.booleans(),
)  # fmt: skip
def test_nobody_is_ever_cut_off_against_a_rule(
    cause: bool, protected: bool, read: int, noticed: int | None, approved: int | None, final: int | None,
    at: int, alert: bool,
) -> None:  # fmt: skip
    """Whatever the facts, in whatever order they came about: a cut-off has each of its reasons."""
    moment = datetime(2026, 1, 1, tzinfo=ZONE) + timedelta(minutes=at)

    def before(hours: int | None) -> datetime | None:
        return None if hours is None else moment - timedelta(hours=hours / 2)

    standing = Standing(
        cause, protected, (moment - timedelta(hours=read)).date(), before(noticed), before(approved), before(final)
    )
    if decide(standing, present(moment, alert=alert), CUT).move is Move.CUT_OFF:
        assert cause
        assert not protected
        assert not alert
        assert works(moment.date())
        assert moment.isoweekday() <= 4
        assert works(moment.date() + timedelta(days=1))
        assert 9 <= moment.hour < 15
        assert standing.noticed_at
        assert standing.approved_at
        assert standing.final_at
        assert standing.newest
        assert timedelta(days=3) <= moment - standing.noticed_at <= timedelta(days=7)
        assert timedelta(minutes=30) <= moment - standing.final_at <= timedelta(hours=4)
        assert (moment.date() - standing.newest).days <= 2


def test_a_cause_that_is_gone_or_a_protection_closes_what_was_begun() -> None:
    for cause, protected in product((True, False), (True, False)):
        if cause and not protected:
            continue
        standing = replace(ready(), cause=cause, protected=protected)
        assert decide(standing, present(), CUT).move is Move.CLOSE
        assert decide(replace(standing, noticed_at=None), present(), CUT).move is Move.NOTHING


def test_levels_of_many_at_once() -> None:
    def at(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, np.int64)

    found = levels(
        at(5000, 3000, 2999, 1000, 999, 0, -1, -500, -500, -500),
        at(1, 1, 1, 1, 1, 1, 1, 1, 1, 0),
        at(1, 1, 1, 1, 1, 1, 1, 0, 0, 1),
        at(0, 0, 0, 0, 0, 0, 0, 0, 300, 0),
        at(*(3000,) * 10),
        RULES,
    )
    expected = [
        Level.FINE, Level.FINE, Level.LOW, Level.LOW, Level.VERY_LOW, Level.VERY_LOW, Level.SPENT,
        Level.FINE, Level.SPENT, Level.UNKNOWN,
    ]  # fmt: skip
    assert found.tolist() == expected
