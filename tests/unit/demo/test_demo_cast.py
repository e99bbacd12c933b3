"""Guards the invented utility: every promised situation occurs in every size, contracts are whole, nobody is real."""

from datetime import date

import pytest

from gridhall.contexts.accounts.types import CustomerKind
from gridhall.journeys.demo import cast, pack
from gridhall.journeys.demo.pack import Size
from gridhall.journeys.demo.utility import Contract, Period, Role, Utility
from gridhall.kernel.spans import DateSpan

TODAY = date(2026, 3, 5)
FEBRUARY = DateSpan.month(2026, 2)


def build(size: Size, seed: int = 1) -> Utility:
    return cast.build(pack.read(size), seed=seed, period=Period.up_to(TODAY))


@pytest.fixture(scope="module", params=[Size.BLOCK, Size.TOWN])
def utility(request: pytest.FixtureRequest) -> Utility:
    return build(request.param)


def contracts_of(utility: Utility, role: Role) -> list[Contract]:
    numbers = set(utility.roles[role])
    return [contract for contract in utility.contracts if contract.usage_point in numbers]


def owners(utility: Utility) -> dict[str, str]:
    return {account.number: account.customer for account in utility.accounts}


def test_thirteen_whole_months_and_the_running_one() -> None:
    assert Period.up_to(TODAY) == Period(date(2025, 2, 1), TODAY, FEBRUARY)
    assert Period.up_to(date(2026, 1, 1)).last_month == DateSpan.month(2025, 12)


@pytest.mark.parametrize("role", Role)
def test_every_situation_occurs(utility: Utility, role: Role) -> None:
    assert utility.roles[role]


def test_the_same_seed_gives_the_same_utility() -> None:
    one, other = build(Size.BLOCK), build(Size.BLOCK)
    assert (one.points, one.people, one.contracts) == (other.points, other.people, other.contracts)
    assert build(Size.BLOCK, seed=2).contracts != one.contracts


def test_the_chain_settles_forty_shops_on_one_account(utility: Utility) -> None:
    shops = contracts_of(utility, Role.CHAIN_SHOP)
    assert len(shops) == 40
    assert len({part.account for shop in shops for part in shop.settled}) == 1


def test_owners_have_several_homes_on_one_account(utility: Utility) -> None:
    homes: dict[str, set[str]] = {}
    for contract in contracts_of(utility, Role.SEVERAL_HOMES):
        homes.setdefault(contract.settled[0].account, set()).add(contract.usage_point)
    assert all(len(owned) >= 2 for owned in homes.values())


def test_landlords_settle_for_tenants_and_tenants_for_landlords(utility: Utility) -> None:
    owner = owners(utility)
    for role in (Role.LANDLORD_SETTLES, Role.TENANT_SETTLES):
        for contract in contracts_of(utility, role):
            assert owner[contract.settled[0].account] != contract.customer


def test_a_settlement_changes_inside_the_newest_whole_month(utility: Utility) -> None:
    for contract in contracts_of(utility, Role.SETTLEMENT_CHANGE):
        before, after = contract.settled
        assert before.end == after.start
        assert after.start in FEBRUARY
        assert after.start != FEBRUARY.start


def test_movers_leave_a_gap_and_the_next_comes_on_the_seventeenth(utility: Utility) -> None:
    for number in utility.roles[Role.MOVED_IN]:
        before, after = [contract for contract in utility.contracts if contract.usage_point == number]
        assert before.end is not None
        assert before.end < after.start == date(2026, 2, 17)
        assert before.customer != after.customer


def test_who_moved_out_has_no_agreement_in_the_newest_month(utility: Utility) -> None:
    for contract in contracts_of(utility, Role.MOVED_OUT):
        assert contract.end is not None
        assert contract.end < FEBRUARY.start


def test_works_have_capacity_contracted_demand_and_power_factor_terms(utility: Utility) -> None:
    works = contracts_of(utility, Role.FACTORY)
    assert len({contract.tariff for contract in works}) == 3
    for contract in works:
        assert contract.terms.capacity_va
        assert contract.terms.contract_demand_w
        assert contract.terms.power_factor_standard in (90, 85, 80)


def test_protected_and_large_households_say_so_in_their_terms(utility: Utility) -> None:
    assert all(contract.terms.allowance for contract in contracts_of(utility, Role.PROTECTED))
    assert all((contract.terms.household_size or 0) >= 5 for contract in contracts_of(utility, Role.LARGE_HOUSEHOLD))


def test_every_usage_point_has_a_contract_and_settlements_cover_it(utility: Utility) -> None:
    assert {contract.usage_point for contract in utility.contracts} == {point.number for point in utility.points}
    for contract in utility.contracts:
        assert contract.settled[0].start == contract.start
        assert contract.settled[-1].end == contract.end


def test_numbers_are_given_once(utility: Utility) -> None:
    for numbers in (
        [point.number for point in utility.points],
        [person.number for person in utility.people],
        [account.number for account in utility.accounts],
        [area.code for area in utility.areas],
        [unit.code for unit in utility.units],
    ):
        assert len(set(numbers)) == len(numbers)


def test_people_are_invented(utility: Utility) -> None:
    for person in utility.people:
        assert person.phone.startswith("1540000")  # a prefix that no operator has
        assert len(person.phone) == 11
        if person.kind is CustomerKind.PERSON:
            assert 2 <= len(person.name) <= 3
    assert all(point.address.startswith("澜川省云泽市") for point in utility.points)
