"""How fast readings are taken in: validated, durable and visible, through the import operation and a real database.

    python -m benchmarks.ingest [--usage-points 20000] [--days 31] [--json]

Two files of the same quarter-hours are made, 96 values a day: Parquet (a list of kWh as float64 for each usage point
and day) and CSV (96 columns of kWh with three decimals). Each is imported into an installation of its own, with the
embedded PostgreSQL and its usage points there already; the clock runs from the call of the import operation, which
reads, hashes, checks, looks for earlier readings, writes and flushes the lake's files, to the committed transaction.
``peak_rss_mb`` is of the process that imports. Beside it stands, for scale, a bare read of the Parquet file.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

FIRST_DAY = date(2025, 1, 1)
SLOTS = 96
ROUNDS = 3


def make(folder: Path, usage_points: int, days: int) -> None:
    """Write the two files: households of many sizes with an evening peak and noise, in whole Wh."""
    random = np.random.default_rng(7)
    hours = np.arange(SLOTS) / 4
    shape = 40 + 160 * np.exp(-((hours - 19.5) ** 2) / 6) + 70 * np.exp(-((hours - 7.5) ** 2) / 3)
    numbers = np.arange(usage_points)
    names = pa.array([f"3101{number:08}" for number in range(usage_points)])
    first = (FIRST_DAY - date(1970, 1, 1)).days
    schema = pa.schema([("usage_point", pa.string()), ("day", pa.date32()), ("curve", pa.list_(pa.float64()))])
    columns = ["usage_point", "day", *(f"p{slot + 1}" for slot in range(SLOTS))]
    with (
        pq.ParquetWriter(folder / "readings.parquet", schema, compression="snappy") as parquet,
        (folder / "readings.csv").open("wb") as csv,
    ):
        csv.write((",".join(columns) + "\n").encode())
        size = random.lognormal(0, 0.5, usage_points)
        for start in range(0, usage_points, 1000):
            some = numbers[start : start + 1000]
            rows = len(some) * days
            noise = random.gamma(4, 0.25, (rows, SLOTS))
            wh = np.rint(np.repeat(size[some], days)[:, None] * shape * noise).astype(np.int64)
            kwh = wh / 1000
            point = names.take(pa.array(np.repeat(some, days)))
            day = pa.array(np.tile(np.arange(first, first + days, dtype=np.int32), len(some))).cast(pa.date32())
            offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * SLOTS)
            curve = pa.ListArray.from_arrays(offsets, pa.array(kwh.ravel()))
            parquet.write_table(pa.table([point, day, curve], schema=schema), row_group_size=50_000)
            wide = pa.table([point, day, *(pa.array(kwh[:, slot]) for slot in range(SLOTS))], names=columns)
            pcsv.write_csv(wide, csv, pcsv.WriteOptions(include_header=False, quoting_style="none"))


def run(folder: Path, usage_points: int, days: int) -> dict[str, Any]:
    """Import both files, each into an installation of its own, several times; the best counts."""
    readings = usage_points * days * SLOTS
    figures: dict[str, Any] = {"usage_points": usage_points, "days": days, "readings": readings}
    peak = 0.0
    for form in ("parquet", "csv"):
        best: dict[str, Any] = {}
        for number in range(ROUNDS):
            home = folder / f"home-{form}-{number}"
            told = _child("--import", str(folder / f"readings.{form}"), "--usage-points", str(usage_points), home=home)
            if told["accepted"] != readings or told["quarantined"]:
                raise SystemExit(f"the import of {form} took in {told['accepted']} of {readings} readings")
            peak = max(peak, told["peak_rss_mb"])
            if not best or told["seconds"] < best["seconds"]:
                best = told
            shutil.rmtree(home)
        figures[f"{form}_readings_per_s"] = round(readings / best["seconds"])
        figures[f"{form}_s"] = round(best["seconds"], 3)
        figures[f"{form}_mb"] = round((folder / f"readings.{form}").stat().st_size / 1e6, 1)
        figures[f"{form}_suspects"] = best["suspects"]
    begin = time.perf_counter()
    pq.read_table(folder / "readings.parquet")
    figures["bare_parquet_read_s"] = round(time.perf_counter() - begin, 3)
    figures["peak_rss_mb"] = peak
    return figures | {"machine": machine()}


def _child(*arguments: str, home: Path) -> Any:
    environment = os.environ | {"GRIDHALL_HOME": str(home), "DJANGO_SETTINGS_MODULE": "gridhall.project.settings"}
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ingest", *arguments], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return json.loads(done.stdout)


def import_here(path: Path, usage_points: int) -> dict[str, Any]:
    """Import one file in this process, into the installation of the environment."""
    import django

    django.setup()
    from django.conf import settings

    from gridhall.contexts.accounts import operations as accounts
    from gridhall.contexts.metering.operations import import_readings
    from gridhall.runtime import database
    from gridhall.runtime.audit import Act
    from gridhall.runtime.embedded import EmbeddedServer

    now = datetime(2026, 6, 1, tzinfo=UTC)
    database.ensure_running()
    database.prepare()
    try:
        accounts.load(
            accounts.Portfolio(
                organisations=pa.table({"code": ["P"], "name": ["省"], "level": pa.array([1], pa.int64())}),
                usage_points=pa.table(
                    {
                        "number": [f"3101{number:08}" for number in range(usage_points)],
                        "organisation": ["P"] * usage_points,
                        "usage_class": ["residential"] * usage_points,
                    }
                ),
            ),
            act=Act("benchmark", now),
        )
        begin = time.perf_counter()
        report = import_readings(path, now=now, zone="Asia/Shanghai")
        seconds = time.perf_counter() - begin
    finally:
        EmbeddedServer(Path(settings.HOME)).stop()
    return {
        "seconds": seconds,
        "accepted": report.accepted,
        "quarantined": report.quarantined,
        "suspects": report.suspects,
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def machine() -> dict[str, Any]:
    """What this ran on."""
    cpu = ""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {"cpu": cpu or platform.processor(), "cores": os.cpu_count(), "python": platform.python_version()}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--usage-points", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--import", dest="path", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--make", dest="folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.path:
        print(json.dumps(import_here(options.path, options.usage_points)))
        return
    if options.folder:
        make(options.folder, options.usage_points, options.days)
        print("{}")
        return
    with tempfile.TemporaryDirectory(prefix="gridhall-ingest-") as folder:
        sizes = ("--usage-points", str(options.usage_points), "--days", str(options.days))
        _child("--make", folder, *sizes, home=Path(folder) / "unused")
        figures = run(Path(folder), options.usage_points, options.days)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:24} {value:,}" if isinstance(value, int | float) else f"{name:24} {value}")


if __name__ == "__main__":
    main()
