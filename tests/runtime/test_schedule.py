"""Guards: a scheduled job is started at most once for each due time however many workers look, made up for once after a
stop, and not piled up."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from gridhall.runtime import jobs
from gridhall.runtime.jobs import JobStatus, Running, registry, schedule
from gridhall.runtime.models import AuditEntry, JobRecord

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: 01:39 in Shanghai.
BEFORE = datetime(2026, 3, 1, 17, 39, tzinfo=UTC)
AFTER = BEFORE + timedelta(minutes=2)


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    handlers, plan = dict(registry._HANDLERS), dict(schedule._PLAN)
    registry.load()
    schedule._PLAN.clear()

    @schedule.daily("test.daily", at="01:40")
    @jobs.handler("test.daily")
    def daily(job: Running, *, day: str) -> dict[str, Any]:
        return {"day": day}

    @schedule.every("test.often", minutes=5)
    @jobs.handler("test.often")
    def often(job: Running) -> dict[str, Any]:
        return {}

    yield
    if connection.connection is not None:
        # The queue's own tables are not emptied between tests.
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
    for known, before in ((registry._HANDLERS, handlers), (schedule._PLAN, plan)):
        known.clear()
        known.update(before)


def kinds_of(started: list[int]) -> list[str]:
    return sorted(JobRecord.objects.filter(pk__in=started).values_list("kind", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_daily_job_is_started_once_for_its_day_and_a_missed_one_made_up_for_once():
    assert schedule.start_due(BEFORE) == []  # a fresh house waits
    assert kinds_of(started := schedule.start_due(AFTER)) == ["test.daily", "test.often"]
    assert schedule.start_due(AFTER + timedelta(minutes=3)) == []
    job = JobRecord.objects.get(kind="test.daily")
    assert (job.arguments, job.requested_by, job.requested_at) == (
        {"day": "2026-03-02"},
        "schedule",
        AFTER.replace(minute=40),
    )
    jobs.run_now(job.pk, now=lambda: AFTER)
    assert jobs.show(job.pk).result == {"day": "2026-03-02"}
    # Three days without a worker: the newest due time only.
    later = AFTER + timedelta(days=3, hours=4)
    assert [
        jobs.show(each).arguments for each in schedule.start_due(later) if jobs.show(each).kind == "test.daily"
    ] == [{"day": "2026-03-05"}]
    assert AuditEntry.objects.count() == 0
    assert started


@pytest.mark.django_db(transaction=True)
def test_a_job_of_minutes_is_not_piled_up_and_forgotten_when_old():
    schedule.start_due(BEFORE)
    (first,) = [j for j in schedule.start_due(BEFORE + timedelta(minutes=5)) if jobs.show(j).kind == "test.often"]
    assert schedule.start_due(BEFORE + timedelta(minutes=10)) == []
    jobs.run_now(first, now=lambda: BEFORE)
    assert jobs.show(first).status is JobStatus.DONE
    assert len(schedule.start_due(BEFORE + timedelta(minutes=15))) == 1
    for job in JobRecord.objects.filter(status="waiting"):
        jobs.run_now(job.pk, now=lambda: BEFORE)
    schedule.start_due(BEFORE + timedelta(days=4))
    assert not JobRecord.objects.filter(pk=first).exists()


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_start_one_job():
    schedule.start_due(BEFORE)
    gate = threading.Barrier(6)

    def look() -> None:
        try:
            gate.wait()
            schedule.start_due(AFTER)
        finally:
            connection.close()

    workers = [threading.Thread(target=look) for _ in range(6)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sorted(JobRecord.objects.values_list("kind", flat=True)) == ["test.daily", "test.often"]


@given(
    at=st.times(),
    moment=st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]),
)
def test_the_newest_due_time_is_past_and_less_than_a_day_and_a_bit_ago(at, moment, zone):
    found = schedule.Due("k", at.replace(second=0, microsecond=0), 1440).newest(moment, ZoneInfo(zone))
    assert timedelta(0) <= moment - found.astimezone(UTC) <= timedelta(hours=25)
    often = schedule.Due("k", None, 7).newest(moment, ZoneInfo(zone))
    assert timedelta(0) <= moment - often < timedelta(minutes=7)


def test_a_kind_has_one_schedule():
    with pytest.raises(ValueError, match="due twice"):
        schedule.daily("test.daily", at="02:00")(lambda job: {})
