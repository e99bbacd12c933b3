"""Promise: what is imported is there exactly once; the same again changes nothing, late values keep earlier ones."""

from collections.abc import Callable
from datetime import date
from typing import Any

from gridhall.contexts.metering.models import Import, LakeFile, QuarantinedRow

HOURS = [f"2026-03-01 {hour:02}:00" for hour in range(24)]


def hourly(point: str, day: str, values: list[Any]) -> str:
    return "".join(f"{point},{day} {hour:02}:00,{value}\n" for hour, value in enumerate(values) if value is not None)


def test_a_long_file_becomes_days_in_the_lake(take_in: Callable, lake: Callable, points: dict[str, int]) -> None:
    told = take_in("usage_point,start,kwh\n" + hourly("A1", "2026-03-01", [0.5] * 24))
    assert (told.accepted, told.accepted_rows, told.quarantined, told.status) == (24, 1, 0, "imported")
    assert lake() == {(points["A1"], date(2026, 3, 1)): ([500] * 24, [0] * 24)}


def test_the_same_content_again_changes_nothing(take_in: Callable, lake: Callable) -> None:
    content = "usage_point,start,kwh\n" + hourly("A1", "2026-03-01", [1] * 24) + "A1,rubbish,1\n"
    first = take_in(content)
    before = lake()
    again = take_in(content, "another-name.csv")
    assert again.status == "already imported"
    assert (again.id, again.accepted, again.quarantined) == (first.id, 24, 1)
    assert (Import.objects.count(), QuarantinedRow.objects.count(), lake()) == (1, 1, before)


def test_the_same_readings_in_another_file_are_unchanged(take_in: Callable, lake: Callable) -> None:
    take_in("usage_point,start,kwh\n" + hourly("A1", "2026-03-01", [1] * 24))
    before = lake()
    told = take_in("usage_point,day,curve\nA1,2026-03-01,[" + ",".join(["1.0"] * 24) + "]\n", "other.csv")
    assert (told.accepted, told.unchanged, told.accepted_rows) == (0, 24, 0)
    assert lake() == before
    assert LakeFile.objects.count() == 1


def test_a_correction_counts_from_its_version_on(take_in: Callable, lake: Callable, points: dict[str, int]) -> None:
    key = (points["A1"], date(2026, 3, 1))
    first = take_in("usage_point,start,kwh\n" + hourly("A1", "2026-03-01", [1] * 24))
    second = take_in("usage_point,start,kwh\nA1,2026-03-01 05:00,7\n", "late.csv")
    assert (second.accepted, second.revised) == (1, 1)
    assert lake()[key][0] == [1000] * 5 + [7000] + [1000] * 18
    assert lake(version=first.id)[key][0] == [1000] * 24


def test_a_measured_value_replaces_an_estimate(take_in: Callable, lake: Callable, points: dict[str, int]) -> None:
    key = (points["A1"], date(2026, 3, 1))
    values: list[Any] = [1] * 24
    values[5] = None
    told = take_in("usage_point,start,kwh\n" + hourly("A1", "2026-03-01", values))
    assert (told.accepted, told.estimated) == (23, 1)
    assert lake()[key] == ([1000] * 24, [0] * 5 + [2] + [0] * 18)
    late = take_in("usage_point,start,kwh\nA1,2026-03-01 05:00,1\n", "late.csv")
    assert (late.accepted, late.revised) == (1, 1)
    assert lake()[key] == ([1000] * 24, [0] * 24)
    again = take_in("usage_point,start,kwh\n" + hourly("A1", "2026-03-01", values), "once-more.csv", again=True)
    assert (again.accepted, again.unchanged) == (0, 23)


def test_quarter_hours_told_one_by_one_go_into_their_day(
    take_in: Callable, lake: Callable, points: dict[str, int]
) -> None:
    quarters = ",".join(["0.25"] * 96)
    take_in("usage_point,day," + ",".join(f"p{n}" for n in range(1, 97)) + f"\nA1,2026-03-01,{quarters}\n")
    take_in("usage_point,start,kwh\nA1,2026-03-01 01:00,0.3\n", "late.csv")
    values = lake()[points["A1"], date(2026, 3, 1)][0]
    assert values == [250] * 4 + [300] + [250] * 91


def test_a_gap_of_hours_is_filled_from_like_days_and_marked(
    take_in: Callable, lake: Callable, points: dict[str, int]
) -> None:
    rows = "".join(hourly("A1", f"2026-01-{day:02}", [day] * 24) for day in (5, 12, 19))
    gap: list[Any] = [9] * 6 + [None] * 6 + [9] * 12
    told = take_in("usage_point,start,kwh\n" + rows + hourly("A1", "2026-01-26", gap))
    assert told.missing == 0
    values, quality = lake()[points["A1"], date(2026, 1, 26)]
    assert values[6:12] == [12_000] * 6  # the mean of 5, 12 and 19
    assert quality[6:12] == [3] * 6
    assert any(finding["code"] == "metering.readings.gap" for finding in told.findings)


def test_what_cannot_be_estimated_stays_missing(take_in: Callable, lake: Callable, points: dict[str, int]) -> None:
    told = take_in("usage_point,start,kwh\n" + hourly("A1", "2026-03-01", [1] * 4 + [None] * 20))
    assert (told.estimated, told.missing) == (0, 20)
    assert lake()[points["A1"], date(2026, 3, 1)][0] == [1000] * 4 + [None] * 20


def test_a_day_left_out_is_filled_when_like_days_tell(
    take_in: Callable, lake: Callable, points: dict[str, int]
) -> None:
    days = [day for day in range(1, 29) if day != 18]
    told = take_in("usage_point,start,kwh\n" + "".join(hourly("A1", f"2026-02-{day:02}", [2] * 24) for day in days))
    assert (told.accepted, told.estimated) == (27 * 24, 24)
    assert lake()[points["A1"], date(2026, 2, 18)] == ([2000] * 24, [3] * 24)


def test_a_spike_is_kept_and_marked(take_in: Callable, lake: Callable, points: dict[str, int]) -> None:
    rows = "".join(hourly("A1", f"2026-02-{day:02}", [0.5] * 12 + [1] * 12) for day in range(1, 9))
    spiky: list[Any] = [0.5] * 12 + [40] + [1] * 11
    told = take_in("usage_point,start,kwh\n" + rows + hourly("A1", "2026-02-09", spiky))
    assert told.suspects == 1
    values, quality = lake()[points["A1"], date(2026, 2, 9)]
    assert (values[12], quality[12], set(quality[:12])) == (40_000, 5, {0})
