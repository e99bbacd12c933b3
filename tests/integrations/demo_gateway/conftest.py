"""A demo gateway in a folder of its own, with a clock that tests move, and somebody who hears its messages."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gridhall.contexts.payments.ports import OrderToPay
from gridhall.integrations.demo_gateway import signing
from gridhall.integrations.demo_gateway.gateway import DemoGateway

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@dataclass
class Moving:
    """A clock."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def on(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at


@pytest.fixture
def clock() -> Moving:
    return Moving()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with keys, which take a while to make."""
    home = tmp_path_factory.mktemp("keys")
    signing.keys_of(home)
    return home


@pytest.fixture
def demo(keys: Path, tmp_path: Path, clock: Moving, monkeypatch: pytest.MonkeyPatch) -> DemoGateway:
    # Messages are sent by the test, at moments of its choice.
    monkeypatch.setattr("gridhall.integrations.demo_gateway.sending.wake", lambda *_: None)
    shutil.copytree(keys, tmp_path, dirs_exist_ok=True)
    return DemoGateway(tmp_path, clock)


@dataclass
class Ear:
    """Hears POST requests; answers ``says``, or 500 while ``deaf``."""

    url: str = ""
    heard: list[bytes] = field(default_factory=list)
    deaf: int = 0
    says: bytes = b"success"


@pytest.fixture
def ear() -> Iterator[Ear]:
    found = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(500 if found.deaf else 200)
            found.deaf = max(found.deaf - 1, 0)
            self.end_headers()
            self.wfile.write(found.says)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}/pay/notify/demo/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def order(ear_url: str = "http://127.0.0.1:9/", number: str = "N1", **changes: Any) -> OrderToPay:
    values: dict[str, Any] = {
        "number": number, "method": "demo.link", "amount_fen": 12850, "subject": "电费 0001",
        "expires_at": START + timedelta(minutes=30), "return_url": "http://testserver/pay/result/N1/",
        "notify_url": ear_url,
    }  # fmt: skip
    return OrderToPay(**values | changes)
