"""Guards: from the home page one tap to the amount, one to the gateway; a payment is posted once; amounts that cannot
be paid are said in words; an order is its payer's."""

import re
from typing import Any

import pytest
from django.test import Client
from tests.channels.hall.pay.conftest import main, owed
from tests.world import OWN, World

from gridhall.contexts.payments.models import PaymentOrder, Receipt
from gridhall.contexts.payments.ports import GatewayUnavailable, gateway
from gridhall.kernel import clock
from gridhall.runtime import outbox


def sent(client: Client, page: str, **changes: Any) -> Any:
    """Open a page of paying and send its form."""
    key = re.search(r'name="key" value="([^"]+)"', client.get(page).content.decode())
    assert key
    return client.post(page, {"key": key[1], "choice": "all", "method": "demo.link"} | changes)


def account_of(number: str) -> int:
    return PaymentOrder.objects.get(number=number).lines.get().account_id


def paid(client: Client, answer: Any) -> str:
    """Go on from the answer to a form, pay at the demo gateway, come back; the number of the order."""
    there = client.get(answer["Location"])
    assert there.status_code == 302
    assert there["Location"].startswith("http://testserver/demo-gateway/pay/")
    back = client.post(there["Location"].removeprefix("http://testserver"), {"outcome": "never"})
    return back["Location"].rstrip("/").split("/")[-2]


def test_two_taps_from_the_home_page(owner: Client, home: str) -> None:
    first = owner.get(home).content.decode()
    assert f'href="{home}pay/"' in main(owner.get(home))
    assert "Pay now" in first
    page = owner.get(f"{home}pay/")
    assert page.status_code == 200
    amount = re.search(r'data-fen="(¥[\d,.]+)" checked', page.content.decode())
    assert amount
    assert amount[1] in main(page)
    number = paid(owner, sent(owner, f"{home}pay/"))
    before = owed(account_of(number))
    said = main(owner.get(f"/pay/{number}/"))
    assert "Nothing is owed any more" in said
    assert amount[1].removeprefix("¥") in said
    assert before > 0
    assert owed(account_of(number)) == 0
    assert "Nothing to pay" in main(owner.get(home))
    assert amount[1].removeprefix("¥") in main(owner.get(f"{home}pay/records/"))
    assert "Receipt number" in main(owner.get(f"/pay/{number}/receipt/"))
    receipt = Receipt.objects.get(order__number=number).pk
    assert "Receipt number" in main(owner.get(f"{home}pay/records/{receipt}/"))


def test_a_double_click_makes_one_order(owner: Client, home: str) -> None:
    page = owner.get(f"{home}pay/").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    form = {"key": key[1], "choice": "all", "method": "demo.link"}
    first, second = owner.post(f"{home}pay/", form), owner.post(f"{home}pay/", form)
    assert first["Location"] == second["Location"]
    other = owner.post(f"{home}pay/", form | {"choice": "other", "amount": "12.30"})
    assert other["Location"] != first["Location"]
    assert PaymentOrder.objects.filter(number=other["Location"].split("/")[2], amount_fen=1230).exists()


@pytest.mark.parametrize("amount", ["", "abc", "0", "-5", "1.234", "1e9", "99999999999", "50000.01", "NaN", "١٢"])
def test_amounts_that_cannot_be_paid(owner: Client, home: str, amount: str) -> None:
    before = PaymentOrder.objects.count()
    answer = sent(owner, f"{home}pay/", choice="other", amount=amount)
    if amount == "١٢":
        # Digits of any script are digits.
        assert answer.status_code == 302
        return
    assert answer.status_code == 422
    assert "at most two decimals" in main(answer)
    assert PaymentOrder.objects.count() == before


def test_an_unknown_method_is_said(owner: Client, home: str) -> None:
    answer = sent(owner, f"{home}pay/", method="alipay.none")
    assert answer.status_code == 422
    assert "Choose how you want to pay" in main(answer)


def test_a_gateway_that_is_down(owner: Client, home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any) -> None:
        raise GatewayUnavailable("It does not answer.", path="demo")

    answer = sent(owner, f"{home}pay/")
    monkeypatch.setattr(gateway("demo"), "create", down)
    there = owner.get(answer["Location"])
    assert there.status_code == 503
    assert "Nothing was paid" in main(there)


def test_an_order_is_its_payers(world: World, owner: Client, home: str) -> None:
    number = paid(owner, sent(owner, f"{home}pay/"))
    owner.get(f"/pay/{number}/")
    for who in ("stranger", "reader", "clerk"):
        for page in ("", "go/", "state/", "receipt/"):
            assert world.client(who).get(f"/pay/{number}/{page}").status_code == 404


def test_an_order_whose_time_is_over(owner: Client, home: str) -> None:
    answer = sent(owner, f"{home}pay/")
    number = answer["Location"].split("/")[2]
    order = PaymentOrder.objects.get(number=number)
    PaymentOrder.objects.filter(pk=order.pk).update(
        created_at=order.created_at.replace(year=2025), expires_at=order.expires_at.replace(year=2025)
    )
    assert owner.get(answer["Location"])["Location"] == f"/pay/{number}/"
    assert "Not paid" in main(owner.get(f"/pay/{number}/"))


def test_paying_ahead_where_nothing_is_owed(owner: Client, home: str) -> None:
    number = paid(owner, sent(owner, f"{home}pay/"))
    owner.get(f"/pay/{number}/")
    page = main(owner.get(f"{home}pay/"))
    assert "You can pay ahead" in page
    number = paid(owner, sent(owner, f"{home}pay/", choice="round-10000"))
    owner.get(f"/pay/{number}/")
    assert owed(account_of(number)) == -10000
    assert "100.00 are paid ahead" in main(owner.get(f"{home}pay/"))


