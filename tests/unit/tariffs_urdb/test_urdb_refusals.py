"""Promise: a URDB rate that cannot be priced exactly is refused with a typed reason and its place, never guessed at."""

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gridhall.contexts.tariffs import urdb
from gridhall.contexts.tariffs.urdb import Reason, UrdbRefused

ONE = [[0] * 24 for _ in range(12)]
TWO = [[0] * 12 + [1] * 12 for _ in range(12)]
KWH = {"unit": "kWh"}


def rate(**changes: Any) -> dict[str, Any]:
    """A plain rate of two periods, with these fields changed; None takes a field away."""
    plain: dict[str, Any] = {
        "label": "plain",
        "name": "Plain",
        "utility": "A Utility",
        "energyratestructure": [[{"rate": 0.1, **KWH}], [{"rate": 0.2, "adj": 0.01, **KWH}]],
        "energyweekdayschedule": TWO,
        "energyweekendschedule": ONE,
        "fixedchargefirstmeter": 10,
        "fixedchargeunits": "$/month",
    }
    return {name: value for name, value in (plain | changes).items() if value is not None}


def refusal(source: Any, **arguments: Any) -> UrdbRefused:
    with pytest.raises(UrdbRefused) as caught:
        urdb.load(source if isinstance(source, str | bytes | Path) else json.dumps(source), **arguments)
    assert caught.value.code == caught.value.reason.value
    assert caught.value.message.endswith(".")
    return caught.value


def changed(place: list[Any], value: Any) -> dict[str, Any]:
    """The plain rate with the value at one place replaced."""
    document = copy.deepcopy(rate())
    here = document
    for step in place[:-1]:
        here = here[step]
    here[place[-1]] = value
    return document


def tier(key: str, value: Any) -> dict[str, Any]:
    """The plain rate with one key of its first tier set."""
    return changed(["energyratestructure", 0, 0, key], value)


def schedule(months: int = 12, hours: int = 24, value: Any = 0) -> list[list[Any]]:
    return [[value] * hours for _ in range(months)]


