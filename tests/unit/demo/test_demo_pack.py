"""Guards the pack: small enough to ship, with its licence, and of the sizes that the demo promises."""

import pytest

from gridhall.journeys.demo import pack
from gridhall.journeys.demo.pack import FULL, SHAPE_SLOTS, Size
from gridhall.runtime.content import content


def test_the_pack_stays_under_ten_megabytes_and_carries_its_notice() -> None:
    folder = content("demo")
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 10_000_000
    notice = (folder / "NOTICE.md").read_text(encoding="utf-8")
    assert "Open Database License" in notice
    assert "University of Kassel" in notice


@pytest.mark.parametrize(("size", "usage_points"), [(Size.BLOCK, 135), (Size.TOWN, 1_948), (Size.CITY, 14_583)])
def test_each_size_has_its_usage_points_all_on_a_transformer(size: Size, usage_points: int) -> None:
    grid = pack.read(size)
    assert grid.usage_points.num_rows == usage_points
    assert set(grid.usage_points["area"].to_pylist()) <= set(grid.areas["area"].to_pylist())
    assert set(grid.generation["building"].to_pylist()) <= set(grid.usage_points["building"].to_pylist())


def test_every_profile_that_a_grid_names_has_a_shape_of_a_whole_year() -> None:
    for size in Size:
        grid = pack.read(size)
        assert set(grid.usage_points["profile"].to_pylist()) <= set(grid.load.row)
        assert set(grid.generation["profile"].to_pylist()) <= set(grid.solar.row)
    assert grid.load.values.shape == (len(grid.load.row), SHAPE_SLOTS)
    assert int(grid.load.values.min()) >= 0
    assert int(grid.load.values.max()) == FULL