def test_several_homes_at_once(owner: Client, world: World) -> None:
    page = owner.get("/pay/")
    assert page.status_code == 200
    account = re.search(r'name="account" value="(\d+)"', page.content.decode())
    assert account
    answer = sent(owner, "/pay/", choice="sum", account=account[1])
    number = paid(owner, answer)
    owner.get(f"/pay/{number}/")
    assert owed(int(account[1])) == 0
    assert sent(owner, "/pay/", choice="sum").status_code == 422


def test_for_others_only_a_masked_name_and_an_amount(world: World, owner: Client) -> None:
    stranger = world.client("stranger")
    stranger.cookies["language"] = "en"
    found = stranger.post("/pay/for-others/", {"step": "find", "number": OWN})
    assert found.status_code == 200
    said = main(found)
    assert "To pay for" in said
    assert "*" in said
    key = re.search(r'name="key" value="([^"]+)"', said)
    assert key
    answer = stranger.post(
        "/pay/for-others/",
        {"step": "pay", "number": OWN, "key": key[1], "choice": "all", "method": "demo.link"},
    )
    number = paid(stranger, answer)
    said = main(stranger.get(f"/pay/{number}/"))
    assert "They see the amount, not who paid" in said
    assert owner.get(f"/pay/{number}/").status_code == 404
    assert stranger.post("/pay/for-others/", {"step": "find", "number": "3199999999"}).status_code == 422


def test_numbers_are_not_tried_through(world: World) -> None:
    client = world.client("clerk")
    answers = {client.post("/pay/for-others/", {"number": f"31000{at:05}"}).status_code for at in range(12)}
    assert 429 in answers


def test_what_gateways_tell_needs_no_session(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/pay/notify/demo/", b"garbage", content_type="application/octet-stream")
    assert answer.content == b"fail"
    assert client.post("/pay/notify/none/", b"x", content_type="text/plain").status_code == 404


def test_what_a_payment_earns_is_shown_to_payer_and_clerk(world: World, owner: Client, home: str) -> None:
    answer = sent(owner, f"{home}pay/", choice="other", amount="28.50")
    number = paid(owner, answer)
    waiting = main(owner.get(f"/pay/{number}/"))
    # Just after paying they are not counted yet: the page asks again by itself.
    assert f'hx-get="/pay/{number}/state/' in waiting
    outbox.deliver(lambda: clock.now(), limit=1_000)
    shown = main(owner.get(f"/pay/{number}/"))
    assert "This payment earns 28 points." in shown
    assert "hx-get" not in shown
    receipt = Receipt.objects.get(order__number=number).pk
    assert re.search(r"<dt>Points</dt>\s*<dd[^>]*>28</dd>", main(owner.get(f"/pay/{number}/receipt/")))
    assert re.search(r'<td class="figure">28', main(owner.get(f"{home}pay/records/")))
    clerk = world.client("clerk")
    clerk.cookies["language"] = "en"
    assert re.search(r"<dt>Points</dt>\s*<dd[^>]*>28</dd>", main(clerk.get(f"/console/payments/receipts/{receipt}/")))


def test_two_phones_at_the_same_bill(world: World, owner: Client, home: str, caplog: pytest.LogCaptureFixture) -> None:
    reader = world.client("reader")
    reader.cookies["language"] = "en"
    shared = f"/homes/{world.homes['reader']}/pay/"
    first = sent(owner, f"{home}pay/")
    before = PaymentOrder.objects.count()
    with caplog.at_level("INFO", "gridhall.payments"):
        refused = sent(reader, shared)
    assert refused.status_code == 422
    assert "Somebody else, or autopay, began to pay it" in main(refused)
    assert "Pay all the same" in main(refused)
    assert "being_paid" in caplog.text
    assert PaymentOrder.objects.count() == before
    # A neighbour who pays by the number is told the same, and not who it is.
    neighbour = world.client("stranger")
    neighbour.cookies["language"] = "en"
    form = {"step": "pay", "number": OWN, "key": "k" * 24, "choice": "all", "method": "demo.link"}
    assert "Pay all the same" in main(neighbour.post("/pay/for-others/", form))
    # Who insists can pay: what is too much is kept.
    assert sent(reader, shared, anyway="1").status_code == 302
    assert paid(owner, first)


def test_the_second_wish_of_the_same_person_takes_the_place_of_the_first(owner: Client, home: str) -> None:
    first = sent(owner, f"{home}pay/")
    number = first["Location"].split("/")[2]
    checkout = owner.get(first["Location"])["Location"].removeprefix("http://testserver")
    second = sent(owner, f"{home}pay/", method="demo.qr")
    assert second.status_code == 302
    assert second["Location"] != first["Location"]
    assert PaymentOrder.objects.get(number=number).status == "closed"
    assert owner.get(first["Location"])["Location"] == f"/pay/{number}/"
    # The page that is still open at the gateway takes no money any more.
    owner.post(checkout, {"outcome": "pay"})
    assert gateway("demo").query(number).state == "closed"


def test_a_bill_that_was_paid_while_the_page_was_open(owner: Client, home: str) -> None:
    page = owner.get(f"{home}pay/").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    number = paid(owner, sent(owner, f"{home}pay/"))
    owner.get(f"/pay/{number}/")
    late = owner.post(f"{home}pay/", {"key": key[1], "choice": "all", "method": "demo.link"})
    assert late.status_code == 422
    assert "What is owed has changed since you opened this page" in main(late)
    assert "Nothing to pay" in main(late)