CASES: list[tuple[str, dict[str, Any], Reason, str]] = [
    ("no energy prices", rate(energyratestructure=None), Reason.MISSING_STRUCTURE, "energyratestructure"),
    ("no schedule", rate(energyweekdayschedule=None), Reason.MISSING_SCHEDULE, "energyweekdayschedule"),
    ("eleven months", rate(energyweekendschedule=schedule(11)), Reason.SCHEDULE_SHAPE, "energyweekendschedule"),
    ("23 hours", rate(energyweekendschedule=schedule(12, 23)), Reason.SCHEDULE_SHAPE, "energyweekendschedule[0]"),
    ("a flat list", rate(energyweekendschedule=[0] * 12), Reason.WRONG_TYPE, "energyweekendschedule[0]"),
    (
        "period 2 of 2",
        changed(["energyweekdayschedule", 3, 7], 2),
        Reason.SCHEDULE_INDEX,
        "energyweekdayschedule[3][7]",
    ),
    ("period -1", changed(["energyweekdayschedule", 0, 0], -1), Reason.SCHEDULE_INDEX, "energyweekdayschedule[0][0]"),
    (
        "half a period",
        changed(["energyweekdayschedule", 0, 0], 0.5),
        Reason.SCHEDULE_INDEX,
        "energyweekdayschedule[0][0]",
    ),
    (
        "a period as text",
        changed(["energyweekdayschedule", 0, 0], "0"),
        Reason.WRONG_TYPE,
        "energyweekdayschedule[0][0]",
    ),
    (
        "true as a period",
        changed(["energyweekdayschedule", 0, 0], True),
        Reason.WRONG_TYPE,
        "energyweekdayschedule[0][0]",
    ),
    ("no rate", changed(["energyratestructure", 0, 0], KWH), Reason.MISSING_RATE, "energyratestructure[0][0].rate"),
    (
        "only adj",
        changed(["energyratestructure", 0, 0], {"adj": 1}),
        Reason.MISSING_RATE,
        "energyratestructure[0][0].rate",
    ),
    ("no tier", changed(["energyratestructure", 0], []), Reason.MISSING_RATE, "energyratestructure[0]"),
    ("tier is a number", changed(["energyratestructure", 0, 0], 1), Reason.WRONG_TYPE, "energyratestructure[0][0]"),
    ("below zero", tier("rate", -0.1), Reason.NEGATIVE_RATE, "energyratestructure[0][0].rate"),
    ("adj takes it below", tier("adj", -0.11), Reason.NEGATIVE_RATE, "energyratestructure[0][0].rate"),
    ("rate as text", tier("rate", "0.1"), Reason.WRONG_TYPE, "energyratestructure[0][0].rate"),
    ("NaN", tier("rate", float("nan")), Reason.NUMBER, "energyratestructure[0][0].rate"),
    ("infinite", tier("rate", float("inf")), Reason.NUMBER, "energyratestructure[0][0].rate"),
    ("ten places", tier("rate", 1e-10), Reason.NUMBER, "energyratestructure[0][0].rate"),
    ("a billion a kWh", tier("rate", 1e9), Reason.NUMBER, "energyratestructure[0][0].rate"),
    ("kWh/kW", tier("unit", "kWh/kW"), Reason.UNIT, "energyratestructure[0][0].unit"),
    ("MWh", tier("unit", "MWh"), Reason.UNKNOWN_UNIT, "energyratestructure[0][0].unit"),
    ("unknown key in a tier", tier("fuel", 1), Reason.UNKNOWN_FIELD, "energyratestructure[0][0].fuel"),
    ("finite last tier", tier("max", 500), Reason.TIER_LIMIT, "energyratestructure[0][0].max"),
    ("zero limit", tier("max", 0), Reason.TIER_LIMIT, "energyratestructure[0][0].max"),
    (
        "limits that fall",
        rate(energyratestructure=[[{"max": 9, "rate": 1}, {"max": 8, "rate": 1}, {"rate": 1}]] * 2),
        Reason.TIER_LIMIT,
        "energyratestructure[0][1].max",
    ),
    (
        "a tier without limit before the last",
        rate(energyratestructure=[[{"rate": 1}, {"rate": 2}]] * 2),
        Reason.TIER_LIMIT,
        "energyratestructure[0][0].max",
    ),
    (
        "a limit below a Wh",
        rate(energyratestructure=[[{"max": 0.0001, "rate": 1}, {"rate": 2}]] * 2),
        Reason.TIER_LIMIT,
        "energyratestructure[0][0].max",
    ),
    (
        "mixed units in a period",
        rate(energyratestructure=[[{"max": 9, "rate": 1, "unit": "kWh daily"}, {"rate": 2}]] * 2),
        Reason.CONFLICT,
        "energyratestructure[0]",
    ),
    (
        "limits that differ within a month",
        rate(energyratestructure=[[{"max": 9, "rate": 1}, {"rate": 2}], [{"max": 8, "rate": 1}, {"rate": 2}]]),
        Reason.TIER_LIMITS_DIFFER,
        "energyratestructure[1]",
    ),
    (
        "tiers in one of two periods",
        rate(energyratestructure=[[{"max": 9, "rate": 1}, {"rate": 2}], [{"rate": 1}]]),
        Reason.TIER_LIMITS_DIFFER,
        "energyratestructure[1]",
    ),
    (
        "coincident",
        rate(coincidentratestructure=[[{"rate": 0.79}]]),
        Reason.COINCIDENT_DEMAND,
        "coincidentratestructure",
    ),
    ("ratchet", rate(lookbackpercent=0.8), Reason.RATCHET, "lookbackpercent"),
    ("lookback months", rate(lookbackmonths=[0] * 11 + [1]), Reason.RATCHET, "lookbackmonths"),
    ("lookback range", rate(lookbackrange=11), Reason.RATCHET, "lookbackrange"),
    ("ratchet by month", rate(demandratchetpercentage=[50] * 12), Reason.RATCHET, "demandratchetpercentage"),
    ("reactive", rate(demandreactivepowercharge=0.66), Reason.REACTIVE_CHARGE, "demandreactivepowercharge"),
    ("attributes", rate(energyattrs=[{"Fuel": "0.03"}]), Reason.UNKNOWN_FIELD, "energyattrs"),
    ("unknown number", rate(meterfee=3), Reason.UNKNOWN_FIELD, "meterfee"),
    ("unknown list", rate(riders=[{"per kWh": 0.01}]), Reason.UNKNOWN_FIELD, "riders"),
    ("unknown text about money", rate(fuelAdjustment="see tariff"), Reason.UNKNOWN_FIELD, "fuelAdjustment"),
    ("fixed without unit", rate(fixedchargeunits=None), Reason.FIXED_CHARGE, "fixedchargeunits"),
    ("fixed per kW", rate(fixedchargeunits="$/kW"), Reason.FIXED_CHARGE, "fixedchargeunits"),
    ("negative fixed", rate(fixedchargefirstmeter=-1), Reason.NEGATIVE_RATE, "fixedchargefirstmeter"),
    ("two fixed charges", rate(fixedmonthlycharge=11), Reason.CONFLICT, "fixedmonthlycharge"),
    ("minimum per kW", rate(mincharge=5, minchargeunits="$/kW"), Reason.MINIMUM_CHARGE, "minchargeunits"),
    ("minimum a year", rate(mincharge=5, minchargeunits="$/year"), Reason.ANNUAL_MINIMUM, "mincharge"),
    ("annual minimum", rate(annualmincharge=100), Reason.ANNUAL_MINIMUM, "annualmincharge"),
    (
        "two minimums",
        rate(mincharge=5, minchargeunits="$/month", minmonthlycharge=6),
        Reason.CONFLICT,
        "minmonthlycharge",
    ),
    ("another country", rate(country="Canada"), Reason.UNIT, "country"),
    (
        "TOU demand without hours",
        rate(demandratestructure=[[{"rate": 5}]]),
        Reason.MISSING_SCHEDULE,
        "demandweekdayschedule",
    ),
    (
        "hours without TOU demand",
        rate(demandweekdayschedule=schedule(value=1)),
        Reason.MISSING_STRUCTURE,
        "demandweekdayschedule",
    ),
    (
        "flat demand without months",
        rate(flatdemandstructure=[[{"rate": 5}]]),
        Reason.MISSING_SCHEDULE,
        "flatdemandmonths",
    ),
    ("months without flat demand", rate(flatdemandmonths=[0] * 11 + [1]), Reason.MISSING_STRUCTURE, "flatdemandmonths"),
    (
        "eleven months of demand",
        rate(flatdemandstructure=[[{"rate": 5}]], flatdemandmonths=[0] * 11),
        Reason.SCHEDULE_SHAPE,
        "flatdemandmonths",
    ),
    (
        "a month of no period",
        rate(flatdemandstructure=[[{"rate": 5}]], flatdemandmonths=[0] * 11 + [1]),
        Reason.SCHEDULE_INDEX,
        "flatdemandmonths[11]",
    ),
    (
        "demand in kVA",
        rate(flatdemandstructure=[[{"rate": 5}]], flatdemandmonths=[0] * 12, flatdemandunit="kVA"),
        Reason.UNIT,
        "flatdemandunit",
    ),
    (
        "demand by the day",
        rate(flatdemandstructure=[[{"rate": 5, "unit": "kW daily"}]], flatdemandmonths=[0] * 12),
        Reason.UNIT,
        "flatdemandstructure[0][0].unit",
    ),
    (
        "demand tiers that end",
        rate(flatdemandstructure=[[{"rate": 5, "max": 100}]], flatdemandmonths=[0] * 12),
        Reason.TIER_LIMIT,
        "flatdemandstructure[0][0].max",
    ),
    ("a seven minute demand", rate(demandwindow=7), Reason.UNIT, "demandwindow"),
    ("a date that is none", rate(startdate=1e30), Reason.NUMBER, "startdate"),
]


