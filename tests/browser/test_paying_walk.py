"""Guards payers' walks: from a bill to the gateway and back to receipt, ledger, points and history; by the demo
gateway on a phone, by Alipay and WeChat on a computer, each against its stand-in; refused, told twice, never told."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from playwright.sync_api import expect
from tests.browser.conftest import DESK, PHONE, Site, _served, _static
from tests.browser.walking import shot, sign_in, window, zh
from tests.standins.alipay import AlipayStandIn
from tests.standins.wechat import WeChatStandIn
from tests.world import NOW, OWN, STRANGE, World, inhabited

pytestmark = pytest.mark.needs_browser
#: Pages keep themselves up to date, and the machine may be busy.
expect.set_options(timeout=20_000)


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
        _people_with_a_bill(world, ["demo", *standins])
        _static(block, installation)
        for standin in standins.values():
            installation.env |= standin.env
        installation.env["GRIDHALL_GATEWAYS"] = "demo,alipay,wechat"
        url, output = stack.enter_context(_served(installation))
        yield Site(url, world, output), standins


def _people_with_a_bill(world: World, names: list[str]) -> None:
    """As many customers of one home, each with one bill to pay, who can sign in; by name among the world's people."""
    from gridhall.contexts.accounts.models import Settlement
    from gridhall.contexts.identity.models import Link, User
    from gridhall.contexts.payments.queries import open_bills

    wanted = list(names)
    settled = Settlement.objects.filter(span__upper_inf=True, agreement__usage_point__usage_class="residential")
    for each in settled.exclude(agreement__usage_point__number__in=[OWN, STRANGE]).order_by("agreement__usage_point"):
        one_home = Settlement.objects.filter(account=each.account_id).count() == 1
        if not wanted or not one_home or each.agreement.customer_id != each.account.customer_id:
            continue
        if len(open_bills([each.account_id], today=NOW.date())) == 1:
            name = wanted.pop()
            user = User.objects.create(username=f"payer-{name}", phone=f"1540000888{len(wanted)}", phone_verified=True)
            link = Link.objects.create(
                user=user, customer_id=each.agreement.customer_id, usage_point_id=each.agreement.usage_point_id,
                proof="demo", linked_at=NOW,
            )  # fmt: skip
            world.people[name], world.homes[name] = user, link.key
    assert not wanted


def _receipts_of(site: Site, who: str) -> int:
    from gridhall.contexts.payments.models import Receipt

    return Receipt.objects.filter(order__payer=site.world.people[who]).count()


def _from_the_bill(tab: Any, site: Site, who: str) -> str:
    """From the home page by the newest bill to the page of paying; the amount of it."""
    tab.context.add_cookies(site.cookies(who))
    tab.goto(f"/homes/{site.world.homes[who]}/")
    tab.get_by_role("navigation", name=zh("Main")).get_by_role("link", name=zh("Bills"), exact=True).click()
    tab.wait_for_url("**/bills/")
    tab.locator("main .row-list a").first.click()
    expect(tab.locator(".bill-head .hero")).to_be_visible()
    owed = _amount(tab.locator(".bill-head .hero").inner_text())
    tab.get_by_role("link", name=zh("Pay now")).click()
    tab.wait_for_url("**/pay/")
    expect(tab.locator(".pay-send")).to_contain_text(owed)
    return owed


