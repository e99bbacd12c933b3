"""Guards the promise that a wrong bill is parked rather than sent: the limits of the rules, on both sides."""

import numpy as np
import pytest

from gridhall.contexts.billing.rules.parking import BillingRules, Measured, Reason, judge, verdict_of_refusal

RULES = BillingRules.model_validate(
    {
        "readings": {"estimated_per_mille": 100, "missing_per_mille": 10},
        "implausible": {"times_usual": 10, "above_kwh_per_day": 50, "zero_after_bills": 3, "usual_over_days": 370},
        "no_agreement": {"from_kwh": 1},
        "batch": 10,
    }
)


def one(**values: int) -> Measured:
    usual = {
        "slots": 1000, "missing": 0, "estimated": 0, "energy_wh": 300_000, "days": 30,
        "before_wh": 300_000, "before_days": 30, "before_bills": 3,
    }  # fmt: skip
    return Measured(**{name: np.array([value]) for name, value in (usual | values).items()})


def reason(measured: Measured, released: bool = False) -> Reason | None:
    found = judge(measured, RULES, np.array([released]))
    return found[0].reason if found else None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({"missing": 10}, None),
        ({"missing": 11}, Reason.MISSING_READINGS),
        ({"missing": 1000}, Reason.NO_READINGS),
        ({"estimated": 100}, None),
        ({"estimated": 101}, Reason.TOO_MUCH_ESTIMATED),
        # ten times the usual 10 kWh a day, and above 50 kWh a day
        ({"energy_wh": 3_000_000}, None),
        ({"energy_wh": 3_000_001}, Reason.IMPLAUSIBLE_HIGH),
        # many times nothing much is no news
        ({"energy_wh": 1_400_000, "before_wh": 30_000}, None),
        ({"energy_wh": 9_000_000, "before_wh": 0, "before_days": 0, "before_bills": 0}, None),
        ({"energy_wh": 0}, Reason.IMPLAUSIBLE_ZERO),
        ({"energy_wh": 0, "before_bills": 2}, None),
        ({"energy_wh": 0, "before_wh": 0}, None),
        # the gravest reason is the one that is named
        ({"missing": 500, "estimated": 500}, Reason.MISSING_READINGS),
    ],
)
def test_each_limit_holds_on_both_sides(values: dict[str, int], expected: Reason | None) -> None:
    assert reason(one(**values)) == expected


def test_what_a_clerk_released_is_not_parked_again() -> None:
    assert reason(one(missing=500), released=True) is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("no_readings", Reason.NO_READINGS),
        ("no_version", Reason.NO_TARIFF),
        ("missing_capacity", Reason.TARIFF_REFUSED),
    ],
)
def test_refusals_of_the_tariff_become_reasons(code: str, expected: Reason) -> None:
    assert verdict_of_refusal(0, code, "t").reason == expected
