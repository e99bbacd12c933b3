"""Guards: files of readings come in by the console, bad files are refused in words, bad rows mended where they lie."""

import re
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gridhall.channels.console.readings.uploads import safe_name
from gridhall.channels.web import words
from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.accounts.models import Organisation
from gridhall.contexts.identity.models import StaffPosition, User
from gridhall.contexts.identity.types import Role
from gridhall.contexts.metering import queries as metering
from gridhall.journeys.jobs.imports import uploads
from gridhall.kernel import clock
from gridhall.runtime import audit, jobs
from gridhall.runtime.audit import Act
from gridhall.runtime.jobs import JobStatus
from gridhall.runtime.models import JobRecord

IMPORTS = "/console/readings/imports/"
GOOD = "usage_point,start,kwh\nA1,2026-03-01 00:00,1\nA2,2026-03-01 00:00,2\n"
BAD = GOOD + "X9,2026-03-01 00:00,2\nA1,2026-03-01 01:00,much\nX9,2026-03-01 01:00,3\n"


@pytest.fixture
def house(db: None, settings: Any, tmp_path: Path) -> None:
    """A utility of two stations: P/A with two accounts in one transformer area, P/B with none."""
    settings.HOME = tmp_path / "home"
    settings.STAFF_SECOND_FACTOR = False
    accounts.load(
        accounts.Portfolio(
            organisations=pa.table(
                {
                    "code": ["P", "A", "B"],
                    "name": ["省", "甲所", "乙所"],
                    "level": [1, 2, 2],
                    "parent": [None, "P", "P"],
                }
            ),
            usage_points=pa.table(
                {"number": ["A1", "A2"], "organisation": ["A", "A"], "usage_class": ["residential"] * 2}
            ),
        ),
        act=Act("test", clock.now()),
    )


@pytest.fixture
def enter(house: None) -> Callable[..., Client]:
    """A browser of somebody with a role at a unit, in English unless said otherwise."""

    def come(role: Role | None = Role.CLERK, unit: str = "A", language: str = "en") -> Client:
        user = User.objects.create(username=f"{role}-{unit}-{time.monotonic_ns()}", display_name="李静")
        if role is not None:
            place = Organisation.objects.get(code=unit)
            StaffPosition.objects.create(user=user, organisation=place, role=role, start_date=date(2020, 1, 1))
        client = Client()
        client.force_login(user, backend="gridhall.channels.web.signin.backend.IdentifierBackend")
        client.cookies["language"] = language
        return client

    return come


def send(client: Client, content: str | bytes, name: str = "march.csv", **more: str) -> Any:
    data = content.encode() if isinstance(content, str) else content
    given = {"channel": "import", "zone": "Asia/Shanghai", "unit": ""} | more
    return client.post(IMPORTS, given | {"file": SimpleUploadedFile(name, data)})


def work() -> jobs.Job:
    """Do what waits, as a worker would, and give the newest job on readings."""
    for row in JobRecord.objects.filter(status=JobStatus.WAITING, kind__in=["import", "mend"]).order_by("id"):
        jobs.run_now(row.pk, now=clock.now)
    return jobs.newest(["import", "mend"], 1)[0]


