"""Accounts: taking over a population, and the list of who is billed in a month.

    python -m benchmarks.accounts --usage-points 1000000 --json

Each usage point has a customer, an account, an agreement and its settlement. What is measured, against the embedded
PostgreSQL (durable: flushed to disk) in a temporary home:

- `copy_s`: the same five tables by COPY into tables without any constraint or index; the reference.
- `load_s`: `accounts.operations.load`, every constraint checked, the audit trail written.
- `billable_s`: `accounts.queries.billable` of a month as an Arrow table; `billable_batches_mb` is by how much the
  memory of this process rises when the batches are read one after the other.
- `change_ms`: one change of tariff, the median of several.
"""

import argparse
import json
import resource
import statistics
import time
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.bill_run import temporary_home

MONTH = (2025, 6)


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--usage-points", type=int, default=50_000)
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    with temporary_home():
        result = measure(arguments.usage_points)
    if arguments.as_json:
        print(json.dumps(result, indent=2))
    else:
        for name, value in result.items():
            print(f"{name:20} {value}")


def measure(count: int) -> dict[str, Any]:
    """Set up, measure, and give the figures."""
    import django

    django.setup()
    from gridhall.contexts.accounts import operations, queries
    from gridhall.kernel.spans import DateSpan
    from gridhall.runtime import database
    from gridhall.runtime.audit import Act

    database.ensure_running()
    database.prepare()
    act = Act("benchmark", datetime(2025, 7, 1, tzinfo=UTC))
    tables = population(count)
    copied = bare_copy(tables)
    begun = time.perf_counter()
    operations.load(operations.Portfolio(**tables), act=act)
    loaded = time.perf_counter() - begun

    month = DateSpan.month(*MONTH)
    before = peak_mb()
    for _ in queries.billable_batches(None, month):
        pass
    batches_mb = peak_mb() - before
    begun = time.perf_counter()
    rows = queries.billable(None, month).num_rows
    billable = time.perf_counter() - begun

    changes = []
    for number in tables["usage_points"]["number"][:11].to_pylist():
        begun = time.perf_counter()
        operations.change_tariff(number, tariff_code="another", start=date(2025, 7, 1), act=act)
        changes.append(time.perf_counter() - begun)
    return {
        "usage_points": count,
        "copy_s": round(copied, 2),
        "load_s": round(loaded, 2),
        "load_over_copy": round(loaded / copied, 2),
        "billable_rows": rows,
        "billable_s": round(billable, 2),
        "billable_batches_mb": round(batches_mb),
        "change_ms": round(1000 * statistics.median(changes), 1),
        "peak_rss_mb": round(peak_mb()),
    }


def population(count: int) -> dict[str, pa.Table]:
    """A province with one station and ``count`` households."""
    serial = pc.utf8_lpad(pa.array(np.arange(count)).cast(pa.string()), 9, "0")
    number, customer, account = (pc.binary_join_element_wise(prefix, serial, "") for prefix in ("31", "C31", "A31"))

    def same(value: Any) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([value]))

    return {
        "organisations": pa.table(
            {"code": ["31", "3101"], "name": ["上海", "浦东"], "level": [1, 4], "parent": [None, "31"]}
        ),
        "customers": pa.table({"number": customer, "kind": same("person"), "name": customer}),
        "accounts": pa.table({"number": account, "organisation": same("3101"), "customer": customer}),
        "usage_points": pa.table({"number": number, "organisation": same("3101"), "usage_class": same("residential")}),
        "agreements": pa.table(
            {"usage_point": number, "customer": customer, "account": account, "tariff_code": same("home")}
            | {"start": same(date(2024, 1, 1)).cast(pa.date32())}
        ),
    }


def bare_copy(tables: dict[str, pa.Table]) -> float:
    """Seconds for COPY of the same rows into tables that check nothing."""
    from django.db import connection, transaction

    from gridhall.runtime.copy import copy_in

    settled = tables["agreements"].select(["usage_point", "account", "start"])
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for name, rows in (tables | {"settlements": settled}).items():
            if name == "organisations":
                continue
            columns = ", ".join(f'"{c}" {"date" if c == "start" else "text"}' for c in rows.column_names)
            cursor.execute(f"CREATE TABLE bare_{name} ({columns})")
            copy_in(f"bare_{name}", rows)
    return time.perf_counter() - begun


def peak_mb() -> float:
    """The highest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
