"""Guards: usage shows the days somebody may see and no other, says what is missing or estimated, and asks little."""

import json
import re
from collections.abc import Sequence
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.channels.hall.usage.conftest import ABSENT, ESTIMATED, INCOMPLETE, MOVED, Flat, energy

from gridhall.lake import points

PAGES = ["", "2026/", "2026-02/", "2026-02-12/", "2026-02-11/", "2026-02-10/", "supply/", "download/"]


def drawing(page: Any, name: str) -> dict[str, Any]:
    """What a chart of a page is drawn from."""
    found = re.search(rf'<script id="chart-{name}-data"[^>]*>(.*?)</script>', page.content.decode(), re.S)
    assert found, f"no chart {name}"
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def said(page: Any) -> str:
    """The words of a page's main part."""
    main = page.content.decode().split("<main", 1)[1].split("</main>", 1)[0].split(">", 1)[1]
    main = re.sub(r"<script.*?</script>", " ", main, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_in_both_languages_with_few_queries(flat: Flat, page: str, language: str) -> None:
    client = flat.client(language=language)
    client.get(flat.address(page))  # the home looked at last is noted once
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(flat.address(page))
    assert answer.status_code == 200
    assert len(captured) <= 12
    words = said(answer)
    if language == "en":
        assert not re.search(
            r"[一-鿿]", words.replace("望湖变", "").replace("望湖一线", "").replace("望湖 3 号台区", "")
        ), words
    else:
        assert not re.search(r"[a-z]{4,}", re.sub(r"kWh|kvarh|Green Button|Parquet|Excel", "", words)), words


def test_months_are_summed_over_visible_days_only(flat: Flat) -> None:
    page = flat.client().get(flat.address("2026/"))
    chart = drawing(page, "months")
    totals = [sum(values) for values in zip(*(each["values"][:3] for each in chart["series"]), strict=True)]
    days = [MOVED + timedelta(offset) for offset in range((date(2026, 3, 5) - MOVED).days)]
    expected = [sum(energy(day) for day in days if day.month == month and day != ABSENT) / 1000 for month in (1, 2, 3)]
    assert totals == pytest.approx(expected)
    assert {each["role"] for each in chart["series"]} == {"peak", "valley"}
    assert all(value is None for each in chart["series"] for value in each["values"][3:])
    # The former occupant's year is nobody's business: no bars of the year before, no way there.
    assert "muted" not in {each["role"] for each in chart["series"]}
    assert flat.address("2025/") not in page.content.decode()


@pytest.mark.parametrize(
    "page",
    [
        "2025/", "2025-12/", "2026-01-16/", "2025-06-01/",  # the former occupant's
        "2026-03-05/", "2026-03-06/", "2026-04/", "2027/",  # to come
        "2026-13/", "2026-00/", "2026-02-30/", "0000/", "0001/", "9999/", "9999-12/", "9999-12-31/", "0001-01-01/",
        "2026-2/", "20260211/", "2026-02-11T00/", "../bills", "１２３４/",
    ],
)  # fmt: skip
def test_other_days_are_not_there(flat: Flat, page: str) -> None:
    assert flat.client().get(flat.address(page)).status_code == 404


def test_the_former_occupant_sees_up_to_the_day_of_moving(flat: Flat) -> None:
    client = flat.client("former")
    assert client.get(flat.address("2026-01-16/", "former")).status_code == 200
    assert client.get(flat.address("2026-01-17/", "former")).status_code == 404
    page = client.get(flat.address("2026-01/", "former"))
    chart = drawing(page, "days")
    assert all(value is None for each in chart["series"] for value in each["values"][16:])
    assert all(each["values"][15] for each in chart["series"])
    assert chart["links"][15].endswith("/usage/2026-01-16/")
    assert chart["links"][16] == ""
    # Newer readings are another's: they are not late, and the day they reach is not told.
    assert "1月16日 24:00" in said(page).replace(" ", "").replace("24:00", " 24:00")


def test_a_month_of_moving_in_begins_on_that_day(flat: Flat) -> None:
    chart = drawing(flat.client().get(flat.address("2026-01/")), "days")
    assert all(value is None for each in chart["series"] for value in each["values"][:16])
    assert chart["links"][:16] == [""] * 16
    assert chart["links"][16]


@pytest.mark.parametrize("who", ["payer", "stranger"])
@pytest.mark.parametrize("page", PAGES)
def test_without_the_right_there_is_no_page(flat: Flat, who: str, page: str) -> None:
    assert flat.client(who).get(flat.address(page, who)).status_code == 404


def test_a_share_shows_what_it_says_from_its_day_on(flat: Flat) -> None:
    client = flat.client("later")
    assert client.get(flat.address("2026-02-19/", "later")).status_code == 404
    assert client.get(flat.address("2026-02-20/", "later")).status_code == 200
    assert client.get(flat.address("2026-01/", "later")).status_code == 404
    chart = drawing(client.get(flat.address("", "later")), "months")
    days = [date(2026, 2, 20) + timedelta(offset) for offset in range(9)]
    assert sum(each["values"][1] for each in chart["series"]) == pytest.approx(sum(map(energy, days)) / 1000)


def test_gaps_stay_empty_and_estimates_are_marked(flat: Flat) -> None:
    client = flat.client(language="en")
    month = client.get(flat.address("2026-02/"))
    chart = drawing(month, "days")
    assert all(each["values"][ABSENT.day - 1] is None for each in chart["series"])
    assert chart["series"][0]["estimated"][ESTIMATED.day - 1] == 1
    words = said(month)
    assert "10 February 2026 no readings" in words
    assert "11 February 2026 4 readings missing" in words
    assert "12 February 2026 8 readings estimated" in words
    day = drawing(client.get(flat.address(f"{INCOMPLETE}/")), "curve")
    assert day["series"][0]["values"][10:14] == [None] * 4
    day = drawing(client.get(flat.address(f"{ESTIMATED}/")), "curve")
    assert [place for place, flag in enumerate(day["series"][0]["estimated"]) if flag] == list(range(20, 28))
    assert "No readings of this day" in said(client.get(flat.address(f"{ABSENT}/")))


def test_a_day_is_average_power_by_quarter_hour_with_its_periods(flat: Flat) -> None:
    page = flat.client(language="en").get(flat.address("2026-02-27/"))
    chart = drawing(page, "curve")
    assert len(chart["x"]) == 96
    assert chart["unit"] == "kW"
    assert chart["series"][0]["values"][0] == pytest.approx(77 * 4 / 1000)
    assert chart["series"][0]["values"][40] == pytest.approx(277 * 4 / 1000)
    assert [(first, last, role) for first, last, role, _ in chart["bands"]] == [
        (0, 23, "valley"), (24, 87, "peak"), (88, 95, "valley"),
    ]  # fmt: skip
    assert {each["role"] for each in chart["series"]} == {"accent", "muted", "export"}
    words = said(page)
    assert f"{energy(date(2026, 2, 27)) / 1000:.1f} kWh" in words
    assert "than on usual working days" in words


def test_figures_are_compared_in_words(flat: Flat) -> None:
    words = said(flat.client().get(flat.address("2026-02/")))
    assert "比2026年1月" in words.replace(" ", "")
    assert "数据截至昨天 24:00" in words


def test_similar_homes_stand_beside_a_whole_month_of_one_s_own(flat: Flat) -> None:
    whole = said(flat.client("former", "en").get(flat.address("2025-12/", "former")))
    assert "Beside homes like yours" in whole
    assert "40 users" in whole
    # March is not over, and February has a gap: nothing to compare.
    assert "Beside homes" not in said(flat.client(language="en").get(flat.address("2026-03/")))
    assert "Beside homes" not in said(flat.client(language="en").get(flat.address("2026-02/")))


def test_solar_power_is_shown_where_there_is_some(flat: Flat) -> None:
    page = flat.client(language="en").get(flat.address("2026-02/"))
    assert sum(value or 0 for value in drawing(page, "export")["series"][0]["values"]) == pytest.approx(28 * 0.8)
    assert "You fed 22.4 kWh into the grid" in said(page)


def test_supply_names_what_feeds_the_home(flat: Flat) -> None:
    words = said(flat.client().get(flat.address("supply/")))
    for name in ("望湖变", "望湖一线", "望湖 3 号台区", "630", "供电正常"):
        assert name in words


def test_before_the_first_reading_the_page_says_so(empty_flat: Flat) -> None:
    client = empty_flat.client()
    assert "还没有读数" in said(client.get(empty_flat.address()))
    assert client.get(empty_flat.address("supply/")).status_code == 200
    assert client.get(empty_flat.address("2026/")).status_code == 404


def test_late_readings_are_told(empty_flat: Flat, put_readings: Any) -> None:
    put_readings([(empty_flat.point, date(2026, 2, day), [100] * 96, None) for day in range(1, 20)])
    words = said(empty_flat.client().get(empty_flat.address()))
    assert "2月19日 24:00" in words
    assert "尚未送达" in words


def test_a_month_reads_only_what_it_is_compared_with(flat: Flat, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    parts = points._READER.parts

    def noted(root: Path, paths: Sequence[str], usage_point: int) -> list[pa.Table]:
        asked.update(path.split("/")[1] for path in paths)
        return parts(root, paths, usage_point)

    monkeypatch.setattr(points._READER, "parts", noted)
    assert flat.client("former").get(flat.address("2025-09/", "former")).status_code == 200
    # The former occupant's newest day is the 16th of January.
    assert asked == {f"month={month}" for month in ("2025-08", "2025-09", "2025-12", "2026-01")}


def test_of_a_meter_long_silent_the_last_complete_day_is_told(empty_flat: Flat, put_readings: Any) -> None:
    days = [date(2025, 5, 1) + timedelta(offset) for offset in range(100)]
    put_readings([(empty_flat.point, day, [100] * 96, None) for day in days])
    for page in ("2025/", "2025-05/", "2025-05-20/"):
        words = said(empty_flat.client("former").get(empty_flat.address(page, "former")))
        assert "8月8日 24:00" in words, page


def test_days_on_which_clocks_change_are_whole(empty_flat: Flat, put_readings: Any, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/London"
    put_readings([(empty_flat.point, date(2025, 10, 26), [100] * 100, None)])
    put_readings([(empty_flat.point, date(2025, 3, 30), [100] * 92, None)])
    client = empty_flat.client("former", "en")
    for day, slots, hours in (("2025-10-26", 100, 25), ("2025-03-30", 92, 23)):
        page = client.get(empty_flat.address(f"{day}/", "former"))
        assert len(drawing(page, "curve")["x"]) == slots
        assert f"this day had {hours} hours" in said(page)
    chart = drawing(client.get(empty_flat.address("2025/", "former")), "months")
    assert sum(each["values"][9] for each in chart["series"]) == pytest.approx(10.0)
    heat = drawing(client.get(empty_flat.address("2025/", "former")), "hours")
    # The hour lived twice is an hour like others, not one of twice the power.
    assert heat["series"][-1]["values"] == pytest.approx([0.4] * 24)


def test_who_is_not_signed_in_is_asked_to(flat: Flat, client: Any) -> None:
    answer = client.get(flat.address())
    assert answer.status_code == 302
    assert "/usage/" in answer["Location"]
