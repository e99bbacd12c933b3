"""Guards: what similar homes used is told only of many, of whole months, and never as the figure of one of them."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.accounts.models import Organisation, UsagePoint
from gridhall.contexts.metering import operations, queries
from gridhall.contexts.metering.models import PeerUsage
from gridhall.contexts.metering.rules.peers import FEWEST, spreads
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act, trail

JANUARY = DateSpan.month(2026, 1)
ACT = Act("test:job", datetime(2026, 2, 1, 2, 0, tzinfo=UTC))
HOMES = 30


def found_town(moved: int = 0) -> tuple[int, list[int]]:
    """A unit with 30 homes, of which the first 12 have two persons and the last ``moved`` change hands in January."""
    numbers = [f"H{number:02}" for number in range(HOMES)]
    rows: dict[str, list[object]] = {"usage_point": [], "start": [], "end": [], "household_size": [], "account": []}
    for place, number in enumerate(numbers):
        moves = place >= HOMES - moved
        for start, end in (
            [(date(2025, 1, 1), date(2026, 1, 17)), (date(2026, 1, 17), None)] if moves else [(date(2025, 1, 1), None)]
        ):
            rows["usage_point"].append(number)
            rows["start"].append(start)
            rows["end"].append(end)
            rows["household_size"].append(2 if place < 12 else None)
            rows["account"].append("A")
    count = len(rows["start"])
    accounts.load(
        accounts.Portfolio(
            organisations=pa.table({"code": ["S"], "name": ["站"], "level": [1], "parent": pa.nulls(1, pa.string())}),
            customers=pa.table({"number": ["C"], "kind": ["person"], "name": ["王小明"]}),
            accounts=pa.table({"number": ["A"], "organisation": ["S"], "customer": ["C"]}),
            usage_points=pa.table(
                {"number": numbers, "organisation": ["S"] * HOMES, "usage_class": ["residential"] * HOMES}
            ),
            agreements=pa.table(
                {
                    "usage_point": rows["usage_point"], "customer": ["C"] * count, "account": rows["account"],
                    "tariff_code": ["t"] * count, "start": pa.array(rows["start"], pa.date32()),
                    "end": pa.array(rows["end"], pa.date32()),
                    "household_size": pa.array(rows["household_size"], pa.int16()),
                }
            ),
        ),
        act=ACT,
    )  # fmt: skip
    return Organisation.objects.get().pk, list(UsagePoint.objects.order_by("number").values_list("pk", flat=True))


def month_of(point: int, kwh: int, *, days: int = 31, gap: bool = False) -> list[tuple[object, ...]]:
    daily = kwh * 1000 // days
    return [
        (point, JANUARY.start + timedelta(day), [daily, *[None if gap else 0] * 23], [0, *[1 if gap else 0] * 23])
        for day in range(days)
    ]


def test_the_middle_half_of_the_class_and_of_the_household_band(put_readings) -> None:  # type: ignore[no-untyped-def]
    unit, points = found_town()
    put_readings([row for place, point in enumerate(points) for row in month_of(point, 100 + 10 * place)])
    assert operations.summarise_peers(JANUARY, act=ACT) == 2
    anybody = queries.peers_of(unit, "residential", None, JANUARY)[JANUARY.start]
    assert (anybody.household_band, anybody.homes, anybody.median_wh) == ("", 30, 245_000)
    assert (anybody.lower_wh, anybody.upper_wh) == (172_000, 317_000)
    couples = queries.peers_of(unit, "residential", 2, JANUARY)[JANUARY.start]
    assert (couples.household_band, couples.homes, couples.median_wh) == ("1-2", 12, 155_000)
    # Nobody else of five persons is known: they are compared with the class.
    assert queries.peers_of(unit, "residential", 5, JANUARY)[JANUARY.start] == anybody
    assert queries.peers_of(unit, "commercial", None, JANUARY) == {}
    assert [entry.details for entry in trail("month:2026-01")] == [{"groups": 2}]


def test_again_replaces_and_never_adds(put_readings) -> None:  # type: ignore[no-untyped-def]
    _, points = found_town()
    put_readings([row for point in points for row in month_of(point, 100)])
    operations.summarise_peers(JANUARY, act=ACT)
    before = list(PeerUsage.objects.order_by("household_band").values("household_band", "homes", "median_wh"))
    operations.summarise_peers(JANUARY, act=ACT)
    assert list(PeerUsage.objects.order_by("household_band").values("household_band", "homes", "median_wh")) == before


def test_who_moved_has_gaps_or_stands_empty_is_not_counted(put_readings) -> None:  # type: ignore[no-untyped-def]
    unit, points = found_town(moved=5)
    rows = [row for point in points[3:] for row in month_of(point, 200)]
    rows += month_of(points[0], 200, days=30) + month_of(points[1], 200, gap=True) + month_of(points[2], 0)
    put_readings(rows)
    operations.summarise_peers(JANUARY, act=ACT)
    assert queries.peers_of(unit, "residential", None, JANUARY)[JANUARY.start].homes == HOMES - 5 - 3
    # Nine of the twelve couples are left: too few to be told apart.
    assert queries.peers_of(unit, "residential", 2, JANUARY)[JANUARY.start].household_band == ""


def test_too_few_are_not_told(put_readings) -> None:  # type: ignore[no-untyped-def]
    unit, points = found_town()
    put_readings([row for point in points[: FEWEST - 1] for row in month_of(point, 100)])
    assert operations.summarise_peers(JANUARY, act=ACT) == 0
    assert queries.peers_of(unit, "residential", None, JANUARY) == {}
    with pytest.raises(IntegrityError, match="peer_usage_of_many"), transaction.atomic():
        PeerUsage.objects.create(
            organisation_id=unit, usage_class="residential", month=JANUARY.start, homes=FEWEST - 1,
            lower_wh=1, median_wh=2, upper_wh=3, computed_at=ACT.at,
        )  # fmt: skip


@pytest.mark.django_db
def test_only_calendar_months(settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="month"):
        operations.summarise_peers(DateSpan(date(2026, 1, 2), date(2026, 2, 1)), act=ACT)


@given(st.lists(st.tuples(st.sampled_from(["", "1-2", "3-4"]), st.integers(0, 10**7)), max_size=60))
def test_every_figure_stands_for_eleven_and_is_rounded(members: list[tuple[str, int]]) -> None:
    groups = [(1, "residential", band) for band, _ in members]
    used = np.array([wh for _, wh in members], dtype=np.int64)
    for (_, _, band), spread in spreads(groups, used):
        mine = sorted(wh for own, wh in members if wh and (not band or own == band))
        assert spread.homes == len(mine) >= FEWEST
        assert spread.lower_wh <= spread.median_wh <= spread.upper_wh
        assert all(value % 1000 == 0 for value in (spread.lower_wh, spread.median_wh, spread.upper_wh))
        assert sum(abs(wh) <= spread.median_wh + 500 for wh in mine) >= len(mine) // 2
