"""Guards the clerk's view of a customer: found by one box, masked until somebody says why, nothing of other units, no
more than twelve queries, and nothing that a name can do."""

import pytest

from gridhall.contexts.billing.queries import show_number
from gridhall.contexts.identity.models import StaffPosition
from gridhall.contexts.identity.queries import who_looked
from gridhall.runtime.audit import trail

from .conftest import Desk


def text(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize("asked", ["U1001", "AU1001", "CU1001", "13800001234"])
def test_a_whole_number_leads_straight_to_the_customer(desk: Desk, asked):
    response = desk("clerk").get("/console/customers/", {"q": asked})
    assert (response.status_code, response["Location"]) == (302, "/console/customers/CU1001/")


def test_a_bill_number_leads_to_the_bill(wrong: Desk):
    number = show_number(wrong.bill.number)
    response = wrong("clerk").get("/console/customers/", {"q": number})
    assert response["Location"] == f"/console/customers/bills/{number}/"
    assert wrong("far").get("/console/customers/", {"q": number}).status_code == 200


def test_results_are_masked_and_say_what_matched(desk: Desk):
    page = text(desk("clerk").get("/console/customers/", {"q": "荷风路"}))
    assert "王*明" in page
    assert "王小明" not in page
    assert "138****1234" in page
    assert "13800001234" not in page
    assert "18号" not in page


@pytest.mark.parametrize("asked", ["王小明", "U1001", "13800001234", "荷风路", "AU1001", "U10"])
def test_nothing_of_other_units_is_found(desk: Desk, asked):
    response = desk("far").get("/console/customers/", {"q": asked})
    assert response.status_code == 200
    assert "CU1001" not in text(response)


def test_who_accepts_for_others_finds_them_by_whole_number_only_and_changes_nothing(desk: Desk):
    browser = desk("accepting")
    assert browser.get("/console/customers/", {"q": "U1001"})["Location"] == "/console/customers/CU1001/"
    assert "CU1001" not in text(browser.get("/console/customers/", {"q": "王小明"}))
    page = browser.get("/console/customers/CU1001/")
    assert page.status_code == 200
    assert "AU1001" in text(page)
    assert "/unmask/" not in text(page)
    for part in ("readings", "unmask", "trail"):
        assert browser.get(f"/console/customers/CU1001/{part}/").status_code in (403, 404)


@pytest.mark.parametrize("part", ["", "readings/", "past/", "unmask/"])
def test_a_customer_of_another_unit_is_not_there(desk: Desk, part):
    assert desk("clerk").get(f"/console/customers/CU1001/{part}").status_code == 200
    assert desk("far").get(f"/console/customers/CU1001/{part}").status_code == 404
    assert desk("clerk").get(f"/console/customers/C9/{part}").status_code == 404
    assert desk("clerk").get(f"/console/customers/nobody/{part}").status_code == 404


@pytest.mark.parametrize("part", ["", "sources/", "correct/"])
def test_a_bill_of_another_unit_is_not_there(wrong: Desk, part):
    address = f"/console/customers/bills/{show_number(wrong.bill.number)}/{part}"
    assert wrong("clerk").get(address).status_code == 200
    assert wrong("far").get(address).status_code == 404
    assert wrong("accepting").get(address).status_code == 404
    assert wrong("clerk").get(f"/console/customers/bills/99991231-999999999-99/{part}").status_code == 404
    assert wrong("clerk").get(f"/console/customers/bills/x/{part}").status_code == 404


def test_who_may_not_see_customers_is_told_so(desk: Desk):
    assert desk("administrator").get("/console/customers/").status_code == 403
    page = text(desk("administrator").get("/console/"))
    assert "/console/customers/" not in page
    assert "/console/billing/" not in page


def test_the_page_is_masked(desk: Desk):
    page = text(desk("clerk").get("/console/customers/CU1001/"))
    assert "王*明" in page
    assert "************1234" in page
    for clear in ("王小明", "13800001234", "310101199001011234", "18号502室"):
        assert clear not in page


def test_unmasking_shows_what_was_asked_for_once_and_is_on_the_trail(desk: Desk):
    browser = desk("clerk")
    response = browser.post(
        "/console/customers/CU1001/unmask/", {"fields": ["phone", "address"], "reason": "电话核对用电地址"}
    )
    page = text(response)
    assert "13800001234" in page
    assert "上海市荷风路18号502室" in page
    assert "王小明" not in page
    assert "310101199001011234" not in page
    assert "no-store" in response["Cache-Control"]
    entry = trail("customer:CU1001")[-1]
    assert (entry.actor, entry.details["reason"]) == ("staff:clerk", "电话核对用电地址")
    assert "13800001234" not in str(entry.details)
    customer = desk.utility.agreements and who_looked([_id("CU1001")])
    assert customer[0].reason == "电话核对用电地址"


def test_without_a_reason_nothing_is_shown_and_nothing_written(desk: Desk):
    browser = desk("clerk")
    for sent in ({"fields": ["phone"]}, {"fields": ["phone"], "reason": "。。。。。"}, {"reason": "电话核对地址"}):
        page = text(browser.post("/console/customers/CU1001/unmask/", sent))
        assert "13800001234" not in page
    assert trail("customer:CU1001") == []


def test_who_may_only_look_cannot_unmask(desk: Desk):
    sent = {"fields": ["phone"], "reason": "电话核对地址"}
    assert desk("auditor").post("/console/customers/CU1001/unmask/", sent).status_code == 403
    assert desk("far").post("/console/customers/CU1001/unmask/", sent).status_code == 404
    assert trail("customer:CU1001") == []


def test_the_trail_is_for_those_who_audit(desk: Desk):
    desk("clerk").post("/console/customers/CU1001/unmask/", {"fields": ["phone"], "reason": "电话核对地址"})
    assert "电话核对地址" in text(desk("auditor").get("/console/customers/CU1001/trail/"))
    assert desk("clerk").get("/console/customers/CU1001/trail/").status_code == 403
    assert desk("farmanager").get("/console/customers/CU1001/trail/").status_code == 404


def test_a_hostile_name_stays_a_name(desk: Desk):
    for address in ("/console/customers/CU1003/", "/console/customers/?q=alert", "/console/customers/CU1003/past/"):
        response = desk("clerk").get(address)
        assert response.status_code == 200
        assert "<script>alert" not in text(response)
    page = desk("clerk").get("/console/customers/", {"q": '"><script>alert(1)</script>'})
    assert "<script>alert" not in text(page)


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "²", ""])
def test_any_page_number_is_answered(desk: Desk, page):
    browser = desk("clerk")
    assert browser.get("/console/customers/", {"q": "U10", "page": page}).status_code == 200
    asked = {"page": page, "bills": page, "entries": page, "by": "x", "account": "<script>"}
    assert browser.get("/console/customers/CU1001/", asked).status_code == 200


