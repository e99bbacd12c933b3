"""Promise: the import commands print a document that `tariff check` takes, or a refusal with exit status 2."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gridhall.channels.cli import tariff_import
from gridhall.contexts.tariffs import urdb
from gridhall.contexts.tariffs.document import check, parse
from gridhall.contexts.tariffs.document.reading import read_yaml

RATE: dict[str, Any] = {
    "label": "five",
    "utility": "A Utility: “quoted”, # and so on",
    "name": "Time of use",
    "energyratestructure": [[{"max": 300, "rate": 0.1}, {"rate": 0.2}], [{"max": 300, "rate": 0.3}, {"rate": 0.4}]],
    "energyweekdayschedule": [[0] * 12 + [1] * 12] * 12,
    "energyweekendschedule": [[0] * 24] * 12,
    "flatdemandstructure": [[{"rate": 5}], [{"rate": 5}], [{"rate": 7}]],
    "flatdemandmonths": [0] * 5 + [2] * 4 + [1] * 3,
}


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    tariff_import.register(app)
    return app


def run(app: typer.Typer, *arguments: object) -> Any:
    return CliRunner().invoke(app, ["tariff", *map(str, arguments)])


def test_a_rate_becomes_a_document(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "rate.json"
    file.write_text(json.dumps({"items": [RATE]}))
    printed = run(app, "import-urdb", file, "--start", "2026-01-01", "--tiers", "proportional")
    assert printed.exit_code == 0
    document = parse(read_yaml(printed.output, name="printed"))
    version = document.versions[0]
    assert str(version.start) == "2026-01-01"
    energy, winter, summer, rounding = version.components
    assert rounding.type == "rounding"
    assert energy.type == "energy"
    assert energy.tiers is not None
    assert energy.tiers.within == "proportional"
    # Months that pay the same are one component, whatever their periods are called.
    assert (winter.months, summer.months) == ([1, 2, 3, 4, 5, 10, 11, 12], [6, 7, 8, 9])


def test_yaml_and_json_say_the_same(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "rate.json"
    file.write_text(json.dumps(RATE))
    as_yaml = parse(read_yaml(run(app, "import-urdb", file).output, name="printed"))
    assert as_yaml == check(urdb.content(file), name="rate")
    assert json.loads(run(app, "import-urdb", file, "--json").output)["tariff"] == "urdb-five"


def test_a_refusal_ends_with_status_two(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "rate.json"
    file.write_text(json.dumps(RATE | {"lookbackpercent": 0.5}))
    refused = run(app, "import-urdb", file, "--json")
    assert refused.exit_code == 2
    error = json.loads(refused.output)["error"]
    assert (error["code"], error["path"]) == ("urdb_ratchet", "lookbackpercent")


def test_taipower_plans_are_listed_with_reasons(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "plans.json"
    plan = {"id": "odd", "name": "怪", "season_strategy": "seasons", "levy": 3}
    file.write_text(json.dumps({"version": "20251001", "definitions": {}, "plans": [plan]}), encoding="utf-8")
    listed = run(app, "import-taipower", file, "--json")
    assert json.loads(listed.output) == {"plans": [{"plan": "odd", "name": "怪", "refused": ["taipower_unknown_rule"]}]}
    assert run(app, "import-taipower", file, "--plan", "odd", "--json").exit_code == 2
    bad = run(app, "import-taipower", file, "--plan", "odd", "--meter", "single", "--json")
    assert json.loads(bad.output)["error"]["code"] == "bad_option"