@pytest.mark.parametrize(("document", "reason", "path"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_is_refused_with_reason_and_place(document: dict[str, Any], reason: Reason, path: str) -> None:
    refused = refusal(document)
    assert (refused.reason, refused.path) == (reason, path)


@pytest.mark.parametrize(("document", "reason", "path"), [case[1:] for case in CASES[:6]])
def test_place_names_the_item_of_a_list(document: dict[str, Any], reason: Reason, path: str) -> None:
    assert refusal({"items": [document]}).path == f"items[0].{path}"
    assert refusal([document]).path == f"[0].{path}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", Reason.NOT_JSON),
        ("[1, 2", Reason.NOT_JSON),
        (b"\xff\xfe{}", Reason.NOT_JSON),
        ("", Reason.NOT_JSON),
        ("a: 1\nb: 2\n", Reason.NOT_JSON),
        ("{}", Reason.EMPTY),
        ("[]", Reason.EMPTY),
        ('{"items": []}', Reason.EMPTY),
        ('{"items": {}}', Reason.WRONG_TYPE),
        ('{"items": [7]}', Reason.WRONG_TYPE),
        ("[[[]]]", Reason.WRONG_TYPE),
        ('{"rate": 1e9999999999999999999}', Reason.NUMBER),
        ('{"rate": ' + "9" * 5000 + "}", Reason.NUMBER),
        ("[" * 100_000, Reason.NOT_JSON),
        ('{"label": "a", "label": "b"}', Reason.CONFLICT),
        ('{"label": "a", "Label": "b"}', Reason.CONFLICT),
        (Path("no/such/file.json"), Reason.NOT_JSON),
    ],
)
def test_what_is_no_rate_at_all(text: str | bytes | Path, reason: Reason) -> None:
    assert refusal(text).reason is reason


