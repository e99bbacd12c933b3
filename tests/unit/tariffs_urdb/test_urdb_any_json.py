"""Promise: no JSON whatever crashes the URDB importer; it gives a tariff or a typed refusal, and the same one again."""

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gridhall.contexts.tariffs import urdb

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 30)
    | st.integers()
    | st.floats()
    | st.sampled_from(["kWh", "kWh daily", "kWh/kW", "kW", "$/month", "$/day", "$/year", "", "USA", "0.1"])
    | st.text(max_size=8)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
LIMITS = st.none() | st.sampled_from([0, 1, 100, 355.5, 1e14, 1e38]) | st.floats(allow_nan=False)
PRICES = st.sampled_from([0, 0.1, 0.25902, -0.1, 1e-12]) | st.floats()
TIERS = st.fixed_dictionaries(
    {"rate": PRICES}, optional={"adj": PRICES, "max": LIMITS, "unit": SCALARS, "sell": PRICES, "extra": SCALARS}
)
STRUCTURES = st.lists(st.lists(TIERS, max_size=3), max_size=3)
SCHEDULES = st.integers(0, 3).map(lambda period: [[0] * 12 + [period] * 12 for _ in range(12)]) | JSON
FIELDS = {
    "energyratestructure": STRUCTURES,
    "energyweekdayschedule": SCHEDULES,
    "energyweekendschedule": SCHEDULES,
    "demandratestructure": STRUCTURES,
    "demandweekdayschedule": SCHEDULES,
    "demandweekendschedule": SCHEDULES,
    "flatdemandstructure": STRUCTURES,
    "flatdemandmonths": st.lists(st.integers(-1, 2), min_size=12, max_size=12) | JSON,
    "fixedchargefirstmeter": SCALARS,
    "fixedchargeunits": SCALARS,
    "fixedmonthlycharge": SCALARS,
    "mincharge": SCALARS,
    "minchargeunits": SCALARS,
    "annualmincharge": SCALARS,
    "demandwindow": SCALARS,
    "demandrateunit": SCALARS,
    "label": JSON,
    "name": JSON,
    "startdate": JSON,
    "enddate": JSON,
    "energytoulabels": JSON,
    "lookbackpercent": JSON,
    "country": SCALARS,
}
PLAIN: dict[str, Any] = {
    "energyratestructure": [[{"max": 100, "rate": 0.1}, {"rate": 0.2}]],
    "energyweekdayschedule": [[0] * 24] * 12,
    "energyweekendschedule": [[0] * 24] * 12,
    "flatdemandstructure": [[{"rate": 5}]],
    "flatdemandmonths": [0] * 12,
    "fixedchargefirstmeter": 3,
    "fixedchargeunits": "$/day",
}


def outcome(text: str) -> str:
    """The tariff's code and lines, or the refusal's code; anything else is a crash and fails the test."""
    try:
        tariff = urdb.load(text)
    except urdb.UrdbRefused as refused:
        return f"{refused.reason} {refused.path}"
    assert all(line.price is None or line.price >= 0 for line in tariff.plans[0].lines)
    return f"{tariff.code} {[(line.code, line.price) for line in tariff.plans[0].lines]}"


@given(JSON)
def test_any_json(document: Any) -> None:
    text = json.dumps(document)
    assert outcome(text) == outcome(text)


@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    assert outcome("{" + text) == outcome("{" + text)


@given(st.fixed_dictionaries({}, optional=FIELDS))
def test_any_fields(changes: dict[str, Any]) -> None:
    outcome(json.dumps(copy.deepcopy(PLAIN) | changes))


@given(st.sampled_from(sorted(PLAIN)), JSON, st.data())
def test_one_damaged_place(name: str, value: Any, data: st.DataObject) -> None:
    damaged = copy.deepcopy(PLAIN)
    here: Any = damaged
    step: Any = name
    while isinstance(here[step], list | dict) and here[step] and data.draw(st.booleans()):
        here = here[step]
        step = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
    here[step] = value
    outcome(json.dumps(damaged))
