"""What every test stands on: a database cluster of its own, and honest word about tests that could not be collected.

Tests run against an embedded PostgreSQL in a temporary home that ends with the run, never against a developer's data;
with ``DATABASE_URL`` against a test database on that server. ``GRIDHALL_TEST_HOME`` names a home that is kept from run
to run, with its server and its demo utility, for who works on pages. Nothing is skipped silently: a test that needs the
shared data folder, Spark or a browser is collected only where that exists, and the run ends with a line on what was
left out.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.configuration import set_hypothesis_home_dir

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
#: The machine's own browser; its tests never fetch one.
CHROMIUM = os.environ.get("GRIDHALL_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None
)

set_hypothesis_home_dir(ROOT / "var" / "hypothesis")
hypothesis_settings.register_profile(
    # The same examples on every run and every machine; slow machines are no failures.
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

#: Marker → (why its tests are left out, or None where they can run). Fixture ``shared`` implies ``needs_shared``.
NEEDS: dict[str, str | None] = {
    "needs_shared": None if (SHARED / "data").is_dir() else "there is no ../shared/data here",
    "needs_spark": (
        None
        if importlib.util.find_spec("pyspark") and shutil.which("java")
        else "Spark needs the extra gridhall[spark] and Java"
    ),
    "needs_browser": None if CHROMIUM else "there is no Chromium here (on the PATH, or named by GRIDHALL_CHROMIUM)",
}
_LEFT_OUT = pytest.StashKey[Counter[str]]()
_HOME = pytest.StashKey[Path]()


# -- collection ----------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_shared: reads ../shared/data; collected only where that exists")
    config.addinivalue_line("markers", "needs_browser: drives a Chromium; collected only where there is one")
    config.addinivalue_line("markers", "needs_spark: runs Spark; collected only where pyspark and Java exist")
    config.addinivalue_line("markers", "takes(seconds): what its file needs about; long files begin first")
    config.stash[_LEFT_OUT] = Counter()
    # A run starts hundreds of processes: they do not compile the house again each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if not hasattr(config, "workerinput"):
        _sweep_killed_runs()
        if kept := os.environ.get("GRIDHALL_TEST_HOME"):
            home = Path(kept)
            home.mkdir(exist_ok=True)
        else:
            home = Path(tempfile.mkdtemp(prefix=f"gridhall-test-{os.getpid()}-"))
            config.stash[_HOME] = home
        home.chmod(0o755)
        # Workers of pytest-xdist and commands started by tests inherit it.
        os.environ["GRIDHALL_HOME"] = str(home)
    config.pluginmanager.register(_LongFilesFirst())
    _use_home(Path(os.environ["GRIDHALL_HOME"]))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files named for what they need are not even imported where that is missing."""
    if not collection_path.name.startswith("test_"):
        return None
    for marker, reason in NEEDS.items():
        if reason and collection_path.stem.endswith(marker.removeprefix("needs")):
            config.stash[_LEFT_OUT][f"{marker} file"] += 1
            return True
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, left = [], []
    for item in items:
        wanted = {marker.name for marker in item.iter_markers()} & NEEDS.keys()
        if "shared" in getattr(item, "fixturenames", ()):
            wanted.add("needs_shared")
        missing = sorted(marker for marker in wanted if NEEDS[marker])
        if missing:
            config.stash[_LEFT_OUT][f"{missing[0]} test"] += 1
            left.append(item)
        else:
            kept.append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


