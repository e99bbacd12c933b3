"""Guards: signing in by a code to the phone works for old and new numbers alike, and tells nobody which is which."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from gridhall.contexts.identity.ports import Message

PHONE = "15400001234"


def ask(browser: Client, phone: str = PHONE) -> str:
    answer = browser.post("/account/login/code/", {"phone": phone})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def enter(browser: Client, code: str):
    return browser.post("/account/login/code/confirm/", {"code": code})


def test_a_new_number_is_an_account_after_its_first_code(browser: Client, outbox: list[Message]) -> None:
    ask(browser, "+86 154-0000-1234")
    assert [message.address for message in outbox] == [PHONE]
    assert browser.get("/me/").status_code == 302
    assert enter(browser, outbox[0].code)["Location"] == "/"
    user = get_user_model().objects.get()
    assert (user.phone, user.phone_verified, user.has_usable_password()) == (PHONE, True, False)
    assert browser.get("/me/").status_code == 200


def test_known_and_unknown_numbers_are_answered_alike(outbox: list[Message], db: None) -> None:
    get_user_model().objects.create(username="old", phone=PHONE, phone_verified=True)
    pages = []
    for phone in (PHONE, "15400009999"):
        browser = Client()
        assert ask(browser, phone) == "/account/login/code/confirm/"
        page = browser.get("/account/login/code/confirm/").content.decode()
        token = browser.cookies["csrftoken"].value
        pages.append([line for line in page.replace(phone, "PHONE").splitlines() if "csrf" not in line.lower()])
        assert token
    assert pages[0] == pages[1]
    assert len(outbox) == 2


def test_three_wrong_codes_end_it(browser: Client, outbox: list[Message]) -> None:
    ask(browser)
    wrong = "000000" if outbox[0].code != "000000" else "111111"
    for _ in range(2):
        assert enter(browser, wrong).status_code == 200
    assert enter(browser, wrong).status_code == 302
    assert enter(browser, outbox[0].code).status_code == 302
    assert browser.get("/me/").status_code == 302


@pytest.mark.parametrize("text", ["", "12345", "<script>", "😀" * 200, "9" * 200, "‮15400001234", "1540000123a"])
def test_what_is_no_number_is_said_to_be_none(browser: Client, outbox: list[Message], text: str) -> None:
    answer = browser.post("/account/login/code/", {"phone": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert not outbox


def test_one_number_gets_three_codes_a_minute(outbox: list[Message], db: None) -> None:
    for _ in range(5):
        Client().post("/account/login/code/", {"phone": PHONE})
    assert len(outbox) == 3


def test_one_code_opens_one_browser_only(outbox: list[Message], db: None) -> None:
    first, second = Client(), Client()
    ask(first)
    ask(second)
    assert enter(second, outbox[0].code).status_code == 200 if outbox[0].code != outbox[1].code else True
    assert enter(second, outbox[1].code)["Location"] == "/"


def test_a_closed_account_stays_closed(browser: Client, outbox: list[Message]) -> None:
    get_user_model().objects.create(username="old", phone=PHONE, phone_verified=True, is_active=False)
    ask(browser)
    assert enter(browser, outbox[0].code)["Location"] == "/account/inactive/"
    assert browser.get("/account/inactive/").status_code == 200
    assert browser.get("/me/").status_code == 302


def test_next_is_kept_and_stays_in_the_house(outbox: list[Message], db: None) -> None:
    for wanted, got in (("/me/", "/me/"), ("https://evil.example/", "/")):
        browser = Client()
        browser.post("/account/login/code/", {"phone": PHONE, "next": wanted})
        answer = browser.post("/account/login/code/confirm/", {"code": outbox[-1].code, "next": wanted})
        assert answer["Location"] == got
