"""Pages of hall and console on a built `town` demo: queries, time for one person, answers a second for 32.

    GRIDHALL_HOME=/path/of/a/town python -m benchmarks.pages --json

Without GRIDHALL_HOME the town is built first (some minutes, not counted) and removed at the end. A given home is not
changed: a copy of its database is measured, beside a link to its lake.

For each page, over HTTP against gunicorn as `gridhall serve` runs it, on many different customers, everything warm:

- `queries`: the most that one answer needs.
- `p50_ms`, `p95_ms`: of one person who asks again and again, over one connection.
- `requests_per_s`: with 32 clients at once. The clients are one process of their own on the same machine and take their
  share of its cores, for the reference as well.
- `ratio`: of that to a bare Django view (`benchmarks.bare`: no middleware, no database, one line of text) under the
  same gunicorn, measured in turns with the pages.

`first_visit_kb` is what a phone that was never here fetches for the home page, compressed as served; charts come after.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from benchmarks.bill_run import machine

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = 32


@dataclass
class Page:
    """A page and the requests for it: (path, cookie of who asks), of different customers."""

    name: str
    asked: list[tuple[str, str]]


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=200, help="over how many customers the requests go")
    parser.add_argument("--requests", type=int, default=400, help="of one person, for each page")
    parser.add_argument("--seconds", type=float, default=5, help="how long 32 clients ask for each page")
    parser.add_argument("--only", help="pages whose names contain this")
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    with town() as home:
        result = measure(home, arguments)
    if arguments.as_json:
        print(json.dumps(result, indent=2, ensure_ascii=False))
        return
    for page in result["pages"]:
        print("  ".join(f"{key} {value}" for key, value in page.items()))
    print({key: value for key, value in result.items() if key != "pages"})


def measure(home: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Prepare people, start both servers, ask, and give the figures."""
    import django

    django.setup()
    from django.db import connection

    from gridhall.channels.cli.serve import collect_static
    from gridhall.runtime import database

    database.prepare()
    collect_static()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    pages = asked_for(arguments.customers, arguments.only)
    counted = {page.name: queries(page) for page in pages}
    connection.close()
    with serving("gridhall.project.settings") as house, serving("benchmarks.bare") as bare:
        for page in pages:
            ask(house, page.asked, clients=4, requests=len(page.asked))
        ask(bare, [("/", "")], clients=4, requests=1000)
        references, found = [], []
        for page in pages:
            alone = ask(house, page.asked, clients=1, requests=arguments.requests)
            references.append(ask(bare, [("/", "")], clients=CLIENTS, seconds=arguments.seconds / 2)["per_s"])
            many = ask(house, page.asked, clients=CLIENTS, seconds=arguments.seconds)
            found.append((page, alone, many))
        first_visit = transferred(house, *pages[0].asked[0])
    bare_per_s = statistics.median(references)
    return {
        "pages": [
            {
                "name": page.name,
                "queries": counted[page.name],
                "p50_ms": round(alone["p50_ms"], 1),
                "p95_ms": round(alone["p95_ms"], 1),
                "requests_per_s": round(many["per_s"], 1),
                "ratio": round(many["per_s"] / bare_per_s, 3),
            }
            for page, alone, many in found
        ],
        "bare_requests_per_s": round(bare_per_s, 1),
        "clients": CLIENTS,
        "customers": arguments.customers,
        "first_visit_kb": round(sum(first_visit.values()) / 1000, 1),
        "first_visit": first_visit,
        "machine": machine(),
    }


# -- whom and what ------------------------------------------------------------------------------------------------


def asked_for(customers: int, only: str | None) -> list[Page]:
    """The pages, each asked for by or about different customers: residents with a bill of the newest month."""
    from django.urls import reverse

    from gridhall.contexts.billing.models import Bill
    from gridhall.contexts.identity.models import Link, User

    newest = Bill.objects.latest("start_date").start_date.replace(day=1)
    bills = Bill.objects.filter(start_date=newest, usage_point__usage_class="residential", status="issued")
    step = max(1, bills.count() // customers)
    found: dict[str, list[tuple[str, str]]] = {}
    clerk = session(staff())
    for at, bill in enumerate(bills.select_related("usage_point", "agreement__customer").order_by("number")[::step]):
        customer = bill.agreement.customer
        user = User.objects.create(username=f"benchmark-{at}")
        link = Link.objects.create(
            user=user, customer=customer, usage_point_id=bill.usage_point_id, proof="demo", linked_at=bill.issued_at
        )
        cookie, home = session(user), {"home": link.key}
        word = (customer.name[:2], bill.usage_point.number[-3:], bill.usage_point.number[:9])[at % 3]
        for name, who, path in (
            ("home", cookie, reverse("hall.home-of", kwargs=home)),
            ("bill", cookie, reverse("hall.bill", kwargs=home | {"number": bill.number})),
            ("usage year", cookie, reverse("hall.usage-year", kwargs=home | {"when": f"{newest:%Y}"})),
            ("usage month", cookie, reverse("hall.usage-month", kwargs=home | {"when": f"{newest:%Y-%m}"})),
            ("console search", clerk, f"{reverse('console.search')}?{urlencode({'q': word})}"),
            ("customer page", clerk, reverse("console.customer", kwargs={"number": customer.number})),
        ):
            if not only or only in name:
                found.setdefault(name, []).append((path, who))
    return [Page(name, asked) for name, asked in found.items()]


def staff() -> Any:
    """A clerk of the whole utility."""
    from datetime import date

    from gridhall.contexts.accounts.models import Organisation
    from gridhall.contexts.identity.models import StaffPosition, User
    from gridhall.contexts.identity.types import Role

    user = User.objects.create(username="benchmark-clerk")
    top = Organisation.objects.get(parent=None)
    StaffPosition.objects.create(user=user, organisation=top, role=Role.CLERK, start_date=date(2020, 1, 1))
    return user


def session(user: Any) -> str:
    """The cookie of somebody who signed in, staff with their second factor."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    kept = client.session
    kept["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    kept["account_authentication_methods_user"] = str(user.pk)
    kept.save()
    return f"{settings.SESSION_COOKIE_NAME}={kept.session_key}"


def queries(page: Page) -> int:
    """The most queries that one of twenty answers needs to somebody who has been there before."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    counts = []
    for path, cookie in page.asked[:20]:
        client = Client(headers={"cookie": cookie})
        client.get(path, headers={"host": "127.0.0.1"})
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path, headers={"host": "127.0.0.1"})
        assert response.status_code == 200, (path, response.status_code)
        counts.append(len(captured))
    return max(counts)


