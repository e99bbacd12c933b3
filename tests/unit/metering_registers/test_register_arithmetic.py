"""Promise: what registers say is exact: no Wh appears or vanishes over rollover, exchange, multiplier or shares."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhall.contexts.metering.rules.registers import (
    Advance,
    Dial,
    Finding,
    FindingKind,
    Installed,
    RegisterKind,
    Snapshot,
    advance,
    disagreement,
    disagreements,
    energy_between,
    greatest_demand,
    on_the_dial,
    spread,
    tolerance,
)
from gridhall.lake.needs import Channel

NEW_YEAR = datetime(2025, 12, 31, 16, tzinfo=UTC)  # midnight in Shanghai

multipliers = st.sampled_from([Decimal(1), Decimal(20), Decimal(60), Decimal("1.5"), Decimal(3000)])
dials = st.builds(Dial, digits=st.integers(3, 6), decimals=st.integers(0, 3))


def at(day: int, hour: int = 0) -> datetime:
    return NEW_YEAR + timedelta(days=day, hours=hour)


def shown(count: int, dial: Dial) -> Decimal:
    """What the register shows after ``count`` of its last digits: the count turned round at the end of the dial."""
    return Decimal(count).scaleb(-dial.decimals) % dial.full


@given(dial=dials, multiplier=multipliers, start=st.integers(0, 10**7), share=st.integers(0, 99))
def test_the_energy_between_two_readings_is_the_step_times_the_multiplier_also_over_the_end_of_the_dial(
    dial: Dial, multiplier: Decimal, start: int, share: int
) -> None:
    steps = int(dial.full / dial.last_digit) * share // 1000  # under a tenth of the dial
    moved = advance(
        Snapshot(at(0), shown(start, dial)),
        Snapshot(at(31), shown(start + steps, dial)),
        dial=dial,
        multiplier=multiplier,
    )
    assert isinstance(moved, Advance)
    assert moved.energy == Decimal(steps).scaleb(-dial.decimals) * multiplier * 1000
    assert moved.rolled_over == (shown(start + steps, dial) < shown(start, dial))


@given(
    dial=dials,
    multiplier=multipliers,
    start=st.integers(0, 10**6),
    steps=st.lists(st.integers(0, 90), min_size=1, max_size=6),
    hours=st.lists(st.integers(1, 400), min_size=2, max_size=2),
)
def test_parts_of_a_span_add_up_to_the_whole_wherever_it_is_cut(
    dial: Dial, multiplier: Decimal, start: int, steps: list[int], hours: list[int]
) -> None:
    counts = [start]
    for step in steps:
        counts.append(counts[-1] + step)
    register = Installed(
        "M1", dial, multiplier, [Snapshot(at(3 * day), shown(count, dial)) for day, count in enumerate(counts)]
    )
    first, last = register.snapshots[0].at, register.snapshots[-1].at
    cut = min(first + timedelta(hours=hours[0]), last)
    whole = energy_between([register], first, last)
    parts = [energy_between([register], first, cut), energy_between([register], cut, last)]
    assert whole is not None
    assert sum(part.energy or 0 for part in parts if part) == whole.energy


@given(
    dial=dials,
    multiplier=multipliers,
    start=st.integers(0, 10**6),
    steps=st.lists(st.integers(0, 90), min_size=1, max_size=5),
    hours=st.integers(1, 30),
)
def test_energy_shared_out_over_hours_is_what_each_part_of_the_span_has(
    dial: Dial, multiplier: Decimal, start: int, steps: list[int], hours: int
) -> None:
    counts = [start]
    for step in steps:
        counts.append(counts[-1] + step)
    register = Installed(
        "M1", dial, multiplier, [Snapshot(at(day), shown(count, dial)) for day, count in enumerate(counts)]
    )
    edges = np.arange(-1, len(steps) * 24 // hours + 2) * hours * 3600 + int(NEW_YEAR.timestamp())
    shares = spread([register], edges)
    for index, share in enumerate(shares.tolist()):
        begin, end = (datetime.fromtimestamp(int(edge), UTC) for edge in edges[index : index + 2])
        part = energy_between([register], begin, end)
        assert share == (part.energy if part else 0)
    whole = energy_between([register], register.snapshots[0].at, register.snapshots[-1].at)
    assert whole is not None
    assert shares.sum() == whole.energy


def test_a_meter_exchange_adds_what_the_old_and_the_new_meter_counted() -> None:
    old = Installed(
        "OLD",
        Dial(6),
        Decimal(1),
        [Snapshot(at(0), Decimal("12000.40")), Snapshot(at(15, 10), Decimal("12080.90"))],
        removed=True,
    )
    new = Installed(
        "NEW", Dial(5), Decimal(30), [Snapshot(at(15, 10), Decimal("0.02")), Snapshot(at(31), Decimal("3.02"))]
    )
    month = energy_between([old, new], at(0), at(31))
    assert month is not None
    assert month.energy == 80_500 + 90_000
    assert not month.estimated
    assert (month.start, month.end) == (at(0), at(31))


def test_a_bound_between_two_readings_is_shared_out_in_time_and_marked() -> None:
    register = Installed(
        "M",
        Dial(6),
        Decimal(1),
        [Snapshot(at(-5), Decimal(100)), Snapshot(at(5), Decimal(200)), Snapshot(at(31), Decimal(330))],
    )
    month = energy_between([register], at(0), at(31))
    assert month is not None
    assert (month.energy, month.estimated) == (50_000 + 130_000, True)


def test_readings_that_end_too_early_say_until_when_they_reach() -> None:
    register = Installed("M", Dial(6), Decimal(1), [Snapshot(at(0), Decimal(100)), Snapshot(at(20), Decimal(200))])
    month = energy_between([register], at(0), at(31))
    assert month is not None
    assert (month.energy, month.end) == (100_000, at(20))
    assert energy_between([register], at(40), at(50)) is None


@pytest.mark.parametrize(
    ("earlier", "later", "most_w", "expected"),
    [
        ("500.00", "400.00", None, FindingKind.BACKWARD),  # nowhere near the end of the dial
        ("9990.00", "5.00", 10, FindingKind.BACKWARD),  # near it, but 10 W carry no 15 kWh in a day
        ("9990.00", "5.00", 10_000, None),
        ("100.00", "900.00", 8_000, FindingKind.TOO_FAST),
        ("100.00", "10000.00", None, FindingKind.OFF_THE_DIAL),
        ("100.00", "-1.00", None, FindingKind.OFF_THE_DIAL),
        ("100.00", "100.001", None, FindingKind.OFF_THE_DIAL),
    ],
)
def test_only_a_plausible_rollover_is_believed(
    earlier: str, later: str, most_w: int | None, expected: FindingKind | None
) -> None:
    moved = advance(
        Snapshot(at(0), Decimal(earlier)),
        Snapshot(at(1), Decimal(later)),
        dial=Dial(4),
        multiplier=Decimal(1),
        most_w=most_w,
    )
    assert (moved.kind if isinstance(moved, Finding) else None) == expected


def test_a_finding_forbids_the_figure() -> None:
    register = Installed(
        "M",
        Dial(4),
        Decimal(1),
        [Snapshot(at(0), Decimal(500)), Snapshot(at(10), Decimal(400)), Snapshot(at(31), Decimal(450))],
    )
    month = energy_between([register], at(0), at(31))
    assert month is not None
    assert month.energy is None
    assert [finding.kind for finding in month.findings] == [FindingKind.BACKWARD]


def test_demand_is_the_highest_reading_after_the_start() -> None:
    register = Installed(
        "M", Dial(2, 4), Decimal(60), [Snapshot(at(0), Decimal("9.1")), Snapshot(at(31), Decimal("0.8125"))]
    )
    assert greatest_demand([register], at(0), at(31)) == 48_750
    assert greatest_demand([register], at(31), at(59)) is None


@given(dial=dials, multiplier=multipliers, start=st.integers(0, 10**6), wh=st.integers(0, 10**6))
def test_a_register_that_cuts_off_its_last_digit_never_disagrees_with_its_own_intervals(
    dial: Dial, multiplier: Decimal, start: int, wh: int
) -> None:
    step = multiplier * dial.last_digit * 1000  # Wh per last digit
    before, after = (int(Decimal(count) // step) for count in (start, start + wh))
    register_wh = int((after - before) * step)
    assert disagreement(wh, register_wh, tolerance(multiplier, dial)) is None


def test_a_day_that_disagrees_is_found_with_its_figures() -> None:
    found = disagreement(12_000, 13_000, 600)
    assert found is not None
    assert found.data == {"interval_wh": "12000", "register_wh": "13000", "tolerance_wh": "600"}
    days = np.array([12_000, 12_500, 13_600, 13_601], dtype=np.int64)
    assert disagreements(days, np.full(4, 13_000, np.int64), np.full(4, 600, np.int64)).tolist() == [
        True,
        False,
        False,
        True,
    ]


def test_channels_of_totals_and_none_for_clock_registers() -> None:
    assert RegisterKind.REACTIVE.channel is Channel.REACTIVE
    assert RegisterKind.IMPORT_PEAK.channel is None
    assert on_the_dial(Decimal("99999.99"), Dial(5)) is None
