"""The demo gateway's messages to the merchant: real POST requests, repeated with growing pauses until "success".

What is to be sent stands in the gateway's book, so that it survives the end of a process: the first request of the next
one wakes the sender again. Each process has at most one sender, a thread that ends when nothing waits.
"""

import http.client
import logging
import os
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from gridhall.integrations.demo_gateway import signing
from gridhall.integrations.demo_gateway.book import Message
from gridhall.integrations.demo_gateway.service import Service

_TIMEOUT: Final = 10
#: How long a sender sleeps at most, in seconds: messages may be written by another process.
_NAP: Final = 1.0
_log = logging.getLogger("gridhall.demo_gateway")
_turn = threading.Lock()
_senders: dict[tuple[int, str], "_Sender"] = {}
# Callbacks go to this very house: no proxy in between.
_opener = build_opener(ProxyHandler({}))


def wake(service: Service, clock: Callable[[], datetime]) -> None:
    """This will see that what waits is sent by this process; does nothing when nothing waits."""
    if not service.book.exists or service.book.next_moment() is None:
        return
    with _turn:
        key = (os.getpid(), str(service.home))
        sender = _senders.get(key)
        if sender is None or not sender.is_alive():
            _senders[key] = sender = _Sender(service, clock)
            sender.start()
        sender.awake.set()


def send_due(service: Service, now: datetime) -> int:
    """This will move the money and send the messages whose moment has come, and give how many were sent."""
    service.book.move(now)
    sent = 0
    while message := service.book.next_message(now):
        service.book.told(message, heard=_sent(service, message, now), now=now)
        sent += 1
    return sent


class _Sender(threading.Thread):
    def __init__(self, service: Service, clock: Callable[[], datetime]) -> None:
        super().__init__(name="demo gateway's messages", daemon=True)
        self.awake = threading.Event()
        self._service = service
        self._clock = clock

    def run(self) -> None:
        try:
            while (due := self._service.book.next_moment()) is not None:
                wait = (due - self._clock()).total_seconds()
                if wait > 0:
                    self.awake.wait(min(wait, _NAP))
                    self.awake.clear()
                send_due(self._service, self._clock())
        except Exception:
            _log.exception("The demo gateway's sender has ended; the next request wakes it again.")


def _sent(service: Service, message: Message, now: datetime) -> bool:
    body = signing.signed_notice(
        signing.keys_of(service.home), number=message.number, reference=message.reference,
        amount_fen=message.amount_fen, paid_at=message.moved_at, now=now, status=message.status, kind=message.kind,
    )  # fmt: skip
    request = Request(message.url, body, {"Content-Type": "application/x-www-form-urlencoded"}, method="POST")
    try:
        with _opener.open(request, timeout=_TIMEOUT) as answer:
            said: Any = answer.read(100)
    except (URLError, http.client.HTTPException, OSError, ValueError) as error:
        _log.warning("The demo gateway could not tell of %s (attempt %s): %s", message.number, message.attempt, error)
        return False
    return bool(said.strip() == b"success")
