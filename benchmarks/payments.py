"""Paid orders a second, end to end over HTTP.

    python -m benchmarks.payments --json

In a fresh home: customers with bills; `gridhall serve` as it comes (two processes, and the worker that delivers the
outbox); 16 clients at once. Each order is the form of the hall's pay page, posted by a customer who is signed in, and
the gateway's message, signed by its key and posted to the address where gateways tell what happened. Every tenth
message comes twice, as gateways do. With ``--follow`` the payer also goes on to the gateway's page, which announces the
order there; without it that step is left out, since a gateway of one's own is no part of a utility's load.

- `paid_orders_per_s`: orders whose message was answered with success, over the whole time.
- `p50_ms`, `p99_ms`: of one order: the answer to the form plus the answer to the message (both, if twice).
- `lost`: answered with success and not posted; `duplicated`: posted twice, or told twice to the outbox's subscriber.
- `ledger`: whether the entries of every account are its bills less its receipts, to the fen.
- `outbox_left`, `outbox_drained_s`: messages that waited when the clients stopped, and how long until none did.
- `cpu_ms_per_order`: of web, worker, database and clients: what the machine spends, whatever else runs on it.
- `bare_requests_per_s`: a bare Django view under the same server and as many clients, right after.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.bill_run import machine, temporary_home
from benchmarks.pages import ROOT, ask, serving, session

#: Who is billed and pays.
MONTHS = 3


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--follow", action="store_true", help="go on to the gateway's page as well")
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    with temporary_home() as home:
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.payments_settings"
        result = measure(home, arguments)
    print(json.dumps(result, indent=2, ensure_ascii=False) if arguments.as_json else result)


def measure(home: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Prepare customers, serve, pay, check, and give the figures."""
    import django

    django.setup()
    from django.db import connection

    from gridhall.integrations.demo_gateway import signing
    from gridhall.runtime import database

    database.ensure_running()
    database.prepare()
    customers = town(arguments.customers)
    signing.keys_of(home)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE benchmark_heard (receipt bigint PRIMARY KEY)")
        cursor.execute("ANALYZE")
    connection.close()
    task = {
        "customers": customers, "clients": arguments.clients, "home": str(home), "twice": 10,
        "follow": arguments.follow,
    }  # fmt: skip
    with house() as server:
        # Everybody has been here before.
        paid(task | {"server": server, "seconds": 600, "orders": 3 * arguments.customers})
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM payments_receipt")
            (before,) = cursor.fetchone()
        connection.close()
        used = cpu_seconds(home)
        found = paid(task | {"server": server, "seconds": arguments.seconds})
        left, drained = drain()
        used = {name: value - used.get(name, 0) for name, value in cpu_seconds(home).items()} | {
            "clients": found["cpu_s"]
        }
        checked = check(before, found["orders"])
    connection.close()
    with serving("benchmarks.bare") as bare:
        reference = ask(bare, [("/", "")], clients=arguments.clients, seconds=5)["per_s"]
    return {
        "paid_orders_per_s": round(found["per_s"], 1),
        "p50_ms": round(found["p50_ms"], 1),
        "p99_ms": round(found["p99_ms"], 1),
        "orders": len(found["orders"]),
        "seconds": round(found["seconds"], 1),
        **checked,
        "refusals": found["refusals"],
        "refused": found["refused"],
        "parts": {n: {k: round(v, 1) for k, v in part.items()} for n, part in found["parts"].items()},
        "cpu_ms_per_order": {name: round(value * 1000 / len(found["orders"]), 2) for name, value in used.items()},
        "outbox_left": left,
        "outbox_drained_s": round(drained, 2),
        "bare_requests_per_s": round(reference, 1),
        "ratio": round(found["per_s"] / reference, 3),
        "clients": arguments.clients,
        "customers": arguments.customers,
        "followed": arguments.follow,
        "machine": machine(),
    }


