"""Promise: register readings of a file go in as far as they can be believed; other rows say where, what and why."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gridhall.contexts.accounts.models import Organisation, UsagePoint
from gridhall.contexts.metering import operations, queries
from gridhall.contexts.metering.models import Import, RegisterReading
from gridhall.contexts.metering.operations.snapshots import StoredSnapshots, store_snapshots
from gridhall.contexts.metering.registerfiles import RegisterFile
from gridhall.contexts.metering.types import Dial, RegisterKind
from gridhall.kernel.errors import GridhallError
from gridhall.kernel.spans import DateSpan

pytestmark = pytest.mark.django_db

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
JANUARY = DateSpan.month(2026, 1)
IMPORT, PEAK, VALLEY = RegisterKind.IMPORT, RegisterKind.IMPORT_PEAK, RegisterKind.IMPORT_VALLEY


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2025, 12, 31, 16, tzinfo=UTC) + timedelta(days=day - 1, hours=hour)


@pytest.fixture
def homes() -> list[int]:
    station = Organisation.objects.create(code="3301", name="某供电所", level=4)
    points = [
        UsagePoint.objects.create(number=f"33010000{n:02}", organisation=station, usage_class="residential").pk
        for n in (1, 2)
    ]
    operations.install_meter("M1", usage_point=points[0], at=at(-30), readings={IMPORT: Decimal(0)}, now=NOW)
    operations.install_meter(
        "M2", usage_point=points[1], at=at(-30), now=NOW, multiplier=Decimal(30), dials={IMPORT: Dial(4)},
        readings={IMPORT: Decimal("9900"), PEAK: Decimal(5), VALLEY: Decimal(6)},
    )  # fmt: skip
    return points


def taken(path: Path, content: str | bytes) -> StoredSnapshots:
    """What became of a file, as one import."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    count = Import.objects.count()
    source = Import.objects.create(
        file_name=path.name,
        file_bytes=1,
        content_sha256=f"{count:064}",
        format="register-csv",
        zone=ZONE,
        available_at=NOW,
    )
    whole = StoredSnapshots()
    with RegisterFile(path, zone=ZONE, now=NOW) as file:
        for batch in file.batches():
            stored = store_snapshots(batch.rows, source=source.pk, available_at=NOW)
            whole.rejected += batch.rejected + stored.rejected
            whole.mended += stored.mended
            for name in ("accepted", "revised", "unchanged", "duplicates"):
                setattr(whole, name, getattr(whole, name) + getattr(stored, name))
    return whole


def january(point: int, **more: int) -> dict[str, int]:
    rows = queries.register_energy([point], JANUARY, zone=ZONE, **more).to_pylist()
    return {row["register"]: row["wh"] for row in rows}


@pytest.mark.parametrize(
    "content",
    [
        "usage_point,at,reading\n3301000001,2026-01-01 00:00,100\n3301000001,2026-02-01 00:00,150.5\n",
        "meter,day,reading,register\nM1,2026-01-01,100,import\nM1,2026-02-01,150.5,\n",
        "表号,时间,示数\nM1,2026-01-01 00:00:00,100\nM1,2026年1月31日 24:00,150.5\n".encode("gb18030"),
        "户号;抄表日期;示数(kWh)\n3301000001;2026/1/1;100\n3301000001;2026/2/1;150,5\n",
        "\ufeff表号\t截止日期\t示数\nM1\t2025-12-31\t100\nM1\t2026-01-31\t150.5\n",
        "\ufeffmeter,at,reading\r\nM1,2025-12-31T16:00Z,100\r\n\r\nM1,2026-02-01T00:00+08:00,150.5\r\n".encode(
            "utf-16"
        ),
        "sep=;\nmeter;day;reading\nM1;2026-01-01;100\nM1;2026-02-01;150.5",
    ],
)
def test_files_of_many_hands_say_the_same(homes: list[int], tmp_path: Path, content: str | bytes) -> None:
    stored = taken(tmp_path / "readings.csv", content)
    assert (stored.accepted, stored.rejected) == (2, [])
    assert january(homes[0]) == {"import": 50_500}


def test_a_column_for_each_register_and_rollover(homes: list[int], tmp_path: Path) -> None:
    stored = taken(
        tmp_path / "wide.csv",
        "表号,日期,正向有功总示数,峰,平,谷示数(kWh)\nM2,2026-01-01,9950.25,10,,20\nM2,2026-02-01,50.25,30,,60\n",
    )
    assert (stored.accepted, stored.rejected) == (6, [])
    assert january(homes[1]) == {"import": 100_000 * 30, "import_peak": 20_000 * 30, "import_valley": 40_000 * 30}


