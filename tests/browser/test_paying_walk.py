"""Guards a payer's walk: from the home page to the gateway and back, refused, paid, told twice and never told; by the
demo gateway on a phone, by Alipay and WeChat on a computer, each against its stand-in."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import DESK, PHONE, Site, _served, _static
from tests.browser.walking import shot, sign_in, window, zh
from tests.standins.alipay import AlipayStandIn
from tests.standins.wechat import WeChatStandIn
from tests.world import NOW, inhabited

pytestmark = pytest.mark.needs_browser


@pytest.fixture(scope="module")
def paying(block: Any, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A served copy of the demo utility with three gateways, and the stand-ins by code."""
    folder = tmp_path_factory.mktemp("paying")
    began = time.time()

    def clock() -> datetime:
        return NOW + timedelta(seconds=time.time() - began)

    with ExitStack() as stack:
        installation = stack.enter_context(block.copy(folder / "home"))
        standins = {
            "alipay": stack.enter_context(AlipayStandIn(folder / "alipay", clock=clock)),
            "wechat": stack.enter_context(WeChatStandIn(folder / "wechat", clock=clock)),
        }
        stack.enter_context(django_db_blocker.unblock())
        world = stack.enter_context(inhabited(installation))
        _static(block, installation)
        for standin in standins.values():
            installation.env |= standin.env
        installation.env["GRIDHALL_GATEWAYS"] = "demo,alipay,wechat"
        url, output = stack.enter_context(_served(installation))
        yield Site(url, world, output), standins


def _paid_by_nobody(site: Site) -> int:
    from gridhall.contexts.payments.models import Receipt

    return Receipt.objects.filter(order__payer=site.world.people["owner"]).count()


def _amount(text: str) -> str:
    found = re.search(r"¥\s?([\d,]+\.\d\d)", text)
    assert found, text
    return found[1]


def _to_gateway(tab: Any, method: str, amount: str = "") -> None:
    """From the page of paying on to the gateway."""
    if amount:
        tab.locator("input[data-other]").check(force=True)
        tab.get_by_label(zh("Amount in yuan")).fill(amount)
    tab.locator(f'input[name=method][value="{method}"]').check(force=True)
    tab.locator(".pay-send").click()


def _choose(tab: Any, what: str) -> None:
    """What the demo gateway is to do."""
    tab.wait_for_url("**/demo-gateway/pay/**")
    tab.locator("summary").last.click()
    tab.locator(f"button[value={what}]").click()


def test_a_bill_is_paid_on_a_phone_in_two_taps(paying: Any, browser: Any) -> None:
    site, _standins = paying
    tab = window(browser, PHONE, site.url)
    sign_in(tab, site, site.world.people["owner"].phone)
    owed = _amount(tab.locator(".owe .hero").inner_text())

    tab.get_by_role("link", name=zh("Pay now")).click()
    tab.wait_for_url("**/pay/")
    assert _amount(tab.locator(".pay-send").inner_text()) == owed
    shot(tab, "hall-pay")

    _to_gateway(tab, "demo.link", "0")
    expect(tab.locator("#amount-error")).to_be_visible()

    # Refused there: nothing is taken, and one may try again.
    _to_gateway(tab, "demo.link", "1.00")
    _choose(tab, "refuse")
    tab.wait_for_url(re.compile(r"/pay/\d+/$"))
    tab.get_by_text(zh("Not paid"), exact=True).wait_for()
    tab.get_by_role("link", name=zh("Try again")).click()

    # Never told: the page asks the gateway itself.
    _to_gateway(tab, "demo.link", "1.00")
    _choose(tab, "never")
    tab.get_by_text(zh("Paid", "order"), exact=True).wait_for()
    shot(tab, "hall-paid")
    tab.get_by_role("link", name=zh("Pay the rest")).click()

    # Told twice: booked once.
    before = _paid_by_nobody(site)
    tab.locator(".pay-send").click()
    _choose(tab, "twice")
    tab.get_by_text(zh("Paid", "order"), exact=True).wait_for()
    tab.get_by_text(zh("Nothing is owed any more. You need not do anything.")).wait_for()
    time.sleep(2)
    assert _paid_by_nobody(site) == before + 1

    tab.get_by_role("link", name=zh("See the receipt")).click()
    assert zh("Receipt number") in tab.inner_text("main")
    tab.get_by_role("navigation", name=zh("Where you are")).get_by_role("link").click()
    assert tab.locator(".pay-records tbody tr").count() >= 2
    shot(tab, "hall-payments")
    tab.goto("/")
    assert zh("Nothing to pay") in tab.locator(".owe").inner_text()
    assert not tab.problems


@pytest.mark.parametrize("code", ["alipay", "wechat"])
def test_a_customer_pays_ahead_by_qr_code_on_a_computer(paying: Any, browser: Any, code: str) -> None:
    site, standins = paying
    standin = standins[code]
    tab = window(browser, DESK, site.url)
    tab.context.add_cookies(site.cookies("owner"))
    tab.goto("/")
    tab.get_by_role("navigation", name=zh("Main")).get_by_role("link", name=zh("Pay", "page"), exact=True).click()
    _to_gateway(tab, {"alipay": "alipay.qr", "wechat": "wechat.native"}[code], "20.00")
    tab.locator("svg.square").wait_for()
    shot(tab, f"hall-pay-{code}")
    number = re.search(r"/pay/(\d+)/go/", tab.url)
    assert number
    standin.pay(number[1])
    tab.wait_for_url(re.compile(r"/pay/\d+/$"), timeout=20_000)
    tab.get_by_text(zh("Paid", "order"), exact=True).wait_for()
    assert "20.00" in tab.inner_text("main")
    assert not tab.problems


def test_a_customer_pays_on_the_page_of_alipay(paying: Any, browser: Any) -> None:
    site, standins = paying
    tab = window(browser, DESK, site.url)
    tab.context.add_cookies(site.cookies("owner"))
    tab.goto(f"/homes/{site.world.homes['owner']}/pay/")
    _to_gateway(tab, "alipay.page", "30.00")
    tab.wait_for_url(f"{standins['alipay'].url}/**")
    tab.locator("#pay").click()
    tab.wait_for_url(re.compile(r"/pay/\d+/"))
    tab.get_by_text(zh("Paid", "order"), exact=True).wait_for()
    assert not [each for each in tab.problems if not each.startswith(standins["alipay"].url)]


def test_places_and_guide_are_open_to_everybody(paying: Any, browser: Any) -> None:
    site, _standins = paying
    tab = window(browser, DESK, site.url)
    tab.context.grant_permissions(["geolocation"])
    tab.goto("/payment-points/")
    expect(tab.locator(".place")).to_have_count(8)
    tab.get_by_label(zh("Kind of place")).select_option("machine")
    tab.get_by_role("button", name=zh("Show", "places")).click()
    expect(tab.locator(".place")).to_have_count(2)
    tab.context.set_geolocation({"longitude": 120.58, "latitude": 29.99})
    tab.get_by_role("button", name=zh("Nearest to me")).click()
    tab.locator(".place-kind", has_text=re.compile(r"·")).first.wait_for()
    assert "latitude" not in tab.url
    shot(tab, "hall-payment-points")
    tab.goto("/ways-to-pay/")
    tab.locator("main .row-list a").first.click()
    picture = tab.locator(".guide-text img")
    picture.wait_for()
    tab.wait_for_function("[...document.querySelectorAll('.guide-text img')].every(each => each.naturalWidth > 0)")
    assert not tab.problems
