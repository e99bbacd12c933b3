"""Guards: kill -9 of the web processes, the worker and the database while customers pay loses no payment, posts none
twice, and forgets to tell nobody; two phones and double clicks pay once."""

import http.client
import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from tests.conftest import ROOT

from gridhall.integrations.demo_gateway import signing
from gridhall.runtime.embedded import EmbeddedServer

pytestmark = pytest.mark.takes(60)
CUSTOMERS = 24
#: So many payments go through between two kills.
MEANWHILE = 8
TOKEN = "a" * 32
WITNESS = """
from django.db import connection
from gridhall.runtime.outbox import subscriber

@subscriber("payments.received", "witness")
def witness(message):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO test_heard (receipt) VALUES (%s)", [message.payload["receipt"]])
"""
BUILD = """
import json, sys, django
django.setup()
from gridhall.runtime import database
database.ensure_running()
database.prepare()
from benchmarks.payments import town
print(json.dumps(town(int(sys.argv[1]))))
"""
#: What must hold of the books at the end, each counting what does not.
WRONG = {
    "receipts of one order": "SELECT count(*) - count(DISTINCT order_id) FROM payments_receipt",
    "paid without a receipt": "SELECT count(*) FROM payments_paymentorder o WHERE o.status = 'paid' AND NOT EXISTS"
    " (SELECT FROM payments_receipt r WHERE r.order_id = o.id AND r.amount_fen = o.amount_fen)",
    "receipts nobody heard of": "SELECT count(*) FROM payments_receipt"
    " WHERE id NOT IN (SELECT receipt FROM test_heard)",
    "heard of without a receipt": "SELECT count(*) FROM test_heard"
    " WHERE receipt NOT IN (SELECT id FROM payments_receipt)",
    "messages left": "SELECT count(*) FROM runtime_outboxmessage",
    "accounts out of balance": "SELECT count(*) FROM accounts_customeraccount a WHERE"
    " (SELECT coalesce(sum(amount_fen), 0) FROM billing_ledgerentry WHERE account_id = a.id) <>"
    " (SELECT coalesce(sum(total_fen), 0) FROM billing_bill WHERE account_id = a.id AND status = 'issued')"
    " - (SELECT coalesce(sum(amount_fen), 0) FROM payments_receiptline WHERE account_id = a.id)",
}  # fmt: skip


@dataclass
class House:
    """A `gridhall serve` with a database of its own, to be killed piece by piece."""

    home: Path
    port: int
    env: dict[str, str]
    customers: list[tuple[str, str]]
    process: subprocess.Popen[bytes] | None = None
    down: threading.Event = field(default_factory=threading.Event)

    def serve(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from gridhall.project.main import main; main()", "serve", "--port", str(self.port)],
            env=self.env, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def processes(self) -> dict[str, list[int]]:
        """The numbers of its processes: the server, those it forked to answer, the worker, PostgreSQL."""
        assert self.process
        with suppress(OSError):
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            found: dict[str, list[int]] = {"web": [], "worker": []}
            for child in map(int, children):
                with suppress(OSError):
                    command = Path(f"/proc/{child}/cmdline").read_bytes()
                    found["worker" if b"\0worker\0" in command else "web"].append(child)
            return found | {"server": [self.process.pid]}
        return {"server": [self.process.pid], "web": [], "worker": []}

    def kill(self, what: str) -> None:
        if what == "database":
            with suppress(OSError, ValueError):
                os.kill(int((self.home / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            time.sleep(0.2)
            EmbeddedServer(self.home).ensure_running(["gridhall"])
            return
        if what == "house":
            self.stop(signal.SIGKILL)
            self.serve()
            return
        for process in self.processes()[what][:1]:
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            if how == signal.SIGKILL:
                with suppress(OSError):
                    os.killpg(self.process.pid, how)
            else:
                self.process.terminate()
            self.process.wait(60)

    def ask(self, method: str, path: str, body: bytes = b"", cookie: str = "") -> tuple[int, str, bytes]:
        """One request; OSError or HTTPException where nobody answers, or not to the end."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if cookie:
            headers |= {"Cookie": f"{cookie}; csrftoken={TOKEN}", "Origin": f"http://127.0.0.1:{self.port}"}
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read()
        finally:
            line.close()

    def until_it_answers(self, seconds: float = 300) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/verify/")[0] == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("it does not answer")

    def order(self, customer: int, key: str, fen: int) -> str | None:
        """The number of the order that the page's form made; None where the answer was lost on the way."""
        home, cookie = self.customers[customer]
        form = {
            "csrfmiddlewaretoken": TOKEN, "key": key, "choice": "other", "amount": f"{fen // 100}.{fen % 100:02}",
            "method": "demo.link",
        }  # fmt: skip
        try:
            status, where, _ = self.ask("POST", f"/homes/{home}/pay/", urlencode(form).encode(), cookie)
        except (OSError, http.client.HTTPException):
            return None
        return where.split("/pay/")[1].split("/")[0] if status == 302 and "/pay/" in where else None

    def notice(self, number: str, fen: int) -> bytes:
        now = datetime.now(UTC)
        return signing.signed_notice(
            signing.keys_of(self.home), number=number, reference=f"B{number}", amount_fen=fen, paid_at=now, now=now
        )

    def tell(self, number: str, fen: int) -> bool:
        """Whether the house said that it has heard of a payment."""
        try:
            status, _, body = self.ask("POST", "/pay/notify/demo/", self.notice(number, fen))
        except (OSError, http.client.HTTPException):
            return False
        return status == 200 and body == b"success"

    def read(self, query: str) -> list[tuple[Any, ...]]:
        server = EmbeddedServer(self.home)
        with psycopg.connect(host=str(server.socket_dir), user="postgres", dbname="gridhall") as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    # Named as the homes of runs are: one that is left behind is swept by the next run.
    home = Path(tempfile.mkdtemp(prefix=f"gridhall-test-{os.getpid()}-"))
    home.chmod(0o755)
    place = home / "code"
    place.mkdir()
    (place / "witnesses").mkdir()
    (place / "witnesses" / "__init__.py").write_text("")
    (place / "witnesses" / "witness.py").write_text(WITNESS)
    (place / "killed_settings.py").write_text(
        "from gridhall.project.settings import *\nSUBSCRIBERS = [*SUBSCRIBERS, 'witnesses']\n"
        "STORAGES['staticfiles']['BACKEND'] = 'django.contrib.staticfiles.storage.StaticFilesStorage'\n"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {
        "GRIDHALL_HOME": str(home), "DJANGO_SETTINGS_MODULE": "killed_settings", "GRIDHALL_ZONE": "Asia/Shanghai",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT, place))),
    }  # fmt: skip
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(CUSTOMERS)], env=env, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE
    )
    found = House(home, port, env, json.loads(built.stdout.splitlines()[-1]))
    with psycopg.connect(
        host=str(EmbeddedServer(home).socket_dir), user="postgres", dbname="gridhall", autocommit=True
    ) as connection:
        connection.execute("CREATE TABLE test_heard (receipt bigint PRIMARY KEY)")
    signing.keys_of(home)
    found.serve()
    try:
        found.until_it_answers()
        yield found
    finally:
        found.stop()
        EmbeddedServer(home).stop()
        shutil.rmtree(home, ignore_errors=True)


