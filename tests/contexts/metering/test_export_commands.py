"""Promise: `gridhall readings` gives what the queries give, refuses with code and place, and leaves no half file."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gridhall.channels.cli import readings
from gridhall.channels.cli.app import app
from gridhall.contexts.accounts.models import Feeder, Organisation, Substation, TransformerArea, UsagePoint
from gridhall.lake.curves import Quality
from gridhall.lake.greenbutton import read

ONE = ["--from", "2026-03-01", "--to", "2026-03-11"]


@pytest.fixture
def told(put_readings: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> int:
    """Two homes in one transformer area, one of them with a gap, and one that never spoke in another."""
    monkeypatch.setattr(readings, "with_database", lambda: None)
    city = Organisation.objects.create(code="33", name="某市", level=2)
    station = Organisation.objects.create(code="3301", name="某供电所", level=4, parent=city)
    feeder = Feeder.objects.create(
        code="F1", name="线", substation=Substation.objects.create(code="S1", name="站", organisation=station)
    )
    areas = [TransformerArea.objects.create(code=f"T{n}", name=f"{n}号台区", feeder=feeder) for n in (1, 2)]
    points = [
        UsagePoint.objects.create(
            number=f"330100000{n}", organisation=station, usage_class="residential", transformer_area=areas[n // 3]
        ).pk
        for n in (1, 2, 3)
    ]
    full, like = [250] * 96, [Quality.LIKE_DAY] + [Quality.MEASURED] * 95
    rows = [(points[0], date(2026, 3, day), full, None) for day in range(1, 11)]
    rows += [(points[1], date(2026, 3, day), full, like) for day in (1, 2, 3, 7)]  # type: ignore[list-item]
    return put_readings(rows)


def run(*arguments: str | Path) -> tuple[int, Any]:
    result = CliRunner().invoke(app, ["readings", *map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize("form", ["csv", "curve-csv", "parquet", "greenbutton"])
def test_export_writes_one_file_and_tells_of_it(told: int, tmp_path: Path, form: str) -> None:
    target = tmp_path / "out"
    code, said = run("export", "--usage-point", "3301000001", *ONE, "--format", form, "--output", target)
    assert (code, said["usage_points"], said["readings_version"]) == (0, 1, told)
    assert said["bytes"] == target.stat().st_size
    assert [path.name for path in tmp_path.glob(".out*")] == []


def test_export_of_a_unit_holds_everybody_below_it(told: int, tmp_path: Path) -> None:
    target = tmp_path / "feed.xml"
    code, said = run("export", "--organisation", "33", *ONE, "--format", "greenbutton", "--output", target)
    assert (code, said["usage_points"]) == (0, 3)
    days = list(read(target, zone="Asia/Shanghai"))
    assert [sum(day.usage_point == f"330100000{n}" for day in days) for n in (1, 2, 3)] == [10, 4, 0]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--usage-point", "9", *ONE], "not_found"),
        (["--organisation", "99", *ONE], "not_found"),
        ([*ONE], "nobody_named"),
        (["--usage-point", "3301000003", *ONE], "no_readings"),
        (["--usage-point", "3301000001", "--from", "2026-03-02", "--to", "2026-03-02"], "span_empty"),
        (["--usage-point", "3301000001", *ONE, "--as-of", "99999999"], "version_unknown"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_leaves_no_file(
    told: int, tmp_path: Path, arguments: list[str], code: str
) -> None:
    status, said = run("export", *arguments, "--output", tmp_path / "out.csv")
    assert (status, said["error"]["code"]) == (2, code)
    assert said["error"]["path"]
    assert list(tmp_path.glob("*out*")) == []


def test_freshness_by_transformer_area(told: int) -> None:
    code, said = run("freshness", "--on", "2026-03-11", "--days", "10")
    assert code == 0
    names = ("area", "usage_points", "up_to_date", "behind", "never")
    assert [tuple(area[name] for name in names) for area in said["areas"]] == [("T1", 2, 1, 1, 0), ("T2", 1, 0, 0, 1)]
    assert said["areas"][0] | {"name": ""} == {
        "area": "T1", "name": "", "feeder": "线", "usage_points": 2, "complete_to": "2026-03-07", "up_to_date": 1,
        "behind": 1, "never": 0, "absent_days": 6, "missing": 0, "estimated": 4,
    }  # fmt: skip


def test_freshness_of_one_names_each_gap(told: int) -> None:
    code, said = run("freshness", "--usage-point", "3301000002", "--on", "2026-03-11", "--days", "10")
    assert (code, said["as_of"]) == (0, "2026-03-07")
    assert said["gaps"] == [
        {"first": "2026-03-04", "last": "2026-03-06", "missing_slots_a_day": None},
        {"first": "2026-03-08", "last": "2026-03-10", "missing_slots_a_day": None},
    ]


def test_show_gives_the_curves(told: int) -> None:
    code, said = run("show", "3301000002", *ONE)
    assert (code, [day["kwh"] for day in said["days"]]) == (0, ["24.000"] * 4)
    assert (said["days"][0]["estimated"], said["days"][0]["quality"][:2]) == (1, [3, 0])


def test_people_get_tables(told: int, tmp_path: Path) -> None:
    for arguments in (
        ["show", "3301000001", *ONE],
        ["freshness", "--on", "2026-03-11"],
        ["freshness", "--usage-point", "3301000002"],
        ["registers", "3301000001", *ONE],
        ["export", "--usage-point", "3301000001", *ONE, "--output", str(tmp_path / "x.csv")],
    ):
        result = CliRunner().invoke(app, ["readings", *arguments])
        assert result.exit_code == 0, result.output
