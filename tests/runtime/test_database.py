"""Guards: the embedded server starts once, outlives its starter, recovers from kill -9; a wrong setting is an error."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gridhall.kernel.errors import GridhallError
from gridhall.runtime import database, embedded
from gridhall.runtime.embedded import EmbeddedServer
from gridhall.runtime.errors import DatabaseSettingInvalid, DatabaseTooOld, DatabaseUnreachable, EmbeddedServerFailed

START = """
import sys
from pathlib import Path
from gridhall.runtime.embedded import EmbeddedServer
print(EmbeddedServer(Path(sys.argv[1]), durable=False).ensure_running(["gridhall"]))
"""


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """A cluster of its own in a short path, not yet made."""
    with tempfile.TemporaryDirectory(prefix="gh-") as home:
        Path(home).chmod(0o755)
        server = EmbeddedServer(Path(home) / "home", durable=False)
        yield server
        server.stop()


def query(server: EmbeddedServer, statement: str) -> Any:
    with psycopg.connect(host=str(server.socket_dir), user="postgres", dbname="gridhall") as connection:
        cursor = connection.execute(statement)  # type: ignore[call-overload]
        return cursor.fetchone()[0] if cursor.description else None


def start_in_another_process(server: EmbeddedServer) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", START, str(server.home)], stdout=subprocess.PIPE, text=True)


def test_several_processes_at_once_start_it_once_and_it_outlives_them(server: EmbeddedServer) -> None:
    starters = [start_in_another_process(server) for _ in range(3)]
    said = sorted(starter.communicate()[0].strip() for starter in starters)
    assert said == ["False", "False", "True"]
    assert server.is_running()
    assert not server.ensure_running(["gridhall"])
    assert query(server, "SELECT current_setting('shared_buffers')") == "128MB"


def test_after_kill_nine_it_recovers_what_was_committed(server: EmbeddedServer) -> None:
    server = EmbeddedServer(server.home)  # one that waits for the disk
    server.ensure_running(["gridhall"])
    query(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    process = server.process_id()
    assert process
    os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.is_running() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.ensure_running(["gridhall"])
    assert query(server, "SELECT answer FROM kept") == 42


def test_a_process_number_that_now_belongs_to_another_does_not_hinder_the_start(server: EmbeddedServer) -> None:
    server.ensure_running(["gridhall"])
    lines = (server.data / "postmaster.pid").read_text().splitlines()
    server.stop()
    (server.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert server.ensure_running(["gridhall"])


def test_a_killed_initialisation_is_begun_anew(server: EmbeddedServer) -> None:
    half = server.home / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert server.ensure_running(["gridhall"])


def test_data_of_another_version_are_refused_not_overwritten(server: EmbeddedServer) -> None:
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServerFailed, match="16"):
        server.ensure_running()
    assert (server.data / "PG_VERSION").read_text() == "16\n"


def test_a_folder_that_is_no_database_is_left_alone(server: EmbeddedServer) -> None:
    server.data.mkdir(parents=True)
    (server.data / "letter.txt").write_text("mine")
    with pytest.raises(EmbeddedServerFailed, match="no PostgreSQL data directory"):
        server.ensure_running()
    assert (server.data / "letter.txt").read_text() == "mine"


def test_a_server_that_still_recovers_is_waited_for(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.ensure_running(["gridhall"])
    answers = iter([psycopg.OperationalError("FATAL:  the database system is starting up")] * 3)
    connect = EmbeddedServer._connect

    def recovering(self: EmbeddedServer) -> psycopg.Connection[Any]:
        if error := next(answers, None):
            raise error
        return connect(self)

    monkeypatch.setattr(EmbeddedServer, "_connect", recovering)
    assert not server.ensure_running(["gridhall"])


def test_a_directory_that_cannot_be_used_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the directory should be")
    with pytest.raises(EmbeddedServerFailed) as caught:
        EmbeddedServer(tmp_path / "home").ensure_running()
    assert "GRIDHALL_HOME" in caught.value.remedy


def test_stopping_what_does_not_run_is_no_error(server: EmbeddedServer) -> None:
    assert not server.stop()
    assert not server.is_running()


def test_the_socket_of_a_deep_home_lies_in_a_short_path() -> None:
    deep = EmbeddedServer(Path("/srv/" + "deep/" * 30))
    assert len(str(deep.socket_dir)) < 60
    assert deep.socket_dir == EmbeddedServer(deep.home).socket_dir
    assert database.configuration(None, home=deep.home)["HOST"] == str(deep.socket_dir)


def test_a_deep_home_works_and_its_socket_is_nobody_elses(server: EmbeddedServer, tmp_path: Path) -> None:
    deep = EmbeddedServer(server.home.joinpath(*["deep-below-the-home"] * 5), durable=False)
    assert deep.socket_dir != deep.data
    deep.socket_dir.symlink_to(tmp_path)
    with pytest.raises(EmbeddedServerFailed, match="somebody else"):
        deep.ensure_running(["gridhall"])
    deep.socket_dir.unlink()
    try:
        assert deep.ensure_running(["gridhall"])
        assert query(deep, "SELECT 1") == 1
    finally:
        deep.stop()
        shutil.rmtree(deep.socket_dir)


@pytest.mark.parametrize("gib", [1, 4, 16, 256])
def test_the_tuning_leaves_memory_to_others(gib: int) -> None:
    settings = embedded.tuning(gib * 1024**3)
    buffers = int(settings["shared_buffers"].removesuffix("MB"))
    assert 64 <= buffers <= max(gib * 1024 // 8, 64)
    assert "fsync" not in settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p@db:6432/name", ("name", "u", "p", "db", "6432", {})),
        ("postgresql://u@db/name", ("name", "u", "", "db", "", {})),
        ("postgres://zhang%40grid:p%2Fw%3A%25@db/n%20m", ("n m", "zhang@grid", "p/w:%", "db", "", {})),
        ("postgres://db/n?sslmode=require", ("n", "", "", "db", "", {"sslmode": "require"})),
        ("postgres:///n?host=/var/Run/pg", ("n", "", "", "/var/Run/pg", "", {})),
        ("postgres://u@%2Fvar%2FRun%2Fpg/n", ("n", "u", "", "/var/Run/pg", "", {})),
        ("postgres://[::1]:5433/n", ("n", "", "", "::1", "5433", {})),
        ("postgres:///n?user=u&password=p&port=7", ("n", "u", "p", "", "7", {})),
    ],
)
def test_a_url_is_understood(url: str, expected: tuple[Any, ...]) -> None:
    found = database.configuration(url, home=Path("/nowhere"))
    keys = ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
    assert tuple(found[key] for key in keys) == expected


@pytest.mark.parametrize(
    "url",
    [
        "postgress://u@db/n",
        "mysql://u@db/n",
        "sqlite:///x.db",
        "db.example.org",
        "postgres://u@db",
        "postgres://u@db/",
        "postgres://u@db:port/n",
        "postgres://u@db:99999/n",
        "postgres://u@db/n/m",
        "postgres://u@db/n#x",
        "postgres://u@db/n?sslmod=require",
        "postgres://[::1/n",
    ],
)
def test_a_mistyped_url_is_an_error_that_names_the_setting(url: str) -> None:
    with pytest.raises(DatabaseSettingInvalid) as caught:
        database.configuration(url, home=Path("/nowhere"))
    assert caught.value.path == "DATABASE_URL"
    assert "DATABASE_URL" in str(caught.value)


def test_a_password_does_not_appear_in_the_error() -> None:
    with pytest.raises(GridhallError) as caught:
        database.configuration("postgres://u:secret@db:port/n", home=Path("/nowhere"))
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer_is_an_error_not_a_reason_for_another() -> None:
    configured = database.configuration("postgres://u:secret@127.0.0.1:1/n", home=Path("/nowhere"))
    with pytest.raises(DatabaseUnreachable) as caught:
        database.check_server(configured)
    assert caught.value.path == "DATABASE_URL"
    assert "secret" not in str(caught.value)


@pytest.mark.django_db
def test_an_old_server_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    assert database.check_server(connection.settings_dict) >= 15
    monkeypatch.setattr(database, "OLDEST_MAJOR", 99)
    with pytest.raises(DatabaseTooOld, match="99"):
        database.check_server(connection.settings_dict)


@pytest.mark.parametrize(
    ("url", "code"),
    [("postgress://u@db/n", "database_setting_invalid"), ("postgres://127.0.0.1:1/n", "database_unreachable")],
)
def test_the_command_line_refuses_with_the_same_error(url: str, code: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from gridhall.project.main import main; main()", "accounts", "units", "--json"]
    env = os.environ | {"DATABASE_URL": url, "GRIDHALL_HOME": str(tmp_path)}
    finished = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert f'"code": "{code}"' in finished.stdout
    assert list(tmp_path.iterdir()) == []
