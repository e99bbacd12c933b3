"""Guards the promise that a bill can be printed: with a Chinese font in Chinese, without one in English, never tofu."""

from datetime import date
from pathlib import Path

import pytest

from gridhall.contexts.billing import operations, queries
from gridhall.contexts.billing.errors import FontMissing, PrintingFailed
from gridhall.contexts.billing.models import Bill
from gridhall.contexts.billing.operations import printing


@pytest.fixture
def explanation(utility):
    utility.read(date(2013, 1, 1), 59, {"U1": 600, "U2": 100, "U3": 200})
    utility.run("2013-01")
    utility.run("2013-02")
    return queries.explain(Bill.objects.filter(usage_point_id=utility.points["U1"]).latest("start_date").number)


def test_a_bill_is_printed_in_english_without_a_chinese_font(explanation, tmp_path, monkeypatch):
    monkeypatch.setattr(printing, "_folders", lambda: iter(()))
    operations.write_pdf(explanation, tmp_path / "bill.pdf", language="en")
    assert (tmp_path / "bill.pdf").read_bytes().startswith(b"%PDF")
    operations.write_pdf(explanation, tmp_path / "bill.png", language="en")
    assert (tmp_path / "bill.png").read_bytes().startswith(b"\x89PNG")


def test_without_a_chinese_font_a_chinese_bill_is_refused_with_what_to_do(explanation, tmp_path, monkeypatch):
    monkeypatch.setattr(printing, "_folders", lambda: iter(()))
    with pytest.raises(FontMissing) as refused:
        operations.write_pdf(explanation, tmp_path / "bill.pdf")
    assert "fonts-noto-cjk" in refused.value.remedy
    assert not (tmp_path / "bill.pdf").exists()


def test_a_font_is_found_in_the_folder_of_the_utility(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "NotoSansCJK-Regular.ttc").touch()
    monkeypatch.setenv("GRIDHALL_FONTS", str(tmp_path))
    assert printing.chinese_font() == (tmp_path / "deep", "Noto Sans CJK SC")


def test_what_is_printed_is_what_was_billed(explanation):
    shown = printing.document(explanation, ["x"], "zh-Hans")
    assert sum(int(line["amount"].replace(",", "").replace(".", "")) for line in shown["lines"]) == int(
        shown["total"].replace(",", "").replace(".", "")
    )
    assert (shown["customer"], shown["start"], shown["last"]) == ("王*", "2013-02-01", "2013-02-28")
    assert (shown["tiers"]["before"], shown["tiers"]["after"]) == (1785, 3398)


def test_another_language_is_refused(explanation, tmp_path: Path):
    with pytest.raises(PrintingFailed):
        operations.write_pdf(explanation, tmp_path / "bill.pdf", language="fr")
