"""Promise: a bad row waits in quarantine as it came, with line, value and reason; mended it goes in and is resolved."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridhall.contexts.metering import queries
from gridhall.contexts.metering.models import Import, LakeFile, QuarantinedRow
from gridhall.contexts.metering.operations import ZoneUnknown
from gridhall.contexts.metering.operations import imports as imports_module
from gridhall.contexts.metering.operations.imports import LakeUnwritable
from gridhall.contexts.metering.queries import lake_root
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.lake.formats import FileRefused
from gridhall.lake.needs import Channel

LONG = (
    "usage_point,start,kwh\n"
    "A1,2026-03-01 00:00,1\n"
    "B9,2026-03-01 00:00,1\n"
    "A2,2026-03-01 25:00,1\n"
    "A2,2026-03-01 00:00,-4\n"
    "A2,2026-03-25 00:00,4\n"
    "户1,2026-03-01 00:00,2\n"
)


def test_the_good_rows_go_in(take_in: Callable, lake: Callable, points: dict[str, int]) -> None:
    told = take_in(LONG.encode("gb18030"))
    assert (told.accepted, told.quarantined) == (2, 4)
    assert {key[0] for key in lake()} == {points["A1"], points["户1"]}
    rows = queries.quarantined(told.id)
    assert [(row.line, row.field, row.value, row.code) for row in rows] == [
        (3, "usage_point", "B9", "unknown_usage_point"),
        (4, "start", "2026-03-01 25:00", "time_unclear"),
        (5, "kwh", "-4", "negative"),
        (6, "start", "2026-03-25", "future"),
    ]
    assert queries.quarantine_counts(told.id) == {
        "unknown_usage_point": 1, "time_unclear": 1, "negative": 1, "future": 1,
    }  # fmt: skip


@pytest.mark.parametrize("form", ["long", "columns", "curve"])
def test_mended_rows_come_back(
    take_in: Callable, lake: Callable, points: dict[str, int], tmp_path: Path, form: str
) -> None:
    full = ["1"] * 24
    content = {
        "long": "户号,时间,电量\nA1,2026-03-01 00:00,x\nA2,2026-03-01 00:00,1\nA1,2026-03-01 02:00,y\n",
        "columns": "usage_point,day," + ",".join(f"p{n}" for n in range(24)) + "\n"
        f"A1,2026-03-01,{','.join(['x', *full[1:]])}\nA2,2026-03-01,{','.join(full)}\nA1,2026-03-02,1\n",
        "curve": f'usage_point,day,curve\nA1,2026-03-01,"[x{",1" * 23}]"\nA2,2026-03-01,"[1{",1" * 23}]"\nA1,,"[1]"\n',
    }[form]
    told = take_in(content)
    assert told.quarantined == 2
    mended = tmp_path / "mended.csv"
    assert queries.export_quarantine(told.id, mended) == 2
    with mended.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = list(rows[0])
    assert names[:2] == content.split("\n")[0].split(",")[:2]
    for row in rows:
        if row["quarantine_line"] == "2":  # only the first is mended
            row.update({name: value.replace("x", "3") for name, value in row.items() if name not in names[-7:]})
    with mended.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)
    back = take_in(mended.read_bytes(), "back.csv")
    assert (back.resolved, back.quarantined) == (1, 1)
    assert lake()[points["A1"], date(2026, 3, 1)][0][0] == 3000
    assert [row.resolved_by for row in queries.quarantined(told.id, unresolved=False)] == [back.id, None]


def test_an_unknown_usage_point_can_be_opened_and_the_file_read_again(take_in: Callable, lake: Callable) -> None:
    first = take_in("usage_point,start,kwh\nA1,2026-03-01 00:00,1\nNEW,2026-03-01 00:00,1\n")
    again = take_in("usage_point,start,kwh\nA1,2026-03-01 00:00,1\nNEW,2026-03-01 00:00,1\n", again=True)
    assert first.id != again.id
    assert (again.accepted, again.unchanged, again.quarantined) == (0, 1, 1)


REFUSED = {
    "empty": (b"", "a.csv"),
    "not text": (bytes(range(256)) * 20, "a.csv"),
    "no parquet": (b"PAR1 and more", "a.parquet"),
    "xml": (b"<?xml version='1.0'?><nothing/>", "a.xml"),
    "unknown columns": (b"a,b\n1,2\n", "a.csv"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_file_leaves_nothing(take_in: Callable, points: dict[str, int], name: str) -> None:
    with pytest.raises(Exception) as refusal:  # noqa: PT011 - each reader has its own kind
        take_in(*REFUSED[name])
    assert refusal.value.code  # type: ignore[attr-defined]
    assert (Import.objects.count(), LakeFile.objects.count(), QuarantinedRow.objects.count()) == (0, 0, 0)
    assert not [path for path in lake_root().rglob("*") if path.is_file()]


def test_a_page_broken_in_the_middle_leaves_nothing(take_in: Callable, tmp_path: Path) -> None:
    table = pa.table(
        {
            "usage_point": [f"N{n % 40}" for n in range(4000)],
            "day": [date(2020, 1, 1 + n // 40 % 28) for n in range(4000)],
            "curve": [[float(n + slot) for slot in range(24)] for n in range(4000)],
        }
    )
    pq.write_table(table, tmp_path / "whole.parquet", row_group_size=500, compression="none", use_dictionary=False)
    content = bytearray((tmp_path / "whole.parquet").read_bytes())
    half = pq.ParquetFile(tmp_path / "whole.parquet").metadata.row_group(5).column(2).data_page_offset
    content[half : half + 400] = b"\xff" * 400
    with pytest.raises(FileRefused):
        take_in(bytes(content), "broken.parquet")
    assert (Import.objects.count(), LakeFile.objects.count()) == (0, 0)
    assert not list(lake_root().rglob("*.parquet"))


def test_channels_do_not_mix(take_in: Callable, lake: Callable) -> None:
    content = "usage_point,start,kwh\nA1,2026-03-01 00:00,1\n"
    take_in(content)
    before = lake()
    other = take_in(content, channel=Channel.EXPORT)
    assert (other.status, other.accepted) == ("imported", 1)
    assert lake() == before


def test_an_unknown_zone_is_refused(take_in: Callable) -> None:
    with pytest.raises(ZoneUnknown):
        take_in("usage_point,start,kwh\nA1,2026-03-01 00:00,1\n", zone="Mars/Olympus")


def test_an_unknown_import_is_not_found(points: dict[str, int]) -> None:
    with pytest.raises(NotFound):
        queries.quarantined(999)


def test_register_readings_and_green_button_are_handed_to_their_readers(
    take_in: Callable, points: dict[str, int]
) -> None:
    told = take_in("usage_point,at,reading\nA1,2026-03-01 00:00,100\n")
    assert (told.format, told.accepted, told.quarantined) == ("register-csv", 0, 1)  # no meter is installed
    assert queries.quarantined(told.id)[0].code == "no_meter_then"


def test_at_the_command_line(installation: Any, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("usage_point,tariff_code,start\nA1,t,2026-01-01\n")
    (tmp_path / "good.csv").write_text("usage_point,start,kwh\nA1,2026-03-01 00:00,1\nA1,2026-03-01 01:00,-1\n")
    (tmp_path / "bad.csv").write_text("")
    installation.run("accounts", "load", tmp_path / "points.csv")
    done = installation.run("import", tmp_path / "bad.csv", tmp_path / "good.csv", "--json", check=False)
    told = json.loads(done.stdout)
    assert done.returncode == 2
    assert (told["accepted"], told["quarantined"], told["estimated"]) == (1, 1, 0)
    assert [each["status"] for each in told["imports"]] == ["refused", "imported"]
    assert told["error"]["code"] == "file_empty"
    number = str(told["imports"][1]["id"])
    listed = json.loads(installation.run("quarantine", "list", number, "--json").stdout)
    assert (listed["quarantined"], listed["rows"][0]["line"], listed["rows"][0]["code"]) == (1, 3, "negative")
    exported = installation.run("quarantine", "export", number, "--output", tmp_path / "mend.csv", "--json")
    assert json.loads(exported.stdout)["rows"] == 1
    assert "already imported" in installation.run("import", tmp_path / "good.csv", "--json").stdout
    assert "Example:" in installation.run("import", "--help").stdout


def test_a_green_button_feed_is_filed_under_a_usage_point(
    shared: Path, take_in: Callable, lake: Callable, points: dict[str, int]
) -> None:
    feeds = sorted((shared / "greenbutton" / "samples").glob("*.xml"))
    taken = 0
    for feed in feeds:
        try:
            told = take_in(feed.read_bytes(), feed.name, usage_point="A1", zone="America/New_York")
        except GridhallError:  # gas, water, several usage points: refused with their own reasons
            continue
        assert told.format == "greenbutton"
        assert told.accepted + told.unchanged + told.quarantined > 0
        taken += told.accepted
    assert taken > 0
    assert {key[0] for key in lake()} == {points["A1"]}


def test_no_room_is_told_and_leaves_nothing(take_in: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gridhall.lake.parts.pq.write_table", full)
    with pytest.raises(LakeUnwritable) as refusal:
        take_in("usage_point,start,kwh\nA1,2026-03-01 00:00,1\n")
    assert refusal.value.remedy
    assert (Import.objects.count(), LakeFile.objects.count()) == (0, 0)
    assert not [path for path in lake_root().rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("format", "accepted"),
    [("long", 1), ("long-csv", 1), ("day-curve", None), ("long-parquet", None), ("greenbutton", None), ("xls", None)],
)
def test_a_format_can_be_insisted_on(take_in: Callable, format: str, accepted: int | None) -> None:
    content = "usage_point,start,kwh\nA1,2026-03-01 00:00,1\n"
    if accepted:
        assert take_in(content, "readings.dat", format=format).accepted == accepted
    else:
        with pytest.raises(GridhallError):
            take_in(content, "readings.dat", format=format)


def test_a_file_of_bad_rows_is_refused(take_in: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = imports_module.thresholds
    monkeypatch.setattr(imports_module, "thresholds", lambda today: replace(usual(today), most_bad_rows=2))
    with pytest.raises(FileRefused) as refusal:
        take_in("usage_point,start,kwh\n" + "X,2026-03-01 00:00,1\n" * 3)
    assert refusal.value.code == "too_many_bad_rows"
    assert Import.objects.count() == 0
