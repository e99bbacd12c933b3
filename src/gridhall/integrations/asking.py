"""Asking a gateway over HTTP: one request, bounded in time and size; every failure is `GatewayUnavailable`."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gridhall.contexts.payments.ports import GatewayUnavailable

#: The largest answer that is read, in bytes: a daily statement of some millions of lines.
LARGEST: Final = 512 * 1024 * 1024
_PIECE: Final = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """What was answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Stay(urllib.request.HTTPRedirectHandler):
    # A gateway's interface does not send elsewhere; who does is not the gateway.
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER: Final = urllib.request.build_opener(_Stay)


def ask(
    url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None, seconds: float, longest: float = 0
) -> Reply:
    """This will send a request, a POST where there is a body, and give the answer of whatever status.

    Args:
        seconds: the longest silence.
        longest: the longest time for all of it; four silences when it is not given.

    Raises:
        GatewayUnavailable: no connection, no answer in time, or one that is cut off or too large.
    """
    ends = time.monotonic() + (longest or 4 * seconds)
    if not url.startswith(("https://", "http://")):
        raise GatewayUnavailable("A gateway named an address that is none.", path="gateway")
    try:
        request = urllib.request.Request(url, data=body, headers=dict(headers or {}))
        try:
            with _OPENER.open(request, timeout=seconds) as answer:
                return _read(answer, answer.status, ends)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error, error.code, ends)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise GatewayUnavailable(f"A gateway did not answer: {type(reason).__name__}.", path="gateway") from error


def _read(answer: Any, status: int, ends: float) -> Reply:
    pieces: list[bytes] = []
    size = 0
    # What is there, not a whole piece: one byte at a time must not hold us for ever.
    while piece := answer.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST or time.monotonic() > ends:
            raise TimeoutError
    if (length := answer.headers.get("Content-Length")) is not None and int(length) != size:
        raise http.client.IncompleteRead(b"")
    return Reply(status, {name.lower(): value for name, value in answer.headers.items()}, b"".join(pieces))
