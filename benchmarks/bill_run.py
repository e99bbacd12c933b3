"""Bill run: a month of a whole population from Parquet readings to bills posted in the ledger.

    python -m benchmarks.bill_run --usage-points 1000000 --days 31 --json

Usage points are on the Shanghai residential tariff: time of use with annual tiers. Readings are synthetic, 96 a day.
What is measured, in one process and with the same threads:

- `scan_s`: DuckDB sums the same Parquet per usage point; the reference.
- `rating_s`: determinants and charges of everybody, as the bill run does it, without database. Both are repeated in
  turns, and the best of each counts.
- `run_s`: `run_month` end to end: agreements from PostgreSQL, readings, charges, bills and ledger entries committed to
  the embedded PostgreSQL (durable: flushed to disk), in batches.

Making the accounts and readings is not counted. Everything lives in a temporary home that is removed at the end.
`peak_rss_mb` is the highest sum of the resident memory of this process and the database's processes, where shared
memory counts once, as Linux reports it (PSS), sampled while rating and running.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

START = date(2025, 1, 1)
TARIFF = "shanghai-residential-tou"


def main() -> None:
    """Read the arguments, measure in a temporary home, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--usage-points", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--repeats", type=int, default=3, help="how often scan and rating are repeated, in turns")
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    with temporary_home() as home:
        result = measure(home, arguments.usage_points, arguments.days, arguments.repeats)
    if arguments.as_json:
        print(json.dumps(result, indent=2))
    else:
        for name, value in result.items():
            print(f"{name:20} {value}")


def measure(home: Path, usage_points: int, days: int, repeats: int) -> dict[str, Any]:
    """Set up, measure, and give the figures."""
    import django

    django.setup()
    from gridhall.contexts.billing import operations
    from gridhall.kernel.spans import DateSpan
    from gridhall.runtime import database
    from gridhall.runtime.audit import Act

    began = time.perf_counter()
    database.ensure_running()
    database.prepare()
    act = Act("benchmark", datetime.now(UTC))
    span = DateSpan(START, START + timedelta(days=days))
    files = set_up(home, usage_points, days, act)
    setup_s = time.perf_counter() - began

    paths = [home / "lake" / file.path for file in files]
    scan, rate = [], []
    # In turns, so that both meet the same neighbours on the machine; the best of each counts.
    with Memory() as rating:
        for _ in range(repeats):
            scan.append(scan_seconds(paths))
            seconds, rated = rating_seconds(span)
            rate.append(seconds)
    with Memory() as running:
        began = time.perf_counter()
        report = operations.run_month(span, act=act, today=date(2026, 1, 1))
        run_s = time.perf_counter() - began
    assert report.bills == rated == usage_points, (report, rated)
    return {
        "usage_points": usage_points,
        "days": days,
        "readings": usage_points * days * 96,
        "bills": report.bills,
        "total_yuan": f"{report.total_fen / 100:.2f}",
        "scan_s": round(min(scan), 3),
        "scan_median_s": round(statistics.median(scan), 3),
        "rating_s": round(min(rate), 3),
        "rating_median_s": round(statistics.median(rate), 3),
        "rating_over_scan": round(min(rate) / min(scan), 3),
        "run_s": round(run_s, 3),
        "bills_per_h": round(report.bills / run_s * 3600),
        "peak_rss_mb": round(max(rating.peak, running.peak)),
        "peak_rss_own_mb": round(max(rating.own, running.own)),
        "setup_s": round(setup_s, 1),
        "parquet_mb": round(sum(path.stat().st_size for path in paths) / 1e6),
        "machine": machine(),
    }


def set_up(home: Path, usage_points: int, days: int, act: Any) -> Any:
    """Accounts by COPY, the published tariff, readings in the lake and its catalogue."""
    import pyarrow as pa

    from benchmarks.synthetic import write_readings
    from gridhall.contexts.accounts import operations as accounts
    from gridhall.contexts.accounts import queries
    from gridhall.contexts.metering.models import Import, LakeFile
    from gridhall.contexts.tariffs.publishing import publish
    from gridhall.runtime.content import content

    publish(content("tariffs", f"{TARIFF}.yaml").read_text(), name=TARIFF, at=act.at)
    accounts.load(accounts.Portfolio(organisations=pa.table({"code": ["SH"], "name": ["上海"], "level": [1]})), act=act)
    for first in range(1, usage_points + 1, 250_000):
        accounts.load(portfolio(first, min(first + 250_000, usage_points + 1)), act=act)
    points = queries.usage_points_of(None)["id"]
    assert (points[0].as_py(), points[-1].as_py()) == (1, usage_points)
    imported = Import.objects.create(
        file_name="synthetic", file_bytes=0, content_sha256="0" * 64, format="benchmark", zone="Asia/Shanghai",
        available_at=act.at,
    )  # fmt: skip
    files = write_readings(home / "lake", usage_points, days, START, version=imported.pk)
    LakeFile.objects.bulk_create(
        LakeFile(
            source=imported, path=file.path, channel=file.channel.value, month=f"{file.month}-01",
            first_day=file.first_day, last_day=file.last_day, rows=file.rows, usage_point_min=file.usage_point_min,
            usage_point_max=file.usage_point_max, revision=file.revision,
        )
        for file in files
    )  # fmt: skip
    return files


