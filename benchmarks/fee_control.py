"""The daily run of smart fee control: readings → unbilled charges → balances → levels and notices, for everybody.

    python -m benchmarks.fee_control --usage-points 1000000 --days 31 --json

Usage points, tariff and readings are those of `benchmarks.bill_run`; every usage point is under fee control and has
paid something ahead. It is the hardest day of a month: the first of the next one, when nothing of it is billed yet.

- `stock_s`: `take_stock`: who is under fee control and what the ledger says from PostgreSQL, 96 readings a day rated by
  the same tariff plan as the bill, balances, levels, states written, warnings put on timelines.
- `notices_s`: `advance`: written notices to all whose balance is spent.
- `again_s`: the same stock taken once more, as on any day on which nobody is new.

Making accounts, readings and payments is not counted. `peak_rss_mb` as in `benchmarks.bill_run`.
"""

import argparse
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.bill_run import START, Memory, machine, scan_seconds, set_up, temporary_home

#: What each account has paid ahead, in fen: at least the first, and up to the second more.
PAID = (22_000, 40_000)


def main() -> None:
    """Read the arguments, measure in a temporary home, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--usage-points", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    with temporary_home() as home:
        result = measure(home, arguments.usage_points, arguments.days)
    if arguments.as_json:
        print(json.dumps(result, indent=2))
    else:
        for name, value in result.items():
            print(f"{name:20} {value}")


def measure(home: Path, usage_points: int, days: int) -> dict[str, Any]:
    """Set up, measure, and give the figures."""
    import django

    django.setup()
    from gridhall.contexts.payments.models import FeeCase, FeeState
    from gridhall.contexts.payments.operations.fee_control_cases import advance
    from gridhall.contexts.payments.operations.fee_control_daily import take_stock
    from gridhall.runtime import database
    from gridhall.runtime.audit import Act

    began = time.perf_counter()
    database.ensure_running()
    database.prepare()
    # A morning on which the newest readings are yesterday's.
    today = START + timedelta(days=days)
    act = Act("benchmark", datetime(today.year, today.month, today.day, 1, tzinfo=UTC))
    files = set_up(home, usage_points, days, act)
    agree(act)
    pay(act)
    setup_s = time.perf_counter() - began
    scan_s = scan_seconds([home / "lake" / file.path for file in files])
    with Memory() as memory:
        began = time.perf_counter()
        stock = take_stock(today, act=act)
        stock_s = time.perf_counter() - began
        began = time.perf_counter()
        moved = advance(act=act)
        notices_s = time.perf_counter() - began
        began = time.perf_counter()
        again = take_stock(today, act=act)
        again_s = time.perf_counter() - began
    assert stock.usage_points == FeeState.objects.count() == usage_points
    assert stock.levels.get("spent", 0) == FeeCase.objects.count() == moved.moves.get("notice", 0)
    assert (again.levels, again.warned) == (stock.levels, 0)
    return {
        "usage_points": usage_points,
        "days": days,
        "readings": usage_points * days * 96,
        "levels": stock.levels,
        "warned": stock.warned,
        "notices": moved.moves.get("notice", 0),
        "scan_s": round(scan_s, 1),
        "stock_s": round(stock_s, 1),
        "notices_s": round(notices_s, 1),
        "daily_run_s": round(stock_s + notices_s, 1),
        "again_s": round(again_s, 1),
        "peak_rss_mb": round(memory.peak),
        "peak_rss_own_mb": round(memory.own),
        "setup_s": round(setup_s, 1),
        "machine": machine(),
    }


def agree(act: Any) -> None:
    """Everybody is under fee control and pays before using."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_feecontrol (usage_point_id, customer_id, mode, signed_at, signed_by, ended_by)"
            " SELECT usage_point_id, customer_id, 'prepaid', %s, 'benchmark', '' FROM accounts_customeragreement",
            [act.at],
        )
        cursor.execute("ANALYZE payments_feecontrol")


def pay(act: Any) -> None:
    """Every account has paid something ahead, by a receipt that posts itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        # Each receipt is made with its one line: no need to add up a million of them again.
        for table, trigger in (("receipt", "receipt_balanced"), ("receiptline", "receiptline_balanced")):
            cursor.execute(f"ALTER TABLE payments_{table} DISABLE TRIGGER {trigger}")
        cursor.execute(
            "INSERT INTO payments_receipt (kind, gateway, method, reference, organisation_id, amount_fen, paid_at,"
            " value_date, posted_at, actor, reason)"
            " SELECT 'receipt', 'benchmark', 'cash', id::text, organisation_id, %s + (id * 7919) %% %s, %s, %s, %s,"
            " 'benchmark', '' FROM accounts_customeraccount",
            [PAID[0], PAID[1], act.at, act.at.date(), act.at],
        )
        cursor.execute(
            "INSERT INTO payments_receiptline (receipt_id, account_id, amount_fen)"
            " SELECT id, reference::bigint, amount_fen FROM payments_receipt"
        )
        for table, trigger in (("receipt", "receipt_balanced"), ("receiptline", "receiptline_balanced")):
            cursor.execute(f"ALTER TABLE payments_{table} ENABLE TRIGGER {trigger}")
        cursor.execute("ANALYZE billing_ledgerentry")


if __name__ == "__main__":
    main()
