"""Promise: the benchmark against PySAM runs without ../shared, bills what PySAM bills, and reports what it promises."""

import json

import pytest
from benchmarks import tariff_vs_pysam, utilityrate5


def test_reports_equal_bills_and_times(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tariff_vs_pysam, "rates", lambda: tariff_vs_pysam.RATES)
    assert tariff_vs_pysam.main(["--accounts", "3", "--sample", "2", "--rounds", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["max_difference_cents"] < 0.001
    assert report["equal_to_the_cent"] + report["ties"] == report["months_compared"] == 2 * 12 * report["rates"]
    assert 0 < report["prepare_s_per_account_year"] < report["ours_s_per_account_year"]
    assert (report["accounts"], report["rates"], report["pysam_sample"]) == (3, len(tariff_vs_pysam.RATES), 2)
    assert report["speedup"] == pytest.approx(report["pysam_s_per_account_year"] / report["ours_s_per_account_year"])


def test_loads_are_the_same_on_every_run() -> None:
    first, again = tariff_vs_pysam.loads(2), tariff_vs_pysam.loads(2)
    assert first.shape == (2, utilityrate5.HOURS)
    assert (first == again).all()
    assert (first[0] != first[1]).any()
