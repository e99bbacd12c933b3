"""Guards: a password works with every active identifier; guessing is slowed; signing out leaves nothing."""

import re

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity.ports import Message, Purpose
from gridhall.integrations import SettingInvalid, chosen
from gridhall.integrations.terminal.codes import TerminalCodes
from gridhall.kernel import clock
from gridhall.runtime.audit import Act

PASSWORD = "a-bird-in-the-hand"
ACT = Act("test", clock.now())


@pytest.fixture
def owner(db: None):
    user = get_user_model().objects.create(username="p-1", phone="15400000001", phone_verified=True)
    user.set_password(PASSWORD)
    user.save()
    identity.choose_username(user.pk, "old.wang", act=ACT)
    return user


def sign_in(login: str, password: str = PASSWORD, browser: Client | None = None, **more: str):
    return (browser or Client()).post("/account/login/", {"login": login, "password": password} | more)


@pytest.mark.parametrize("login", ["15400000001", "+86 154 0000 0001", "old.wang", " OLD.WANG "])
def test_any_identifier_with_the_password(owner, login: str) -> None:
    assert sign_in(login)["Location"] == "/"


def test_unknown_and_wrong_are_answered_alike(owner) -> None:
    said = []
    for login in ("15400000001", "old.wang", "15400009999", "nobody.here", "<script>alert(1)</script>", "x" * 300):
        page = sign_in(login, "wrong").content.decode()
        assert "<script>alert" not in page
        said.append(re.findall(r'class="field-error form-error".*?</div>', page))
    assert said[0]
    assert all(each == said[0] for each in said[:5])


def test_five_wrong_passwords_close_it_for_a_while(owner) -> None:
    for _ in range(5):
        assert sign_in("old.wang", "wrong").status_code == 200
    page = sign_in("old.wang")
    assert page.status_code == 200
    assert "五分钟" in page.content.decode()


def test_a_page_is_not_kept_and_nothing_is_left_after_signing_out(owner) -> None:
    browser = Client()
    sign_in("old.wang", browser=browser)
    page = browser.get("/me/")
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    out = browser.post("/account/logout/")
    assert out["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.get("/me/").status_code == 302
    assert "Clear-Site-Data" not in browser.post("/account/logout/")


def test_other_sessions_can_be_ended(owner) -> None:
    here, there = Client(), Client()
    sign_in("old.wang", browser=here)
    sign_in("old.wang", browser=there)
    page = here.get("/account/sessions/").content.decode()
    assert page.count("row-item") == 2
    here.post("/account/sessions/")
    assert here.get("/me/").status_code == 200
    assert there.get("/me/").status_code == 302


def test_one_session_can_be_ended_and_nobody_elses(owner) -> None:
    here, there, third = Client(), Client(), Client()
    for browser in (here, there, third):
        sign_in("old.wang", browser=browser)
    keys = {browser: UserSession.objects.get(session_key=browser.session.session_key).pk for browser in (here, there)}
    page = here.get("/account/sessions/").content.decode()
    assert f"/sessions/{keys[there]}/end/" in page
    assert f"/sessions/{keys[here]}/end/" not in page
    assert here.get(f"/account/sessions/{keys[there]}/end/").status_code == 405
    assert here.post(f"/account/sessions/{keys[here]}/end/").status_code == 404
    stranger = Client()
    somebody = get_user_model().objects.create(username="stranger")
    stranger.force_login(somebody, "gridhall.channels.web.signin.backend.IdentifierBackend")
    assert stranger.post(f"/account/sessions/{keys[there]}/end/").status_code == 404
    assert here.post(f"/account/sessions/{keys[there]}/end/").status_code == 302
    assert [browser.get("/me/").status_code for browser in (here, there, third)] == [200, 302, 200]


def test_who_came_by_code_may_set_a_new_password_without_the_old(owner, outbox: list[Message]) -> None:
    browser = Client()
    sign_in("old.wang", browser=browser)
    assert "oldpassword" in browser.get("/account/password/change/").content.decode()
    browser = Client()
    browser.post("/account/login/code/", {"phone": owner.phone})
    browser.post("/account/login/code/confirm/", {"code": outbox[-1].code})
    new = {"password1": "two-in-the-bush", "password2": "two-in-the-bush"}
    assert "oldpassword" not in browser.get("/account/password/change/").content.decode()
    assert browser.post("/account/password/change/", new).status_code == 302
    assert sign_in("old.wang", "two-in-the-bush")["Location"] == "/"


@pytest.mark.parametrize("password", ["1234567", "12345678901", "password", ""])
def test_poor_passwords_are_refused(owner, password: str) -> None:
    browser = Client()
    sign_in("old.wang", browser=browser)
    new = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert browser.post("/account/password/change/", new).status_code == 200
    assert sign_in("old.wang")["Location"] == "/"


def test_a_phone_is_changed_by_its_code(owner, outbox: list[Message]) -> None:
    browser = Client()
    sign_in("old.wang", browser=browser)
    asked = browser.post("/account/phone/change/", {"phone": "154 0000 0099", "action_add": ""})
    if asked["Location"].startswith("/account/reauthenticate/"):
        browser.post(asked["Location"], {"password": PASSWORD, "next": "/account/phone/change/"})
        browser.post("/account/phone/change/", {"phone": "154 0000 0099", "action_add": ""})
    assert (outbox[-1].address, outbox[-1].purpose) == ("15400000099", Purpose.PHONE)
    owner.refresh_from_db()
    assert owner.phone == "15400000001"
    browser.post("/account/phone/verify/", {"code": outbox[-1].code})
    owner.refresh_from_db()
    assert (owner.phone, owner.phone_verified) == ("15400000099", True)


@pytest.mark.parametrize("page", ["login/", "login/code/", "password/reset/", "second-factor/"])
def test_pages_are_in_our_look_and_without_inline_code(db: None, page: str) -> None:
    answer = Client().get(f"/account/{page}")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "web/signin.css" in text
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style", text)
    for attributes, content in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.S):
        assert "src=" in attributes or "application/json" in attributes or not content.strip()


def test_pages_that_this_house_does_not_have(db: None) -> None:
    assert Client().get("/account/signup/")["Location"] == "/account/login/"
    assert Client().get("/account/email/")["Location"] == "/me/"
    assert Client().post("/account/password/reset/", {"email": "a@example.com"}).status_code == 405


def test_a_mistyped_sender_ends_the_start() -> None:
    with pytest.raises(SettingInvalid, match="terminal"):
        chosen("GRIDHALL_CODES", "sms", {"terminal": "x"})
    assert not issubclass(SettingInvalid, ImproperlyConfigured)


def test_the_terminal_shows_the_code_but_not_the_whole_number(capsys) -> None:
    TerminalCodes().send(Message("15400001234", "123456", Purpose.SIGN_IN))
    assert capsys.readouterr().out == "[sign_in] 154****1234: 123456\n"
