"""Promise: a bad file is refused with place and remedy; a bad row is named with line, field, value and reason."""

import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridhall.lake import formats
from gridhall.lake.formats import FileRefused, Limits, Readings

LIMITS = Limits(first_day=date(2000, 1, 1), stop_day=date(2026, 3, 1), most_w=1_000_000)
Read = Callable[..., Readings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(content: str | bytes, name: str = "readings.csv", zone: str = "Asia/Shanghai", **options: Any) -> Readings:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return formats.read_all(path, zone=zone, **({"limits": LIMITS} | options))

    return read


HEAD = "usage_point,start,kwh\n"
GOOD = "A,2026-01-05 00:00,1\n"


def parquet_bytes(rows: int = 5000) -> bytes:
    sink = io.BytesIO()
    table = pa.table(
        {"usage_point": ["A"] * rows, "start": ["2026-01-05"] * rows, "kwh": [1.5 * n for n in range(rows)]}
    )
    pq.write_table(table, sink)
    return sink.getvalue()


def zipped(*members: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return sink.getvalue()


def broken_page() -> bytes:
    content = bytearray(parquet_bytes())
    content[100:3000] = bytes(2900)
    return bytes(content)


REFUSED = {
    "empty": ("a.csv", b"", "file_empty"),
    "only blank lines": ("a.csv", b"\n\n  \n", "file_empty"),
    "header only": ("a.csv", HEAD.encode(), "file_empty"),
    "header without line end": ("a.csv", HEAD.strip().encode(), "file_empty"),
    "no known column": ("a.csv", b"a,b,c\n1,2,3\n", "columns_unknown"),
    "no header": ("a.csv", GOOD.encode(), "columns_unknown"),
    "binary": ("a.csv", bytes(range(256)) * 40, "text_unreadable"),
    "zeros": ("a.csv", bytes(10_000), "text_unreadable"),
    "one endless line": ("a.csv", b"x" * 9_000_000, "text_unreadable"),
    "endless line below": ("a.csv", HEAD.encode() + b"1" * 9_000_000, "text_unreadable"),
    "parquet cut off": ("a.parquet", parquet_bytes()[:-3000], "parquet_damaged"),
    "parquet cut to its head": ("a.parquet", b"PAR1", "parquet_damaged"),
    "parquet with a broken page": ("a.parquet", broken_page(), "parquet_damaged"),
    "text called parquet": ("a.parquet", (HEAD + GOOD).encode(), "extension_mismatch"),
    "parquet called csv": ("a.csv", parquet_bytes(), "extension_mismatch"),
    "text called zip": ("a.zip", (HEAD + GOOD).encode(), "extension_mismatch"),
    "zip cut off": ("a.zip", zipped(("a.csv", (HEAD + GOOD * 999).encode()))[:-40], "archive_damaged"),
    "gzip cut off": ("a.csv.gz", gzip.compress((HEAD + GOOD * 99_999).encode())[:-200], "archive_damaged"),
    "zip of two": ("a.zip", zipped(("a.csv", b"1"), ("b.csv", b"2")), "archive_refused"),
    "zip of none": ("a.zip", zipped(), "archive_refused"),
    "zip in zip": ("a.zip", zipped(("a.zip", zipped(("a.csv", b"1")))), "archive_refused"),
    "zip in zip, disguised": ("a.zip", zipped(("a.csv", zipped(("a.csv", b"1")))), "archive_refused"),
    "zip bomb": ("a.zip", zipped(("a.csv", (HEAD + GOOD * 2_500_000).encode())), "expands_too_far"),
    "gzip bomb": ("a.csv.gz", gzip.compress((HEAD + GOOD * 2_500_000).encode()), "expands_too_far"),
    "bomb of zeros": ("a.zip", zipped(("a.csv", bytes(60_000_000))), "expands_too_far"),
    "xml": ("a.xml", b"<feed/>", "format_unknown"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_refused(read: Read, name: str) -> None:
    file, content, code = REFUSED[name]
    with pytest.raises(FileRefused) as refusal:
        read(content, file)
    assert refusal.value.code == code
    assert file in refusal.value.path


def test_no_file(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.csv", "file_missing"), (tmp_path, "not_a_file")):
        with pytest.raises(FileRefused) as refusal:
            formats.read_all(path, zone="Asia/Shanghai")
        assert refusal.value.code == code


#: name → (bad line, field, value, code)
ROWS = {
    "25:00": ("A,2026-01-05 25:00,1", "start", "2026-01-05 25:00", "time_unclear"),
    "no such day": ("A,2026-02-30 00:00,1", "start", "2026-02-30 00:00", "time_unclear"),
    "day first": ("A,05/01/2026 00:00,1", "start", "05/01/2026 00:00", "time_unclear"),
    "no time": ("A,,1", "start", "", "time_unclear"),
    "not on the grid": ("A,2026-01-05 00:07,1", "start", "2026-01-05 00:07", "off_grid"),
    "word": ("A,2026-01-05 01:00,much", "kwh", "much", "not_a_number"),
    "two points": ("A,2026-01-05 01:00,1.2.3", "kwh", "1.2.3", "not_a_number"),
    "nan": ("A,2026-01-05 01:00,NaN", "kwh", "NaN", "not_finite"),
    "infinite": ("A,2026-01-05 01:00,inf", "kwh", "inf", "not_finite"),
    "empty": ("A,2026-01-05 01:00,", "kwh", "", "value_missing"),
    "negative": ("A,2026-01-05 01:00,-0.5", "kwh", "-0.5", "negative"),
    "absurd": ("A,2026-01-05 01:00,99999", "kwh", "99999", "absurd"),
    "beyond everything": ("A,2026-01-05 01:00,1e300", "kwh", "1e300", "absurd"),
    "future": ("A,2026-03-01 00:00,1", "start", "2026-03-01", "future"),
    "too old": ("A,1999-12-31 00:00,1", "start", "1999-12-31", "too_old"),
    "no usage point": (",2026-01-05 01:00,1", "usage_point", "", "unknown_usage_point"),
    "too few cells": ("A,2026-01-05 01:00", "", "A,2026-01-05 01:00", "column_count"),
    "too many cells": ("A,2026-01-05 01:00,1,2", "", "A,2026-01-05 01:00,1,2", "column_count"),
    "open quote": ('A,"2026-01-05 01:00,1', "", 'A,"2026-01-05 01:00,1', "quotes_unmatched"),
    "NUL": ("A,2026-01-05 01:00,1\0", "", "A,2026-01-05 01:00,1\\x00", "nul_byte"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_row_is_named_and_the_good_ones_are_read(read: Read, name: str) -> None:
    line, field, value, code = ROWS[name]
    found = read(f"{HEAD}{GOOD}\n{line}\nA,2026-01-05 02:00,3\n")
    assert [(each.line, each.field, each.value, each.code) for each in found.rejected] == [(4, field, value, code)]
    assert found.rejected[0].reason
    assert found.rejected[0].remedy
    assert found.rejected[0].original[0] in {"A", "", line}
    assert found.table["curve"].to_pylist() == [[1000, None, 3000] + [None] * 21]


DAY_HEAD = "usage_point,day," + ",".join(f"p{n}" for n in range(1, 25)) + "\n"
FULL = ",".join(["1"] * 24)
DAY_ROWS = {
    "word": (f"A,2026-01-06,x{FULL[1:]}", "p1", "x", "not_a_number"),
    "nan": (f"A,2026-01-06,{FULL[:-1]}nan", "p24", "nan", "not_finite"),
    "negative": (f"A,2026-01-06,1,-1{FULL[3:]}", "p2", "-1", "negative"),
    "absurd": (f"A,2026-01-06,1,1001{FULL[3:]}", "p2", "1001", "absurd"),
    "no day": (f"A,today,{FULL}", "day", "today", "day_unclear"),
    "a time": (f"A,2026-01-06 05:00,{FULL}", "day", "2026-01-06 05:00", "day_unclear"),
    "future": (f"A,2026-03-01,{FULL}", "day", "2026-03-01", "future"),
    "short": ("A,2026-01-06,1,1", "", "A,2026-01-06,1,1", "column_count"),
    "the same day otherwise": (f"A,2026-01-05,2{FULL[1:]}", "day", "2026-01-05", "duplicate"),
}


@pytest.mark.parametrize("name", DAY_ROWS)
def test_a_bad_day_is_named_and_the_good_ones_are_read(read: Read, name: str) -> None:
    line, field, value, code = DAY_ROWS[name]
    found = read(f"{DAY_HEAD}A,2026-01-05,{FULL}\n{line}\nA,2026-01-07,{FULL}\n")
    assert [(each.line, each.field, each.value, each.code) for each in found.rejected] == [(3, field, value, code)]
    assert found.table["day"].to_pylist() == [date(2026, 1, 5), date(2026, 1, 7)]


CURVES = {
    "word": ("[1,x,1]", "curve", "not_a_number"),
    "wrong length": ("[1,1,1]", "curve", "slot_count"),
    "empty": ("", "curve", "slot_count"),
    "negative": ("[-1" + ",1" * 23 + "]", "curve[1]", "negative"),
}


@pytest.mark.parametrize("name", CURVES)
def test_a_bad_curve_is_named(read: Read, name: str) -> None:
    curve, field, code = CURVES[name]
    found = read(f'usage_point,day,curve\nA,2026-01-05,"[{FULL}]"\nA,2026-01-06,"{curve}"\n')
    assert [(each.line, each.field, each.code) for each in found.rejected] == [(3, field, code)]
    assert found.table.num_rows == 1


def test_parquet_rows_are_named_by_their_number(tmp_path: Path) -> None:
    table = pa.table(
        {
            "usage_point": ["A", "A", None, "A"],
            "day": [date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 7), None],
            "curve": [[1.0] * 24, [1.0] * 23 + [float("nan")], [1.0] * 24, [1.0] * 24],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    found = formats.read_all(tmp_path / "a.parquet", zone="Asia/Shanghai")
    assert {(each.line, each.field, each.code) for each in found.rejected} == {
        (2, "curve[24]", "not_finite"), (3, "usage_point", "unknown_usage_point"), (4, "day", "day_unclear"),
    }  # fmt: skip
    assert found.table.num_rows == 1


def test_duplicates_count_once_and_contradictions_are_named(read: Read) -> None:
    found = read(f"{HEAD}{GOOD}{GOOD}A,2026-01-05 00:00,2\n")
    assert found.duplicate_rows == 1
    assert [(each.line, each.code) for each in found.rejected] == [(4, "duplicate")]
    assert found.rejected[0].original[2] == "2"
    assert found.table["curve"][0][0].as_py() == 1000


def test_rows_with_another_separator_are_read(read: Read) -> None:
    found = read(f"{HEAD}{GOOD}A;2026-01-05 01:00;2\nA\t2026-01-05 02:00\t3\n")
    assert not found.rejected
    assert found.table["curve"][0].as_py()[:3] == [1000, 2000, 3000]


def test_days_when_clocks_change(read: Read) -> None:
    rows = "".join(f"A,2025-{day} {hour:02}:00,{hour + 1}\n" for day in ("03-30", "10-26") for hour in range(24))
    again = "A,2025-10-26 01:00,99\n"
    found = read(HEAD + rows + again, zone="Europe/London")
    assert [(each.value, each.code) for each in found.rejected] == [("2025-03-30 01:00", "time_does_not_exist")]
    spring, autumn = found.table["curve"].to_pylist()
    assert len(spring) == 23
    assert spring[:3] == [1000, 3000, 4000]
    assert len(autumn) == 25
    assert autumn[:4] == [1000, 2000, 99_000, 3000]


def test_columns_of_a_clock_on_the_days_when_it_changes(read: Read) -> None:
    clock = "usage_point,day," + ",".join(f"{hour:02}:00" for hour in range(24)) + "\n"
    skipped = ",".join(["1", "", *["1"] * 22])
    found = read(f"{clock}A,2025-03-30,{skipped}\nB,2025-03-30,{FULL}\nC,2025-10-26,{FULL}\n", zone="Europe/London")
    assert found.table["curve"].to_pylist() == [[1000] * 23]
    assert [(each.line, each.code) for each in found.rejected] == [(3, "time_does_not_exist"), (4, "slot_count")]
    wide = "usage_point,day," + ",".join(f"p{n}" for n in range(1, 26)) + "\n"
    days = f"A,2025-03-29,{FULL},\nA,2025-03-30,{FULL[:-2]},,\nA,2025-10-26,{FULL},1\n"
    found = read(wide + days, zone="Europe/London")
    assert not found.rejected
    assert sorted(len(curve) for curve in found.table["curve"].to_pylist()) == [23, 24, 25]
