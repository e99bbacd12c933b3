"""Promise: every usual form of a file of readings is recognised, and gives the same exact Wh."""

import gzip
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridhall.lake import formats
from gridhall.lake.formats import Readings, Unit

SHANGHAI = "Asia/Shanghai"
HOURS = [0.25 * hour for hour in range(24)]
EXPECTED = [250 * hour for hour in range(24)]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Readings]:
    def read(content: str | bytes, name: str = "readings.csv", zone: str = SHANGHAI, **options: Any) -> Readings:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return formats.read_all(path, zone=zone, **options)

    return read


def curves(found: Readings) -> dict[tuple[str, date], list[int | None]]:
    table = found.table
    return dict(
        zip(zip(table["usage_point"].to_pylist(), table["day"].to_pylist(), strict=True), table["curve"].to_pylist(),
            strict=True)
    )  # fmt: skip


def long(header: str = "usage_point,start,kwh", separator: str = ",", stamp: str = "2026-01-05 {:02}:00") -> str:
    rows = [separator.join(["A", stamp.format(hour), str(value)]) for hour, value in enumerate(HOURS)]
    return header + "\n" + "\n".join(rows) + "\n"


LONG = {
    "plain": long(),
    "chinese": long("户号,时间,电量"),
    "chinese with unit": long("户号,数据时间,电量(kWh)"),
    "london": long("lclid,ts,kwh"),
    "semicolons": long("usage_point;start;kwh", ";"),
    "tabs": long("usage_point\tstart\tkwh", "\t"),
    "slashes": long(stamp="2026/1/5 {}:00"),
    "iso with T and seconds": long(stamp="2026-01-05T{:02}:00:00"),
    "with fractions of seconds": long(stamp="2026-01-05 {:02}:00:00.0000000"),
    "aware": long(stamp="2026-01-05T{:02}:00:00+08:00"),
    "compact": long(stamp="20260105{:02}00"),
    "quoted": long('"usage_point","start","kwh"').replace("A,", '"A",'),
    "spaces": long("Usage Point , Start Time , KWh ").replace("A,", " A ,"),
    "more columns": long("usage_point,start,kwh,remark").replace("\nA", "\nA").replace("\n", ",x\n").replace(
        "kwh,remark,x", "kwh,remark"
    ),
    "excel's first line": "sep=,\n" + long(),
    "blank lines": "\n\n" + long().replace("\nA", "\n\nA"),
    "crlf": long().replace("\n", "\r\n"),
    "old macintosh": long().replace("\n", "\r"),
    "watt-hours": long("usage_point,start,wh").replace(".25", "250").replace(".5", "500").replace(".75", "750"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(LONG.keys() - {"watt-hours"}))
def test_long_forms(read: Callable[..., Readings], name: str) -> None:
    found = read(LONG[name])
    assert not found.rejected
    assert curves(found) == {("A", date(2026, 1, 5)): EXPECTED}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(read: Callable[..., Readings], encoding: str) -> None:
    found = read(LONG["chinese"].replace("A,", "户一,").encode(encoding))
    assert curves(found) == {("户一", date(2026, 1, 5)): EXPECTED}


def test_decimal_commas(read: Callable[..., Readings]) -> None:
    content = long("usage_point;start;kwh", ";").replace(".", ",")
    assert curves(read(content)) == {("A", date(2026, 1, 5)): EXPECTED}


def test_end_stamps(read: Callable[..., Readings]) -> None:
    rows = "".join(f"A,2026-01-05 {hour + 1:02}:00,{value}\n" for hour, value in enumerate(HOURS))
    assert curves(read("usage_point,interval_end,kwh\n" + rows)) == {("A", date(2026, 1, 5)): EXPECTED}


def test_utc_stamps(read: Callable[..., Readings]) -> None:
    rows = "".join(f"A,2026-01-04T{16 + hour}:00:00Z,{HOURS[hour]}\n" for hour in range(8))
    assert curves(read("usage_point,start,kwh\n" + rows))[("A", date(2026, 1, 5))][:8] == EXPECTED[:8]


WIDE = ",".join(map(str, HOURS))
DAYS = {
    "p columns": "usage_point,day," + ",".join(f"p{n}" for n in range(1, 25)) + f"\nA,2026-01-05,{WIDE}\n",
    "clock ends": "usage_point,day," + ",".join(f"{n:02}:00" for n in range(1, 25)) + f"\nA,2026-01-05,{WIDE}\n",
    "clock starts": "usage_point,day," + ",".join(f"{n:02}:00" for n in range(24)) + f"\nA,2026-01-05,{WIDE}\n",
    "any names": "户号,日期,"
    + ",".join(f"x{'abcdefghijklmnopqrstuvwx'[n]}" for n in range(24))
    + f"\nA,20260105,{WIDE}\n",
    "json list": f'usage_point,day,curve\nA,2026-01-05,"[{WIDE}]"\n',
    "bare list": f"usage_point,day,curve\nA,2026-01-05,[{WIDE}]\n",
    "semicolon list": f"usage_point,day,curve\nA,2026-01-05,{WIDE.replace(',', ';')}\n",
    "space list": f"usage_point,day,curve\nA,2026-01-05,{WIDE.replace(',', ' ')}\n",
    "list with spaces": f'usage_point,day,curve\nA,2026-01-05,"[{WIDE.replace(",", ", ")}]"\n',
    "watt-hours": f'usage_point,day,curve_wh\nA,2026-01-05,"[{",".join(map(str, EXPECTED))}]"\n',
}


@pytest.mark.parametrize("name", DAYS)
def test_day_forms(read: Callable[..., Readings], name: str) -> None:
    found = read(DAYS[name])
    assert not found.rejected
    assert curves(found) == {("A", date(2026, 1, 5)): EXPECTED}


def test_packed(read: Callable[..., Readings], tmp_path: Path) -> None:
    expected = {("A", date(2026, 1, 5)): EXPECTED}
    assert curves(read(gzip.compress(LONG["plain"].encode()), "a.csv.gz")) == expected
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.csv", LONG["plain"])
    assert curves(formats.read_all(tmp_path / "b.zip", zone=SHANGHAI)) == expected


STAMPS = [datetime(2026, 1, 5, hour) for hour in range(24)]  # noqa: DTZ001 - of the wall clock
TABLES = {
    "float64": pa.table({"usage_point": ["A"] * 24, "start": STAMPS, "kwh": HOURS}),
    "float32": pa.table({"lclid": ["A"] * 24, "ts": STAMPS, "kwh": pa.array(HOURS, pa.float32())}),
    "decimal": pa.table({"usage_point": ["A"] * 24, "start": STAMPS, "kwh": [Decimal(str(each)) for each in HOURS]}),
    "aware": pa.table(
        {"usage_point": ["A"] * 24, "start": pa.array([
            datetime(2026, 1, 5, hour, tzinfo=UTC).timestamp() * 1_000_000 - 8 * 3_600_000_000 for hour in range(24)
        ], pa.float64()).cast(pa.int64()).cast(pa.timestamp("us", "UTC")), "kwh": HOURS}
    ),
    "text times": pa.table({"usage_point": ["A"] * 24, "start": [str(each) for each in STAMPS], "kwh": HOURS}),
    "text kwh": pa.table({"usage_point": ["A"] * 24, "start": STAMPS, "kwh": [str(each) for each in HOURS]}),
    "number as id": pa.table({"usage_point": [7] * 24, "start": STAMPS, "kwh": HOURS}),
    "list": pa.table({"usage_point": ["A"], "day": [date(2026, 1, 5)], "curve": [HOURS]}),
    "list float32": pa.table(
        {"usage_point": ["A"], "day": ["2026-01-05"], "curve": pa.array([HOURS], pa.list_(pa.float32()))}
    ),
    "list of decimals": pa.table(
        {"usage_point": ["A"], "day": [date(2026, 1, 5)], "curve": [[Decimal(str(each)) for each in HOURS]]}
    ),
    "list of Wh": pa.table({"usage_point": ["A"], "day": [date(2026, 1, 5)], "curve_wh": [EXPECTED]}),
    "columns": pa.table(
        {"usage_point": ["A"], "day": [date(2026, 1, 5)]} | {f"p{n + 1}": [each] for n, each in enumerate(HOURS)}
    ),
    "dictionary": pa.table(
        {"usage_point": pa.array(["A"] * 24).dictionary_encode(), "start": STAMPS, "kwh": HOURS}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_parquet_forms(tmp_path: Path, name: str) -> None:
    pq.write_table(TABLES[name], tmp_path / "a.parquet")
    found = formats.read_all(tmp_path / "a.parquet", zone=SHANGHAI)
    assert not found.rejected
    assert curves(found) == {("7" if name == "number as id" else "A", date(2026, 1, 5)): EXPECTED}


def test_a_lake_file_is_in_wh(tmp_path: Path, read: Callable[..., Readings]) -> None:
    pq.write_table(read(LONG["plain"]).table, tmp_path / "lake.parquet")
    found = formats.read_all(tmp_path / "lake.parquet", zone=SHANGHAI)
    assert curves(found) == {("A", date(2026, 1, 5)): EXPECTED}


def test_the_unit_can_be_said(read: Callable[..., Readings]) -> None:
    content = "usage_point,start,value\nA,2026-01-05 00:00,1250\n"
    assert curves(read(content, unit=Unit.WH))[("A", date(2026, 1, 5))][0] == 1250
    assert curves(read(content))[("A", date(2026, 1, 5))][0] == 1_250_000


@pytest.mark.parametrize(("minutes", "slots"), [(60, 24), (30, 48), (15, 96), (5, 288)])
def test_the_resolution_is_told_by_the_times(read: Callable[..., Readings], minutes: int, slots: int) -> None:
    rows = "".join(f"A,2026-01-05 {at // 60:02}:{at % 60:02},1\n" for at in range(0, 1440, minutes))
    assert curves(read("usage_point,start,kwh\n" + rows)) == {("A", date(2026, 1, 5)): [1000] * slots}


def test_order_does_not_matter(read: Callable[..., Readings]) -> None:
    header, *rows = LONG["plain"].strip().split("\n")
    assert curves(read("\n".join([header, *reversed(rows)]))) == {("A", date(2026, 1, 5)): EXPECTED}


def test_more_readings_than_memory_holds(read: Callable[..., Readings], monkeypatch: pytest.MonkeyPatch) -> None:
    from gridhall.lake.formats import long as long_module

    monkeypatch.setattr(long_module, "IN_MEMORY", 10)
    monkeypatch.setattr(long_module, "PIECE", 7)
    header, *rows = LONG["plain"].strip().split("\n")
    more = [row.replace("A,", "B,") for row in rows]
    monkeypatch.setattr("gridhall.lake.formats.text.BLOCK", 100)
    found = read("\n".join([header, *reversed(rows), *more]))
    assert curves(found) == {("A", date(2026, 1, 5)): EXPECTED, ("B", date(2026, 1, 5)): EXPECTED}


def test_finer_than_a_watt_hour_is_carried_on_and_counted(read: Callable[..., Readings]) -> None:
    found = read("usage_point,start,kwh\n" + "".join(f"A,2026-01-05 {hour:02}:00,0.0004\n" for hour in range(24)))
    values = curves(found)[("A", date(2026, 1, 5))]
    assert found.rounded == 24
    assert sum(value or 0 for value in values) == 10  # 24 × 0.4 = 9.6
    assert set(values) == {0, 1}


def test_binary_floats_mean_their_shortest_decimal(tmp_path: Path) -> None:
    values = [0.1 + 0.2, 1.005, 0.001, 2.675, 1e-3, 4.35] * 4
    table = pa.table({"usage_point": ["A"], "day": [date(2026, 1, 5)], "curve": [values]})
    pq.write_table(table, tmp_path / "a.parquet")
    found = formats.read_all(tmp_path / "a.parquet", zone=SHANGHAI)
    assert curves(found)[("A", date(2026, 1, 5))] == [300, 1005, 1, 2675, 1, 4350] * 4
