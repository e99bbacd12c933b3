"""What the stand-ins of gateways share: a server on this machine, keys of their own, a page for the payer, bad weather.

They are written from the gateways' documentation and share no code with the adapters: a signature that is wrong here
or there is found.
"""

import argparse
import base64
import contextlib
import html
import http.client
import secrets
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

BEIJING = ZoneInfo("Asia/Shanghai")


@dataclass
class Refunded:
    """Money that a stand-in sent back."""

    number: str
    reference: str
    amount_fen: int
    at: datetime


@dataclass
class Trade:
    """A payment as the stand-in knows it; ``status`` is waiting, paid or closed."""

    number: str
    amount_fen: int
    notify_url: str
    return_url: str = ""
    subject: str = ""
    method: str = ""
    status: str = "waiting"
    reference: str = ""
    paid_at: datetime | None = None
    refunds: dict[str, Refunded] = field(default_factory=dict)
    #: What was answered to each notice: status and body.
    told: list[tuple[int, bytes]] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def refunded_fen(self) -> int:
        return sum(refund.amount_fen for refund in self.refunds.values())


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True)
class Told:
    """An answer."""

    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class StandIn:
    """A gateway that listens on this machine as long as it is entered.

    Attributes:
        env: the settings that make the adapter speak to it; its keys lie in the folder.
        trades: what was announced to it, by our number.
        weather: ``fair``, ``down`` (hangs up), ``slow`` (answers after `wait` seconds), ``broken`` (status 500) or
            ``garbage`` (status 200 and nonsense).
        refused: why requests were refused, the newest last.
        clock: what it takes for now.
    """

    code: ClassVar[str]

    def __init__(self, folder: Path, *, port: int = 0, clock: Callable[[], datetime] | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = clock or (lambda: datetime.now(UTC))
        self.trades: dict[str, Trade] = {}
        self.refused: list[str] = []
        self.weather = "fair"
        self.wait = 3.0
        self.lock = threading.RLock()
        self._woken = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.standin = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.env = self.settings()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Listen no more."""
        if self._thread.is_alive():
            self._woken.set()
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    # -- what each stand-in says for itself

    def settings(self) -> dict[str, str]:
        """Make keys, write those of the merchant, and give the adapter's settings."""
        raise NotImplementedError

    def asked(self, asked: Asked) -> Told:
        """Answer a request of the gateway's interface."""
        raise NotImplementedError

    def notice(self, number: str, **changed: Any) -> tuple[dict[str, str], bytes]:
        """Headers and body of the genuine notice about a trade; ``changed`` fields are changed before it is signed."""
        raise NotImplementedError

    def statement(self, day: date) -> bytes:
        """The daily statement."""
        raise NotImplementedError

    # -- what the payer and tests do

    def settle(self, number: str) -> Trade:
        """Take the payer's money; tell nobody."""
        with self.lock:
            trade = self.trades[number]
            if trade.status == "waiting":
                trade.status, trade.paid_at = "paid", self.clock().replace(microsecond=0)
                trade.reference = trade.reference or self.fresh()
        return trade

    def pay(self, number: str) -> Trade:
        """The payer pays, and the utility is told."""
        trade = self.settle(number)
        self.notify(number)
        return trade

    def notify(self, number: str, **changed: Any) -> int:
        """Send the notice; gives the status that was answered, 0 without an answer."""
        trade = self.trades[number]
        headers, body = self.notice(number, **changed)
        try:
            with urlopen(Request(trade.notify_url, data=body, headers=headers), timeout=10) as answer:
                trade.told.append((answer.status, answer.read()))
        except OSError as error:
            status = getattr(error, "code", 0)
            if hasattr(error, "close"):
                error.close()
            trade.told.append((status, b""))
        except http.client.HTTPException:
            trade.told.append((0, b""))
        return trade.told[-1][0]

    def refund(self, trade: Trade, number: str, amount_fen: int) -> Refunded | None:
        """Send money back, once for each number; None when it is more than is left."""
        with self.lock:
            if number in trade.refunds:
                return trade.refunds[number]
            if trade.status != "paid" or trade.refunded_fen + amount_fen > trade.amount_fen or amount_fen <= 0:
                return None
            refund = Refunded(number, self.fresh(), amount_fen, self.clock().replace(microsecond=0))
            trade.refunds[number] = refund
            return refund

    def fresh(self) -> str:
        """A number of the gateway's own."""
        return f"{self.clock().astimezone(BEIJING):%Y%m%d}{secrets.randbelow(10**16):016}"

    def payer_page(self, trade: Trade) -> Told:
        """The page on which the payer pays."""
        number = html.escape(trade.number)
        if trade.status != "waiting":
            return Told(f"<!doctype html><title>{self.code}</title><p id=status>{trade.status}".encode())
        return Told(
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{self.code}</title>"
            f"<h1>{html.escape(trade.subject or trade.number)}</h1><p id=amount>{trade.amount_fen / 100:.2f}</p>"
            f"<form method=post action=/payer/{number}/pay><button id=pay>Pay</button></form>"
            f"<form method=post action=/payer/{number}/refuse><button id=refuse>Refuse</button></form>".encode()
        )

    def serve(self, asked: Asked) -> Told | None:
        """Answer a request, or hang up (None)."""
        pieces = asked.path.strip("/").split("/")
        if pieces[0] == "payer":
            return self._payer(asked.method, *pieces[1:])
        match self.weather:
            case "down":
                return None
            case "broken":
                return Told(b"oh no", status=500)
            case "garbage":
                return Told(b"\x00\xff{]&=<html", kind="application/json; charset=utf-8")
            case "slow":
                self._woken.wait(self.wait)
        return self.asked(asked)

    def _payer(self, method: str, number: str, act: str = "") -> Told:
        trade = self.trades.get(number)
        if trade is None:
            return Told(b"no such trade", status=404)
        if method == "POST":
            if act == "pay" and trade.status == "waiting":
                self.pay(number)
            return self.lead_back(trade)
        return self.payer_page(trade)

    def lead_back(self, trade: Trade) -> Told:
        """How the payer comes back to the utility; who scanned a code stays."""
        return Told(status=303, headers={"Location": trade.return_url or f"/payer/{trade.number}"})

    def no(self, reason: str, told: Told) -> Told:
        """Refuse, and remember why."""
        self.refused.append(reason)
        return told


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    standin: StandIn

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Adapters hang up on a slow stand-in: that is the test.
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = self.server.standin.serve(Asked(self.command, parts.path, parts.query, headers, body))
        self.close_connection = True
        if told is None:
            return
        self.send_response(told.status)
        for name, value in ({"Content-Type": told.kind} | dict(told.headers)).items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(told.body)))
        self.end_headers()
        self.wfile.write(told.body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


# -- keys ----------------------------------------------------------------------------------------------------------


def key() -> rsa.RSAPrivateKey:
    """A fresh key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    """A key as a file."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """Its public half as a file."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def signed(key: rsa.RSAPrivateKey, text: str | bytes) -> str:
    """A signature: SHA-256 with RSA, base64."""
    data = text.encode() if isinstance(text, str) else text
    return base64.b64encode(key.sign(data, padding.PKCS1v15(), hashes.SHA256())).decode()


def is_signed(key: rsa.RSAPublicKey, text: str | bytes, signature: str) -> bool:
    """Whether a signature is of that key over that text."""
    data = text.encode() if isinstance(text, str) else text
    try:
        key.verify(base64.b64decode(signature), data, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def run(make: type[StandIn]) -> None:
    """Run a stand-in from the command line until Ctrl-C; prints its settings for a shell."""
    reader = argparse.ArgumentParser(description=f"The stand-in of {make.code}.")
    reader.add_argument("--folder", type=Path, required=True, help="where its keys are written")
    reader.add_argument("--port", type=int, default=0)
    given = reader.parse_args()
    with make(given.folder, port=given.port) as standin:
        for name, value in standin.env.items():
            sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
        sys.stdout.flush()
        ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        with contextlib.suppress(KeyboardInterrupt):
            ended.wait()