def test_a_clerk_imports_a_month_mends_its_quarantine_and_sees_it_empty(enter: Callable[..., Client]) -> None:
    clerk = enter()
    answer = send(clerk, BAD)
    assert answer.status_code == 302
    waiting = clerk.get(answer.url).content.decode()
    assert "Waiting for its turn" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    job = work()
    assert job.status is JobStatus.DONE, job.error
    assert list(uploads().iterdir()) == []
    partial = clerk.get(answer.url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in partial
    assert "3 rows wait in quarantine" in partial
    assert "every 1s" not in partial
    number = job.result["id"] if job.result else 0
    assert jobs.newest(["running_month"], 1)[0].subject == f"import:{number}"

    page = clerk.get(f"{IMPORTS}{number}/quarantine/").content.decode()
    assert "There is no account of this number." in page
    assert "This is not a number." in page
    preview = clerk.get(
        f"{IMPORTS}{number}/quarantine/replace/", {"column": "usage_point", "old": "X9", "new": "A2"}
    ).content.decode()
    assert "2 rows change" in re.sub(r"\s+", " ", preview)
    clerk.post(f"{IMPORTS}{number}/quarantine/replace/", {"column": "usage_point", "old": "X9", "new": "A2"})
    assert work().result == {**(work().result or {}), "resolved": 2, "still_wrong": 0}

    (row,) = metering.quarantine_page(number).rows
    sent = clerk.post(f"{IMPORTS}{number}/quarantine/", {f"cell.{row.id}.2": "muchh"})
    assert work().result["still_wrong"] == 1  # type: ignore[index]
    assert "1 row is still wrong" in clerk.get(sent.url).content.decode()
    clerk.post(f"{IMPORTS}{number}/quarantine/", {f"cell.{row.id}.2": "4"})
    assert work().result["resolved"] == 1  # type: ignore[index]
    assert "The quarantine is empty" in clerk.get(f"{IMPORTS}{number}/quarantine/").content.decode()
    assert "all mended" in clerk.get(IMPORTS).content.decode()
    actions = {entry.action for entry in audit.trail(f"import:{number}")}
    assert {"metering.quarantine.mended", "metering.quarantine.edited"} <= actions


def test_a_download_of_the_quarantine_comes_back_mended(enter: Callable[..., Client]) -> None:
    clerk = enter()
    send(clerk, BAD)
    number = work().result["id"]  # type: ignore[index]
    answer = clerk.get(f"{IMPORTS}{number}/quarantine/download/")
    text = b"".join(answer.streaming_content).decode()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    mended = text.replace("X9,", "A2,").replace("much,", "5,", 1)
    clerk.post(f"{IMPORTS}{number}/quarantine/upload/", {"file": SimpleUploadedFile("m.csv", mended.encode())})
    done = work()
    assert done.result is not None, done.error
    assert (done.result["resolved"], done.result["still_wrong"]) == (3, 0)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "empty.csv", "file_empty"),
        (b"hello", "a.csv", "columns_unknown"),
        (b"\x00\x01\x02" * 50, "a.csv", None),
        (b"PK\x03\x04broken", "a.zip", None),
        (b"PAR1broken", "a.parquet", "parquet_damaged"),
        (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "a.xml", None),
        (GOOD.encode(), "a.parquet", None),
    ],
)
def test_a_bad_file_is_refused_in_words_and_leaves_nothing(
    enter: Callable[..., Client], content: bytes, name: str, code: str | None
) -> None:
    clerk = enter(language="zh-hans")
    answer = send(clerk, content, name)
    job = work()
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error["code"] != "internal"
    assert code is None or job.error["code"] == code
    page = clerk.get(answer.url).content.decode()
    assert "文件没有导入" in page
    assert "Traceback" not in page
    assert str(uploads()) not in page
    assert list(uploads().iterdir()) == []
    assert metering.found_imports() == []


@pytest.mark.parametrize("given", [{"zone": "Mars/Base"}, {"channel": "steam"}, {"unit": "stone"}, {"zone": ""}])
def test_a_form_that_is_wrong_starts_nothing(enter: Callable[..., Client], given: dict[str, str]) -> None:
    answer = send(enter(), GOOD, **given)
    assert answer.status_code == 422
    assert not JobRecord.objects.exists()
    assert not uploads().exists()


def test_no_file_is_told(enter: Callable[..., Client]) -> None:
    answer = enter().post(IMPORTS, {"channel": "import", "zone": "Asia/Shanghai"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "<script>alert(1)</script>.csv",
        "‮vsc.exe",
        "a" * 250 + ".csv",
        "读数😀.csv",
        ".csv",
        "a\nb.csv",
    ],
)
def test_hostile_names_are_only_names(enter: Callable[..., Client], name: str) -> None:
    clerk = enter()
    send(clerk, GOOD, name)
    job = work()
    assert job.status is JobStatus.DONE, job.error
    page = clerk.get(IMPORTS).content.decode()
    assert "<script>alert" not in page
    assert "‮" not in page
    assert not Path("/etc/passwd.gridhall").exists()
    shown = safe_name(name)
    assert "/" not in shown
    assert len(shown.encode()) <= 200


def test_cells_that_are_sent_twist_nothing(enter: Callable[..., Client]) -> None:
    clerk = enter()
    send(clerk, BAD)
    number = work().result["id"]  # type: ignore[index]
    before = JobRecord.objects.count()
    for cells in ({"cell.999999.0": "A1"}, {"cell.x.y": "1"}, {"cell.1": "1"}, {"cell.-1.0": "1"}, {}):
        assert clerk.post(f"{IMPORTS}{number}/quarantine/", cells).status_code == 302
    assert JobRecord.objects.count() == before
    row = metering.quarantine_page(number).rows[0]
    clerk.post(
        f"{IMPORTS}{number}/quarantine/", {f"cell.{row.id}.0": "<script>alert(1)</script>", f"cell.{row.id}.77": "x"}
    )
    assert work().status is JobStatus.DONE
    page = clerk.get(f"{IMPORTS}{number}/quarantine/").content.decode()
    assert "<script>alert" not in page
    for query in ("?page=-1", "?page=99999999999999999999", "?row=x", "?code=%00", "?code=<b>", "?page=5"):
        assert clerk.get(f"{IMPORTS}{number}/quarantine/{query}").status_code == 200


