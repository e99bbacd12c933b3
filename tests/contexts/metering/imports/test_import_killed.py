"""Promise: an import killed at any moment leaves nothing half done; the next ends as if nothing had happened."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.takes(60)

KILLS = 20
POINTS = 400
DAYS = 28
BAD = 3

#: Waits for "go", so that what is killed is the import and not the start of Python.
IMPORT = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
import django
django.setup()
from django.db import connection
from gridhall.contexts.metering.operations import import_readings
from gridhall.lake import existing, engine
connection.ensure_connection()
print("ready", flush=True)
path = sys.stdin.readline().strip()
if path:
    told = import_readings(Path(path), now=datetime(2026, 6, 1, tzinfo=UTC), zone="Asia/Shanghai")
    print(json.dumps([told.status, told.accepted, told.estimated, told.quarantined]), flush=True)
"""

#: What stands in the catalogue, in the lake, and on disk without a name.
LOOK = """
import json, sys
from datetime import date
import django
django.setup()
from gridhall.contexts.metering.models import Import, LakeFile, QuarantinedRow
from gridhall.contexts.metering.queries import lake_root, readable_files
from gridhall.kernel.spans import DateSpan
from gridhall.lake import engine
from gridhall.lake.existing import flat
from gridhall.lake.needs import Channel
from gridhall.lake.readings import effective
print("ready", flush=True)
for line in sys.stdin:
    root, span = lake_root(), DateSpan(date(2026, 1, 1), date(2027, 1, 1))
    files = readable_files(Channel.IMPORT, span)
    named = {file.path for file in files}
    with engine.session(threads=1) as session:
        rows = flat(session.collect(effective(session, root, files, span).table))
    keys = set(zip(rows.usage_points.tolist(), rows.days.tolist()))
    print(json.dumps({
        "imports": Import.objects.count(), "rows": len(rows.days), "keys": len(keys),
        "wh": int(rows.wh[rows.wh > 0].sum()), "estimated": int((rows.quality == 3).sum() + (rows.quality == 2).sum()),
        "catalogued": LakeFile.objects.count(), "quarantined": QuarantinedRow.objects.count(),
        "unnamed": [str(p) for p in root.glob("*/month=*/*") if p.relative_to(root).as_posix() not in named],
        "notes": len(list((root / "importing").glob("*"))),
    }), flush=True)
"""


def start(program: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program], env=env | {"DJANGO_SETTINGS_MODULE": "gridhall.project.settings"}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin
    process.stdin.write(line + "\n")
    process.stdin.flush()


def written(folder: Path, number: int) -> Path:
    """A month of quarter-hours with gaps, a day left out and bad rows; the number only makes it another content."""
    chance = random.Random(5)
    path = folder / f"month-{number}.csv"
    with path.open("w") as stream:
        stream.write("usage_point,day," + ",".join(f"p{slot}" for slot in range(1, 97)) + ",remark\n")
        for point in range(POINTS):
            for day in range(1, DAYS + 1):
                values = [f"0.{chance.randrange(100, 400)}" for _ in range(96)]
                if chance.random() < 0.1:
                    values[50] = ""
                if (point, day) != (7, 20):
                    stream.write(f"N{point},2026-02-{day:02},{','.join(values)},{number}\n")
        stream.write(f"N0,2026-02-30,1{',1' * 95},\nX,2026-02-01,1{',1' * 95},\nN1,2026-02-01,-1{',1' * 95},\n")
    return path


def test_kill_9_at_twenty_moments(installation: Any, tmp_path: Path) -> None:
    households = "usage_point,tariff_code,start\n" + "".join(f"N{n},t,2026-01-01\n" for n in range(POINTS))
    (tmp_path / "households.csv").write_text(households)
    installation.run("accounts", "load", tmp_path / "households.csv")
    look = start(LOOK, installation.env)
    chance = random.Random()
    waiting = [start(IMPORT, installation.env), start(IMPORT, installation.env)]
    number, committed, killed, longest = 0, 0, 0, 0.5
    file = written(tmp_path, number)
    before: dict[str, Any] = {}
    try:
        assert told(look) == "ready"
        while killed < KILLS:
            process = waiting.pop(0)
            assert told(process) == "ready"
            begin = time.monotonic()
            say(process, str(file))
            waiting.append(start(IMPORT, installation.env))
            time.sleep(longest * chance.random() ** 0.7)
            ended = process.poll() is not None
            if not ended:
                os.killpg(process.pid, signal.SIGKILL)
                killed += 1
            process.communicate()
            longest = max(0.2, longest * 0.9 if ended else longest)
            if not ended and time.monotonic() - begin > 0.95 * longest:
                longest *= 1.3
            say(look, "look")
            state = json.loads(told(look))
            assert state["imports"] in {committed, committed + 1}
            assert state["rows"] == state["keys"] == (POINTS * DAYS if state["imports"] else 0)
            assert state["quarantined"] == BAD * state["imports"]
            if before and state["imports"] == committed:
                assert {**state, "unnamed": 0, "notes": 0} == {**before, "unnamed": 0, "notes": 0}
            if state["imports"] > committed:
                committed, before = state["imports"], state
                number += 1
                file = written(tmp_path, number)
        process = waiting[0]
        assert told(process) == "ready"
        say(process, str(file))
        status, accepted, _, quarantined = json.loads(told(process))
        assert (status, quarantined) == ("imported", BAD)
        assert (accepted > 0) == (committed == 0)
        say(look, "look")
        state = json.loads(told(look))
        assert state["rows"] == state["keys"] == POINTS * DAYS
        assert (state["unnamed"], state["notes"]) == ([], 0)
        assert state["estimated"] > 96
        if before:
            assert state["wh"] == before["wh"]
    finally:
        for process in (*waiting, look):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
