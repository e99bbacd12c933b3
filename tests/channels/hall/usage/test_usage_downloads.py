"""Guards: a download holds what may be seen, exactly, says nothing of whose it is, and is on the trail when shared."""

import io
from datetime import date
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.channels.hall.usage.conftest import ABSENT, MOVED, NOW, Flat

from gridhall.contexts.metering import queries
from gridhall.contexts.metering.types import DownloadFormat
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import trail

NUMBER = "3100000001"


def taken(flat: Flat, first: str, last: str, form: str = "csv", who: str = "owner") -> Any:
    return flat.client(who).post(flat.address("download/", who), {"first": first, "last": last, "form": form})


@pytest.mark.parametrize("form", ["csv", "parquet", "greenbutton"])
def test_it_is_what_the_query_gives(flat: Flat, form: str) -> None:
    answer = taken(flat, "2026-02-01", "2026-02-28", form)
    assert answer.status_code == 200
    span = DateSpan(date(2026, 2, 1), date(2026, 3, 1))
    expected = b"".join(queries.download({flat.point: NUMBER}, span, form=DownloadFormat(form), now=NOW))
    found = b"".join(answer.streaming_content)
    if form == "parquet":
        one, two = (pq.read_table(io.BytesIO(each)).to_pylist() for each in (found, expected))
        assert one == two
    else:
        assert found == expected


def test_the_name_of_the_file_says_nothing_of_whose_it_is(flat: Flat) -> None:
    answer = taken(flat, "2026-02-01", "2026-02-28")
    assert answer["Content-Disposition"] == 'attachment; filename="usage-2026-02-01-2026-02-28.csv"'


@pytest.mark.parametrize(("who", "first"), [("owner", MOVED), ("later", date(2026, 2, 20))])
def test_days_that_may_not_be_seen_are_not_in_it(flat: Flat, who: str, first: date) -> None:
    answer = taken(flat, "2025-02-01", "2026-03-04", "parquet", who)
    days = pq.read_table(io.BytesIO(b"".join(answer.streaming_content)))["day"].to_pylist()
    assert min(days) == first
    assert max(days) == date(2026, 3, 4)
    assert str(first) in answer["Content-Disposition"]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-02-10", "2026-02-01", "结束日期早于开始日期"),
        ("2026-02-01", "2026-03-05", "数据只到昨天"),
        ("2026-02-01", "2099-01-01", "数据只到昨天"),
        ("2020-01-01", "2026-02-01", "一次最多下载三年"),
        ("2025-12-01", "2025-12-31", "2026年1月17日"),
        (str(ABSENT), str(ABSENT), ""),
        ("", "2026-02-01", ""),
        ("x", "<script>", ""),
        ("0001-01-01", "9999-12-31", "数据只到昨天"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(flat: Flat, first: str, last: str, words: str) -> None:
    answer = taken(flat, first, last)
    if last == str(ABSENT):
        # Nothing was used, but something was fed in: there is something to give.
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'class="field-error"' in page
    assert words in page.replace(" ", "")
    assert "<script>x" not in page


def test_no_readings_no_file(empty_flat: Flat) -> None:
    answer = taken(empty_flat, "2026-02-01", "2026-02-28")
    assert answer.status_code == 422
    assert "这些天没有读数" in answer.content.decode()


@pytest.mark.parametrize("form", ["", "exe", "curve-csv"])
def test_an_unknown_form_is_refused(flat: Flat, form: str) -> None:
    assert taken(flat, "2026-02-01", "2026-02-28", form).status_code == 422


def test_a_download_by_somebody_it_was_shared_with_is_on_the_trail(flat: Flat) -> None:
    assert taken(flat, "2026-02-01", "2026-02-28").status_code == 200
    assert trail(f"usage_point:{NUMBER}") == []
    assert taken(flat, "2026-02-01", "2026-02-28", who="reader").status_code == 200
    (entry,) = trail(f"usage_point:{NUMBER}")
    assert entry.action == "metering.readings.downloaded"
    assert entry.actor == f"person:{flat.users['reader'].pk}"
    assert entry.details == {"days": ["2026-02-01/2026-03-01"], "form": "csv"}


@pytest.mark.parametrize("who", ["payer", "stranger"])
def test_without_the_right_there_is_no_download(flat: Flat, who: str) -> None:
    assert taken(flat, "2026-02-01", "2026-02-28", who=who).status_code == 404