class _LongFilesFirst:
    """Files begin in the order of what they take, that no worker is left alone with a long one at the end."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        longest: Counter[Path] = Counter()
        for item in items:
            if marker := item.get_closest_marker("takes"):
                longest[item.path] = marker.args[0]
        items.sort(key=lambda item: -longest[item.path])


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = dict(session.config.stash[_LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # Every worker collects everything: their counts are the same.
    node.config.stash[_LEFT_OUT].update(
        Counter(getattr(node, "workeroutput", {}).get("left_out", {})) - node.config.stash[_LEFT_OUT]
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left_out = config.stash[_LEFT_OUT]
    for marker, reason in NEEDS.items():
        counts = [
            f"{left_out[key]} test {'file' if unit == 'file' else 'function'}{'s' if left_out[key] != 1 else ''}"
            for unit in ("file", "test")
            if left_out[key := f"{marker} {unit}"]
        ]
        if counts:
            terminalreporter.write_line(f"left out: {' and '.join(counts)}, because {reason}", yellow=True)


# -- the database --------------------------------------------------------------------------------------------------


def _use_home(home: Path) -> None:
    """Point the settings, which pytest-django has read already, at the home of this run."""
    from django.conf import settings
    from django.db import connections

    from gridhall.runtime import database

    settings.HOME = home
    # Tests sign in without a browser; those of the second factor switch it on.
    settings.STAFF_SECOND_FACTOR = False
    # Passwords of tests are worth no work; those of the demo utility were hashed as anywhere.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    # Files by their plain names: nothing has been collected.
    settings.STATIC_ROOT = home / "static"
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    if not settings.DATABASE_URL:
        host = database.configuration(None, home=home)["HOST"]
        settings.DATABASES["default"]["HOST"] = host
        connections["default"].settings_dict["HOST"] = host


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any) -> None:
    """Called by pytest-django before it makes the test database: the server and its template have to be there."""
    from django.conf import settings
    from django.db import connections

    from gridhall.runtime import database
    from gridhall.runtime.embedded import EmbeddedServer

    if settings.DATABASE_URL:
        # The database that the setting names need not exist: tests make their own on that server.
        database.check_server(settings.DATABASES["default"] | {"NAME": "postgres"})
    else:
        EmbeddedServer(settings.HOME, durable=False).ensure_running([settings.DATABASES["default"]["NAME"]])
    with django_db_blocker.unblock():
        connections["default"].settings_dict["TEST"]["TEMPLATE"] = _migrated()


@cache
def _migrated() -> str:
    """The name of an empty database with all tables, made once in a run, of which every other one is a copy."""
    from django.apps import apps
    from django.conf import settings
    from tests.world import connected_to

    files = [file for app in apps.get_app_configs() for file in Path(app.path, "migrations").glob("[0-9]*.py")]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()[:12]
    name = f"test_gridhall_tables_{_run()}_{digest}".replace("-", "_")
    with _locked(settings.HOME), _server() as (server, _):
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not server.execute(known, [name]).fetchone():
            half = f"{name}_half"  # a killed run leaves nothing that looks finished
            server.execute(_sql("DROP DATABASE IF EXISTS {} WITH (FORCE)", half))
            server.execute(_sql("CREATE DATABASE {}", half))
            with connected_to(half, settings.HOME):
                pass
            server.execute(_sql("ALTER DATABASE {} RENAME TO {}", half, name))
    return name


def _run() -> str:
    """What the databases of this run have in their names."""
    return Path(os.environ["GRIDHALL_HOME"]).name.removeprefix("gridhall-test-")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database; there, and only there, append-only tables may be emptied between tests."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET gridhall.allow_truncate = 'on'")
        cursor.execute("SET gridhall.allow_truncate = 'on'")
    yield
    # Processes that tests killed may not have been missed by the server yet; the database could not be dropped.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    if _HOME in config.stash:
        _drop_shared()
        _end(config.stash[_HOME])


def _drop_shared() -> None:
    """On a server that is not the run's own, what its tests shared goes with it."""
    from django.conf import settings

    if settings.DATABASE_URL:
        mine = tuple(f"test_gridhall_{kind}_{_run()}".replace("-", "_") for kind in ("block", "tables"))
        with _server() as (server, _):
            for (name,) in server.execute("SELECT datname FROM pg_database").fetchall():
                if name.startswith(mine):
                    server.execute(_sql("DROP DATABASE {} WITH (FORCE)", name))


def _end(home: Path) -> None:
    from gridhall.runtime.embedded import EmbeddedServer

    EmbeddedServer(home, durable=False).stop()
    shutil.rmtree(home, ignore_errors=True)


def _sweep_killed_runs() -> None:
    """End what a killed test run could not: its server and its home."""
    for home in Path(tempfile.gettempdir()).glob("gridhall-test-*-*"):
        owner = int(home.name.split("-")[2])
        with suppress(OSError):  # another run may be sweeping, too
            if home.stat().st_uid == os.geteuid() and not _alive(owner):
                _end(home)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


# -- what tests ask for --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser; for tests marked ``needs_browser``."""
    assert CHROMIUM
    return CHROMIUM


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data folder; a test that asks for it is collected only where it exists."""
    return SHARED / "data"


@dataclass
class Installation:
    """A home and an empty database of its own, used through the command line as a person would.

    Attributes:
        home: its GRIDHALL_HOME.
        url: its DATABASE_URL.
        database: the name of its database.
        env: the environment its commands run in.
    """

    home: Path
    url: str
    database: str
    env: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``gridhall`` with these arguments to its end."""
        finished = subprocess.run(self._command(*arguments), env=self.env, text=True, capture_output=True, cwd=ROOT)
        if check and finished.returncode:
            raise AssertionError(
                f"gridhall {arguments} ended {finished.returncode}: {finished.stdout}{finished.stderr}"
            )
        return finished

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start ``gridhall`` with these arguments in a process group of its own, to be killed by the test."""
        process = subprocess.Popen(
            self._command(*arguments), env=self.env, text=True, cwd=ROOT, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.started.append(process)
        return process

    @staticmethod
    def kill(process: subprocess.Popen[str]) -> None:
        """kill -9, as a power cut would."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    @staticmethod
    def _command(*arguments: str | Path) -> list[str]:
        return [sys.executable, "-c", "from gridhall.project.main import main; main()", *map(str, arguments)]


