"""Guards: a printed receipt says the amount in figures and capitals, and its code proves it genuine."""

import pytest
from django.db import transaction
from tests.contexts.payments.conftest import NOW

from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.errors import ReceiptNotPrinted
from gridhall.contexts.payments.operations import printing
from gridhall.contexts.payments.rules.capitals import capitals
from gridhall.contexts.payments.types import Part
from gridhall.kernel.errors import NotFound

#: The examples of the rule's text, and amounts with gaps.
SAID = {
    1_409_50: "壹仟肆佰零玖元伍角整", 6_007_14: "陆仟零柒元壹角肆分", 1_680_32: "壹仟陆佰捌拾元叁角贰分",
    107_000_53: "壹拾万柒仟元伍角叁分", 16_409_02: "壹万陆仟肆佰零玖元零贰分", 325_04: "叁佰贰拾伍元零肆分",
    1_00: "壹元整", 10: "壹角整", 1: "壹分", 100_01_00: "壹万零壹元整", 1_0000_0000_00: "壹亿元整",
    1_0001_0010_00: "壹亿零壹万零壹拾元整", 10_00: "壹拾元整", 20_0300_00: "贰拾万零叁佰元整",
}  # fmt: skip


@pytest.mark.parametrize(("fen", "said"), SAID.items())
def test_amounts_are_written_in_capitals(fen, said):
    assert capitals(fen) == said


@pytest.fixture
def receipt(till) -> int:
    with transaction.atomic():
        found = operations.take(
            [Part(till.accounts[0].pk, 10_050), Part(till.accounts[1].pk, 400)], gateway="counter",
            method="counter.cash", reference="K1", organisation=till.organisation.pk, paid_at=NOW, now=NOW,
            actor="staff:1",
        )  # fmt: skip
    assert found is not None
    return found


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_a_receipt_is_printed(receipt, language, tmp_path):
    operations.write_receipt(receipt, tmp_path / "r.pdf", now=NOW, language=language)
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    operations.write_receipt(receipt, tmp_path / "r.png", now=NOW, language=language)
    assert (tmp_path / "r.png").stat().st_size > 10_000


def test_the_paper_names_the_page_where_it_is_checked(receipt, tmp_path, settings):
    found = queries.receipt(receipt)
    shown = printing.document(found, ["x"], "en", NOW, "https://hall.example.com/verify/")
    assert shown["check_url"] == "https://hall.example.com/verify/"
    assert shown["check_square"].startswith("<svg")
    assert shown["number"] == queries.receipt_number(receipt, found.value_date)
    settings.PUBLIC_URL = "https://elsewhere.example.com"
    assert printing.document(found, ["x"], "en", NOW, None)["check_url"] == "https://elsewhere.example.com/verify/"
    settings.PUBLIC_URL = ""
    assert printing.document(found, ["x"], "en", NOW, None)["check_square"] == ""
    operations.write_receipt(receipt, tmp_path / "r.pdf", now=NOW, check_url="https://hall.example.com/verify/")


def test_what_cannot_be_printed(receipt, tmp_path):
    with pytest.raises(ReceiptNotPrinted):
        operations.write_receipt(receipt, tmp_path / "r.pdf", now=NOW, language="fr")
    with pytest.raises(NotFound):
        operations.write_receipt(receipt + 1, tmp_path / "r.pdf", now=NOW)


def test_its_code_proves_it(receipt):
    found = queries.receipt(receipt)
    number, code = queries.receipt_number(receipt, found.value_date), queries.receipt_code(found)
    assert queries.genuine_receipt(number, code.lower().replace("-", " ")) == found
    for wrong in ((number, "0000-0000-0000"), (number[:-1] + "9", code), ("20200101-" + number[9:], code), ("x", code)):
        assert queries.genuine_receipt(*wrong) is None