def test_who_may_do_what(enter: Callable[..., Client]) -> None:
    send(enter(), BAD)
    number = work().result["id"]  # type: ignore[index]
    auditor = enter(Role.AUDITOR, "P")
    assert auditor.get(f"{IMPORTS}{number}/quarantine/").status_code == 200
    assert "<input class" not in auditor.get(f"{IMPORTS}{number}/quarantine/").content.decode().split("cells")[-1]
    assert send(auditor, GOOD).status_code == 403
    for path in ("", "again/", "upload/", "replace/"):
        assert auditor.post(f"{IMPORTS}{number}/quarantine/{path}").status_code == 403
    customer = enter(None)
    for path in (IMPORTS, f"{IMPORTS}{number}/", f"{IMPORTS}{number}/quarantine/", "/console/readings/freshness/"):
        assert customer.get(path).status_code == 404
        assert Client().get(path).status_code == 302
    assert enter(Role.ADMINISTRATOR, "P").get(IMPORTS).status_code == 403


def test_what_is_not_there_is_not_there(enter: Callable[..., Client]) -> None:
    clerk = enter()
    for path in ("999/", "999/quarantine/", "999/quarantine/download/", "jobs/999/"):
        assert clerk.get(IMPORTS + path).status_code == 404
    other = JobRecord.objects.create(kind="bill_run", requested_by="x", requested_at=clock.now(), status="waiting")
    assert clerk.get(f"{IMPORTS}jobs/{other.pk}/").status_code == 404
    assert JobRecord.objects.count() == 1
    assert clerk.post(f"{IMPORTS}999/quarantine/again/").status_code == 404
    assert JobRecord.objects.count() == 1


def test_lists_filter_and_say_what_is_under_way(
    enter: Callable[..., Client], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    clerk = enter()
    assert "No readings yet" in clerk.get(IMPORTS).content.decode()
    send(clerk, BAD, "february.csv")
    work()
    send(clerk, GOOD, "waits.csv")
    with django_assert_max_num_queries(12):
        page = clerk.get(IMPORTS).content.decode()
    assert "february.csv" in page
    assert "waits.csv" in page
    assert "Nothing is being worked on" in page
    assert "february.csv" in clerk.get(f"{IMPORTS}?open=1&channel=import").content.decode()
    assert "No import fits" in clerk.get(f"{IMPORTS}?q=march").content.decode()
    for query in ("?before=x", "?before=99999999999999999999999", "?channel=steam", "?q=%00"):
        assert clerk.get(f"{IMPORTS}{query}").status_code == 200


def test_the_board_of_freshness_shows_ones_own_units_only(enter: Callable[..., Client]) -> None:
    clerk, other = enter(), enter(unit="B")
    send(clerk, GOOD)
    work()
    board = "/console/readings/freshness/"
    assert 'hx-trigger="load"' in clerk.get(board).content.decode()
    part = {"HX-Request": "true"}
    text = clerk.get(f"{board}areas/", headers=part).content.decode()
    assert "0 of 2 accounts are complete" in text
    # Without JavaScript the link leads to the whole page; the page of work asks for one line.
    assert clerk.get(f"{board}areas/?sort=name").headers["Location"] == f"{board}?sort=name"
    assert "2 accounts are not complete" in clerk.get(f"{board}areas/?brief=yes").content.decode()
    assert "0 of 2 accounts are complete" in clerk.get(board).content.decode()
    area = clerk.get(f"{board}areas/-/?point=A1").content.decode()
    assert "Gaps of account A1" in area
    assert "A2" in area
    assert other.get(f"{board}areas/", headers=part).status_code == 200
    assert other.get(f"{board}areas/-/").status_code == 404
    assert other.get(f"{board}?unit=A").status_code == 404
    assert other.get(f"{board}areas/?unit=A").status_code == 404
    assert (
        enter(Role.MANAGER, "P").get(f"{board}areas/?unit=A&sort=name&feeder=x&page=z", headers=part).status_code == 200
    )


def test_every_fault_and_finding_has_words() -> None:
    assert words.of_quarantine("never_heard_of").what
    said = words.of_finding(
        {"code": "metering.readings.gap", "message": "m", "data": {"estimated": 1200, "missing": 3}}
    )
    assert "1,200" in said
    assert "1,203" in said
    assert words.of_finding({"code": "new", "message": "as it was", "data": {}}) == "as it was"
    assert words.of_finding({"code": "metering.readings.spike", "message": "as it was"}) == "as it was"
