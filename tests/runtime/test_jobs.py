"""Guards: a job is enqueued with the deed that wants it or not at all; what became of it is stored in words."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from gridhall.kernel.errors import Refused
from gridhall.runtime import audit, jobs
from gridhall.runtime.audit import Act
from gridhall.runtime.jobs import JobStatus, Running, registry
from gridhall.runtime.models import JobRecord

AT = datetime(2026, 3, 1, tzinfo=UTC)
ACT = Act("staff:1", AT)


class NoSuchPaper(Refused):
    code = "no_such_paper"


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    known = dict(registry._HANDLERS)

    @jobs.handler("test.count")
    def count(job: Running, *, to: int) -> dict[str, Any]:
        for each in range(to):
            job.progress(each + 1, to, "counting")
        return {"counted": to, "by": job.act.actor, "on": AT}

    @jobs.handler("test.refuse")
    def refuse(job: Running) -> dict[str, Any]:
        raise NoSuchPaper("The paper is out.", path="tray", remedy="Fill the tray.")

    @jobs.handler("test.break")
    def fail(job: Running) -> dict[str, Any]:
        return {"x": 1 // 0, "secret": "of the house"}

    yield
    registry._HANDLERS.clear()
    registry._HANDLERS.update(known)


def now() -> datetime:
    return AT


def tickets() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_job_of_a_rolled_back_transaction_never_was() -> None:
    with transaction.atomic():
        jobs.start("test.count", {"to": 3}, act=ACT)
        assert tickets() == 1
        transaction.set_rollback(True)
    assert (tickets(), JobRecord.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_job_is_done_and_its_result_kept() -> None:
    number = jobs.start("test.count", {"to": 3}, act=ACT, organisation=7, subject="import:1")
    waiting = jobs.show(number)
    assert (waiting.status, waiting.organisation, waiting.requested_by) == (JobStatus.WAITING, 7, "staff:1")
    jobs.run_now(number, now=now)
    done = jobs.show(number)
    assert (done.status, done.done, done.total, done.step) == (JobStatus.DONE, 3, 3, "counting")
    assert done.result == {"counted": 3, "by": "staff:1", "on": "2026-03-01T00:00:00Z"}
    assert done.is_over
    assert done.attempts == 1
    assert [entry.action for entry in audit.trail(f"job:{number}")] == ["runtime.job.requested"]
    jobs.run_now(number, now=now)
    assert jobs.show(number).attempts == 1


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_kept_with_place_and_remedy() -> None:
    number = jobs.start("test.refuse", {}, act=ACT)
    jobs.run_now(number, now=now)
    failed = jobs.show(number)
    assert failed.status is JobStatus.FAILED
    assert failed.error == {
        "code": "no_such_paper", "message": "The paper is out.", "path": "tray", "remedy": "Fill the tray.",
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_broken_handler_tells_the_log_not_the_page(caplog: pytest.LogCaptureFixture) -> None:
    number = jobs.start("test.break", {}, act=ACT)
    jobs.run_now(number, now=now)
    error = jobs.show(number).error
    assert error is not None
    assert error["code"] == "internal"
    assert "ZeroDivision" not in str(error)
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_while_the_jobs_own_transaction_is_open_and_not_written_all_the_time() -> None:
    seen: list[tuple[int, int]] = []

    @jobs.handler("test.watched")
    def watched(job: Running) -> dict[str, Any]:
        parameters = {k: v for k, v in connection.get_connection_params().items() if k != "cursor_factory"}
        with transaction.atomic(), psycopg.connect(**parameters) as other:
            until = time.monotonic() + 0.6
            step = 0
            while time.monotonic() < until:
                step += 1
                job.progress(step, 1_000_000)
                row = other.execute("SELECT done, total FROM runtime_jobrecord WHERE id = %s", [job.id]).fetchone()
                other.commit()
                seen.append(row)  # type: ignore[arg-type]
        return {}

    jobs.run_now(jobs.start("test.watched", {}, act=ACT), now=now)
    distinct = set(seen)
    assert 2 <= len(distinct) <= 5, distinct
    assert len(seen) > 50


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_being_done_is_not_begun_twice() -> None:
    inner: list[JobStatus] = []

    @jobs.handler("test.once")
    def once(job: Running) -> dict[str, Any]:
        jobs.run_now(job.id, now=now)
        inner.append(jobs.show(job.id).status)
        return {}

    number = jobs.start("test.once", {}, act=ACT)
    jobs.run_now(number, now=now)
    assert inner == [JobStatus.RUNNING]
    assert jobs.show(number).attempts == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_that_keeps_ending_its_worker_is_given_up() -> None:
    number = jobs.start("test.count", {"to": 1}, act=ACT)
    JobRecord.objects.filter(pk=number).update(attempts=5)
    jobs.run_now(number, now=now)
    error = jobs.show(number).error
    assert error is not None
    assert error["code"] == "job_given_up"


@pytest.mark.django_db
def test_unknown_kinds_and_numbers_are_refused() -> None:
    with pytest.raises(jobs.JobKindUnknown):
        jobs.start("test.nothing", {}, act=ACT)
    with pytest.raises(jobs.JobNotFound):
        jobs.show(12)
    assert jobs.worker_seen() is False


@pytest.mark.django_db
def test_lists_are_newest_first_and_continue() -> None:
    numbers = [jobs.start("test.count", {"to": each}, act=ACT, subject=f"s:{each % 2}") for each in range(4)]
    assert [each.id for each in jobs.newest(["test.count"], 3)] == numbers[:0:-1]
    assert [each.id for each in jobs.newest(["test.count"], before=numbers[1])] == numbers[:1]
    assert [each.id for each in jobs.newest(["test.count"], subject="s:1")] == [numbers[3], numbers[1]]
    assert jobs.newest(["test.count"], statuses=[JobStatus.DONE]) == []
    assert jobs.newest(["other"]) == []
