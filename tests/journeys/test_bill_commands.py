"""Guards the command-line contract of `gridhall bill`: one JSON document each, refusals with exit status 2."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gridhall.runtime.content import content

pytestmark = pytest.mark.takes(60)

TOWN = Path(__file__).with_name("billing_town.py")


@pytest.fixture
def town(installation):
    """Twenty households with readings of two months, two of them without the last two days."""
    installation.env["GRIDHALL_ZONE"] = "Asia/Shanghai"
    installation.env["DJANGO_SETTINGS_MODULE"] = "gridhall.project.settings"
    subprocess.run([sys.executable, str(TOWN), "20", "59"], env=installation.env, check=True)
    return installation


def asked(town, *arguments):
    return json.loads(town.run("bill", *arguments, "--json").stdout)


def refused(town, *arguments):
    finished = town.run("bill", *arguments, "--json", check=False)
    assert finished.returncode == 2, finished.stderr
    error = json.loads(finished.stdout)["error"]
    assert error["message"]
    return error["code"]


def test_a_month_from_the_run_to_a_correction_and_a_draft_tariff(town, tmp_path):
    run = asked(town, "run", "--month", "2025-02", "--organisation", "SH")
    assert (run["bills"], run["parked"], run["parked_total"]) == (18, {"missing_readings": 2}, 2)
    assert {"run", "total", "readings_version", "seconds", "period"} <= run.keys()

    listed = asked(town, "list", "--month", "2025-02")["bills"]
    assert len(listed) == 18
    number = listed[0]["number"]
    explained = asked(town, "explain", number)
    assert explained["equal"] is True
    assert explained["recomputed_total"] == explained["total"] == listed[0]["total"]
    assert all(
        {"quantity", "price", "amount", "source", "version", "arithmetic"} <= line.keys() for line in explained["lines"]
    )
    assert explained["tiers"]["source"] == "readings"  # January was not billed
    assert len(explained["readings"]["by_day"]) == 28
    assert asked(town, "show", number.replace("-", ""))["number"] == number
    assert asked(town, "verify", "--month", "2025-02")["different"] == []

    item = asked(town, "parked", "--month", "2025-02")["parked"][0]
    assert (item["usage_point"], item["code"]) == ("U0010", "missing_readings")
    assert asked(town, "release", str(item["item"]), "--reason", "meter burnt")["released"] is True
    assert asked(town, "run", "--month", "2025-02", "--organisation", "SH")["bills"] == 1

    balance = asked(town, "balance", listed[0]["account"], "--at", "2025-02-28")
    assert (balance["balance"], len(balance["entries"])) == (listed[0]["total"], 1)
    assert asked(town, "corrections", "--month", "2025-02")["bills"] == []
    assert refused(town, "correct", number, "--reason", "why not") == "nothing_to_correct"

    draft = tmp_path / "draft.yaml"
    text = content("tariffs", "shanghai-residential-tou.yaml").read_text()
    draft.write_text(text.replace("valley: 0.307", "valley: 0.207"))
    before = asked(town, "runs")["runs"]
    what_if = asked(town, "what-if", "--tariff", str(draft), "--month", "2025-02")
    assert what_if["lower"] == what_if["bills"] == 20
    assert what_if["difference"].startswith("-")
    assert sum(band["bills"] for band in what_if["change_bands"]) == 20
    assert [run["kind"] for run in asked(town, "runs")["runs"]] == ["what_if", *(run["kind"] for run in before)]
    assert asked(town, "balance", listed[0]["account"]) == balance | {"at": None}

    output = tmp_path / "bill.pdf"
    assert asked(town, "pdf", number, "--output", str(output), "--language", "en")["bytes"] > 1000


REFUSED = (
    (("explain", "12"), "bill_number_unreadable"),
    (("explain", "20250101-000000042-00"), "not_found"),
    (("run", "--month", "2025-13"), "bad_option"),
    (("run", "--month", "2025-02", "--organisation", "nowhere"), "not_found"),
    (("run", "--month", "2025-02"), "no_readings_imported"),
    (("run", "--month", "2999-01"), "month_not_over"),
    (("release", "1", "--reason", "x"), "not_found"),
)


def test_refusals_have_a_code_and_exit_status_two(installation):
    for arguments, code in REFUSED:
        assert refused(installation, *arguments) == code, arguments
