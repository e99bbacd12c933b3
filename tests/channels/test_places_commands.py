"""Guards: places come in and go out on the command line; the coordinates are named, a dry run changes nothing."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridhall.channels.cli.app import app
from gridhall.contexts.payments.models import PaymentPoint

ROWS = "code,kind,name,address,longitude,latitude\nA-1,hall,城东,路1号,121.473701,31.230416\nA-2,hall,,路2号,121.4,x\n"


@pytest.fixture
def file(tmp_path: Path, db: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("gridhall.channels.cli.payments_places.with_database", lambda: None)
    path = tmp_path / "places.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def run(*asked: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["payments", "places", *asked])
    return done.exit_code, done.stdout


def test_a_dry_run_changes_nothing(file: Path):
    code, said = run("import", str(file), "--coordinates", "gcj-02", "--dry-run", "--json")
    assert code == 0
    told = json.loads(said)
    assert (told["new"], told["bad"], told["dry_run"]) == (1, 1, True)
    assert [(each["line"], each["field"], each["code"]) for each in told["faults"]] == [
        (3, "name", "missing"), (3, "latitude", "number"),
    ]  # fmt: skip
    assert not PaymentPoint.objects.exists()


def test_places_come_in_and_go_out(file: Path):
    mend = file.with_name("mend.csv")
    code, said = run("import", str(file), "--coordinates", "GCJ-02", "--bad-rows", str(mend))
    assert code == 0
    assert "1 places new" in " ".join(said.split())
    assert PaymentPoint.objects.get().longitude == pytest.approx(121.46916, abs=1e-5)
    assert "It is empty." in mend.read_text("utf-8-sig")
    out = file.with_name("out.csv")
    assert json.loads(run("export", "--output", str(out), "--json")[1])["places"] == 1
    again = json.loads(run("import", str(out), "--coordinates", "wgs-84", "--deactivate-missing", "--json")[1])
    assert (again["unchanged"], again["deactivated"]) == (1, 0)


def test_coordinates_are_named(file: Path):
    assert run("import", str(file))[0] == 2
    code, said = run("import", str(file), "--coordinates", "mars", "--json")
    assert code == 2
    assert json.loads(said)["error"]["code"] == "coordinates_unknown"
    assert (
        json.loads(run("import", "/none.csv", "--coordinates", "wgs-84", "--json")[1])["error"]["code"] == "not_found"
    )
