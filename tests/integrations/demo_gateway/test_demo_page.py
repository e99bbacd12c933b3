"""Guards: on the demo gateway's page one pays, refuses, delays; wrong answers change nothing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from tests.integrations.demo_gateway.conftest import START, order

from gridhall.contexts.payments.ports import MoneyState
from gridhall.integrations.demo_gateway import views


@pytest.fixture
def page(demo, monkeypatch):
    monkeypatch.setattr(views, "_demo", lambda: demo)
    return demo.create(order()).url.removeprefix("http://testserver")


@pytest.fixture
def client() -> Client:
    return Client()


def test_the_page_says_what_is_paid_in_both_languages(client, page):
    chinese = client.get(page)
    assert chinese.status_code == 200
    text = chinese.content.decode()
    assert "128.50" in text
    assert "立即支付" in text
    assert "不会发生真实扣款" in text
    client.cookies["language"] = "en"
    assert "no money moves" in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("outcome", "state", "messages"),
    [
        ("pay", MoneyState.DONE, 1), ("twice", MoneyState.DONE, 2), ("never", MoneyState.DONE, 0),
        ("refuse", MoneyState.CLOSED, 1),
    ],
)  # fmt: skip
def test_what_is_chosen_happens(client, page, demo, outcome, state, messages):
    answer = client.post(page, {"outcome": outcome})
    assert (answer.status_code, answer["Location"]) == (302, "http://testserver/pay/result/N1/")
    assert demo.query("N1").state is state
    count = 0
    while message := demo.service.book.next_message(START):
        count += 1
        demo.service.book.told(message, heard=True, now=START)
    assert count == messages
    assert "立即支付" not in client.get(page).content.decode()


def test_money_can_be_late(client, page, demo, clock):
    client.post(page, {"outcome": "late", "seconds": "25"})
    assert demo.query("N1").state is MoneyState.PENDING
    assert "银行处理中" in client.get(page).content.decode()
    clock.on(seconds=25)
    assert "支付成功" in client.get(page).content.decode()
    assert demo.query("N1").paid_at == START + timedelta(seconds=25)


@pytest.mark.parametrize("seconds", ["", "0", "-1", "3601", "1.5", "many", "１０"])
def test_a_wrong_delay_is_said_and_changes_nothing(client, page, demo, seconds):
    answer = client.post(page, {"outcome": "late", "seconds": seconds})
    assert answer.status_code == 422
    assert "1 到 3600" in answer.content.decode()
    assert demo.query("N1").state is MoneyState.PENDING
    assert demo.service.book.next_moment() is None


def test_a_double_click_pays_once(client, page, demo):
    client.post(page, {"outcome": "pay"})
    first = demo.query("N1")
    client.post(page, {"outcome": "twice"})
    client.post(page, {"outcome": "refuse"})
    assert demo.query("N1") == first


def test_an_expired_order_offers_nothing(client, page, clock, demo):
    clock.on(minutes=31)
    text = client.get(page).content.decode()
    assert "订单已过期" in text
    assert "立即支付" not in text
    client.post(page, {"outcome": "pay"})
    assert demo.query("N1").state is MoneyState.CLOSED


def test_nonsense_changes_nothing(client, page, demo):
    client.post(page, {"outcome": "gift"})
    client.post(page)
    assert demo.query("N1").state is MoneyState.PENDING


def test_an_unknown_link_is_a_page(client, page):
    answer = client.get(reverse("demo-gateway.pay", args=["nothing"]))
    assert answer.status_code == 404
    assert "没有这个订单" in answer.content.decode()


def test_a_scanned_order_stays_on_the_phone(client, demo, page):
    scanned = demo.create(order(number="N2", method="demo.qr")).url.removeprefix("http://testserver")
    assert client.post(scanned, {"outcome": "pay"})["Location"] == scanned


def test_forms_may_lead_back_to_where_the_payer_came_from(client, demo, page):
    elsewhere = demo.create(order(number="N3", return_url="https://hall.example.com/back/"))
    answer = client.get(reverse("demo-gateway.pay", args=[elsewhere.url.split("/")[-2]]))
    assert "form-action 'self' https://hall.example.com" in answer["Content-Security-Policy"]


def test_a_form_of_another_site_is_refused(page):
    assert Client(enforce_csrf_checks=True).post(page, {"outcome": "pay"}).status_code == 403
