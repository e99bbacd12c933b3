"""Promise: every slot of a day is known by its wall-clock time, also on the days when clocks change."""

from datetime import date

import numpy as np
import pytest

from gridhall.lake import curves
from gridhall.lake.curves import IntervalTooCoarse, ResolutionUnknown
from gridhall.lake.needs import DayPattern, Slice

FORWARD, BACK, PLAIN = date(2013, 3, 31), date(2013, 10, 27), date(2013, 6, 1)


@pytest.mark.parametrize(
    ("day", "minutes", "count"),
    [
        *((PLAIN, 15, 96), (PLAIN, 30, 48), (PLAIN, 60, 24)),
        *((FORWARD, 15, 92), (FORWARD, 30, 46), (FORWARD, 60, 23)),
        *((BACK, 15, 100), (BACK, 30, 50), (BACK, 60, 25)),
    ],
)
def test_a_day_has_as_many_slots_as_it_lasts(day: date, minutes: int, count: int) -> None:
    assert curves.slots("Europe/London", day, minutes) == count
    assert curves.resolution("Europe/London", day, count) == minutes


@pytest.mark.parametrize("minutes", [0, 7, 45, 120, -15])
def test_minutes_that_do_not_divide_the_hour_are_refused(minutes: int) -> None:
    with pytest.raises(ResolutionUnknown):
        curves.slots("Asia/Shanghai", PLAIN, minutes)


def test_a_day_half_an_hour_longer_has_no_whole_hours() -> None:
    back = date(2024, 4, 7)
    assert curves.slots("Australia/Lord_Howe", back, 30) == 49
    with pytest.raises(ResolutionUnknown):
        curves.slots("Australia/Lord_Howe", back, 60)


def test_a_day_that_begins_at_one_because_midnight_was_skipped() -> None:
    walls = curves.wall_minutes("America/Sao_Paulo", date(2018, 11, 4), 60)
    assert walls.tolist()[:2] == [60, 120]
    assert len(walls) == 23


@pytest.mark.parametrize("length", [0, 1, 25, 47, 95, 97, 1440])
def test_a_length_that_no_resolution_gives_is_refused_with_those_that_one_does(length: int) -> None:
    with pytest.raises(ResolutionUnknown) as caught:
        curves.resolution("Asia/Shanghai", PLAIN, length)
    assert "96" in caught.value.remedy


def test_the_hour_lived_twice_counts_in_its_clock_period_both_times() -> None:
    pattern = DayPattern((Slice(0, 90, 1), Slice(90, 1440, 0)))
    found = curves.registers_of_slots("Europe/London", BACK, 30, pattern).tolist()
    # 0:00 0:30 1:00 1:30 1:00 1:30 2:00
    assert found[:7] == [1, 1, 1, 0, 1, 0, 0]


def test_the_hour_that_is_skipped_counts_nowhere() -> None:
    pattern = DayPattern((Slice(0, 60, 0), Slice(60, 120, 1), Slice(120, 1440, 0)))
    assert set(curves.registers_of_slots("Europe/London", FORWARD, 30, pattern).tolist()) == {0}


def test_a_boundary_inside_a_slot_is_refused_unless_both_sides_are_one_register() -> None:
    with pytest.raises(IntervalTooCoarse):
        curves.ranges_of("Asia/Shanghai", PLAIN, 60, DayPattern((Slice(0, 450, 0), Slice(450, 1440, 1))))
    assert len(curves.ranges_of("Asia/Shanghai", PLAIN, 60, DayPattern((Slice(0, 450, 0), Slice(450, 1440, 0))))) == 1


def test_readings_by_clock_time_find_their_slots_second_hour_second() -> None:
    days = np.array([BACK] * 6 + [PLAIN] * 2 + [FORWARD] * 2, dtype="datetime64[D]")
    wall = np.array([60, 90, 60, 90, 120, 61, 1410, 1440, 90, 120])
    found = curves.slots_of("Europe/London", days, wall, 30)
    assert found.tolist() == [2, 3, 4, 5, 6, -1, 47, -1, -1, 2]


def test_readings_of_several_usage_points_do_not_disturb_each_others_second_hour() -> None:
    days = np.array([BACK] * 6, dtype="datetime64[D]")
    wall = np.array([60, 60, 60, 60, 60, 0])
    keys = np.array(["a", "b", "a", "b", "c", "c"])
    assert curves.slots_of("Europe/London", days, wall, 60, keys).tolist() == [1, 1, 2, 2, 1, 0]


def test_a_clock_time_finds_its_slot_or_is_refused() -> None:
    assert curves.slot_of("Europe/London", BACK, 15, 75) == 5
    assert curves.slot_of("Europe/London", BACK, 15, 75, second_time=True) == 9
    with pytest.raises(ValueError, match="does not show 1:30"):
        curves.slot_of("Europe/London", FORWARD, 15, 90)
