"""Guards: moves and changes take effect on their day, leave the past alone, refuse with a reason, leave a trail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gridhall.contexts.accounts import operations, queries
from gridhall.contexts.accounts.types import CustomerKind, OrganisationLevel, Terms
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import audit
from gridhall.runtime.audit import Act

pytestmark = pytest.mark.usefixtures("county")
D = date
ACT = Act("test:clerk", datetime(2026, 3, 20, 4, 0, tzinfo=UTC))
IN = operations.MoveIn("1002", "L", "AL", "home", DateSpan(D(2026, 4, 1), None), Terms(household_size=5))


def spans(number: str) -> list[str]:
    """Agreements and who settles them, as a clerk would write them down."""
    found = queries.agreements_of(number)
    payers = [" ".join(f"{s.account_number}{s.span}" for s in a.settlements) for a in found]
    return [f"{a.customer_number} {a.tariff_code} {a.span} {p}" for a, p in zip(found, payers, strict=True)]


def test_moving_in_begins_an_agreement_with_terms_and_settlement() -> None:
    agreement = operations.move_in(IN, act=ACT)
    assert agreement.terms.household_size == 5
    assert spans("1002") == ["L home [2026-04-01, …) AL[2026-04-01, …)"]


def test_moving_out_ends_agreement_and_settlement_and_another_may_move_in() -> None:
    operations.move_out("1001", end=D(2026, 3, 17), act=ACT)
    following = replace(IN, usage_point="1001", span=DateSpan(D(2026, 3, 17), None))
    operations.move_in(following, act=ACT)
    assert spans("1001") == [
        "T home [2025-01-01, 2026-03-17) AL[2025-01-01, 2026-03-17)",
        "L home [2026-03-17, …) AL[2026-03-17, …)",
    ]


def test_the_account_changes_on_its_day() -> None:
    operations.change_settlement("1001", account="AT", start=D(2026, 3, 10), act=ACT)
    assert spans("1001") == ["T home [2025-01-01, …) AL[2025-01-01, 2026-03-10) AT[2026-03-10, …)"]
    operations.change_settlement("1001", account="AF", start=D(2026, 3, 10), act=ACT)
    assert spans("1001") == ["T home [2025-01-01, …) AL[2025-01-01, 2026-03-10) AF[2026-03-10, …)"]


def test_a_change_of_tariff_ends_one_agreement_and_begins_another() -> None:
    operations.change_settlement("1003", account="AL", start=D(2026, 6, 1), act=ACT)
    operations.change_tariff("1003", tariff_code="industry-tou", start=D(2026, 5, 1), act=ACT)
    assert spans("1003") == [
        "F industry [2024-07-01, 2026-05-01) AF[2024-07-01, 2026-05-01)",
        "F industry-tou [2026-05-01, 2027-01-01) AF[2026-05-01, 2026-06-01) AL[2026-06-01, 2027-01-01)",
    ]
    before, after = queries.agreements_of("1003")
    assert before.terms == after.terms
    assert after.terms.capacity_va == 630_000


def test_on_its_first_day_an_agreement_is_corrected() -> None:
    operations.move_in(IN, act=ACT)
    operations.change_tariff("1002", tariff_code="home-tou", start=D(2026, 4, 1), act=ACT)
    assert spans("1002") == ["L home-tou [2026-04-01, …) AL[2026-04-01, …)"]


def test_terms_change_from_a_day_on() -> None:
    terms = Terms(capacity_va=400_000, contract_demand_w=300_000, power_factor_standard=90)
    operations.change_terms("1003", terms=terms, start=D(2026, 4, 1), act=ACT)
    assert [a.terms.capacity_va for a in queries.agreements_of("1003")] == [630_000, 400_000]


def test_moving_out_drops_arrangements_of_later_days() -> None:
    operations.change_settlement("1001", account="AT", start=D(2026, 6, 1), act=ACT)
    operations.move_out("1001", end=D(2026, 5, 1), act=ACT)
    assert spans("1001") == ["T home [2025-01-01, 2026-05-01) AL[2025-01-01, 2026-05-01)"]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (lambda: operations.move_in(replace(IN, usage_point="1001"), act=ACT), "unable_to_move_in"),
        (lambda: operations.move_in(replace(IN, usage_point="9"), act=ACT), "not_found"),
        (lambda: operations.move_in(replace(IN, customer="nobody"), act=ACT), "not_found"),
        (lambda: operations.move_in(replace(IN, account="none"), act=ACT), "not_found"),
        (lambda: operations.move_in(replace(IN, tariff_code=""), act=ACT), "terms_invalid"),
        (lambda: operations.move_in(replace(IN, terms=Terms(household_size=0)), act=ACT), "terms_invalid"),
        (lambda: operations.move_out("1002", end=D(2026, 4, 1), act=ACT), "unable_to_move_out"),
        (lambda: operations.move_out("1001", end=D(2025, 2, 16), act=ACT), "too_far_back"),
        (lambda: operations.move_out("1003", end=D(2027, 1, 1), act=ACT), "already_done"),
        (lambda: operations.move_out("1001", end=D(2027, 3, 22), act=ACT), "too_far_ahead"),
        (lambda: operations.change_settlement("1001", account="AL", start=D(2026, 4, 1), act=ACT), "already_done"),
        (lambda: operations.change_settlement("1002", account="AL", start=D(2026, 4, 1), act=ACT), "unable_to_change"),
        (lambda: operations.change_tariff("1001", tariff_code="home", start=D(2026, 4, 1), act=ACT), "already_done"),
        (lambda: operations.change_terms("1001", terms=Terms(), start=D(2026, 4, 1), act=ACT), "already_done"),
        (
            lambda: operations.change_terms(
                "1001", terms=Terms(power_factor_standard=91), start=D(2026, 4, 1), act=ACT
            ),
            "terms_invalid",
        ),
        (lambda: operations.create_account("AL", organisation="44", customer="L", act=ACT), "already_exists"),
        (lambda: operations.create_usage_point(operations.NewUsagePoint("", "44"), act=ACT), "value_invalid"),
        (
            lambda: operations.create_usage_point(operations.NewUsagePoint("5", "44", longitude=1.0), act=ACT),
            "position_invalid",
        ),
        (
            lambda: operations.create_organisation("46", "x", OrganisationLevel.PROVINCE, parent="44", act=ACT),
            "organisation_misplaced",
        ),
    ],
)
def test_refusals_are_typed_and_change_nothing(wish: Callable[[], object], code: str) -> None:
    before = [spans(number) for number in ("1001", "1002", "1003")]
    with pytest.raises(GridhallError) as caught:
        wish()
    assert caught.value.code == code
    assert [spans(number) for number in ("1001", "1002", "1003")] == before
    assert audit.trail("usage_point:1001") == []


def test_moving_in_twice_is_already_done() -> None:
    operations.move_in(IN, act=ACT)
    with pytest.raises(operations.AlreadyDone):
        operations.move_in(IN, act=ACT)


def test_a_settlement_change_before_an_arranged_one_is_refused() -> None:
    operations.change_settlement("1001", account="AT", start=D(2026, 6, 1), act=ACT)
    with pytest.raises(operations.UnableToChange, match="2026-06-01"):
        operations.change_settlement("1001", account="AF", start=D(2026, 5, 1), act=ACT)


def test_today_is_the_utilitys_day() -> None:
    # 20:00 UTC on 19 March is 4:00 on 20 March in Shanghai.
    late = Act("test:clerk", datetime(2026, 3, 19, 20, 0, tzinfo=UTC))
    limits = operations.Limits(back_days=0, ahead_days=0)
    operations.move_in(replace(IN, span=DateSpan(D(2026, 3, 20), None)), act=late, limits=limits)
    with pytest.raises(operations.TooFarBack):
        operations.move_out("1002", end=D(2026, 3, 19), act=late, limits=limits)


def test_each_change_leaves_its_entry_in_the_trail() -> None:
    operations.change_tariff("1001", tariff_code="home-tou", start=D(2026, 4, 1), act=ACT)
    operations.move_out("1001", end=D(2026, 5, 1), act=ACT)
    entries = audit.trail("usage_point:1001")
    assert [(entry.action, entry.actor, entry.at) for entry in entries] == [
        ("accounts.agreement.tariff_changed", "test:clerk", ACT.at),
        ("accounts.agreement.ended", "test:clerk", ACT.at),
    ]
    assert entries[0].details["was"] == "home"
    assert entries[1].details["end"] == "2026-05-01"


def test_single_things_are_created_below_their_unit() -> None:
    operations.create_organisation("440306", "宝安", OrganisationLevel.COUNTY, parent="4403", act=ACT)
    operations.create_customer(operations.NewCustomer("N", CustomerKind.PERSON, "李四"), act=ACT)
    operations.create_account("AN", organisation="440306", customer="N", act=ACT)
    operations.create_usage_point(operations.NewUsagePoint("3001", "440306", address="新安路 3 号"), act=ACT)
    operations.move_in(replace(IN, usage_point="3001", customer="N", account="AN"), act=ACT)
    assert queries.usage_point_by_number("3001").organisation == "440306"
    assert [unit.code for unit in queries.organisations("4403")] == ["4403", "440304", "440305", "440306"]


def test_unknown_numbers_are_not_found() -> None:
    for ask in (
        lambda: queries.agreements_of("9"),
        lambda: queries.organisation_by_code("9"),
        lambda: queries.relations_of("9"),
        lambda: operations.move_out("9", end=D(2026, 3, 20) + timedelta(1), act=ACT),
    ):
        with pytest.raises(NotFound):
            ask()