def paid_meanwhile(told: dict[str, int], count: int) -> None:
    """Wait until so many more payments were heard of."""
    wanted, end = len(told) + count, time.monotonic() + 240
    while len(told) < wanted:
        assert time.monotonic() < end, "nobody can pay any more"
        time.sleep(0.02)


def test_killed_piece_by_piece_under_load_nothing_is_lost_and_nothing_twice(house: House) -> None:
    over = threading.Event()
    told: dict[str, int] = {}
    missed: dict[str, int] = {}
    count = itertools.count(1)

    def customer(at: int) -> None:
        luck = random.Random(at)
        while not over.is_set():
            fen, key = 100 + next(count), f"kill-{at}-{next(count)}"
            number = house.order(at, key, fen)
            while number is None and not over.is_set():
                time.sleep(0.2)  # the page is sent again, as it was
                number = house.order(at, key, fen)
            if number is None:
                return
            for _ in range(luck.choice((1, 1, 1, 2))):
                if house.tell(number, fen):
                    told[number] = fen
                else:
                    missed[number] = fen

    payers = [threading.Thread(target=customer, args=[at]) for at in range(6)]
    for each in payers:
        each.start()
    luck = random.Random(7)
    kills = ["web", "worker", "database", "web", "house", "worker", "database"]
    luck.shuffle(kills)
    for what in kills:
        paid_meanwhile(told, MEANWHILE)
        time.sleep(luck.uniform(0, 0.5))
        house.kill(what)
    paid_meanwhile(told, MEANWHILE)
    over.set()
    for each in payers:
        each.join()
    house.until_it_answers()
    # Gateways send again what was not answered with success, until it is; and sometimes what was.
    again = {**missed, **dict(list(told.items())[::7])}
    for number, fen in again.items():
        end = time.monotonic() + 60
        while not house.tell(number, fen):
            assert time.monotonic() < end
            time.sleep(0.2)
    end = time.monotonic() + 60
    while time.monotonic() < end and house.read(WRONG["messages left"])[0][0]:
        time.sleep(0.2)
    assert {name: house.read(query)[0][0] for name, query in WRONG.items()} == dict.fromkeys(WRONG, 0)
    posted = dict(
        house.read(
            "SELECT o.number, r.amount_fen FROM payments_receipt r JOIN payments_paymentorder o ON o.id = r.order_id"
        )
    )
    assert posted == told | missed
    assert len(told) >= MEANWHILE * (len(kills) + 1)


def test_a_double_click_and_two_phones_pay_once(house: House) -> None:
    house.until_it_answers()
    numbers: list[str | None] = []

    def click() -> None:
        numbers.append(house.order(10, "double", 777))

    clicks = [threading.Thread(target=click) for _ in range(6)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert len(set(numbers)) == 1
    number = numbers[0]
    assert number is not None
    # The gateway tells of it from six lines at once.
    heard: list[bool] = []
    tellers = [threading.Thread(target=lambda: heard.append(house.tell(number, 777))) for _ in range(6)]
    for each in tellers:
        each.start()
    for each in tellers:
        each.join()
    assert heard == [True] * 6
    # Two phones of a couple that pay amounts of their own: two orders, both are paid; what is too much is prepaid.
    phones = [house.order(11, "phone one", 500), house.order(11, "phone two", 500)]
    assert None not in phones
    assert len(set(phones)) == 2
    assert all(house.tell(str(each), 500) for each in phones)
    rows = house.read(
        "SELECT o.number, count(r.id), sum(r.amount_fen) FROM payments_paymentorder o"
        " JOIN payments_receipt r ON r.order_id = o.id"
        f" WHERE o.number IN ('{number}', '{phones[0]}', '{phones[1]}') GROUP BY 1"
    )
    assert sorted(rows) == sorted([(number, 1, 777), (phones[0], 1, 500), (phones[1], 1, 500)])
    assert house.read(WRONG["accounts out of balance"]) == [(0,)]
