"""Guards: staff work only in sessions with a second factor; customers are asked for one only if they chose it."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth import get_user_model
from django.test import Client

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.accounts.types import OrganisationLevel
from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity.types import Role
from gridhall.kernel import clock
from gridhall.runtime.audit import Act

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "a-bird-in-the-hand"


@pytest.fixture(autouse=True)
def second_factor_wanted(settings) -> None:
    settings.STAFF_SECOND_FACTOR = True


@pytest.fixture
def clerk(db: None):
    act = Act("test", clock.now())
    accounts.create_organisation("44", "省公司", OrganisationLevel.PROVINCE, act=act)
    user = get_user_model().objects.get(pk=identity.employ("C1", "营业员", act=act))
    user.set_password(PASSWORD)
    user.save()
    identity.appoint(user.pk, identity.Appointment("44", Role.CLERK, clock.now().date()), act=act)
    return user


def code() -> str:
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(SECRET, counters[len(counters) // 2]))


def sign_in(browser: Client, login: str = "c1", **more: str):
    return browser.post("/account/login/", {"login": login, "password": PASSWORD} | more)


@pytest.mark.parametrize("page", ["/console/", "/console/search/", "/admin/"])
def test_without_an_authenticator_staff_are_led_to_set_one_up(browser: Client, clerk, page: str) -> None:
    assert sign_in(browser)["Location"] == "/console/"
    answer = browser.get(page)
    assert answer["Location"].startswith("/account/second-factor/?next=")
    assert browser.get(answer["Location"]).status_code == 200
    assert browser.get("/me/").status_code == 200


def test_with_one_they_are_asked_for_it(browser: Client, clerk) -> None:
    TOTP.activate(clerk, SECRET)
    assert sign_in(browser)["Location"] == "/account/2fa/authenticate/"
    assert browser.get("/console/").status_code == 302
    wrong = browser.post("/account/2fa/authenticate/", {"code": "000000" if code() != "000000" else "111111"})
    assert wrong.status_code == 200
    assert browser.post("/account/2fa/authenticate/", {"code": code()})["Location"] == "/console/"
    assert browser.get("/console/").status_code == 200


def test_a_session_from_before_is_asked_too(browser: Client, clerk) -> None:
    sign_in(browser)
    TOTP.activate(clerk, SECRET)
    answer = browser.get("/console/?a=1")
    assert answer["Location"] == "/account/2fa/reauthenticate/?next=%2Fconsole%2F%3Fa%3D1"
    assert browser.post(answer["Location"], {"code": code(), "next": "/console/"})["Location"] == "/console/"
    assert browser.get("/console/").status_code == 200


def test_a_session_made_without_signing_in_is_none(browser: Client, clerk) -> None:
    TOTP.activate(clerk, SECRET)
    browser.force_login(clerk)
    assert browser.get("/console/").status_code == 302


def test_setting_one_up_in_the_hall(browser: Client, clerk) -> None:
    sign_in(browser)
    page = browser.get("/account/2fa/totp/activate/")
    if page.status_code == 302:
        browser.post(page["Location"], {"password": PASSWORD})
        page = browser.get("/account/2fa/totp/activate/")
    secret = page.context["form"].secret
    counters = list(yield_hotp_counters_from_time())
    first = format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))
    assert browser.post("/account/2fa/totp/activate/", {"code": first}).status_code == 302
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    shown = browser.get("/account/2fa/recovery-codes/")
    assert shown.status_code == 200
    assert b"style=" not in shown.content


def test_the_administrations_own_door_is_closed(browser: Client, clerk) -> None:
    clerk.is_staff = True
    clerk.save()
    answer = browser.post("/admin/login/", {"username": "C1", "password": PASSWORD})
    assert answer["Location"].startswith("/account/login/")
    assert browser.get("/admin/").status_code == 302


def test_a_passkey_of_a_customer_is_not_asked_for_beside_the_code(browser: Client, outbox) -> None:
    user = get_user_model().objects.create(username="p", phone="15400000001", phone_verified=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})
    browser.post("/account/login/code/", {"phone": user.phone})
    assert browser.post("/account/login/code/confirm/", {"code": outbox[0].code})["Location"] == "/"


def test_sessions_of_staff_end_after_a_shift(browser: Client, clerk) -> None:
    TOTP.activate(clerk, SECRET)
    sign_in(browser)
    browser.post("/account/2fa/authenticate/", {"code": code()})
    assert browser.session.get_expiry_age() <= 12 * 3600
