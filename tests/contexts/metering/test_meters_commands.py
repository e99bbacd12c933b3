"""Promise: meters are taken over, exchanged and read on the command line; what is wrong is said with file and line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gridhall.channels.cli import meters, readings
from gridhall.channels.cli.app import app
from gridhall.contexts.accounts.models import Organisation, UsagePoint

HEAD = "户号,表号,装表日期,示数,示数类型,倍率\n"


@pytest.fixture(autouse=True)
def homes(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path / "home"
    for module in (meters, readings):
        monkeypatch.setattr(module, "with_database", lambda: None)
    station = Organisation.objects.create(code="3301", name="某供电所", level=4)
    for number in ("A1", "A2"):
        UsagePoint.objects.create(number=number, organisation=station, usage_class="residential")


def run(*arguments: str | Path) -> tuple[int, Any]:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


def load(path: Path, content: str) -> tuple[int, Any]:
    path.write_bytes(content.encode("gb18030"))
    return run("meters", "load", path)


def test_meters_are_taken_over_read_and_exchanged(tmp_path: Path) -> None:
    rows = "A1,M1,2026-01-01,100,,30\nA1,M1,2026-01-01,40,峰,30\nA2,M2,2026-01-01,7.5,,\n"
    assert load(tmp_path / "meters.csv", HEAD + rows) == (0, {"meters": 2})
    first = ["--reading", "101", "--reading", "import_peak=40.5"]
    assert run("meters", "read", "A1", "--at", "2026-01-11", *first)[0] == 0
    final = ["--final", "102", "--final", "import_peak=41"]
    new = ["--reading", "0.5", "--reading", "import_peak=0"]
    assert run("meters", "exchange", "A1", "M3", "--at", "2026-01-16 10:30", *final, *new, "--multiplier", "20")[0] == 0
    last = ["--reading", "2", "--reading", "import_peak=1"]
    assert run("meters", "read", "A1", "--at", "2026-02-01", *last)[0] == 0
    code, said = run("readings", "registers", "A1", "--from", "2026-01-01", "--to", "2026-02-01")
    assert (code, [meter["meter"] for meter in said["meters"]]) == (0, ["M1", "M3"])
    energy = {row["register"]: (row["wh"], row["estimated"]) for row in said["registers"]}
    assert energy == {"import": (60_000 + 30_000, False), "import_peak": (30_000 + 20_000, False)}
    assert run("meters", "remove", "A2", "--at", "2026-01-20", "--reading", "9")[0] == 0
    assert run("meters", "install", "A2", "M2", "--at", "2026-01-21", "--reading", "9")[0] == 0
    assert run("readings", "check", "--from", "2026-01-01", "--to", "2026-02-01") == (
        0,
        {"compared": 0, "disagreeing": []},
    )


@pytest.mark.parametrize(
    ("row", "code", "place"),
    [
        ("A9,M9,2026-01-01,1,,", "meter_file_wrong", ":3:usage_point"),
        ("A2,,2026-01-01,1,,", "meter_file_wrong", ":3:meter"),
        ("A2,M9,2026-13-01,1,,", "meter_file_wrong", ":3:at"),
        ("A2,M9,2026-01-01,x,,", "meter_file_wrong", ":3:reading"),
        ("A2,M9,2026-01-01,-1,,", "meter_file_wrong", ":3:reading"),
        ("A2,M9,2026-01-01,1,?,", "meter_file_wrong", ":3:register"),
        ("A2,M9,2026-01-01,1,,0", "meter_file_wrong", ":3:multiplier"),
        ("A2,M9,2026-01-01,1", "meter_file_wrong", ":3"),
        ("A2,M1,2026-01-01,1,峰,", "meter_file_wrong", ":3:meter"),
        ("A1,M9,2026-01-01,1,,", "usage_point_has_meter", ""),
        ("A1,M1,2026-01-01,1,,", "register_missing", ""),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_installed(tmp_path: Path, row: str, code: str, place: str) -> None:
    status, said = load(tmp_path / "meters.csv", f"{HEAD}A1,M1,2026-01-01,1,,\n{row}\n")
    assert (status, said["error"]["code"]) == (2, code)
    assert said["error"]["path"].endswith(place)
    assert run("readings", "registers", "A1", "--from", "2026-01-01", "--to", "2026-02-01")[1]["meters"] == []


def test_meters_that_are_known_are_named(tmp_path: Path) -> None:
    load(tmp_path / "one.csv", f"{HEAD}A1,M1,2026-01-01,1,,\n")
    again = load(tmp_path / "two.csv", f"{HEAD}A2,M1,2026-01-01,1,,\n")[1]["error"]
    assert (again["code"], again["path"].rpartition("/")[2]) == ("meter_elsewhere", "two.csv:2:meter")
    taken = load(tmp_path / "three.csv", f"{HEAD}A1,M5,2026-01-01,1,,\n")[1]["error"]
    assert (taken["code"], taken["path"].rpartition("/")[2]) == ("usage_point_has_meter", "three.csv:2:usage_point")
    for word in ("nothing", "import_peek=5"):
        status, said = run("meters", "read", "A1", "--at", "2026-02-01", "--reading", word)
        assert (status, said["error"]["code"]) == (2, "reading_unclear")