def test_bad_rows_are_named_and_the_good_ones_go_in(homes: list[int], tmp_path: Path) -> None:
    rows = [
        "usage_point,meter,at,reading,register",
        "3301000001,,2026-01-01 00:00,100,",
        "3301000009,,2026-01-01 00:00,100,",
        ",M9,2026-01-01 00:00,100,",
        ",,2026-01-01 00:00,100,",
        "3301000002,M1,2026-01-01 00:00,100,",
        "3301000001,,2025-01-01 00:00,100,",
        "3301000001,,2026-01-02 25:00,100,",
        "3301000001,,2027-01-02 00:00,100,",
        "3301000001,,2026-01-03 00:00,1o0,",
        "3301000001,,2026-01-04 00:00,-5,",
        "3301000001,,2026-01-05 00:00,10000000,",
        "3301000001,,2026-01-06 00:00,110,峰",
        "3301000001,,2026-01-07 00:00,110,whatever",
        "3301000001,,2026-01-08 00:00,50,",
        "3301000001,,2026-01-09 00:00,120,",
        "3301000001,,2026-01-09 00:00,120,",
        "3301000001,,2026-01-09 00:00,121,",
        "3301000001,,2026-01-10 00:00",
        "3301000001,,2026-02-01 00:00,150,",
    ]
    stored = taken(tmp_path / "bad.csv", "\n".join(rows) + "\n")
    assert {(each.line, each.code) for each in stored.rejected} == {
        (3, "usage_point_unknown"),
        (4, "meter_unknown"),
        (5, "whose_unclear"),
        (6, "no_meter_then"),
        (7, "no_meter_then"),
        (8, "time_unclear"),
        (9, "in_the_future"),
        (10, "not_a_number"),
        (11, "register_off_the_dial"),
        (12, "register_off_the_dial"),
        (13, "register_missing"),
        (14, "register_unclear"),
        (15, "register_backward"),
        (18, "duplicate_reading"),
        (19, "row_malformed"),
    }
    assert all(each.reason.endswith(".") and each.remedy.endswith(".") for each in stored.rejected)
    assert {each.line: each.original for each in stored.rejected}[10] == tuple(rows[9].split(","))
    assert (stored.accepted, stored.duplicates) == (3, 1)
    assert january(homes[0]) == {"import": 50_000}


def test_one_reading_that_sticks_out_does_not_drag_the_others_with_it(homes: list[int], tmp_path: Path) -> None:
    content = "meter,day,reading\nM1,2026-01-01,100\nM1,2026-01-11,91000\nM1,2026-01-21,110\nM1,2026-02-01,120\n"
    stored = taken(tmp_path / "spike.csv", content)
    assert [(each.line, each.value) for each in stored.rejected] == [(3, "91000")]
    assert january(homes[0]) == {"import": 20_000}


def test_the_same_file_twice_changes_nothing_and_a_correction_keeps_the_earlier_version(
    homes: list[int], tmp_path: Path
) -> None:
    content = "meter,day,reading\nM1,2026-01-01,100\nM1,2026-02-01,150\n"
    taken(tmp_path / "one.csv", content)
    version = queries.latest_version()
    assert version is not None
    again = taken(tmp_path / "two.csv", content)
    assert (again.accepted, again.unchanged) == (0, 2)
    corrected = taken(tmp_path / "three.csv", "meter,day,reading\nM1,2026-02-01,160\n")
    assert (corrected.accepted, corrected.revised) == (1, 1)
    assert january(homes[0]) == {"import": 60_000}
    assert january(homes[0], version=version) == {"import": 50_000}


def test_readings_in_any_order_in_several_batches(
    homes: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridhall.contexts.metering.registerfiles.AT_ONCE", 3)
    lines = [f"M1,{(at(day) + timedelta(hours=8)):%Y-%m-%d},{100 + day}" for day in range(1, 33)]
    stored = taken(tmp_path / "days.csv", "\n".join(["meter,day,reading", *reversed(lines)]))
    assert (stored.accepted, stored.rejected) == (32, [])
    assert january(homes[0]) == {"import": 31_000}
    assert RegisterReading.objects.filter(source__isnull=False).count() == 32


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n", "file_empty"),
        (b"meter,reading\nM1,5\n", "columns_unknown"),
        (b"meter,day\nM1,2026-01-01\n", "columns_unknown"),
        (b"day,reading\n2026-01-01,5\n", "columns_unknown"),
        (b"PAR1", "format_unknown"),
        (b"meter,day,reading\n" + b"x" * (2 << 20), "text_unreadable"),
        (b"meter,day,reading\nM1,\0,1\n", "text_unreadable"),
    ],
)
def test_files_that_are_none_are_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "readings.csv"
    path.write_bytes(content)
    with pytest.raises(GridhallError) as refused, RegisterFile(path, zone=ZONE, now=NOW) as file:
        list(file.batches())
    assert refused.value.code == code
