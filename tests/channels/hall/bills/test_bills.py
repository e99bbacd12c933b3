"""Guards: a customer sees exactly the bills of the own contract, explained, and nothing of who lived there before."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.utils import translation
from tests.channels.hall.bills.conftest import NOW, Flats

from gridhall.channels.hall.bills import lines
from gridhall.contexts.billing import operations, queries
from gridhall.contexts.billing.models import Bill
from gridhall.contexts.identity.models import Share
from gridhall.runtime.audit import Act

FEBRUARY, MARCH = date(2013, 2, 1), date(2013, 3, 1)


def test_the_list_has_the_own_bills_newest_first_and_no_others(flats: Flats):
    page = flats.client("owner").get(f"/homes/{flats.keys['owner']}/bills/").content.decode()
    shown = re.findall(r"/bills/(\d{8}-\d{9}-\d{2})/\"", page.partition('class="row-list"')[2])
    own = Bill.objects.filter(agreement__customer__number="C2").order_by("-start_date")
    assert shown == [queries.show_number(bill.number) for bill in own]
    assert len(own) == 3
    assert "钱" not in page


def test_a_list_without_bills_says_when_the_first_one_comes(flats: Flats):
    address = f"/homes/{flats.keys['reader']}/bills/"
    assert "还没有账单" not in flats.client("reader").get(address + "?year=1999").content.decode()
    for year in ("²", "9" * 5000):
        assert flats.client("reader").get(address, {"year": year}).status_code == 200
    Share.objects.filter(grantee=flats.users["reader"]).update(data_from=date(2013, 4, 1))
    assert "还没有账单" in flats.client("reader").get(address).content.decode()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_bill_is_told_in_words(flats: Flats, language: str, django_assert_max_num_queries):
    bill = flats.bill("U1", MARCH)
    client = flats.client("owner", language)
    client.get(flats.address(bill))  # the first visit notes which home was looked at
    with django_assert_max_num_queries(12):
        page = client.get(flats.address(bill)).content.decode()
    assert queries.show_number(bill.number) in page
    total = f"¥{bill.total_fen // 100}.{bill.total_fen % 100:02}"
    if language == "en":
        assert f"In March 2013 you used 119.0 kWh of electricity, which comes to {total}." in page
        assert not re.search("[一-鿿]", re.sub(r"<header.*?</header>|<footer.*?</footer>", "", page, flags=re.S))
    else:
        assert f"您 2013年3月用电 119.0 度，电费 {total}。" in page
        assert "第一档" in page
        assert "谷" in page


def test_every_line_opens_to_arithmetic_that_holds_and_they_sum_to_the_total(flats: Flats):
    bill = flats.bill("U1", MARCH)
    with translation.override("zh-hans"):
        shown = list(lines.shown(queries.bill(bill.number)))
    assert sum(line.amount_fen for line in shown if not line.separate) == bill.total_fen
    for line in shown:
        quantity, price, amount = (
            Decimal(each.replace(",", "")) for each in re.findall(r"-?[\d,]+\.\d+|-?\d+", line.arithmetic)
        )
        assert (quantity * price).quantize(Decimal("0.01"), ROUND_HALF_UP) == amount == Decimal(line.amount_fen) / 100
        assert line.source
        assert line.version
        assert line.what
    page = flats.client("owner").get(flats.address(bill)).content.decode()
    for line in shown:
        assert line.arithmetic in page


def test_bills_of_others_and_numbers_that_are_none_are_not_there(flats: Flats):
    client, own = flats.client("owner"), flats.bill("U1", MARCH)
    former = Bill.objects.filter(agreement__customer__number="C1").first()
    others = [flats.address(former), flats.address(flats.bill("U2", MARCH))]
    numbers = ["0", "x", "99999999-999999999-99", str(own.number + 1), "１２３", "'; --", "9" * 60]
    others += [f"/homes/{flats.keys['owner']}/bills/{number}/" for number in numbers]
    for address in others:
        assert client.get(address).status_code == 404, address
        for page in ("pdf/", "compare/"):
            assert client.get(address + page).status_code == 404, address + page
        assert client.post(address + "recompute/").status_code == 404


def test_keys_of_others_rights_not_shared_and_nobody(flats: Flats, client):
    march, february = flats.bill("U1", MARCH), flats.bill("U1", FEBRUARY)
    assert flats.client("stranger").get(flats.address(march)).status_code == 404
    assert flats.client("tenant").get(flats.address(march)).status_code == 404
    assert flats.client("metered").get(flats.address(march, "metered")).status_code == 404
    assert flats.client("reader").get(flats.address(march, "reader")).status_code == 200
    assert flats.client("reader").get(flats.address(february, "reader")).status_code == 404
    for page in ("", "pdf/", "compare/"):
        assert client.get(flats.address(march, page=page)).status_code == 302


def test_who_lived_there_first_is_not_compared_with(flats: Flats):
    first = flats.bill("U1", date(2013, 1, 17))
    client = flats.client("owner")
    assert client.get(flats.address(first, page="compare/")).status_code == 404
    assert "hall.bill-compare" not in client.get(flats.address(first)).content.decode()


def test_a_bill_that_another_account_settles_says_so(flats: Flats):
    page = flats.client("tenant").get(flats.address(flats.bill("U2", MARCH), "tenant")).content.decode()
    assert "赵*东" in page
    assert "您不用自己交" in page
    assert "赵房东" not in page
    assert "您不用自己交" not in flats.client("owner").get(flats.address(flats.bill("U1", MARCH))).content.decode()


def test_a_correction_is_told_on_both_bills_and_in_the_list(flats: Flats):
    old = flats.bill("U1", MARCH)
    flats.utility.read(MARCH, 31, {"U1": 50}, revision=True)
    operations.correct(old.number, reason="电表读数更正", act=Act("test", NOW))
    new = flats.bill("U1", MARCH)
    client = flats.client("owner")
    cancelled, corrected = client.get(flats.address(old)), client.get(flats.address(new))
    assert flats.address(new) in cancelled.content.decode()
    assert "这张账单已更正，不再有效" in cancelled.content.decode()
    assert "comparison" not in cancelled.content.decode()
    assert flats.address(old) in corrected.content.decode()
    assert "电表读数更正" in corrected.content.decode()
    listed = client.get(f"/homes/{flats.keys['owner']}/bills/").content.decode()
    assert listed.count("已更正") == 1
    assert listed.count("更正账单") == 1
    assert client.get(flats.address(old, page="compare/")).status_code == 404


def test_the_bill_computed_again_is_the_same(flats: Flats):
    address = flats.address(flats.bill("U1", MARCH), page="recompute/")
    client = flats.client("owner")
    piece = client.post(address, headers={"HX-Request": "true"}).content.decode()
    assert "一分不差" in piece
    assert "<html" not in piece
    assert "一分不差" in client.post(address).content.decode()
    assert client.get(address).status_code == 405


def test_the_bill_as_pdf_in_the_language_of_the_page(flats: Flats):
    bill = flats.bill("U1", MARCH)
    for language in ("zh-hans", "en"):
        answer = flats.client("owner", language).get(flats.address(bill, page="pdf/"))
        assert answer.content.startswith(b"%PDF")
        assert queries.show_number(bill.number) in answer["Content-Disposition"]


def test_hostile_names_are_shown_as_text(flats: Flats):
    from gridhall.contexts.accounts.models import Customer

    Customer.objects.filter(number="C4").update(name="<script>alert(1)</script>", kind="organisation")
    page = flats.client("tenant").get(flats.address(flats.bill("U2", MARCH), "tenant")).content.decode()
    assert "<script>alert" not in page
