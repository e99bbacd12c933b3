"""A served copy of the demo utility, and the machine's Chromium to look at it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.world import NOW, World, inhabited

ROOT = Path(__file__).resolve().parents[2]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}

# Playwright's loop runs in the thread of the tests; Django takes every such thread for an asynchronous one.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@dataclass
class Site:
    """A served copy of the demo utility.

    Attributes:
        url: where it is, without a slash at the end.
        world: its people and homes; the test's own process works on the same database.
        output: what the server has printed so far, codes to phones among it.
    """

    url: str
    world: World
    output: Path

    def cookies(self, who: str, **more: str) -> list[Any]:
        """The cookies of somebody who has signed in, for a browser; ``more`` are cookies of the site by name."""
        from django.conf import settings

        kept = dict(more)
        if self.world.people[who]:
            kept[settings.SESSION_COOKIE_NAME] = self.world.client(who).cookies[settings.SESSION_COOKIE_NAME].value
        return [{"name": name, "value": value, "url": self.url} for name, value in kept.items()]

    def code(self, phone: str) -> str:
        """The newest code sent to a phone, as the server's terminal shows it."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            lines = [line for line in self.output.read_text().splitlines() if phone[-4:] in re.sub(r"\D", "", line)]
            for line in reversed(lines):
                if found := re.search(r"(?<!\d)\d{6}(?!\d)", line):
                    return found.group()
            time.sleep(0.1)
        raise AssertionError(f"no code for {phone} was printed: {self.output.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def site(block: Any, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The hall and the console of a copy of the demo utility, served as `gridhall serve` does it."""
    home = tmp_path_factory.mktemp("site") / "home"
    with block.copy(home) as installation, django_db_blocker.unblock(), inhabited(installation) as world:
        _static(block, installation)
        with _served(installation) as (url, output):
            yield Site(url, world, output)


def _static(block: Any, installation: Any) -> None:
    """The files of pages are collected and compressed once in a run of tests."""
    collected = block.home / "static"
    with block.locked():
        if not collected.exists():
            code = "import django; django.setup(); from gridhall.channels.cli.serve import collect_static as c; c()"
            env = installation.env | {
                "GRIDHALL_HOME": str(block.home), "DJANGO_SETTINGS_MODULE": "gridhall.project.settings",
            }  # fmt: skip
            subprocess.run([sys.executable, "-c", code], env=env, check=True)
    shutil.copytree(collected, installation.home / "static", copy_function=os.link)


@contextmanager
def _served(installation: Any) -> Iterator[tuple[str, Path]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = installation.env | {
        "GRIDHALL_PORT": str(port),
        "GRIDHALL_TEST_NOW": NOW.isoformat(),
        "GRIDHALL_TEST_SINCE": str(time.time()),
        "PYTHONPATH": f"{ROOT / 'tests' / 'clock'}:{ROOT / 'src'}",
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    output = installation.home / "server.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from gridhall.project.main import main; main()", "serve"],
            env=env, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        _await(process, f"http://127.0.0.1:{port}/offline/", output)
        yield f"http://127.0.0.1:{port}", output
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(process: Any, url: str, output: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, output.read_text()
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError as answer:
            answer.close()
            raise AssertionError(output.read_text()) from answer
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the server does not answer: {output.read_text()}")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """The machine's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield started
        started.close()
