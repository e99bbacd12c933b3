"""Guards the promise that the reasons why a bill differs sum to the difference, and blame nothing that stayed."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhall.contexts.billing.rules.comparison import Cell, Compared, Effect, Quantities, decompose

CELLS: list[Cell] = [(tier, period) for tier in (1, 2, 3) for period in ("peak", "valley")]
PRICES = {
    (1, "peak"): Fraction(617, 10_000), (1, "valley"): Fraction(307, 10_000), (2, "peak"): Fraction(677, 10_000),
    (2, "valley"): Fraction(337, 10_000), (3, "peak"): Fraction(977, 10_000), (3, "valley"): Fraction(487, 10_000),
}  # fmt: skip


def bill(
    wh: dict[Cell, int], *, days: int = 30, prices: dict[Cell, Fraction] | None = None, other: int = 0
) -> Compared:
    """A bill whose lines are rounded one by one, as real ones are."""
    priced = prices or PRICES
    fen = sum(int(quantity * priced[cell] + Fraction(1, 2)) for cell, quantity in wh.items())
    return Compared(days, sum(wh.values()), fen + other, fen, {"energy": Quantities(wh, priced)}, "tariff")


quantities = st.fixed_dictionaries({cell: st.integers(0, 2_000_000) for cell in CELLS})
bills = st.builds(
    bill,
    quantities,
    days=st.integers(1, 31),
    prices=st.fixed_dictionaries({cell: st.integers(1, 2_000).map(lambda p: Fraction(p, 10_000)) for cell in CELLS}),
    other=st.integers(-10_000, 10_000),
)


@given(bills, bills, st.integers(-1_000_000, 1_000_000) | st.none(), st.sampled_from(["tariff", "another"]))
def test_the_effects_sum_to_the_difference(before, after, weather, tariff):
    after = replace(after, comparable=tariff)
    found = decompose(before, after, weather)
    assert sum(found.fen.values()) == after.total_fen - before.total_fen == found.difference_fen
    for effect, value in found.exact.items():
        # Six lines a bill, each rounded by half a fen at most, beside the rounding of the effect itself.
        assert abs(found.fen[effect] - value) <= 7 if value else found.fen[effect] == 0
    if found.same_prices:
        assert found.fen[Effect.OTHER] == (after.total_fen - after.kwh_fen) - (before.total_fen - before.kwh_fen) or (
            not any(found.exact.values())
        )


@given(bills)
def test_a_bill_does_not_differ_from_itself(same):
    assert not any(decompose(same, same, 0).fen.values())


@given(quantities, st.integers(1, 31), st.integers(1, 31))
def test_only_days_when_only_days_differ(wh, few, many):
    scaled = {cell: quantity * many for cell, quantity in wh.items()}
    less = {cell: quantity * few for cell, quantity in wh.items()}
    found = decompose(bill(less, days=few), bill(scaled, days=many))
    assert {effect for effect, value in found.exact.items() if value} <= {Effect.DAYS}


@given(quantities)
def test_only_the_price_when_only_prices_differ(wh):
    dearer = {cell: price * 2 for cell, price in PRICES.items()}
    found = decompose(bill(wh), bill(wh, prices=dearer))
    assert {effect for effect, value in found.exact.items() if value} <= {Effect.PRICE}
    assert found.exact[Effect.PRICE] == sum(quantity * PRICES[cell] for cell, quantity in wh.items())


def test_only_the_shift_when_use_moves_to_the_night():
    day, night = {(1, "peak"): 60_000, (1, "valley"): 40_000}, {(1, "peak"): 40_000, (1, "valley"): 60_000}
    found = decompose(bill(day), bill(night))
    assert {effect for effect, value in found.exact.items() if value} == {Effect.SHIFT}
    assert found.fen[Effect.SHIFT] == -620


def test_only_the_tier_when_a_limit_is_passed():
    below, above = {(1, "peak"): 60_000, (1, "valley"): 40_000}, {(2, "peak"): 60_000, (2, "valley"): 40_000}
    found = decompose(bill(below), bill(above))
    assert {effect for effect, value in found.exact.items() if value} == {Effect.TIER}
    assert found.fen[Effect.TIER] == 480


def test_weather_takes_its_energy_from_use_at_the_mean_price():
    before, after = {(1, "peak"): 100_000}, {(1, "peak"): 150_000}
    found = decompose(bill(before), bill(after), weather_wh=30_000)
    assert (found.fen[Effect.WEATHER], found.fen[Effect.USE]) == (1851, 1234)
    assert (found.changed_wh[Effect.WEATHER], found.changed_wh[Effect.USE]) == (30_000, 20_000)


@pytest.mark.parametrize(("empty", "full"), [({}, {(2, "peak"): 100_000}), ({(2, "peak"): 100_000}, {})])
def test_from_and_to_an_empty_home_all_is_use(empty, full):
    found = decompose(bill(empty), bill(full))
    assert {effect for effect, value in found.fen.items() if value} == {Effect.USE}


def test_another_tariff_is_compared_by_its_mean_price():
    before = bill({(1, "peak"): 100_000})
    after = replace(bill({(1, "valley"): 100_000}), comparable="another")
    found = decompose(before, after)
    assert not found.same_prices
    assert {effect for effect, value in found.fen.items() if value} == {Effect.PRICE}