def portfolio(first: int, stop: int) -> Any:
    """Households, each with a customer, an account and an agreement of its own, since the beginning of the year."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from gridhall.contexts.accounts.operations import Portfolio

    count = stop - first
    number = pc.utf8_lpad(pa.array(range(first, stop)).cast(pa.string()), 9, "0")

    def named(letter: str) -> Any:
        return pc.binary_join_element_wise(pa.scalar(letter), number, "")

    same = {name: pa.repeat(pa.scalar(value), count) for name, value in {"unit": "SH", "kind": "person"}.items()}
    start = pa.repeat(pa.scalar(START, pa.date32()), count)
    customers = pa.table({"number": named("C"), "kind": same["kind"], "name": named("客")})
    held = pa.table({"number": named("A"), "organisation": same["unit"], "customer": named("C")})
    points = pa.table(
        {
            "number": named("U"),
            "organisation": same["unit"],
            "usage_class": pa.repeat(pa.scalar("residential"), count),
        }
    )
    agreements = pa.table(
        {
            "usage_point": named("U"),
            "customer": named("C"),
            "account": named("A"),
            "tariff_code": pa.repeat(pa.scalar(TARIFF), count),
            "start": start,
        }
    )
    return Portfolio(customers=customers, accounts=held, usage_points=points, agreements=agreements)


def scan_seconds(paths: list[Path]) -> float:
    """DuckDB sums every usage point's curves; the plainest thing that reads the same readings."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {os.cpu_count() or 1}")
        connection.execute("SET preserve_insertion_order = false")
        listed = ", ".join(f"'{path}'" for path in paths)
        query = f"SELECT usage_point, sum(list_sum(curve)) AS wh FROM read_parquet([{listed}]) GROUP BY usage_point"
        began = time.perf_counter()
        connection.sql(query).to_arrow_table()
        return time.perf_counter() - began


def rating_seconds(span: Any) -> tuple[float, int]:
    """Determinants and charges of everybody by the bill run's own batches; agreements are read beforehand."""
    from gridhall.contexts.billing import sources
    from gridhall.contexts.billing.positions import with_positions
    from gridhall.contexts.billing.raters import AT_ONCE, Raters
    from gridhall.contexts.billing.settings import rules as current_rules

    rules = current_rules()
    document = sources.pin(TARIFF)
    placed, _ = with_positions(sources.agreements(None, span), document.tariff, rules)
    with Raters(sources.newest_version(), sources.calendar_of(span)) as raters:
        began = time.perf_counter()
        waiting: deque[Any] = deque()
        rated = 0
        for begin in range(0, placed.num_rows, rules.batch):
            waiting.append(raters.submit(document, placed.slice(begin, rules.batch), span, rules))
            if len(waiting) > AT_ONCE:
                rated += len(waiting.popleft().result().billable())
        rated += sum(len(each.result().billable()) for each in waiting)
        return time.perf_counter() - began, rated


@dataclass
class Memory:
    """Samples the memory of this process and of the database's, in MB, while the context is open."""

    peak: float = 0
    own: float = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Memory":
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while True:
            self._sample()
            if self._stop.wait(0.5):
                return

    def _sample(self) -> None:
        own = proportional(os.getpid())
        self.own = max(self.own, own)
        self.peak = max(self.peak, own + sum(proportional(process) for process in database_processes()))


def database_processes() -> list[int]:
    """The process ids of the embedded server in this home."""
    from django.conf import settings

    from gridhall.runtime.embedded import EmbeddedServer

    if settings.DATABASE_URL:
        return []
    main = EmbeddedServer(settings.HOME).process_id()
    if main is None:
        return []
    try:
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    except OSError:
        children = []
    return [main, *map(int, children)]


def proportional(process: int) -> float:
    """The proportional resident memory (PSS) of a process in MB; 0 where it cannot be read."""
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0


def machine() -> dict[str, Any]:
    """What it ran on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": model, "cores": os.cpu_count(), "memory_gb": round(memory / 1e9), "system": platform.platform()}


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A home of its own for database and lake, removed at the end; settings are read with it."""
    home = Path(tempfile.mkdtemp(prefix="gridhall-bench-"))
    home.chmod(0o755)
    os.environ["GRIDHALL_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridhall.project.settings")
    os.environ["GRIDHALL_ZONE"] = "Asia/Shanghai"
    os.environ.pop("DATABASE_URL", None)
    try:
        yield home
    finally:
        from gridhall.runtime.embedded import EmbeddedServer

        EmbeddedServer(home).stop()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
