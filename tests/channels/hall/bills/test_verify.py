"""Guards: a printed bill is checked by anybody; a wrong code tells nothing, a right one nothing personal."""

import re
from datetime import date

import pytest
from django.core.cache import cache
from tests.channels.hall.bills.conftest import NOW, Flats

from gridhall.contexts.billing import operations, queries
from gridhall.contexts.billing.operations import printing
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
        (number, "É" * 12),
        ("<script>alert(1)</script>", "<b>"),
    ]
    pages = set()
    for pair in wrong:
        page = ask(client, *pair).content.decode()
        assert "账单编号与验真码不符" in page
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