def paid(task: dict[str, Any]) -> dict[str, Any]:
    """What the clients did, from a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.paying"], input=json.dumps(task), text=True, capture_output=True, cwd=ROOT
    )
    if finished.returncode:
        raise RuntimeError(finished.stderr)
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def drain() -> tuple[int, float]:
    """How many messages of the outbox waited, and how long until none did."""
    from django.db import connection

    began, first = time.monotonic(), None
    with connection.cursor() as cursor:
        while time.monotonic() < began + 120:
            cursor.execute("SELECT count(*) FROM runtime_outboxmessage")
            (left,) = cursor.fetchone()
            first = left if first is None else first
            if not left:
                break
            time.sleep(0.05)
    return first or 0, time.monotonic() - began


def check(before: int, orders: dict[str, int]) -> dict[str, Any]:
    """Whether each order that was told paid is posted once, and the ledger is right."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.number, o.amount_fen, o.status, count(r.id), sum(r.amount_fen), count(h.receipt)"
            " FROM payments_paymentorder o LEFT JOIN payments_receipt r ON r.order_id = o.id"
            " LEFT JOIN benchmark_heard h ON h.receipt = r.id GROUP BY o.id"
        )
        posted = {number: row for number, *row in cursor.fetchall()}
        cursor.execute(
            "SELECT count(*) FROM accounts_customeraccount a WHERE"
            " (SELECT coalesce(sum(amount_fen), 0) FROM billing_ledgerentry WHERE account_id = a.id) <>"
            " (SELECT coalesce(sum(total_fen), 0) FROM billing_bill WHERE account_id = a.id AND status = 'issued')"
            " - (SELECT coalesce(sum(amount_fen), 0) FROM payments_receiptline WHERE account_id = a.id)"
        )
        (wrong,) = cursor.fetchone()
        cursor.execute("SELECT count(*), count(DISTINCT order_id) FROM payments_receipt WHERE id > %s", [before])
        receipts, distinct = cursor.fetchone()
    lost = [number for number, fen in orders.items() if posted.get(number, [])[1:5] != ["paid", 1, fen, 1]]
    return {
        "lost": len(lost),
        "duplicated": receipts - distinct,
        "receipts": receipts,
        "ledger": "right" if not wrong else f"{wrong} accounts are wrong",
    }


def cpu_seconds(home: Path) -> dict[str, float]:
    """What the processes of the house have used of the processor so far, by what they are."""
    tick = os.sysconf("SC_CLK_TCK")
    found = {"web": 0.0, "worker": 0.0, "database": 0.0}
    postmaster = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            figures = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().split(b"\0")
            own = str(home).encode() in (folder / "environ").read_bytes()
        except OSError:
            continue
        kind = (
            "database"
            if postmaster in (int(figures[1]), int(folder.name))
            else "worker"
            if b"worker" in command
            else "web"
        )
        if kind == "database" or (own and b"-m" not in command):
            # Its own time, and that of its children which have ended: servers of connections come and go.
            found[kind] += sum(map(int, figures[11:15] if int(folder.name) == postmaster else figures[11:13])) / tick
    return found


@contextmanager
def house() -> Iterator[str]:
    """`gridhall serve` on a free port; gives its address."""
    import socket
    import urllib.error
    import urllib.request

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", "from gridhall.project.main import main; main()", "serve", "--port", str(port)],
        cwd=ROOT, start_new_session=True, stdout=sys.stderr,
    )  # fmt: skip
    try:
        for _ in range(3000):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/verify/", timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def town(households: int) -> list[tuple[str, str]]:
    """Customers with bills of three months who can sign in; gives (key of the home, cookie) of each."""
    from django.db import connection, transaction

    from gridhall.contexts.identity.models import Link, User

    at = datetime.now(UTC)
    billed(households, at)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT u.id, a.customer_id FROM accounts_usagepoint u JOIN accounts_customeragreement a"
            " ON a.usage_point_id = u.id ORDER BY u.id")  # fmt: skip
        homes = cursor.fetchall()
        users = User.objects.bulk_create([User(username=f"benchmark-{n}") for n in range(households)])
        links = Link.objects.bulk_create(
            [
                Link(user=user, customer_id=customer, usage_point_id=point, proof="demo", linked_at=at)
                for user, (point, customer) in zip(users, homes, strict=True)
            ]
        )
    return [(link.key, session(user)) for link, user in zip(links, users, strict=True)]