def _receipt_to_history(tab: Any, site: Site, browser: Any, who: str, owed: str) -> None:
    """After paying: what payer and clerk see, and what stands in the books."""
    from gridhall.contexts.billing.models import LedgerEntry
    from gridhall.contexts.payments.models import EarnedPoints, Receipt

    fen = int(Decimal(owed.replace(",", "")) * 100)
    points = fen // 100
    expect(tab.get_by_text(zh("Paid", "order"), exact=True)).to_be_visible()
    expect(tab.locator("main")).to_contain_text(owed)
    expect(tab.locator(".pay-points")).to_contain_text(f"{points} 积分")
    expect(tab.get_by_text(zh("Nothing is owed any more. You need not do anything."))).to_be_visible()

    tab.get_by_role("link", name=zh("See the receipt")).click()
    expect(tab.locator(".pay-receipt")).to_contain_text(zh("Receipt number"))
    expect(tab.locator(".pay-receipt .hero")).to_contain_text(owed)
    expect(tab.locator(".pay-receipt .facts")).to_contain_text(zh("Points", "earned"))

    found = Receipt.objects.get(order__payer=site.world.people[who], amount_fen=fen)
    line = found.lines.get()
    entry = LedgerEntry.objects.get(kind="receipt", document=line.pk)
    assert (entry.account_id, entry.amount_fen) == (line.account_id, -fen)
    whole = LedgerEntry.objects.filter(account_id=line.account_id).aggregate(sum=Sum("amount_fen"))
    assert whole["sum"] == 0
    assert EarnedPoints.objects.get(receipt=found).points == points

    tab.get_by_role("navigation", name=zh("Where you are")).get_by_role("link").click()
    row = tab.locator(".pay-records tbody tr").first
    expect(row).to_contain_text(owed)
    expect(row.locator("td.figure").nth(1)).to_have_text(re.compile(rf"{points:,}( 积分)?"))
    tab.goto(f"/homes/{site.world.homes[who]}/")
    expect(tab.locator(".owe")).to_contain_text(zh("Nothing to pay"))

    clerk = window(browser, DESK, site.url)
    clerk.context.add_cookies(site.cookies("clerk"))
    clerk.goto("/console/payments/")
    clerk.locator("input[name=q]").last.fill(found.order.number)
    clerk.locator("main form").get_by_role("button", name=zh("Search")).click()
    rows = clerk.locator("main table tbody tr")
    expect(rows).to_have_count(1)
    rows.get_by_role("link").first.click()
    expect(clerk.locator("h1")).to_contain_text(owed)
    facts = clerk.locator("main dl.facts").first
    expect(facts).to_contain_text(found.reference)
    expect(facts).to_contain_text(zh("Points", "earned"))
    ledger = clerk.get_by_role("region", name=zh("In the ledger")).locator("tbody tr")
    expect(ledger).to_have_count(1)
    expect(ledger.locator("td.figure").last).to_have_text(re.compile(rf"[-−]\s?¥?\s?{re.escape(owed)}"))
    assert not clerk.problems
    clerk.context.close()


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
    expect(tab.locator(".owe .hero")).to_be_visible()
    owed = _amount(tab.locator(".owe .hero").inner_text())

    tab.get_by_role("link", name=zh("Pay now")).click()
    tab.wait_for_url("**/pay/")
    expect(tab.locator(".pay-send")).to_contain_text(owed)
    shot(tab, "hall-pay")

    _to_gateway(tab, "demo.link", "0")
    expect(tab.locator("#amount-error")).to_be_visible()

    # Refused there: nothing is taken, and one may try again.
    _to_gateway(tab, "demo.link", "1.00")
    _choose(tab, "refuse")
    tab.wait_for_url(re.compile(r"/pay/\d+/$"))
    expect(tab.get_by_text(zh("Not paid"), exact=True)).to_be_visible()
    tab.get_by_role("link", name=zh("Try again")).click()

    # Never told: the page asks the gateway itself.
    _to_gateway(tab, "demo.link", "1.00")
    _choose(tab, "never")
    expect(tab.get_by_text(zh("Paid", "order"), exact=True)).to_be_visible()
    shot(tab, "hall-paid")
    tab.get_by_role("link", name=zh("Pay the rest")).click()

    # Told twice: booked once.
    before = _receipts_of(site, "owner")
    expect(tab.locator(".pay-send")).to_be_visible()
    tab.locator(".pay-send").click()
    _choose(tab, "twice")
    expect(tab.get_by_text(zh("Paid", "order"), exact=True)).to_be_visible()
    expect(tab.get_by_text(zh("Nothing is owed any more. You need not do anything."))).to_be_visible()
    time.sleep(2)
    assert _receipts_of(site, "owner") == before + 1

    tab.get_by_role("link", name=zh("See the receipt")).click()
    expect(tab.locator("main")).to_contain_text(zh("Receipt number"))
    tab.get_by_role("navigation", name=zh("Where you are")).get_by_role("link").click()
    expect(tab.locator(".pay-records tbody tr").nth(1)).to_be_visible()
    shot(tab, "hall-payments")
    tab.goto("/")
    expect(tab.locator(".owe")).to_contain_text(zh("Nothing to pay"))
    assert not tab.problems


def test_from_the_bill_by_the_demo_gateway_to_receipt_ledger_points_and_history(paying: Any, browser: Any) -> None:
    site, _standins = paying
    tab = window(browser, PHONE, site.url)
    owed = _from_the_bill(tab, site, "demo")
    _to_gateway(tab, "demo.link")
    tab.wait_for_url("**/demo-gateway/pay/**")
    tab.locator("button[value=pay]").first.click()
    tab.wait_for_url(re.compile(r"/pay/\d+/$"))
    _receipt_to_history(tab, site, browser, "demo", owed)
    assert not tab.problems


@pytest.mark.parametrize("code", ["alipay", "wechat"])
def test_from_the_bill_by_qr_code_to_receipt_ledger_points_and_history(paying: Any, browser: Any, code: str) -> None:
    site, standins = paying
    standin = standins[code]
    tab = window(browser, DESK, site.url)
    owed = _from_the_bill(tab, site, code)
    _to_gateway(tab, {"alipay": "alipay.qr", "wechat": "wechat.native"}[code])
    expect(tab.locator("svg.square")).to_be_visible()
    shot(tab, f"hall-pay-{code}")
    number = re.search(r"/pay/(\d+)/go/", tab.url)
    assert number
    standin.pay(number[1])
    tab.wait_for_url(re.compile(r"/pay/\d+/$"), timeout=20_000)
    _receipt_to_history(tab, site, browser, code, owed)
    assert not tab.problems


def test_a_customer_pays_on_the_page_of_alipay(paying: Any, browser: Any) -> None:
    site, standins = paying
    tab = window(browser, DESK, site.url)
    tab.context.add_cookies(site.cookies("owner"))
    tab.goto(f"/homes/{site.world.homes['owner']}/pay/")
    _to_gateway(tab, "alipay.page", "30.00")
    tab.wait_for_url(f"{standins['alipay'].url}/**")
    tab.locator("#pay").click()
    tab.wait_for_url(re.compile(r"/pay/\d+/$"))
    expect(tab.get_by_text(zh("Paid", "order"), exact=True)).to_be_visible()
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
