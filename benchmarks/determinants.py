"""How long determinants take beside a bare scan of the same Parquet.

    python -m benchmarks.determinants [--usage-points 100000] [--days 31] [--threads N] [--rounds N] [--json]

The reference is DuckDB's own: summing each usage point's curves, `sum(list_sum(curve)) … GROUP BY usage_point`, written
as SQL. Each way of measuring is run in turn with the reference, `--rounds` times; the best of each counts, so that what
else the machine does weighs on both alike. All results are Arrow tables with one row per usage point, and the registers
of every way are checked against the reference's totals.
"""

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.synthetic import write_readings
from gridhall.kernel.spans import DateSpan
from gridhall.lake import engine
from gridhall.lake.measure import measure, measure_chronological, measure_priced
from gridhall.lake.needs import DayPattern, DemandNeed, Needs, Slice
from gridhall.lake.parts import LakeFile
from gridhall.lake.readings import Readings, effective

ZONE = "Asia/Shanghai"
START = date(2026, 3, 1)

FLAT = DayPattern((Slice(0, 1440, 0),))
TWO = DayPattern((Slice(0, 360, 1), Slice(360, 1320, 0), Slice(1320, 1440, 1)))
FOUR = DayPattern(
    (
        Slice(0, 480, 2),
        Slice(480, 600, 1),
        Slice(600, 720, 0),
        Slice(720, 1020, 1),
        Slice(1020, 1140, 3),
        Slice(1140, 1320, 0),
        Slice(1320, 1440, 2),
    )
)


def needs(span: DateSpan, *patterns: DayPattern, demands: tuple[DemandNeed, ...] = ()) -> Needs:
    """Needs by one pattern, or by two: workdays and weekends."""
    count = 1 + max(piece.register for pattern in patterns for piece in pattern.slices)
    of_day = tuple(int(len(patterns) > 1 and day.weekday() >= 5) for day in span)
    return Needs(span, tuple(f"register {i}" for i in range(count)), patterns, of_day, demands)


def ways(readings: Readings, span: DateSpan, usage_points: int) -> dict[str, Callable[[], pa.Table]]:
    """What is measured, by name."""
    points = np.arange(1, usage_points + 1, dtype=np.int64)
    members = pa.table(
        {
            "usage_point": points,
            "start": pa.array([span.start] * usage_points, pa.date32()),
            "end": pa.array([span.end] * usage_points, pa.date32()),
        }
    )
    # Nine in a hundred pass the first limit within the month.
    used = np.where(points % 100 < 9, 3_050_000, 1_000_000)
    limits = members.append_column("used", pa.array(used))
    limits = limits.append_column("limit_0", pa.array(np.full(usage_points, 3_120_000)))
    limits = limits.append_column("limit_1", pa.array(np.full(usage_points, 4_800_000)))
    hourly = [[400 + 37 * ((5 * day.day + hour) % 19) for hour in range(24)] for day in span]
    prices = pa.table({"day": pa.array(list(span), pa.date32()), "prices": pa.array(hourly, pa.list_(pa.int64()))})
    every = frozenset(range(2))
    return {
        "total": lambda: measure(readings, needs(span, FLAT), ZONE, members),
        "two_registers": lambda: measure(readings, needs(span, TWO), ZONE, members),
        "four_registers": lambda: measure(readings, needs(span, FOUR), ZONE, members),
        "workdays_and_weekends": lambda: measure(readings, needs(span, FOUR, TWO), ZONE, members),
        "demand_15_minutes": lambda: measure(
            readings, needs(span, TWO, demands=(DemandNeed(15, every),)), ZONE, members
        ),
        "demand_30_minutes": lambda: measure(
            readings, needs(span, TWO, demands=(DemandNeed(30, every),)), ZONE, members
        ),
        "chronological_tiers": lambda: measure_chronological(readings, needs(span, TWO), ZONE, limits),
        "hourly_prices": lambda: measure_priced(readings, prices, ZONE, members, span),
    }


def scan(session: engine.DuckDB, root: Path, files: list[LakeFile]) -> pa.Table:
    """The reference, with nothing of ours in it."""
    paths = ", ".join(f"'{root / file.path}'" for file in files)
    return session.run(
        f"SELECT usage_point, sum(list_sum(curve))::BIGINT AS wh FROM read_parquet([{paths}]) GROUP BY usage_point"
    )


def timed(work: Callable[[], pa.Table]) -> tuple[float, pa.Table]:
    """Seconds and result."""
    begin = time.perf_counter()
    found = work()
    return time.perf_counter() - begin, found


def run(root: Path, usage_points: int, days: int, threads: int, rounds: int, only: list[str]) -> dict[str, Any]:
    """Measure; the lake must be empty."""
    written, files = timed_files(root, usage_points, days)
    span = DateSpan(START, START + timedelta(days=days))
    with engine.session(threads, memory_limit="4GB", spill=root / "spill") as session:
        readings = effective(session, root, files, span)
        scan_s, best, totals = np.inf, {}, {}
        for name, way in ways(readings, span, usage_points).items():
            if only and name not in only:
                continue
            for _ in range(rounds):
                seconds, reference = timed(lambda: scan(session, root, files))
                scan_s = min(scan_s, seconds)
                seconds, found = timed(way)
                best[name] = min(best.get(name, np.inf), seconds)
            columns = [each for each in found.column_names if each == "wh" or each.startswith("wh_")]
            totals[name] = sum(int(found[each].to_numpy().sum()) for each in columns)
            if totals[name] != int(reference["wh"].to_numpy().sum()) or len(found) != usage_points:
                raise AssertionError(f"{name} counts {totals[name]} Wh, the reference another sum")
    return {
        "usage_points": usage_points,
        "days": days,
        "readings": usage_points * days * 96,
        "parquet_mb": round(sum((root / file.path).stat().st_size for file in files) / 1e6),
        "write_s": round(written, 3),
        "scan_s": round(scan_s, 3),
        "measure_s": {name: round(seconds, 3) for name, seconds in best.items()},
        "measure_over_scan": {name: round(seconds / scan_s, 2) for name, seconds in best.items()},
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "threads": threads,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def timed_files(root: Path, usage_points: int, days: int) -> tuple[float, list[LakeFile]]:
    """Seconds to invent and write the readings, and the files."""
    begin = time.perf_counter()
    files = write_readings(root, usage_points, days, START)
    return time.perf_counter() - begin, files


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--usage-points", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", default=[], help="one way of measuring; may be repeated")
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = run(root, asked.usage_points, asked.days, asked.threads, asked.rounds, asked.only)
    if asked.as_json:
        print(json.dumps(found, indent=2))
        return
    print(f"{found['readings']:,} readings, {found['parquet_mb']} MB; written in {found['write_s']} s")
    print(f"{'scan':24}{found['scan_s']:8.3f} s")
    for name, seconds in found["measure_s"].items():
        print(f"{name:24}{seconds:8.3f} s {found['measure_over_scan'][name]:6.2f} × scan")
    print(f"peak memory {found['peak_rss_mb']:,} MB; {found['threads']} threads; {found['machine']}")


if __name__ == "__main__":
    main()
