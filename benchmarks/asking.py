"""The clients of `benchmarks.pages`: a process that asks over kept connections and says how long answers took.

Reads one JSON document (server, asked, clients, requests or seconds) and prints one. It checks that each answer is a
200 and whole, and does nothing else with it, so as to leave the machine to the server.
"""

import asyncio
import json
import sys
import time
from typing import Any


class Asking:
    """A number of clients that ask for the same list of addresses, each from another place in it."""

    def __init__(self, server: str, asked: list[list[str]], clients: int, requests: int, seconds: float) -> None:
        self.host, _, port = server.partition(":")
        self.port = int(port)
        self.heads = [
            f"GET {path} HTTP/1.1\r\nHost: {server}\r\nCookie: {cookie}\r\nAccept-Encoding: br, gzip\r\n\r\n".encode()
            for path, cookie in asked
        ]
        self.asked, self.clients, self.left, self.seconds = asked, clients, requests, seconds
        self.took: list[float] = []

    async def run(self) -> dict[str, float]:
        """Ask until the number or the time is reached."""
        began = time.perf_counter()
        self.until = began + self.seconds if self.seconds else float("inf")
        if self.seconds:
            self.left = 10**9
        await asyncio.gather(*(self.client(at * len(self.heads) // self.clients) for at in range(self.clients)))
        spent = time.perf_counter() - began
        took = sorted(self.took)
        return {
            "requests": len(took),
            "per_s": len(took) / spent,
            "p50_ms": took[len(took) // 2] * 1000,
            "p95_ms": took[len(took) * 95 // 100] * 1000,
        }

    async def client(self, at: int) -> None:
        """One client: the next question as soon as the last is answered."""
        reader = writer = None
        while self.left > 0 and time.perf_counter() < self.until:
            self.left -= 1
            at = (at + 1) % len(self.heads)
            began = time.perf_counter()
            for attempt in range(2):
                try:
                    if reader is None or writer is None:
                        reader, writer = await asyncio.open_connection(self.host, self.port)
                    writer.write(self.heads[at])
                    keep = await self.answer(reader, at)
                    break
                except (ConnectionError, asyncio.IncompleteReadError):
                    # A connection that the server closed after its keep-alive time is opened again, once.
                    reader = writer = None
                    if attempt:
                        raise
            self.took.append(time.perf_counter() - began)
            if not keep and writer is not None:
                writer.close()
                reader = writer = None
        if writer is not None:
            writer.close()

    async def answer(self, reader: asyncio.StreamReader, at: int) -> bool:
        """Read one answer to its end; whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head[:16]:
            raise SystemExit(f"{self.asked[at][0]}: {head[:200]!r}")
        if b"transfer-encoding: chunked" in head:
            while size := int(await reader.readuntil(b"\r\n"), 16):
                await reader.readexactly(size + 2)
            await reader.readexactly(2)
        else:
            length = head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
            await reader.readexactly(int(length))
        return b"connection: close" not in head


def main() -> None:
    """Read the task, ask, print."""
    task: dict[str, Any] = json.load(sys.stdin)
    print(json.dumps(asyncio.run(Asking(**task).run())))


if __name__ == "__main__":
    main()
