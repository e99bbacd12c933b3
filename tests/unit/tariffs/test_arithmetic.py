"""Guards: charges are exact integers; tiers and registers keep their sums; more energy never costs less."""

import itertools
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhall.contexts.tariffs.rules.arithmetic import ChargeTooLarge, half_up, rounded_once
from gridhall.contexts.tariffs.rules.power_factor import adjustments, power_factor_from, power_factors, table
from gridhall.contexts.tariffs.rules.tiers import into_tiers, spread

wh = st.integers(0, 10**9)
huge = st.integers(-(10**18), 10**18)


def column(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@given(st.lists(st.tuples(huge, st.integers(-(10**9), 10**9)), min_size=1, max_size=5), st.integers(10**9, 10**12))
def test_rounding_is_that_of_fractions_at_any_size(pairs: list[tuple[int, int]], divisor: int):
    if any(2 * abs(a * b) >= divisor * 2**55 for a, b in pairs):
        return  # too large to bill, see below
    found = half_up([column(*(a for a, _ in pairs)), column(*(b for _, b in pairs))], divisor, rows=len(pairs))
    for (one, other), result in zip(pairs, found.tolist(), strict=True):
        exact = Fraction(one * other, divisor)
        rounded = int(abs(exact) + Fraction(1, 2))
        assert result == (rounded if exact >= 0 else -rounded)


amounts = st.lists(
    st.tuples(st.integers(-(10**12), 10**12), st.integers(-(10**9), 10**9), st.integers(10**8, 10**14)),
    min_size=1,
    max_size=9,
)


@given(amounts)
def test_a_sum_is_rounded_once_as_fractions_are(lines: list[tuple[int, int, int]]):
    worths = [((column(one), other, 1), divisor) for one, other, divisor in lines]
    rounded = [half_up(factors, divisor, rows=1) for factors, divisor in worths]
    found = sum(int(each[0]) for each in rounded) + int(rounded_once(worths, rounded, rows=1)[0])
    exact = sum((Fraction(one * other, divisor) for one, other, divisor in lines), Fraction(0))
    half = int(abs(exact) + Fraction(1, 2))
    assert found == (half if exact >= 0 else -half)


@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
def test_rounding_is_that_of_decimal(value: int, places: int):
    expected = (Decimal(value) / 10**places).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert half_up([column(value)], 10**places, rows=1)[0] == int(expected)


def test_a_result_beyond_64_bits_is_an_error_not_a_wrong_number():
    with pytest.raises(ChargeTooLarge):
        half_up([column(2**62), column(2**62)], 1, rows=1)


def test_one_huge_row_leaves_the_others_right():
    found = half_up([column(3, 2**62, 5), column(10, 2**40, 10)], 2**50, rows=3)
    assert found.tolist() == [0, 2**52, 0]


limits = st.lists(st.integers(0, 5 * 10**6), min_size=0, max_size=4).map(sorted)


@given(wh, wh, limits)
def test_tiers_keep_the_energy(energy: int, used: int, limits: list[int]):
    parts = [int(part[0]) for part in into_tiers(column(energy), column(used), [column(limit) for limit in limits])]
    assert sum(parts) == energy
    assert min(parts) >= 0


@given(wh, wh, wh, limits)
def test_two_bills_fill_the_tiers_as_one_would(first: int, second: int, used: int, limits: list[int]):
    columns = [column(limit) for limit in limits]
    together = into_tiers(column(first + second), column(used), columns)
    one = into_tiers(column(first), column(used), columns)
    other = into_tiers(column(second), column(used + first), columns)
    assert [int(a[0] + b[0]) for a, b in zip(one, other, strict=True)] == [int(part[0]) for part in together]


@given(st.lists(wh, min_size=1, max_size=5), st.data())
def test_spreading_keeps_every_row_and_column(registers: list[int], data: st.DataObject):
    energy = sum(registers)
    cuts = sorted(data.draw(st.lists(st.integers(0, energy), max_size=3)))
    tiers = [after - before for before, after in zip([0, *cuts], [*cuts, energy], strict=True)]
    matrix = spread([column(tier) for tier in tiers], [column(register) for register in registers])
    cells = [[int(cell[0]) for cell in row] for row in matrix]
    assert [sum(row) for row in cells] == tiers
    assert [sum(row[index] for row in cells) for index in range(len(registers))] == registers
    assert min(cell for row in cells for cell in row) >= 0
    for row, tier in zip(cells, tiers, strict=True):
        for cell, register in zip(row, registers, strict=True):
            assert abs(cell - Fraction(tier * register, max(energy, 1))) <= len(registers)


@given(st.integers(0, 10**7), st.integers(0, 10**6), wh, limits)
def test_more_energy_never_costs_less_at_rising_prices(energy: int, more: int, used: int, limits: list[int]):
    prices = range(500, 500 + 100 * (len(limits) + 1), 100)

    def cost(amount: int) -> int:
        parts = into_tiers(column(amount), column(used), [column(limit) for limit in limits])
        return sum(int(half_up([part, price], 10**4, rows=1)[0]) for part, price in zip(parts, prices, strict=True))

    assert cost(energy + more) >= cost(energy)


def by_the_rules(standard: int, factor: int) -> Fraction:
    """The adjustment in percent, written down a second time from the rules: steps from one corner to the next."""
    corners = {
        90: [(95, "-0.75"), (90, "0"), (70, "10"), (65, "15")],
        85: [(94, "-1.1"), (90, "-0.5"), (85, "0"), (65, "10"), (60, "15")],
        80: [(92, "-1.3"), (90, "-1.0"), (80, "0"), (60, "10"), (55, "15")],
    }[standard]
    if factor >= corners[0][0]:
        return Fraction(corners[0][1])
    for (high, at_high), (low, at_low) in itertools.pairwise(corners):
        if factor >= low:
            return Fraction(at_low) + (Fraction(at_high) - Fraction(at_low)) * (factor - low) / (high - low)
    return Fraction(corners[-1][1]) + 2 * (corners[-1][0] - factor)


@pytest.mark.parametrize("standard", [90, 85, 80])
def test_the_tables_of_1983(standard: int):
    assert [Fraction(rate, 100) for rate in table(standard)] == [by_the_rules(standard, pf) for pf in range(101)]


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_the_power_factor_is_rounded_half_up_exactly(active: int, reactive: int):
    found = power_factor_from(active, reactive)
    square = active**2 + reactive**2
    if square == 0:
        assert found == 100
        return
    # found − 1/2 ≤ 100 P / S < found + 1/2, squared and free of roots
    assert max(2 * found - 1, 0) ** 2 * square <= 40000 * active**2
    assert 40000 * active**2 < (2 * found + 1) ** 2 * square


def test_accounts_without_a_standard_are_not_adjusted():
    assert adjustments(column(0, 90, 80), power_factors(column(1, 1, 1), column(9, 9, 0))).tolist()[0] == 0
