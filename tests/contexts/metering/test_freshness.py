"""Promise (X3): readings say as of when they are, which gaps they have and how much of them is estimated."""

from collections.abc import Callable
from datetime import date

import pytest

from gridhall.contexts.metering import queries
from gridhall.contexts.metering.types import Gap, VersionUnknown
from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import Quality

FULL = [100] * 96
HOLES = [None, None, *FULL[2:]]
LIKE = [Quality.LIKE_DAY] * 10 + [Quality.MEASURED] * 86
TODAY = date(2026, 3, 11)


def march(*days: int) -> list[date]:
    return [date(2026, 3, day) for day in days]


def test_one_usage_point_says_as_of_when_and_names_its_gaps(put_readings: Callable[..., int]) -> None:
    put_readings(
        [(7, day, FULL, None) for day in march(1, 2, 6, 7)]
        + [(7, march(8)[0], FULL, LIKE), (7, march(9)[0], HOLES, None), (7, march(10)[0], HOLES, None)]
    )
    fresh = queries.freshness_of(7, TODAY)
    assert (fresh.as_of, fresh.last_day) == (date(2026, 3, 8), date(2026, 3, 10))
    assert fresh.gaps == (
        Gap(date(2026, 3, 3), date(2026, 3, 5), None),
        Gap(date(2026, 3, 9), date(2026, 3, 10), 2),
    )
    assert (fresh.absent_days, fresh.missing, fresh.estimated, fresh.days) == (3, 4, 10, 7)


def test_days_before_the_first_reading_are_no_gap_and_days_since_the_last_are(put_readings: Callable[..., int]) -> None:
    put_readings([(7, day, FULL, None) for day in march(5, 6)])
    fresh = queries.freshness_of(7, TODAY)
    assert fresh.gaps == (Gap(date(2026, 3, 7), date(2026, 3, 10), None),)


def test_many_usage_points_in_one_table_also_those_that_never_spoke(put_readings: Callable[..., int]) -> None:
    put_readings([(1, day, FULL, None) for day in march(*range(1, 11))] + [(2, march(1)[0], FULL, None)])
    put_readings([(3, date(2025, 12, 1), FULL, None)])
    rows = {row["usage_point"]: row for row in queries.freshness(TODAY, usage_points=[1, 2, 3, 4], days=10).to_pylist()}
    assert [(key, row["as_of"], row["absent_days"]) for key, row in rows.items()] == [
        (1, date(2026, 3, 10), 0),
        (2, date(2026, 3, 1), 9),
        (3, date(2025, 12, 1), 10),
        (4, None, 0),
    ]
    assert queries.freshness(TODAY, days=10).num_rows == 3


def test_freshness_as_of_an_earlier_version_knows_nothing_of_later_readings(put_readings: Callable[..., int]) -> None:
    first = put_readings([(7, march(1)[0], HOLES, None)])
    put_readings([(7, march(1)[0], FULL, None)], revision=True)
    put_readings([(7, march(2)[0], FULL, None)])
    assert queries.freshness_of(7, TODAY).as_of == date(2026, 3, 2)
    before = queries.freshness_of(7, TODAY, version=first)
    assert (before.as_of, before.last_day, before.missing) == (None, date(2026, 3, 1), 2)
    with pytest.raises(VersionUnknown):
        queries.freshness_of(7, TODAY, version=999_999)


def test_day_curves_carry_values_and_quality_as_of_any_version(put_readings: Callable[..., int]) -> None:
    first = put_readings([(7, march(1)[0], HOLES, None)])
    put_readings([(7, march(1)[0], FULL, LIKE)], revision=True)
    month = DateSpan.month(2026, 3)
    (now,) = queries.day_curves(7, "MAC000007", month)
    assert (now.usage_point, now.energy, now.missing, now.estimated) == ("MAC000007", 9_600, 0, 10)
    assert now.quality == tuple(LIKE)
    (then,) = queries.day_curves(7, "MAC000007", month, version=first)
    assert (then.energy, then.missing, then.estimated) == (9_400, 2, 0)
    assert queries.day_curves(8, "MAC000008", month) == []
