"""Promise (X4): readings are taken away complete and exact, estimated and missing ones marked, nobody named."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gridhall.contexts.metering import queries
from gridhall.contexts.metering.types import DownloadFormat, NoReadings, SpanEmpty
from gridhall.kernel.spans import DateSpan
from gridhall.lake import greenbutton
from gridhall.lake.curves import Quality
from gridhall.lake.needs import Channel

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
NUMBERS = {7: "MAC000007", 8: "MAC000008"}
MARCH = DateSpan.month(2026, 3)
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
HOLES = [None, *range(1, 48)]
QUALITY = [Quality.MISSING, Quality.LIKE_DAY, Quality.SUSPECT, *[Quality.MEASURED] * 45]


@pytest.fixture
def version(put_readings: Callable[..., int]) -> int:
    put_readings([(7, FIRST, HOLES, QUALITY), (7, SECOND, [1500] * 48, None), (8, FIRST, [2] * 24, None)])
    return put_readings([(8, FIRST, [3] * 24, None)], Channel.EXPORT)


def taken(form: DownloadFormat, numbers: dict[int, str] = NUMBERS, span: DateSpan = MARCH, **more: Any) -> bytes:
    return b"".join(queries.download(numbers, span, form=form, now=NOW, **more))


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_the_long_csv_has_a_line_per_slot_with_its_offset_and_marks(version: int) -> None:
    rows = lines(taken(DownloadFormat.CSV))
    assert len(rows) == 48 + 48 + 24 + 24
    assert rows[:4] == [
        {"usage_point": "MAC000007", "channel": "import", "start": start, "kwh": kwh, "quality": quality}
        for start, kwh, quality in [
            ("2026-03-01T00:00+08:00", "", "missing"),
            ("2026-03-01T00:30+08:00", "0.001", "like_day"),
            ("2026-03-01T01:00+08:00", "0.002", "suspect"),
            ("2026-03-01T01:30+08:00", "0.003", "measured"),
        ]
    ]
    assert rows[48]["kwh"] == "1.500"
    assert [(row["usage_point"], row["channel"]) for row in rows[96::24]] == [
        ("MAC000008", "export"),
        ("MAC000008", "import"),
    ]


def test_clock_change_days_have_their_own_hours(put_readings: Callable[..., int]) -> None:
    put_readings([(7, date(2026, 3, 29), [1] * 46, None), (7, date(2026, 10, 25), [1] * 50, None)])
    rows = lines(taken(DownloadFormat.CSV, span=DateSpan(FIRST, date(2026, 11, 1)), zone="Europe/London"))
    starts = [row["start"] for row in rows]
    assert starts[1:3] == ["2026-03-29T00:30+00:00", "2026-03-29T02:00+01:00"]
    assert starts[46:][1:6] == [
        "2026-10-25T00:30+01:00",
        "2026-10-25T01:00+01:00",
        "2026-10-25T01:30+01:00",
        "2026-10-25T01:00+00:00",
        "2026-10-25T01:30+00:00",
    ]


def test_the_curve_csv_has_a_line_per_day(version: int) -> None:
    rows = lines(taken(DownloadFormat.CURVE_CSV, {7: "MAC000007"}))
    assert [row["day"] for row in rows] == ["2026-03-01", "2026-03-02"]
    assert rows[0]["curve_wh"] == ";" + ";".join(str(value) for value in range(1, 48))
    assert rows[0]["quality"].split(";")[:4] == ["1", "3", "5", "0"]
    assert (rows[0]["missing"], rows[0]["estimated"]) == ("1", "1")
    assert (rows[1]["quality"], rows[1]["missing"]) == ("", "0")


def test_parquet_holds_the_same_wh(version: int) -> None:
    table = pq.read_table(io.BytesIO(taken(DownloadFormat.PARQUET)))
    assert table.column_names == ["usage_point", "channel", "day", "curve", "quality", "missing", "estimated"]
    rows = table.to_pylist()
    assert [(row["usage_point"], row["channel"], row["day"], len(row["curve"])) for row in rows] == [
        ("MAC000007", "import", FIRST, 48),
        ("MAC000007", "import", SECOND, 48),
        ("MAC000008", "export", FIRST, 24),
        ("MAC000008", "import", FIRST, 24),
    ]
    assert rows[0]["curve"] == HOLES
    assert rows[0]["quality"] == [int(code) for code in QUALITY]


def test_green_button_read_again_gives_the_same_days(version: int, tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_bytes(taken(DownloadFormat.GREEN_BUTTON))
    days = list(greenbutton.read(feed, zone="Asia/Shanghai"))
    kept = [
        *queries.day_curves(7, "MAC000007", MARCH),
        *queries.day_curves(8, "MAC000008", MARCH, channel=Channel.EXPORT),
        *queries.day_curves(8, "MAC000008", MARCH),
    ]
    assert days == kept


def test_an_earlier_version_is_given_as_it_was(version: int, put_readings: Callable[..., int]) -> None:
    put_readings([(8, FIRST, [9] * 24, None)], revision=True)
    one = {8: "MAC000008"}
    only = (Channel.IMPORT,)
    assert lines(taken(DownloadFormat.CSV, one, channels=only))[0]["kwh"] == "0.009"
    assert lines(taken(DownloadFormat.CSV, one, channels=only, version=version))[0]["kwh"] == "0.002"


def test_what_cannot_be_given_is_refused_before_the_first_piece(version: int) -> None:
    with pytest.raises(NoReadings) as refused:
        taken(DownloadFormat.CSV, {9: "MAC000009"})
    assert "MAC000009" in str(refused.value)
    with pytest.raises(NoReadings):
        taken(DownloadFormat.PARQUET, span=DateSpan.month(2026, 5))
    with pytest.raises(SpanEmpty):
        taken(DownloadFormat.CSV, span=DateSpan(FIRST, None))


def test_a_number_that_needs_quotes_gets_them(put_readings: Callable[..., int]) -> None:
    put_readings([(7, FIRST, [1] * 24, None)])
    odd = 'A,"7"'
    assert {row["usage_point"] for row in lines(taken(DownloadFormat.CSV, {7: odd}))} == {odd}
    assert taken(DownloadFormat.CSV, {7: "A7"}).splitlines()[1] == b"A7,import,2026-03-01T00:00+08:00,0.001,measured"


def test_many_usage_points_come_in_groups_that_fit_in_memory(
    put_readings: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_readings([(point, FIRST, [point] * 24, None) for point in range(1, 301)])
    monkeypatch.setattr("gridhall.contexts.metering.queries.readings._ROWS_AT_ONCE", 31 * 70)
    numbers = {point: f"N{point:04}" for point in range(1, 301)}
    pieces = list(queries.download(numbers, MARCH, form=DownloadFormat.CURVE_CSV, now=NOW))
    assert len(pieces) == 1 + 5
    rows = lines(b"".join(pieces))
    assert [row["usage_point"] for row in rows] == sorted(numbers.values())
