"""`gridhall serve`: the hall and the console on this machine, and the worker for their jobs."""

import gc
import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gridhall.channels.cli import output
from gridhall.channels.cli.startup import check_gateways, with_database
from gridhall.kernel.errors import Refused

#: How long a stopping server waits for its worker, in seconds; a little longer than the worker waits for its job.
_PATIENCE: Final = 22.0
#: After how many seconds a worker that died is begun again: the first time, and at most.
_PAUSES: Final = (1, 60)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)


@output.refusals
def serve(
    port: Annotated[int, typer.Option(envvar="GRIDHALL_PORT", help="Where to listen.")] = 8000,
    host: Annotated[
        str, typer.Option(help="127.0.0.1: this machine only; 0.0.0.0: everybody who can reach it.")
    ] = "127.0.0.1",
    processes: Annotated[int, typer.Option(help="How many processes answer requests.")] = 2,
    threads: Annotated[int, typer.Option(help="How many requests each process answers at a time.")] = 4,
) -> None:
    """Serve the hall and the console until stopped with Ctrl-C.

    Example: [bold]GRIDHALL_PORT=9000 gridhall serve[/]
    """
    check_port(host, port)
    with_database()
    if collect_static():
        output.people.print("Static files collected.", highlight=False)
    run(host=host, port=port, processes=processes, threads=threads)


class PortTaken(Refused):
    """Another program listens where the hall should."""

    code = "port_taken"


def check_port(host: str, port: int) -> None:
    """This will say before any work is done whether the port can be had.

    Raises:
        PortTaken: when another program listens there, or the address is not this machine's.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Cannot listen on {host}:{port}: {error.strerror}.",
                path="port",
                remedy="Stop the other program, or choose another port with GRIDHALL_PORT.",
            ) from error


def collect_static() -> bool:
    """This will gather the pages' files, compressed and named by their content; does nothing when they are the same."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return False
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(digest.hexdigest())
    return True


def run(*, host: str, port: int, processes: int = 2, threads: int = 4) -> None:
    """This will answer requests until stopped, with the worker for jobs beside it.

    Raises:
        SettingInvalid: when a payment gateway cannot work; nothing was started.
    """
    check_gateways()
    beside = Beside()
    try:
        answer(host=host, port=port, processes=processes, threads=threads)
    finally:
        beside.end()


def answer(*, host: str, port: int, processes: int = 2, threads: int = 4) -> None:
    """This will answer requests until stopped; for the application that the settings name."""
    from django.conf import settings
    from gunicorn.app.base import BaseApplication

    module, _, name = settings.WSGI_APPLICATION.rpartition(".")

    class Server(BaseApplication):  # type: ignore[misc]
        """Gunicorn, configured here instead of by a file."""

        def load_config(self) -> None:
            for key, value in {
                "bind": f"{host}:{port}", "workers": processes, "threads": threads, "worker_class": "gthread",
                "proc_name": "gridhall", "control_socket_disable": True, "loglevel": "warning", "timeout": 120,
                # A connection that is kept stays with one process: a dozen of them leave one busy and another idle. To
                # keep those of phones is for the proxy in front.
                "keepalive": 0, "max_requests": 20_000, "max_requests_jitter": 2_000,
            }.items():  # fmt: skip
                if key in self.cfg.settings:
                    self.cfg.set(key, value)

        def load(self) -> Any:
            from django.utils.module_loading import import_string

            application = import_string(f"{module}.{name}")
            # What stands after loading stays: the collector need not look at it again.
            gc.freeze()
            return application

    Server().run()


class Beside:
    """The worker for jobs as a process beside the server: begun again when it dies, ended with the server.

    It also ends by itself when the server is killed. The server's own processes, which are forked from this one,
    inherit the object and must not end the worker: `end` does nothing in them.
    """

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._ending = threading.Event()
        self._process = self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True, name="worker's keeper")
        self._keeper.start()

    def end(self) -> None:
        """This will stop the worker: the job in hand goes back into the queue. Waits for it, then insists."""
        if os.getpid() != self._owner or self._ending.is_set():
            return
        self._ending.set()
        self._keeper.join()
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _keep(self) -> None:
        pause = _PAUSES[0]
        began = time.monotonic()
        while not self._ending.wait(1):
            if self._process.poll() is None:
                continue
            steady = time.monotonic() - began > _PAUSES[-1]
            pause = _PAUSES[0] if steady else min(pause * 2, _PAUSES[-1])
            output.errors.print(f"The worker for jobs has ended; it begins again in {pause} s.", highlight=False)
            if self._ending.wait(pause):
                return
            began = time.monotonic()
            self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = "from gridhall.project.main import main; main()"
        return subprocess.Popen([sys.executable, "-c", command, "worker", "--beside", str(self._owner)])