def test_pages_take_twelve_queries_at_most(wrong: Desk, django_assert_max_num_queries):
    browser = wrong("manager")
    number = show_number(wrong.bill.number)
    pages = [
        "/console/", "/console/customers/?q=U1001&list=yes", "/console/customers/?q=荷风路",
        "/console/customers/CU1001/",
        f"/console/customers/bills/{number}/", "/console/billing/approvals/",
    ]  # fmt: skip
    for page in pages:
        browser.get(page)  # the first request notes the session
        with django_assert_max_num_queries(12):
            assert browser.get(page).status_code == 200


def test_the_statement_says_the_same_by_value_and_by_booking(wrong: Desk):
    total = sum(bill.total_fen for bill in type(wrong.bill).objects.filter(account_id=wrong.utility.accounts["U1001"]))
    for by in ("value", "posting"):
        page = wrong("clerk").get("/console/customers/CU1001/", {"by": by})
        assert page.context["entries"][0].balance_fen == total
        assert [owed for _, owed in page.context["accounts"]] == [total]


def test_a_position_that_has_ended_opens_nothing(desk: Desk):
    StaffPosition.objects.filter(user=desk.people["clerk"]).update(end_date="2011-01-01")
    assert desk("clerk").get("/console/customers/CU1001/").status_code == 404


def _id(number: str) -> int:
    from gridhall.contexts.accounts.models import Customer

    return Customer.objects.get(number=number).pk
