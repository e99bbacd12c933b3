"""Guards the promise that a killed bill run leaves no half month: kill -9 at 20 random moments, run again, and bills,
ledger and work list are as if nothing had happened."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from gridhall.runtime.content import content

pytestmark = pytest.mark.takes(200)

MONTHS = ("2025-01", "2025-02")
KILLS = 20
TOWN = Path(__file__).with_name("billing_town.py")
#: Everything that must come out the same; runs, moments and identities of entries differ by nature.
SNAPSHOTS = {
    "bills": "SELECT number, agreement_id, usage_point_id, account_id, start_date, end_date, tariff_digest, line_no,"
    " quantity, price, amount_fen, total_fen, tier_used_wh, tier_used_after_wh, tier_source, status, replaces,"
    " replaced_by FROM billing_bill ORDER BY number",
    "ledger": "SELECT account_id, bill_id, kind, amount_fen, value_date FROM billing_ledgerentry ORDER BY 2, 3",
    "parked": "SELECT usage_point_id, start_date, code, reason, resolved_at FROM billing_parkedbill ORDER BY 1, 2",
    "runs": "SELECT start_date, kind, status, bills, parked, total_fen FROM billing_billrun ORDER BY start_date",
}


@pytest.fixture
def town(installation, tmp_path):
    """210 households, billed in ten batches, so that there is much to be killed between."""
    own = tmp_path / "content"
    shutil.copytree(content(), own)
    rules = own / "rules" / "billing.yaml"
    rules.write_text(rules.read_text().replace("batch: 50000", "batch: 21"))
    installation.env["GRIDHALL_CONTENT"] = str(own)
    installation.env["GRIDHALL_ZONE"] = "Asia/Shanghai"
    installation.env["DJANGO_SETTINGS_MODULE"] = "gridhall.project.settings"
    subprocess.run([sys.executable, str(TOWN), "210", "59"], env=installation.env, check=True)
    return installation


def snapshot(url: str) -> dict[str, list[tuple[object, ...]]]:
    with psycopg.connect(url) as connection:
        return {name: connection.execute(query).fetchall() for name, query in SNAPSHOTS.items()}


def batches(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM billing_billrunbatch").fetchone()[0]


def start_over(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SET gridhall.allow_truncate = 'on'")
        connection.execute(
            "TRUNCATE billing_ledgerentry, billing_parkedbill, billing_correctionrequest, billing_bill,"
            " billing_billrunbatch, billing_billrun CASCADE"
        )


def test_killed_at_twenty_moments_the_ledger_ends_as_if_nothing_had_happened(town):
    began = time.monotonic()
    for month in MONTHS:
        report = json.loads(town.run("bill", "run", "--month", month, "--json").stdout)
    lasting = (time.monotonic() - began) / len(MONTHS)
    assert report["parked"] == {"missing_readings": 21}
    expected, all_batches = snapshot(town.url), batches(town.url)
    start_over(town.url)

    moments = random.Random(20)
    kills = in_the_middle = 0
    while kills < KILLS:
        for month in MONTHS:
            while kills < KILLS:
                process = town.start("bill", "run", "--month", month, "--json")
                time.sleep(moments.uniform(0.2, 0.9) * lasting)
                finished = process.poll() is not None
                town.kill(process)
                if finished:
                    assert process.returncode == 0
                    break
                kills += 1
                in_the_middle += 0 < batches(town.url) < all_batches
        if kills < KILLS:
            start_over(town.url)
    assert in_the_middle > 0
    for month in MONTHS:
        town.run("bill", "run", "--month", month, "--json")
    # Running a finished month again leaves a run without bills; those are no part of the comparison.
    found = snapshot(town.url)
    found["runs"] = [run for run in found["runs"] if run[3]]
    assert found == expected


def test_a_second_run_at_the_same_time_is_refused_and_goes_once_the_first_is_gone(town):
    first = town.start("bill", "run", "--month", "2025-01", "--json")
    with psycopg.connect(town.url, autocommit=True) as connection:
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
        held += " (SELECT oid FROM pg_database WHERE datname = current_database())"
        while first.poll() is None and not connection.execute(held).fetchone()[0]:
            time.sleep(0.02)
    # Stopped, not ended: it holds its lock for as long as we like.
    first.send_signal(signal.SIGSTOP)
    second = town.run("bill", "run", "--month", "2025-02", "--json", check=False)
    assert second.returncode == 2
    assert json.loads(second.stdout)["error"]["code"] == "bill_run_in_progress"
    town.kill(first)
    assert json.loads(town.run("bill", "run", "--month", "2025-01", "--json").stdout)["bills"] == 210