def test_one_of_several_is_chosen_by_its_label() -> None:
    file = json.dumps({"items": [rate(label="a"), rate(label="b", fixedchargefirstmeter=20)]})
    assert refusal(file).reason is Reason.SEVERAL_RATES
    assert refusal(file, label="c").reason is Reason.EMPTY
    assert urdb.load(file, label="b").code == "urdb-b"


def test_what_carries_no_money_is_passed_over() -> None:
    harmless = rate(
        eiaid=803,
        description="Everything about it",
        revisions=[{"date": {"$date": "2025-09-09T18:45:38Z"}}],
        energycomments="Adjustments = fuel",
        dgrules="Net Metering",
        approved=False,
        notes="checked by hand",
        somethingNew=None,
        lookbackpercent=0.0,
        lookbackmonths=[0] * 12,
        coincidentratestructure=[[{"rate": 0}]],
        demandreactivepowercharge=0,
        annualmincharge=0,
        mincharge=0,
        demandratestructure=[[{"rate": 0}]],
        flatdemandstructure=[[{"rate": 0, "adj": 0}]],
    )
    version = urdb.load(json.dumps(harmless)).plans[0].text
    assert [component.code for component in version.components] == ["energy", "fixed", "rounding"]
    assert version.note is not None
    assert "Not approved" in version.note


def test_prices_are_the_digits_of_the_text() -> None:
    document = json.dumps(rate()).replace('"rate": 0.1', '"rate": 0.10000001')
    energy = urdb.load(document).plans[0].text.components[0]
    assert energy.type == "energy"
    assert energy.prices is not None
    assert [price.value for price in energy.prices.values()] == [Decimal("0.10000001"), Decimal("0.21")]


@pytest.mark.parametrize("limit", [1e38, 100000000000000, None])
def test_a_huge_last_limit_means_no_limit(limit: float | None) -> None:
    document = rate(energyratestructure=[[{"max": 9, "rate": 1}, {"max": limit, "rate": 2}]] * 2)
    energy = urdb.load(json.dumps(document)).plans[0].text.components[0]
    assert energy.type == "energy"
    assert energy.tiers is not None
    assert [block.up_to for block in energy.tiers.blocks] == [Decimal(9), None]


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert urdb.load("\ufeff" + json.dumps(rate())) == urdb.load(b"\xef\xbb\xbf" + json.dumps(rate()).encode())
