"""Guards: a printed bill or receipt is checked by anybody; a wrong code tells nothing, a right one nothing personal."""

import re
from datetime import date

import pytest
from django.core.cache import cache
from django.db import transaction
from tests.channels.hall.bills.conftest import NOW, Flats

from gridhall.contexts.billing import operations, queries
from gridhall.contexts.billing.operations import printing
from gridhall.contexts.payments import operations as payments
from gridhall.contexts.payments import queries as paid
from gridhall.contexts.payments.operations.reversing import go_back
from gridhall.contexts.payments.types import Part
from gridhall.runtime.audit import Act

MARCH = date(2013, 3, 1)
#: What guards forms is random letters: whatever is looked for may happen to stand in it.
TOKEN = re.compile(r"\b[A-Za-z0-9]{64}\b")


@pytest.fixture(autouse=True)
def _fresh_counts(db: None) -> None:
    cache.clear()


def printed(flats: Flats) -> tuple[str, str]:
    """Number and code as they stand on the paper."""
    shown = printing.document(queries.printable(flats.bill("U1", MARCH).number), ["x"], "zh-Hans")
    return shown["number"], shown["check_code"]


def ask(client, number: str, code: str):
    return client.post("/verify/", {"number": number, "code": code})


def test_a_genuine_bill_shows_what_the_paper_says_and_nothing_personal(flats: Flats, client):
    number, code = printed(flats)
    for typed in ((number, code), (number.replace("-", ""), code.lower().replace("-", " "))):
        answer = ask(client, *typed)
        page = answer.content.decode()
        assert "账单是真的" in page
        assert "现在有效" in page
        assert number in page
        shown = TOKEN.sub("", page)
        for personal in ("王", "望湖路", "U1", "13900001111", "119", "AC2"):
            assert personal not in shown.replace(number, "")


def test_what_is_not_genuine_gets_one_answer(flats: Flats, client):
    number, code = printed(flats)
    other = printing.document(queries.printable(flats.bill("U2", MARCH).number), ["x"], "zh-Hans")
    wrong = [
        (number, code[:-1] + ("0" if code[-1] != "0" else "1")),
        (number, other["check_code"]),
        (other["number"], code),
        ("20130301-999999999-00", code),
        ("nonsense", code),
        ("20130301-000000001", code),
        ("20130301-9999999999", code),
        ("20130301²000000001", code),
        (number, "É" * 12),
        ("<script>alert(1)</script>", "<b>"),
    ]
    pages = set()
    for pair in wrong:
        page = ask(client, *pair).content.decode()
        assert "编号与验真码不符" in page
        assert "账单是真的" not in page
        assert "<script>alert" not in page
        pages.add(page.partition('role="alert"')[2].partition("<form")[0])
    assert len(pages) == 1


def test_another_total_or_another_key_needs_another_code(flats: Flats, client, settings):
    number, code = printed(flats)
    bill = flats.bill("U1", MARCH)
    forged = queries.check_code(bill.number, bill.total_fen + 1, bill.issued_at, bill.status)
    assert "不符" in ask(client, number, forged).content.decode()
    settings.CHECK_CODE_KEY = "stolen elsewhere"
    assert "不符" in ask(client, number, code).content.decode()


def test_a_bill_corrected_since_is_genuine_and_no_longer_counts(flats: Flats, client):
    number, code = printed(flats)
    old = flats.bill("U1", MARCH)
    flats.utility.read(MARCH, 31, {"U1": 50}, revision=True)
    operations.correct(old.number, reason="x", act=Act("test", NOW))
    page = ask(client, number, code).content.decode()
    assert "但已失效" in page
    assert queries.show_number(flats.bill("U1", MARCH).number) in page
    cancelled = printing.document(queries.printable(old.number), ["x"], "zh-Hans")["check_code"]
    assert cancelled != code
    assert "与纸上所写一致" in ask(client, number, cancelled).content.decode()


def test_guessing_is_throttled(flats: Flats, client):
    number, code = printed(flats)
    for _ in range(20):
        assert ask(client, number, "0000-0000-0000").status_code == 200
    assert ask(client, number, code).status_code == 429
    filled_in = client.get("/verify/", {"number": number, "code": code}).content.decode()
    assert f'value="{code}"' in filled_in
    assert "账单是真的" not in filled_in


def test_the_square_code_leads_to_the_page_with_both_filled_in(flats: Flats):
    shown = printing.document(
        queries.printable(flats.bill("U1", MARCH).number), ["x"], "en", "https://hall.example.com/verify/"
    )
    assert shown["check_url"] == "https://hall.example.com/verify/"
    assert shown["check_square"].startswith("<svg")
    assert printing.document(queries.printable(flats.bill("U1", MARCH).number), ["x"], "en")["check_square"] == ""


def taken(flats: Flats, fen: int = 10_050) -> tuple[int, str, str]:
    """A receipt for a home, with number and code as they stand on the paper."""
    from gridhall.contexts.accounts.models import Settlement

    settled = Settlement.objects.filter(agreement__usage_point__number="U1").latest("span")
    with transaction.atomic():
        found = payments.take(
            [Part(settled.account_id, fen)], gateway="counter", method="counter.cash", reference="K-1190",
            organisation=settled.agreement.usage_point.organisation_id, paid_at=NOW, now=NOW, actor="staff:7",
        )  # fmt: skip
    assert found is not None
    receipt = paid.receipt(found)
    return found, paid.receipt_number(found, receipt.value_date), paid.receipt_code(receipt)


def test_a_genuine_receipt_shows_what_the_paper_says_and_nothing_personal(flats: Flats, client):
    _, number, code = taken(flats)
    for typed in ((number, code), (number.replace("-", " "), code.lower().replace("-", ""))):
        page = ask(client, *typed).content.decode()
        assert "收据是真的" in page
        assert "100.50" in page
        assert number in page
        shown = TOKEN.sub("", page)
        for personal in ("王", "望湖路", "U1", "13900001111", "AC2", "K-1190", "柜台", "staff"):
            assert personal not in shown.replace(number, "")


def test_what_is_no_genuine_receipt_gets_the_answer_of_bills(flats: Flats, client):
    _, number, code = taken(flats)
    bill, bill_code = printed(flats)
    pages = set()
    for pair in (
        (number, bill_code), (bill, code), (number, code[:-1] + ("0" if code[-1] != "0" else "1")),
        ("20200101" + number[8:], code), (number[:-1] + "9", code), (number + "0", code),
    ):  # fmt: skip
        page = ask(client, *pair).content.decode()
        assert "编号与验真码不符" in page
        pages.add(page.partition('role="alert"')[2].partition("<form")[0])
    assert len(pages) == 1


def test_a_receipt_whose_money_went_back_says_so(flats: Flats, client):
    found, number, code = taken(flats)
    go_back(found, 5_000, kind="chargeback", reference="CB-1", at=NOW, reason="x", act=Act("test", NOW))
    page = ask(client, number, code).content.decode()
    assert "之后有退款" in page
    assert "50.00" in page
