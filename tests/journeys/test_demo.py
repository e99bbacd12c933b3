"""Guards the first walk through the house: one command builds a utility, bills its months and explains a bill.

A second start keeps everything, a killed build goes on where it stood, the faults of the newest month are told, and
every amount that is printed can be computed again from what stands beside it.
"""

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

TODAY = "2026-03-05"


def demo(installation: Any, *more: str) -> dict[str, Any]:
    finished = installation.run("demo", "--size", "block", "--today", TODAY, "--json", *more)
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def substance(document: dict[str, Any]) -> dict[str, Any]:
    """What must not change from one start to the next."""
    return {key: value for key, value in document.items() if key not in ("steps", "seconds", "imported")}


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


@pytest.mark.django_db(transaction=True)
def test_a_block_is_built_billed_and_explained_and_a_second_start_changes_nothing(installation: Any) -> None:
    first = demo(installation, "--no-serve")

    assert first["usage_points"] == 135
    assert first["month"] == "2026-02"
    months = [run["period"]["start"][:7] for run in first["runs"]]
    assert months == ["2025-02", *(f"2025-{month:02}" for month in range(3, 13)), "2026-01", "2026-02"]
    assert all(run["status"] == "finished" and run["bills"] >= 130 for run in first["runs"])
    assert all(first["roles"][role] for role in ("chain-shop", "factory", "farm", "ev-home", "pv-home"))

    _faults_are_told(first)
    _explanation_adds_up(first["explained"])
    _bills_follow_the_contracts(installation, first)

    verified = json.loads(installation.run("bill", "verify", "--month", "2026-02", "--json").stdout)
    assert verified["equal"] == verified["bills"] >= 130

    second = demo(installation)
    assert second["steps"] == []
    assert second["seconds"] < 15
    assert substance(second) == substance(first)

    refused = installation.run("demo", "--size", "town", "--json", check=False)
    assert refused.returncode == 2
    assert json.loads(refused.stdout)["error"]["code"] == "another_demo"

    later = json.loads(installation.run("demo", "--size", "block", "--today", "2026-03-07", "--json").stdout)
    assert [step["step"] for step in later["steps"]] == ["2026-03"]
    assert later["imported"]["accepted"] == 2 * 96 * sum(_registers(first))


def _registers(document: dict[str, Any]) -> tuple[int, int, int]:
    """How many usage points count import, export and reactive energy."""
    exporting = document["registers"]["export"]
    return document["usage_points"], exporting, len(document["roles"]["factory"])


def _faults_are_told(document: dict[str, Any]) -> None:
    """Each planted fault ends where it belongs: estimated, parked with its reason, or quarantined."""
    assert document["imported"]["quarantined_rows"] == 2
    assert document["imported"]["estimated"] == 5 + 96
    parked = {item["usage_point"]: item["code"] for item in document["parked"]}
    roles = document["roles"]
    assert parked[roles["fault-long-gap"][0]] == "missing_readings"
    assert parked[roles["fault-spike"][0]] == "implausible_high"
    assert {parked[number] for number in roles["moved-out-vacant"]} == {"no_agreement"}
    assert roles["fault-gap"][0] not in parked


def _explanation_adds_up(bill: dict[str, Any]) -> None:
    assert bill["equal"] is True
    assert bill["recomputed_total"] == bill["total"]
    for line in bill["lines"]:
        assert cents(Decimal(line["quantity"]) * Decimal(line["price"])) == Decimal(line["amount"])
        assert line["source"]
    billed = [Decimal(line["amount"]) for line in bill["lines"] if line["settlement"] == "bill"]
    assert sum(billed) == Decimal(bill["total"])
    days = [Decimal(day["kwh"]) for day in bill["readings"]["by_day"]]
    assert sum(days) == Decimal(bill["energy_kwh"])


def _bills_follow_the_contracts(installation: Any, document: dict[str, Any]) -> None:
    def bills(number: str) -> list[dict[str, Any]]:
        finished = installation.run("bill", "list", "--month", "2026-02", "--usage-point", number, "--json")
        listed: list[dict[str, Any]] = json.loads(finished.stdout)["bills"]
        return listed

    before, after = bills(document["roles"]["settlement-changes-mid-month"][0])
    assert before["period"]["end"] == after["period"]["start"] == "2026-02-11"
    assert before["account"] != after["account"]

    left, came = bills(document["roles"]["moved-in-mid-month"][0])
    assert (left["period"]["end"], came["period"]["start"]) == ("2026-02-05", "2026-02-17")

    shops = [bills(number)[0]["account"] for number in document["roles"]["chain-shop"][:3]]
    assert len(set(shops)) == 1