# -- servers and clients ------------------------------------------------------------------------------------------


@contextmanager
def serving(settings_module: str) -> Iterator[str]:
    """A server with these settings, run as `gridhall serve` runs it; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"""
import django
django.setup()
from gridhall.channels.cli.serve import answer
answer(host="127.0.0.1", port={port})
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": settings_module},
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                    break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def ask(
    server: str, asked: list[tuple[str, str]], *, clients: int, requests: int = 0, seconds: float = 0
) -> dict[str, float]:
    """Ask from a process of its own, for so many requests or so many seconds."""
    task = {"server": server, "asked": asked, "clients": clients, "requests": requests, "seconds": seconds}
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.asking"], input=json.dumps(task), text=True, capture_output=True, cwd=ROOT
    )
    if finished.returncode:
        raise RuntimeError(finished.stderr)
    answer: dict[str, float] = json.loads(finished.stdout)
    return answer


def transferred(server: str, path: str, cookie: str) -> dict[str, int]:
    """Bytes on the wire, by path: a page and the style sheets, scripts and pictures that it names."""
    html, size = fetch(server, path, cookie)
    found = {"page": size}
    for name in sorted(set(re.findall(r'(?:<script[^>]* src|<link[^>]* href|<img[^>]* src)="(/[^"]+)"', html))):
        found[name.split("/")[-1]] = fetch(server, name, cookie)[1]
    return found


def fetch(server: str, path: str, cookie: str) -> tuple[str, int]:
    """The text of an answer where it is text, and its length on the wire, head included."""
    request = urllib.request.Request(
        f"http://{server}{path}", headers={"Cookie": cookie, "Accept-Encoding": "br, gzip", "Accept": "*/*"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        body = response.read()
        size = len(body) + len(str(response.headers))
        text = body.decode(errors="replace") if not response.headers.get("Content-Encoding") else ""
    if response.headers.get("Content-Type", "").startswith("text/html") and not text:
        plain = urllib.request.Request(f"http://{server}{path}", headers={"Cookie": cookie})
        with urllib.request.urlopen(plain, timeout=30) as response:
            text = response.read().decode()
    return text, size


# -- the town -----------------------------------------------------------------------------------------------------


@contextmanager
def town() -> Iterator[Path]:
    """A home with a copy of the town's database, and a link to its lake; settings are read with it."""
    given = os.environ.get("GRIDHALL_HOME")
    with ExitStack() as ends:
        work = Path(tempfile.mkdtemp(prefix="gridhall-bench-"))
        ends.callback(shutil.rmtree, work, ignore_errors=True)
        built = Path(given).resolve() if given else work / "town"
        if not given:
            environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
            subprocess.run(
                [sys.executable, "-c", "from gridhall.project.main import main; main()", "demo", "--no-serve"],
                env=environment | {"GRIDHALL_HOME": str(built)}, check=True, stdout=sys.stderr,
            )  # fmt: skip
        home = work / "home"
        home.mkdir(parents=True)
        (home / "lake").symlink_to(built / "lake")
        name = ends.enter_context(copied(built, stop=not given))
        from gridhall.runtime.embedded import EmbeddedServer

        where = quote(str(EmbeddedServer(built).socket_dir), safe="")
        os.environ["DATABASE_URL"] = f"postgres:///{name}?host={where}&user=postgres"
        os.environ["GRIDHALL_HOME"] = str(home)
        os.environ["DJANGO_SETTINGS_MODULE"] = "gridhall.project.settings"
        yield home


@contextmanager
def copied(built: Path, *, stop: bool) -> Iterator[str]:
    """The name of a copy of the town's database, on its own server."""
    import psycopg

    from gridhall.runtime.embedded import EmbeddedServer, programs

    server = EmbeddedServer(built)
    started = server.ensure_running(["gridhall"])
    name = f"pages_{os.getpid()}"
    try:
        with psycopg.connect(
            host=str(server.socket_dir), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(f"CREATE DATABASE {name}")
            try:
                # A dump, not a template: somebody may be looking at the town.
                where = ["-h", str(server.socket_dir), "-U", "postgres"]
                with subprocess.Popen(
                    [programs() / "pg_dump", *where, "--format=custom", "--compress=0", "gridhall"],
                    stdout=subprocess.PIPE,
                ) as dump:
                    subprocess.run([programs() / "pg_restore", *where, "-d", name], stdin=dump.stdout, check=True)
                assert dump.returncode == 0
                connection.execute("CHECKPOINT")
                yield name
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        if started or stop:
            server.stop()


if __name__ == "__main__":
    main()
