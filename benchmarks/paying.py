"""The clients of `benchmarks.payments`: customers who order, and the gateway that calls back.

Reads one JSON document and prints one. Each client posts the form of the hall's pay page for the next customer, follows
to the gateway where that is asked for, signs the gateway's message with its key, posts it, and every so often posts it
again. It takes its share of the machine: the signatures are real.
"""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from gridhall.integrations.demo_gateway import signing

TOKEN = "a" * 32


class Paying:
    """A number of clients that pay for customers in turn."""

    def __init__(
        self,
        server: str,
        customers: list[list[str]],
        clients: int,
        seconds: float,
        home: str,
        twice: int,
        follow: bool,
        orders: int = 10**9,
    ) -> None:
        self.orders = orders
        self.host, _, port = server.partition(":")
        self.port, self.server = int(port), server
        self.customers, self.clients, self.seconds, self.twice, self.follow = customers, clients, seconds, twice, follow
        self.keys = signing.keys_of(Path(home))
        self.at = 0
        self.run_key = secrets.token_hex(8)
        self.took: list[tuple[float, float, float]] = []
        self.told: dict[str, int] = {}
        self.refused: list[str] = []

    async def run(self) -> dict[str, Any]:
        """Pay until the time is over."""
        began = time.perf_counter()
        self.until = began + self.seconds
        await asyncio.gather(*(self.client() for _ in range(self.clients)))
        spent = time.perf_counter() - began
        whole = sorted(sum(each) for each in self.took)
        parts = [sorted(each) for each in zip(*self.took, strict=True)]
        return {
            "seconds": spent,
            "cpu_s": time.process_time(),
            "orders": self.told,
            "per_s": len(whole) / spent,
            "p50_ms": whole[len(whole) // 2] * 1000,
            "p99_ms": whole[len(whole) * 99 // 100] * 1000,
            "parts": {
                name: {"p50_ms": part[len(part) // 2] * 1000, "p99_ms": part[len(part) * 99 // 100] * 1000}
                for name, part in zip(("create", "go", "callback"), parts, strict=True)
            },
            "refused": self.refused[:5],
            "refusals": len(self.refused),
        }

    async def client(self) -> None:
        """One client: order, pay, be told."""
        line = Line(self.host, self.port)
        gateway = Line(self.host, self.port)
        while time.perf_counter() < self.until and self.at < self.orders:
            self.at += 1
            home, cookie = self.customers[self.at % len(self.customers)]
            fen = 100 + self.at % 20_000
            form = {
                "csrfmiddlewaretoken": TOKEN, "key": f"{self.run_key}{self.at:016}", "choice": "other",
                "amount": f"{fen // 100}.{fen % 100:02}", "method": "demo.link",
            }  # fmt: skip
            headers = {"Cookie": f"{cookie}; csrftoken={TOKEN}", "Origin": f"http://{self.server}"}
            began = time.perf_counter()
            status, head, body = await line.ask("POST", f"/homes/{home}/pay/", headers, urlencode(form).encode())
            if status != 302:
                self.refused.append(f"create {status} {body[:300]!r}")
                continue
            number = head["location"].split("/pay/")[1].split("/")[0]
            made = time.perf_counter()
            if self.follow:
                status, head, _ = await line.ask("GET", head["location"], headers, b"")
                if status != 302:
                    self.refused.append(f"go {status}")
                    continue
            gone = time.perf_counter()
            now = datetime.now(UTC)
            notice = signing.signed_notice(
                self.keys, number=number, reference=f"B{number}", amount_fen=fen, paid_at=now, now=now
            )
            signed = time.perf_counter()
            for _ in range(2 if self.twice and self.at % self.twice == 0 else 1):
                status, _, body = await gateway.ask("POST", "/pay/notify/demo/", {}, notice)
                if (status, body) != (200, b"success"):
                    self.refused.append(f"callback {status} {body[:100]!r}")
            done = time.perf_counter()
            self.told[number] = fen
            self.took.append((made - began, gone - made, done - signed))
        line.close()
        gateway.close()


class Line:
    """A kept connection."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, head and body of an answer."""
        lines = {
            "Host": f"{self.host}:{self.port}", "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body)), **headers,
        }  # fmt: skip
        said = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        for attempt in range(2):
            try:
                if self.reader is None or self.writer is None:
                    self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
                self.writer.write(f"{method} {path} HTTP/1.1\r\n{said}\r\n".encode() + body)
                return await self._answer()
            except (ConnectionError, asyncio.IncompleteReadError):
                self.close()
                if attempt:
                    raise
        raise AssertionError

    async def _answer(self) -> tuple[int, dict[str, str], bytes]:
        assert self.reader is not None
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        head = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if head.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readexactly(2)
        else:
            body = await self.reader.readexactly(int(head.get("content-length", 0)))
        if head.get("connection", "").lower() == "close":
            self.close()
        return int(first.split()[1]), head, body

    def close(self) -> None:
        """Hang up."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def main() -> None:
    """Read the task, pay, print."""
    task: dict[str, Any] = json.load(sys.stdin)
    print(json.dumps(asyncio.run(Paying(**task).run())))


if __name__ == "__main__":
    main()