@pytest.fixture
def installation(tmp_path: Path, django_db_setup: None) -> Iterator[Installation]:
    """A fresh installation on the test server, with tables and nothing in them; its database goes with the test."""
    name = f"{os.getpid()}_{tmp_path.parent.name[-4:]}_{tmp_path.name}"
    with _installed(tmp_path / "home", name, template=_migrated()) as installed:
        yield installed


@contextmanager
def _installed(home: Path, name: str, *, template: str, keep: bool = False) -> Iterator[Installation]:
    """An installation with a database of this name, a copy of the template, which is dropped at the end unless kept."""
    name = f"test_gridhall_{name}"[-60:].replace("-", "_")
    with _server() as (server, parameters):
        server.execute(_sql("CREATE DATABASE {} TEMPLATE {}", name, template))
        url = _url(parameters, name)
        env = os.environ | {"GRIDHALL_HOME": str(home), "DATABASE_URL": url, "PYTHONPATH": str(ROOT / "src")}
        installed = Installation(home, url, name, env)
        try:
            yield installed
        finally:
            for process in installed.started:
                installed.kill(process)
            if not keep:
                server.execute(_sql("DROP DATABASE {} WITH (FORCE)", name))


@contextmanager
def _server() -> Iterator[tuple[Any, dict[str, Any]]]:
    """A connection to the test server that may make databases, and the parameters it was made with."""
    import psycopg
    from django.conf import settings

    configured = settings.DATABASES["default"]
    parameters = {
        "host": configured["HOST"], "port": configured["PORT"], "user": configured["USER"],
        "password": configured["PASSWORD"], "dbname": "postgres",
    }  # fmt: skip
    given = {key: value for key, value in parameters.items() if value} | configured["OPTIONS"]
    with psycopg.connect(**given, autocommit=True) as server:
        yield server, given


def _sql(statement: str, *names: str) -> Any:
    from psycopg import sql

    return sql.SQL(statement).format(*map(sql.Identifier, names))


def _url(parameters: dict[str, Any], name: str) -> str:
    from urllib.parse import quote, urlencode

    query = urlencode({key: value for key, value in parameters.items() if key != "dbname"})
    return f"postgres:///{quote(name)}?{query}"


# -- the demo utility, built once ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """The smallest demo utility, built once in a run of tests; tests work on copies.

    Attributes:
        home: its home.
        database: the name of its database, which nobody may be connected to.
        document: what ``gridhall demo --json`` printed.
        today: the day as of which it was built; readings end the day before.
    """

    home: Path
    database: str
    document: dict[str, Any]
    today: date = date(2026, 3, 5)

    @contextmanager
    def copy(self, home: Path) -> Iterator[Installation]:
        """An installation that holds the same; the files of the lake are never written again, so links to them do."""
        shutil.copytree(self.home / "lake", home / "lake", copy_function=os.link)
        shutil.copytree(self.home / "demo", home / "demo")
        shutil.copytree(self.home / "demo_gateway", home / "demo_gateway")
        name = f"{os.getpid()}_{home.parent.name[-24:]}_{home.name}"
        with self.locked(), ExitStack() as ends:
            copy = ends.enter_context(_installed(home, name, template=self.database))
            rest = ends.pop_all()
        with rest:
            yield copy

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process of the run at a time."""
        with _locked(self.home.parent):
            yield


@pytest.fixture(scope="session")
def block(django_db_modify_db_settings: None) -> Block:
    """The demo utility of 135 usage points; the first test of the run that wants it builds it, the others wait."""
    from django.conf import settings

    folder: Path = settings.HOME / "block"
    folder.mkdir(exist_ok=True)
    with _locked(folder):
        told = folder / "document.json"
        if not told.exists():
            # From nothing at all, as the command does it for a person.
            with _installed(folder / "home", f"block_{_run()}", template="template1", keep=True) as building:
                _build(building, told)
        return Block(folder / "home", f"test_gridhall_block_{_run()}".replace("-", "_"), json.loads(told.read_bytes()))


def _build(building: Installation, told: Path) -> None:
    """Build the demo, with a power cut in its third month: what comes out is the same, as test_demo asserts."""
    arguments = ("demo", "--size", "block", "--today", f"{Block.today}", "--no-serve", "--json")
    process = building.start(*arguments)
    state = building.home / "demo" / "state.json"
    while not (state.exists() and (json.loads(state.read_text())["delivered_until"] or "") > "2025-04"):
        if process.poll() is not None:
            raise AssertionError(f"the build ended before it could be killed: {process.communicate()}")
        time.sleep(0.05)
    building.kill(process)
    told.write_text(building.run(*arguments).stdout)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
