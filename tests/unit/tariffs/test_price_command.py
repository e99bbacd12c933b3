"""Guards: the contract of `gridhall tariff price`: its JSON, exit status 2, nothing dropped silently."""

import json
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from gridhall.channels.cli import tariff as commands

ROOT = Path(__file__).resolve().parents[3]
CONTENT = ROOT / "content" / "tariffs"
app = typer.Typer()
commands.register(app)


def run(*arguments: Any) -> tuple[int, Any]:
    result = CliRunner().invoke(app, ["tariff", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout) if result.stdout else None


def price(readings: Path, *options: Any, tariff: Path = CONTENT / "shanxi-residential.yaml") -> tuple[int, Any]:
    return run("price", "--tariff", tariff, "--readings", readings, *options, "--json")


JANUARY = ("--from", "2026-01-01", "--to", "2026-02-01")


@pytest.fixture
def january(tmp_path: Path) -> Path:
    """Two usage points, half-hourly: A uses 0.25 kWh a slot, B 0.1."""
    file = tmp_path / "january.csv"
    rows = ["usage_point,start,kwh"]
    moment = datetime(2026, 1, 1)  # noqa: DTZ001 - local wall clock, as files have it
    while moment < datetime(2026, 2, 1):  # noqa: DTZ001
        rows += [f"A,{moment:%Y-%m-%d %H:%M},0.25", f"B,{moment:%Y-%m-%d %H:%M},0.1"]
        moment += timedelta(minutes=30)
    file.write_text("\n".join(rows) + "\n")
    return file


def test_the_document_of_the_contract(january: Path):
    code, told = price(january, *JANUARY)
    assert code == 0
    assert told["tariff"]["code"] == "shanxi-residential"
    assert [(bill["usage_point"], bill["start"], bill["end"]) for bill in told["bills"]] == [
        ("A", "2026-01-01", "2026-02-01"),
        ("B", "2026-01-01", "2026-02-01"),
    ]
    bill = told["bills"][0]
    contract = ("code", "quantity", "unit", "price", "amount")
    assert [[line[key] for key in contract] for line in bill["lines"]] == [
        ["energy-1", "170.000", "kWh", "0.477", "81.09"],
        ["energy-2", "90.000", "kWh", "0.527", "47.43"],
        ["energy-3", "112.000", "kWh", "0.777", "87.02"],
    ]
    assert bill["total"] == "215.54"
    assert told["refused"] == []
    assert told["rejected"]["count"] == 0
    for line in bill["lines"]:
        assert line["source"]
        assert line["version"] == "example"
        assert line["formula"].startswith(line["quantity"])


@pytest.mark.parametrize("form", ["day curve csv", "day curve parquet", "day columns csv", "long parquet"])
def test_every_form_of_readings_gives_the_same_bill(form: str, tmp_path: Path):
    days = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(31)]
    curve = [0.25] * 48
    if form == "day curve csv":
        file = tmp_path / "a.csv"
        rows = [f'A,{day},"{" ".join(map(str, curve))}"' for day in days]
        file.write_text("\n".join(["usage_point,day,curve", *rows]))
    elif form == "day columns csv":
        file = tmp_path / "a.csv"
        rows = [f"A,{day},{','.join(map(str, curve))}" for day in days]
        header = ",".join(f"p{slot}" for slot in range(1, 49))
        file.write_text("\n".join([f"usage_point,day,{header}", *rows]))
    elif form == "day curve parquet":
        file = tmp_path / "a.parquet"
        pq.write_table(pa.table({"usage_point": ["A"] * 31, "day": days, "curve": [curve] * 31}), file)
    else:
        file = tmp_path / "a.parquet"
        starts = [
            datetime(day.year, day.month, day.day, slot // 2, slot % 2 * 30)  # noqa: DTZ001
            for day in days
            for slot in range(48)
        ]
        pq.write_table(pa.table({"usage_point": ["A"] * len(starts), "start": starts, "kwh": curve * 31}), file)
    code, told = price(file, *JANUARY)
    assert code == 0
    assert told["bills"][0]["total"] == "215.54"


def test_one_bill_a_calendar_month_with_parts_at_the_ends(january: Path):
    _, told = price(january, "--from", "2025-12-20", "--to", "2026-01-11")
    assert [(bill["usage_point"], bill["start"], bill["end"]) for bill in told["bills"]] == [
        ("A", "2026-01-01", "2026-01-11"),
        ("B", "2026-01-01", "2026-01-11"),
    ]
    assert [(bill["usage_point"], bill["start"], bill["code"]) for bill in told["refused"]] == [
        ("A", "2025-12-20", "no_readings"),
        ("B", "2025-12-20", "no_readings"),
    ]


def test_readings_before_the_first_day_count_in_the_tier_year(january: Path):
    beijing = CONTENT / "beijing-residential.yaml"
    _, told = price(january, "--from", "2026-01-11", "--to", "2026-02-01", tariff=beijing)
    assert told["bills"][0]["tier_used"] == "120.000"
    _, told = price(january, "--from", "2026-01-11", "--to", "2026-02-01", "--tier-used-kwh", "2879", tariff=beijing)
    assert [line["quantity"] for line in told["bills"][0]["lines"]] == ["1.000", "251.000"]


def test_gaps_are_told_and_can_be_refused(january: Path):
    lines = january.read_text().splitlines()
    january.write_text(
        "\n".join(line for line in lines if "A,2026-01-05" not in line and "B,2026-01-06 00" not in line)
    )
    _, told = price(january, *JANUARY)
    a, b = told["bills"]
    assert (a["days"], a["days_read"], a["missing"]) == (31, 30, 0)
    assert (b["days"], b["days_read"], b["missing"]) == (31, 31, 2)
    code, told = price(january, *JANUARY, "--missing", "refuse")
    assert (code, told["error"]["code"]) == (2, "missing_readings")


def test_rows_that_are_not_taken_in_are_told(january: Path):
    with january.open("a") as file:
        file.write("A,2026-01-05 25:00,1\nA,2026-01-05 12:07,1\nB,2026-01-06 10:00,much\n")
    _, told = price(january, *JANUARY)
    assert told["rejected"]["count"] == 3
    first = told["rejected"]["first"][0]
    assert first["line"] > 1
    assert first["reason"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--from", "2026-02-01", "--to", "2026-02-01"), "bad_option"),
        (("--from", "2026-02-30", "--to", "2026-03-01"), "bad_option"),
        (("--from", "20260201", "--to", "2026-03-01"), "bad_option"),
        (("--from", "0001-01-01", "--to", "9999-01-01"), "bad_option"),
        (("--from", "2027-01-01", "--to", "2027-02-01"), "no_readings"),
        ((*JANUARY, "--zone", "Mars/Olympus"), "bad_option"),
        ((*JANUARY, "--zone", "../../etc/passwd"), "bad_option"),
        ((*JANUARY, "--capacity-kva", "-1"), "bad_option"),
        ((*JANUARY, "--capacity-kva", "many"), "bad_option"),
        ((*JANUARY, "--contract-demand-kw", "1.0005"), "bad_option"),
        ((*JANUARY, "--power-factor-standard", "0.95"), "bad_option"),
        ((*JANUARY, "--move-in", "17 March"), "bad_option"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options: tuple[str, ...], code: str, january: Path):
    status, told = price(january, *options)
    assert status == 2
    assert told["error"]["code"] == code
    assert told["error"]["message"]
    assert "path" in told["error"]


def test_files_that_cannot_be_used_are_refused(tmp_path: Path, january: Path):
    nothing = tmp_path / "nothing.csv"
    nothing.write_text("")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and no more")
    for readings in (tmp_path / "nowhere.csv", nothing, broken, tmp_path):
        status, told = price(readings, *JANUARY)
        assert status == 2
        assert told["error"]["code"]
        assert str(readings) in told["error"]["path"]
    for name, text in (("no.yaml", "tariff: ["), ("no.json", "{"), ("empty.json", "{}"), ("list.json", "[]")):
        (tmp_path / name).write_text(text)
        status, told = price(january, *JANUARY, tariff=tmp_path / name)
        assert status == 2
        assert str(tmp_path / name) in told["error"]["path"]


def test_a_wrong_document_tells_line_and_place(tmp_path: Path, january: Path):
    file = tmp_path / "wrong.yaml"
    file.write_text((CONTENT / "shanxi-residential.yaml").read_text().replace("up_to: 260", "up_to: 60"))
    status, told = price(january, *JANUARY, tariff=file)
    assert status == 2
    assert told["error"]["code"] == "tiers_out_of_order"
    assert told["error"]["path"].startswith(f"{file}:")
    assert told["error"]["path"].endswith(":versions[0].components[0].tiers.blocks[1].up_to")


def test_people_get_a_table(january: Path):
    result = CliRunner().invoke(
        app,
        ["tariff", "price", "--tariff", str(CONTENT / "shanxi-residential.yaml"), "--readings", str(january), *JANUARY],
    )
    assert result.exit_code == 0
    assert "215.54" in result.stdout


def test_it_needs_no_database_and_no_django(january: Path):
    script = (
        "import sys; from gridhall.channels.cli.tariff import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end\n"
        "assert 'django' not in sys.modules and 'psycopg' not in sys.modules, 'the database was loaded'\n"
    )
    arguments = ["price", "--tariff", CONTENT / "shanxi-residential.yaml", "--readings", january, *JANUARY, "--json"]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_the_customer_before_used_does_not_count(january: Path):
    beijing = CONTENT / "beijing-residential.yaml"
    _, told = price(january, "--from", "2026-01-21", "--to", "2026-02-01", "--move-in", "2026-01-11", tariff=beijing)
    assert told["bills"][0]["tier_used"] == "120.000"


def test_export_of_strangers_is_told(january: Path, tmp_path: Path):
    export = tmp_path / "export.csv"
    export.write_text("usage_point,start,kwh\nC,2026-01-05 10:00,1\nC,2026-01-05 10:30,1\n")
    code, told = price(january, *JANUARY, "--export", export)
    assert code == 0
    assert "C" in told["notes"][0]


def test_holidays_come_from_the_business_calendar(tmp_path: Path):
    """1 October is a holiday: its noon is deep valley, unless holidays are named or left out."""
    file = tmp_path / "october.csv"
    file.write_text("\n".join(["usage_point,day,curve", f'A,2026-10-01,"{" ".join(["10"] * 24)}"']))
    tariff = CONTENT / "industrial-two-part-capacity.yaml"
    options = ("--from", "2026-10-01", "--to", "2026-10-02", "--capacity-kva", "100", "--reactive", file)
    for extra, deep in (((), True), (("--holidays", "none"), False), (("--holiday", "2026-10-02"), False)):
        code, told = price(file, *options, *extra, tariff=tariff)
        assert code == 0
        assert ("energy-deep" in [line["code"] for line in told["bills"][0]["lines"]]) is deep
    far = ("--from", "2190-10-01", "--to", "2190-10-02", "--capacity-kva", "100", "--reactive", file)
    code, told = price(file, *far, tariff=tariff)
    assert (code, told["error"]["code"]) == (2, "calendar_year_not_covered")


def test_check_and_schema():
    code, told = run("check", *sorted(CONTENT.glob("*.yaml")), "--json")
    assert code == 0
    assert len(told["tariffs"]) == len(list(CONTENT.glob("*.yaml")))
    code, told = run("schema")
    assert code == 0
    assert told["$defs"]["Energy"]


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def test_the_london_households_to_the_cent(shared: Path):
    """Every month of every household: kWh × 0.14228, and the sum of kWh × price of each half hour."""
    interval = shared / "interval"
    file = interval / "london_60_households_halfhourly_2013.parquet"
    series = interval / "london_dynamic_price_2013.csv"
    price_of = dict(line.split(",")[:2] for line in series.read_text().splitlines()[1:])
    table = pq.read_table(file)
    starts = table["ts"].cast(pa.timestamp("s")).cast(pa.string()).to_pylist()
    energy: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    dynamic: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for household, start, kwh in zip(table["lclid"].to_pylist(), starts, table["kwh"].to_numpy(), strict=True):
        exact = Decimal(str(kwh))  # a float32's shortest text, as written by the trial
        energy[household, start[:7]] += exact
        dynamic[household, start[:7]] += exact * Decimal(price_of[start])
    year = ("--from", "2013-01-01", "--to", "2014-01-01")
    _, flat = price(file, *year, tariff=CONTENT / "london-trial-flat.yaml")
    for bill in flat["bills"]:
        kwh = energy[bill["usage_point"], bill["start"][:7]]
        assert Decimal(bill["total"]) == cents(kwh * Decimal("0.14228")), bill["usage_point"]
    _, trial = price(file, *year, "--prices", series, tariff=CONTENT / "london-trial-dynamic.yaml")
    for bill in trial["bills"]:
        assert Decimal(bill["total"]) == cents(dynamic[bill["usage_point"], bill["start"][:7]]), bill["usage_point"]
    assert len(flat["bills"]) == len(trial["bills"]) == len(energy)
