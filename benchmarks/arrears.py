"""The nightly work on money that is late: late-payment charges and arrears of every account.

    python -m benchmarks.arrears --accounts 100000 --json

Every account has three bills that fell due on one day; 40 days later half have paid everything, a fifth a part of it,
the others nothing. Making accounts, bills and payments is not counted.

- `charges_s`: which accounts are to be assessed, their books, charges by value dates, and the rows posted.
- `charges_again_s`: the same day once more, when nothing has changed.
- `collect_s`: cases opened for all that are overdue, ranked, with their next step; `collect_again_s`: once more.
- `ledger_sum_s`, the reference: PostgreSQL adds up the ledger by account.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.bill_run import machine, temporary_home
from benchmarks.payments import billed

#: So many days after the due day.
LATE = 40


def main() -> None:
    """Read the arguments, measure in a temporary home, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    with temporary_home():
        result = measure(arguments.accounts)
    print(json.dumps(result, indent=2) if arguments.as_json else result)


def measure(accounts: int) -> dict[str, Any]:
    """Set up, measure, and give the figures."""
    import django

    django.setup()
    from django.db import connection

    from gridhall.contexts.billing import queries as billing
    from gridhall.contexts.payments import operations, queries
    from gridhall.contexts.payments.operations.collection import collect
    from gridhall.runtime import database
    from gridhall.runtime.audit import Act

    database.ensure_running()
    database.prepare()
    at = datetime.now(UTC)
    billed(accounts, at)
    pay(at)
    night = at + timedelta(days=billing.due_days() + LATE)
    act = Act("benchmark", night)

    def charges() -> int:
        asked = queries.to_assess(night.date(), since=None)
        return sum(operations.assess(asked[n : n + 200], night.date(), act=act) for n in range(0, len(asked), 200))

    def ledger() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM (SELECT sum(amount_fen) FROM billing_ledgerentry GROUP BY account_id) f"
            )
            return int(cursor.fetchone()[0])

    charged, charges_s = timed(charges)
    _, again_s = timed(charges)
    found, collect_s = timed(lambda: collect(night.date(), act=act))
    _, collect_again_s = timed(lambda: collect(night.date(), act=act))
    _, ledger_s = timed(ledger)
    return {
        "accounts": accounts, "charged_bills": charged, "charges_s": charges_s, "charges_again_s": again_s,
        "cases": found.open, "overdue_fen": found.overdue_fen, "collect_s": collect_s,
        "collect_again_s": collect_again_s, "ledger_sum_s": ledger_s, "machine": machine(),
    }  # fmt: skip


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and the seconds that it took."""
    began = time.perf_counter()
    found = work()
    return found, round(time.perf_counter() - began, 2)


def pay(at: datetime) -> None:
    """Half of the accounts have paid everything, a fifth two thirds of a bill."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_receipt (kind, gateway, method, reference, organisation_id, amount_fen, paid_at,"
            " value_date, posted_at, actor, reason)"
            " SELECT 'receipt', 'benchmark', 'cash', b.account_id::text, min(b.organisation_id),"
            " CASE WHEN b.account_id %% 10 < 5 THEN sum(b.total_fen) ELSE min(b.total_fen) * 2 / 3 END, %(at)s,"
            " %(day)s, %(at)s, 'benchmark', '' FROM billing_bill b WHERE b.account_id %% 10 < 7 GROUP BY b.account_id;"
            "INSERT INTO payments_receiptline (receipt_id, account_id, amount_fen)"
            " SELECT id, reference::bigint, amount_fen FROM payments_receipt",
            {"at": at, "day": at.date()},
        )
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main()
