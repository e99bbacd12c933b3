"""Guards the head-end files: repeatable to the byte, with the faults where they are said to be, whole on DST days."""

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from gridhall.journeys.demo import cast, headend, pack
from gridhall.journeys.demo.headend import SPIKE_WH, UNKNOWN_USAGE_POINT, Delivery
from gridhall.journeys.demo.pack import Pack, Size
from gridhall.journeys.demo.utility import Period, Role, Utility
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel

PERIOD = Period.up_to(date(2026, 3, 5))
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def grid() -> Pack:
    return pack.read(Size.BLOCK)


@pytest.fixture(scope="module")
def utility(grid: Pack) -> Utility:
    return cast.build(grid, seed=1, period=PERIOD)


def deliver(grid: Pack, utility: Utility, folder: Path, *, faulty: bool) -> Delivery:
    return headend.deliver(grid, utility, PERIOD.last_month, folder, zone=SHANGHAI, holidays=frozenset(), faulty=faulty)


def test_the_same_month_gives_the_same_bytes(grid: Pack, utility: Utility, tmp_path: Path) -> None:
    one = deliver(grid, utility, tmp_path / "one", faulty=True)
    other = deliver(grid, utility, tmp_path / "other", faulty=True)
    assert set(one.files) == {Channel.IMPORT, Channel.EXPORT, Channel.REACTIVE}
    for channel, file in one.files.items():
        assert file.read_bytes() == other.files[channel].read_bytes()
    assert not list((tmp_path / "one").glob("*.part"))


def test_the_faults_are_planted_as_said(grid: Pack, utility: Utility, tmp_path: Path) -> None:
    delivery = deliver(grid, utility, tmp_path, faulty=True)
    table = pq.read_table(delivery.files[Channel.IMPORT])

    def curves(number: str) -> list[list[int | None]]:
        return table.filter(pc.equal(table["usage_point"], number))["curve_wh"].to_pylist()  # type: ignore[no-any-return]

    (gap,), (long_gap,) = utility.roles[Role.GAP], utility.roles[Role.LONG_GAP]
    (spike,), (stuck,) = utility.roles[Role.SPIKE], utility.roles[Role.STUCK]
    assert len(curves(gap)) == 27
    assert sum(value is None for day in curves(gap) for value in day) == 5
    assert len(curves(long_gap)) == 12
    assert max(value or 0 for day in curves(spike) for value in day) == SPIKE_WH
    assert max(len(set(day)) == 1 for day in curves(stuck))
    assert len(curves(UNKNOWN_USAGE_POINT)) == 2
    assert set(delivery.planted) == {gap, long_gap, spike, stuck, UNKNOWN_USAGE_POINT}


def test_without_faults_every_slot_is_there_and_the_sums_are_the_files(
    grid: Pack, utility: Utility, tmp_path: Path
) -> None:
    delivery = deliver(grid, utility, tmp_path, faulty=False)
    table = pq.read_table(delivery.files[Channel.IMPORT])
    assert table.num_rows == 135 * 28
    assert set(pc.list_value_length(table["curve_wh"]).to_pylist()) == {96}
    assert pc.sum(pc.list_flatten(table["curve_wh"])).as_py() == int(delivery.imported_wh.sum())


def test_days_on_which_clocks_change_have_their_own_length(grid: Pack, utility: Utility, tmp_path: Path) -> None:
    london = ZoneInfo("Europe/London")
    for day, slots in ((date(2026, 3, 29), 92), (date(2025, 10, 26), 100)):
        span = DateSpan(day, day + timedelta(1))
        delivery = headend.deliver(grid, utility, span, tmp_path, zone=london, holidays=frozenset(), faulty=False)
        lengths = pc.list_value_length(pq.read_table(delivery.files[Channel.IMPORT])["curve_wh"])
        assert set(lengths.to_pylist()) == {slots}
