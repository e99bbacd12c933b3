"""Guards what `gridhall demo` must never do: throw away a utility that is not the demo, or mix two demos."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from gridhall.contexts.accounts import operations, queries
from gridhall.contexts.accounts.operations import Portfolio
from gridhall.journeys.demo import fresh, grid, state
from gridhall.journeys.demo.build import Building, folder
from gridhall.journeys.demo.pack import Size
from gridhall.journeys.demo.state import AnotherDemo, State
from gridhall.runtime.audit import Act

NOW = datetime(2026, 3, 5, tzinfo=UTC)


def load_unit(code: str) -> None:
    units = pa.table({"code": [code], "name": ["某省电力公司"], "level": pa.array([1], pa.int16())})
    operations.load(Portfolio(organisations=units), act=Act("test", NOW))


def building(home: Path, size: Size = Size.BLOCK) -> Building:
    return Building(size=size, seed=1, today=date(2026, 3, 5), now=NOW, home=home, zone=ZoneInfo("Asia/Shanghai"))


@pytest.mark.django_db
def test_another_utility_is_never_removed(tmp_path: Path) -> None:
    load_unit("OTHER")
    lake = tmp_path / "lake"
    lake.mkdir()
    with pytest.raises(fresh.NotOnlyADemo) as refused:
        fresh.remove(tmp_path)
    assert refused.value.path == "OTHER"
    assert lake.is_dir()
    assert queries.organisation_by_code("OTHER")


@pytest.mark.django_db
def test_a_demo_that_this_home_did_not_build_is_left_alone(tmp_path: Path) -> None:
    load_unit(grid.PROVINCE)
    with pytest.raises(AnotherDemo):
        next(building(tmp_path).steps())


@pytest.mark.django_db
def test_a_demo_of_another_size_is_left_alone(tmp_path: Path) -> None:
    load_unit(grid.PROVINCE)
    state.save(folder(tmp_path) / "state.json", State(Size.TOWN, 1, date(2026, 3, 5), founding=True))
    with pytest.raises(AnotherDemo) as refused:
        next(building(tmp_path).steps())
    assert "--size town" in refused.value.remedy


def test_the_state_survives_a_round_trip_and_tells_a_strange_file(tmp_path: Path) -> None:
    file = tmp_path / "demo" / "state.json"
    assert state.load(file) is None
    kept = State(
        size=Size.CITY,
        seed=7,
        founded=date(2026, 3, 5),
        founding=True,
        delivered_until=date(2026, 3, 1),
        planted=(("3100000001", "a gap"),),
    )
    state.save(file, kept)
    assert state.load(file) == kept
    file.write_text("{")
    with pytest.raises(AnotherDemo):
        state.load(file)
    state.save(file, kept.having(generation=0))
    with pytest.raises(AnotherDemo):
        state.load(file)