def billed(households: int, at: datetime) -> None:
    """Households with bills of three months, issued at a moment."""
    import pyarrow as pa
    from django.db import connection, transaction

    from gridhall.contexts.accounts import operations as accounts
    from gridhall.contexts.accounts.models import Organisation
    from gridhall.contexts.billing.models import BillRun
    from gridhall.runtime.audit import Act

    names = [f"{n:06d}" for n in range(1, households + 1)]
    columns = {
        "organisations": pa.table({"code": ["LC"], "name": ["兰川"], "level": [1]}),
        "customers": pa.table(
            {"number": [f"C{n}" for n in names], "kind": ["person"] * households, "name": ["王一"] * households}
        ),
        "accounts": pa.table(
            {
                "number": [f"A{n}" for n in names], "organisation": ["LC"] * households,
                "customer": [f"C{n}" for n in names],
            }
        ),
        "usage_points": pa.table(
            {
                "number": [f"3101{n}" for n in names], "organisation": ["LC"] * households,
                "usage_class": ["residential"] * households,
            }
        ),
        "agreements": pa.table(
            {
                "usage_point": [f"3101{n}" for n in names], "customer": [f"C{n}" for n in names],
                "account": [f"A{n}" for n in names], "tariff_code": ["t"] * households,
                "start": pa.array([date(at.year - 1, 1, 1)] * households, pa.date32()),
            }
        ),
    }  # fmt: skip
    accounts.load(accounts.Portfolio(**columns), act=Act("benchmark", at))
    with transaction.atomic(), connection.cursor() as cursor:
        run = BillRun.objects.create(
            organisation_id=Organisation.objects.get().pk, start_date=date(at.year - 1, 1, 1),
            end_date=date(at.year - 1, 4, 1), kind="regular", status="running", readings_version=1, rules={},
            calendar={}, started_at=at,
        )  # fmt: skip
        cursor.execute(_BILLS, {"run": run.pk, "months": MONTHS, "year": at.year - 1, "at": at})


_BILLS = """
    INSERT INTO billing_bill (number, run_id, agreement_id, usage_point_id, account_id, organisation_id, start_date,
        end_date, tariff_code, tariff_digest, tariff_versions, readings_version, line_no, quantity, price, amount_fen,
        total_fen, separate_fen, tax_fen, energy_wh, tier_used_wh, tier_used_after_wh, tier_source, days_read, missing,
        estimated, since_date, issued_at, status)
    SELECT (to_char(m.first, 'YYYYMMDD') || lpad(a.id::text, 9, '0') || '01')::bigint, %(run)s, a.id, a.usage_point_id,
        s.account_id, u.organisation_id, m.first, (m.first + interval '1 month')::date, 't', 'd', '{2026}', 1, '{0}',
        '{1}', '{1}', ARRAY[fen], fen, 0, 0, 1, 0, 1, 'none', 30, 0, 0, m.first, %(at)s, 'issued'
    FROM accounts_customeragreement a JOIN accounts_settlement s ON s.agreement_id = a.id
    JOIN accounts_usagepoint u ON u.id = a.usage_point_id
    CROSS JOIN LATERAL (SELECT make_date(%(year)s, n, 1) AS first FROM generate_series(1, %(months)s) n) m
    CROSS JOIN LATERAL (SELECT 5000 + a.id %% 20000 AS fen) f
"""


if __name__ == "__main__":
    main()
