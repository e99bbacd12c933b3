"""Guards: the worker does what waits, and a job survives its worker: killed, stopped, or orphaned."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from tests.conftest import Installation

_HANDLERS = """
import time
from pathlib import Path
from gridhall.runtime.jobs import handler, schedule

@schedule.every("test.often", minutes=60)
@handler("test.often")
def often(job):
    return {"hour": True}

@handler("test.slow")
def slow(job, *, folder, steps):
    place = Path(folder)
    with (place / "begun").open("a") as file:
        file.write(f"{job.attempt}\\n")
    for each in range(steps):
        job.progress(each, steps, "waiting")
        if (place / "go").exists():
            break
        time.sleep(0.05)
    return {"attempt": job.attempt}
"""

_EVENTS = """
from pathlib import Path
from gridhall.runtime.outbox import subscriber

@subscriber("test.paid", "light")
def light(message):
    with Path(message.payload["file"]).open("a") as file:
        file.write(f"{message.payload['receipt']}\\n")
"""


@pytest.fixture
def house(installation: Installation, tmp_path: Path) -> Installation:
    """An installation whose worker knows one kind of job: it waits for a file."""
    code = tmp_path / "code"
    (code / "slow_handlers").mkdir(parents=True)
    (code / "slow_handlers" / "__init__.py").write_text("")
    (code / "slow_handlers" / "slow.py").write_text(_HANDLERS)
    (code / "slow_events").mkdir()
    (code / "slow_events" / "__init__.py").write_text("")
    (code / "slow_events" / "light.py").write_text(_EVENTS)
    (code / "slow_settings.py").write_text(
        "from gridhall.project.settings import *\nJOB_HANDLERS = ['slow_handlers']\nSUBSCRIBERS = ['slow_events']\n"
    )
    installation.env["PYTHONPATH"] += f"{os.pathsep}{code}"
    installation.env["DJANGO_SETTINGS_MODULE"] = "slow_settings"
    installation.run("worker", "--until-idle")
    return installation


@pytest.fixture
def line(house: Installation) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(house.url, autocommit=True) as connection:
        yield connection


def enqueue(line: "psycopg.Connection[Any]", folder: Path, steps: int = 400) -> int:
    """What `jobs.start` writes; here from another process than Django's."""
    with line.transaction():
        row = line.execute(
            "INSERT INTO runtime_jobrecord (kind, subject, arguments, requested_by, requested_at, status, done, total,"
            " step, attempts) VALUES ('test.slow', '', %s, 'staff:1', now(), 'waiting', 0, 0, '', 0) RETURNING id",
            [Jsonb({"folder": str(folder), "steps": steps})],
        ).fetchone()
        assert row
        ticket = line.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('jobs', 'gridhall.job', %s)"
            " RETURNING id", [Jsonb({"job": row[0]})],
        ).fetchone()  # fmt: skip
        assert ticket
        line.execute("UPDATE runtime_jobrecord SET ticket = %s WHERE id = %s", [ticket[0], row[0]])
    return int(row[0])


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def state(line: "psycopg.Connection[Any]", job: int) -> tuple[Any, ...]:
    row = line.execute("SELECT status, attempts, done FROM runtime_jobrecord WHERE id = %s", [job]).fetchone()
    assert row
    return row


def test_a_killed_workers_job_is_taken_up_by_the_next(
    house: Installation, line: "psycopg.Connection[Any]", tmp_path: Path
) -> None:
    first = house.start("worker")
    job = enqueue(line, tmp_path)
    until(lambda: state(line, job)[2] > 0)
    assert state(line, job)[:2] == ("running", 1)
    house.kill(first)
    second = house.start("worker")
    began = time.monotonic()
    until(lambda: state(line, job)[:2] == ("running", 2))
    assert time.monotonic() - began < 20
    (tmp_path / "go").touch()
    until(lambda: state(line, job)[0] == "done")
    assert (tmp_path / "begun").read_text().split() == ["1", "2"]
    assert second.poll() is None


def test_a_stopped_worker_puts_its_job_back_and_ends(
    house: Installation, line: "psycopg.Connection[Any]", tmp_path: Path
) -> None:
    worker = house.start("worker")
    job = enqueue(line, tmp_path)
    until(lambda: state(line, job)[2] > 0)
    worker.send_signal(signal.SIGTERM)
    _, err = worker.communicate(timeout=20)
    assert worker.returncode == 0, err
    assert err == ""
    assert state(line, job)[:2] == ("waiting", 0)
    (tmp_path / "go").touch()
    house.run("worker", "--until-idle")
    assert state(line, job)[:2] == ("done", 1)
    assert line.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() == (0,)


def test_a_worker_whose_connection_is_cut_does_not_lose_the_job(
    house: Installation, line: "psycopg.Connection[Any]", tmp_path: Path
) -> None:
    house.start("worker")
    job = enqueue(line, tmp_path)
    until(lambda: state(line, job)[2] > 0)
    line.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7140002")
    until(lambda: state(line, job)[:2] == ("running", 2))
    (tmp_path / "go").touch()
    until(lambda: state(line, job)[0] == "done")


def test_a_worker_beside_a_server_ends_with_it(house: Installation) -> None:
    worker = house.start("worker", "--beside", "1" if os.getpid() != 1 else "2")
    worker.communicate(timeout=30)
    assert worker.returncode == 0


def publish(line: "psycopg.Connection[Any]", file: Path, receipt: int) -> None:
    line.execute(
        "INSERT INTO runtime_outboxmessage (topic, subscriber, payload, at, due_at, attempts)"
        " VALUES ('test.paid', 'light', %s, now(), now(), 0)", [Jsonb({"file": str(file), "receipt": receipt})],
    )  # fmt: skip


def test_a_worker_tells_what_happened_and_starts_what_is_due_beside_its_jobs(
    house: Installation, line: "psycopg.Connection[Any]", tmp_path: Path
) -> None:
    told = tmp_path / "told"
    publish(line, told, 1)
    house.run("worker", "--until-idle")
    assert told.read_text() == "1\n"
    line.execute("INSERT INTO runtime_schedule VALUES ('test.often', '2026-01-01')")
    worker = house.start("worker")
    busy = enqueue(line, tmp_path)
    until(lambda: state(line, busy)[2] > 0)
    for receipt in (2, 3):
        publish(line, told, receipt)
    until(lambda: told.read_text() == "1\n2\n3\n", 10)
    # A connection that is cut is replaced.
    line.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%runtime_outboxmessage%'"
        " AND pid <> pg_backend_pid() AND datname = current_database()"
    )
    publish(line, told, 4)
    until(lambda: told.read_text() == "1\n2\n3\n4\n", 10)
    often = "SELECT status FROM runtime_jobrecord WHERE kind = 'test.often'"
    assert line.execute(often).fetchall() == [("waiting",)]
    (tmp_path / "go").touch()
    until(lambda: line.execute(often).fetchall() == [("done",)])
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=20)
    assert worker.returncode == 0
