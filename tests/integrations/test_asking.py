"""A gateway cannot hold us, lead us elsewhere, or give us half an answer for a whole one."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from gridhall.contexts.payments.ports import GatewayUnavailable
from gridhall.integrations import asking


@contextmanager
def answering(act: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does this with each connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.recv(65536)
                    act(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def head(length: int, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n".encode()


@pytest.mark.parametrize(
    "told",
    [
        b"", b"garbage\r\n\r\n", b"HTTP/1.1 two OK\r\n\r\n", head(100) + b"half", head(-5) + b"x",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", head(100, "500 Oh") + b"half",
    ],
)  # fmt: skip
def test_half_answers_and_nonsense_are_none(told: bytes) -> None:
    with answering(lambda connection: connection.sendall(told)) as url, pytest.raises(GatewayUnavailable):
        asking.ask(url, body=b"x", seconds=5)


def test_whole_answers_of_any_status_are_given() -> None:
    for status in ("200 OK", "404 No", "500 Oh"):
        told = head(3, status, "X-Told: yes\r\n") + b"abc"
        with answering(lambda connection, told=told: connection.sendall(told)) as url:  # type: ignore[misc]
            reply = asking.ask(url, seconds=5)
        assert (reply.status, reply.body, reply.headers["x-told"]) == (int(status[:3]), b"abc", "yes")


def test_one_byte_at_a_time_ends() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head(1000))
        for _ in range(60):
            connection.sendall(b"x")
            time.sleep(0.05)

    began = time.monotonic()
    with answering(drip) as url, pytest.raises(GatewayUnavailable):
        asking.ask(url, seconds=2, longest=0.4)
    assert time.monotonic() - began < 3.5


def test_nobody_is_led_elsewhere() -> None:
    told = head(0, "302 Found", "Location: http://127.0.0.1:1/\r\n")
    with answering(lambda connection: connection.sendall(told)) as url:
        assert asking.ask(url, body=b"x", seconds=5).status == 302


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LARGEST", 10)
    told = head(11) + b"x" * 11
    with answering(lambda connection: connection.sendall(told)) as url, pytest.raises(GatewayUnavailable):
        asking.ask(url, seconds=5)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "", "http://[", "http://127.0.0.1:0/"])
def test_only_web_addresses_are_asked(url: str) -> None:
    with pytest.raises(GatewayUnavailable):
        asking.ask(url, seconds=1)
