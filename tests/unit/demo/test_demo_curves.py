"""Guards the invented readings: repeatable in any portions, no two alike, behaving like what they stand for."""

from datetime import date, timedelta
from itertools import combinations

import numpy as np
import pytest

from gridhall.journeys.demo import cast, pack
from gridhall.journeys.demo.curves import Kind, Month, generate
from gridhall.journeys.demo.pack import Pack, Size
from gridhall.journeys.demo.utility import Period, Role, Utility

TODAY = date(2026, 3, 5)
JANUARY = [date(2026, 1, 1) + timedelta(offset) for offset in range(31)]
JULY = [date(2025, 7, 1) + timedelta(offset) for offset in range(31)]
HOLIDAYS = frozenset({date(2026, 1, 1), *(date(2026, 2, 16) + timedelta(offset) for offset in range(7))})


@pytest.fixture(scope="module")
def grid() -> Pack:
    return pack.read(Size.BLOCK)


@pytest.fixture(scope="module")
def utility(grid: Pack) -> Utility:
    return cast.build(grid, seed=1, period=Period.up_to(TODAY))


@pytest.fixture(scope="module")
def january(grid: Pack, utility: Utility) -> Month:
    assert utility.loads is not None
    return generate(grid, utility.loads, JANUARY, HOLIDAYS)


def test_no_two_usage_points_have_the_same_curve(january: Month) -> None:
    seen = {curve.tobytes() for curve in january.imported}
    assert len(seen) == len(january.imported)


def test_homes_differ_by_more_than_noise(utility: Utility, january: Month) -> None:
    assert utility.loads is not None
    homes = january.imported[utility.loads.kind == Kind.HOME][:40].reshape(-1, 31 * 96)
    for one, other in combinations(homes.astype(np.int64), 2):
        # the closest scaling of one curve onto the other still leaves a fifth of it unexplained
        apart = np.abs(one * int(other.sum()) - other * int(one.sum())).sum()
        assert apart * 5 > int(one.sum()) * int(other.sum())


def test_no_day_of_a_home_is_a_copy_of_another(utility: Utility, january: Month) -> None:
    assert utility.loads is not None
    for home in january.imported[utility.loads.kind == Kind.HOME][:20]:
        assert len({day.tobytes() for day in home}) == len(JANUARY)


def test_the_same_seed_gives_the_same_curves_however_the_work_is_cut(
    grid: Pack, utility: Utility, january: Month
) -> None:
    assert utility.loads is not None
    rows = np.arange(30, 50)
    days = generate(grid, utility.loads.take(rows), JANUARY[10:12], HOLIDAYS)
    assert np.array_equal(days.imported, january.imported[rows, 10:12])


def test_another_seed_gives_other_curves(grid: Pack, january: Month) -> None:
    other = cast.build(grid, seed=2, period=Period.up_to(TODAY))
    assert other.loads is not None
    assert not np.array_equal(generate(grid, other.loads, JANUARY, HOLIDAYS).imported, january.imported)


def test_energy_is_never_negative_and_fits_a_domestic_month(utility: Utility, january: Month) -> None:
    assert utility.loads is not None
    assert int(january.imported.min()) >= 0
    homes = january.imported[utility.loads.kind == Kind.HOME].sum(axis=(1, 2))
    assert 150_000 < int(np.median(homes)) < 700_000  # Wh


def test_photovoltaics_feed_in_by_day_and_more_in_summer(grid: Pack, utility: Utility, january: Month) -> None:
    assert utility.loads is not None
    july = generate(grid, utility.loads, JULY, frozenset())
    assert len(july.exporting) > 0
    assert int(july.exported[:, :, :12].sum()) == 0  # midnight to three
    assert int(july.exported.sum()) > 2 * int(january.exported.sum())
    assert int((np.minimum(july.exported, july.imported[july.exporting])).sum()) == 0  # never both ways at once


def test_works_have_reactive_energy_with_believable_power_factors(january: Month) -> None:
    active = january.imported[january.inductive].sum(axis=(1, 2))
    reactive = january.reactive.sum(axis=(1, 2))
    tangent = reactive * 100 // active
    assert len(tangent) >= 3
    assert int(tangent.min()) > 20
    assert int(tangent.max()) < 120


def test_a_works_stays_below_the_rating_of_its_transformer(utility: Utility, january: Month) -> None:
    ratings = {area.code: area.capacity_va for area in utility.areas if area.dedicated}
    for row, point in enumerate(utility.points):
        if point.area in ratings:
            assert int(january.imported[row].max()) * 4 <= ratings[point.area]


def test_an_empty_home_draws_standby_only(grid: Pack, utility: Utility) -> None:
    assert utility.loads is not None
    (vacant, *_) = utility.roles[Role.MOVED_OUT]
    row = [point.number for point in utility.points].index(vacant)
    days = [TODAY - timedelta(offset) for offset in range(5, 1, -1)]
    assert int(generate(grid, utility.loads.take(np.array([row])), days, HOLIDAYS).imported.max()) < 50
