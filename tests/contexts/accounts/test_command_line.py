"""Guards: accounts and the database can be worked with from the command line, by people and by programs."""

import json
from pathlib import Path

import pytest


def test_from_an_empty_installation_to_a_changed_payer(installation, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "households.csv"
    file.write_text("usage_point,name,tariff_code,start\nM1,王小明,home,2013-01-01\nM2,张三,home,2013-01-01\n")
    loaded = json.loads(installation.run("accounts", "load", file, "--organisation", "3101", "--json").stdout)
    assert loaded["loaded"]["agreements"] == 2

    settled = installation.run("accounts", "settle", "M1", "--account", "AM2", "--start", "2013-05-01", check=False)
    assert settled.returncode == 2
    assert "too_far_back" in settled.stderr

    shown = json.loads(installation.run("accounts", "show", "M1", "--json").stdout)
    assert shown["agreements"][0]["customer_name"] == "王*明"
    assert shown["agreements"][0]["settlements"] == [{"account": "AM1", "start": "2013-01-01", "end": None}]

    again = installation.run("accounts", "load", file, "--json", check=False)
    assert again.returncode == 2
    assert json.loads(again.stdout)["error"]["path"] == "households.csv:2:start"

    status = json.loads(installation.run("database", "status", "--json").stdout)
    assert (status["kind"], status["running"], status["prepared"]) == ("server", True, True)
    assert json.loads(installation.run("database", "migrate", "--json").stdout) == {"migrated": False}
    assert json.loads(installation.run("database", "stop", "--json").stdout) == {"stopped": False}


@pytest.mark.parametrize("group", ["accounts", "database"])
def test_help_teaches_with_examples(group: str) -> None:
    from typer.testing import CliRunner

    from gridhall.channels.cli.app import app

    runner = CliRunner()
    assert "Example" in runner.invoke(app, [group, "--help"]).output
    commands = {"accounts": ["load", "show", "move-in", "move-out", "settle", "tariff", "units"]}
    for command in commands.get(group, ["start", "stop", "status", "migrate"]):
        said = runner.invoke(app, [group, command, "--help"])
        assert said.exit_code == 0
        assert "Example" in said.output
        assert "--json" in said.output
