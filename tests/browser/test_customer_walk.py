"""Guards a customer's walk on a phone: signing in, the arithmetic of a line, a tenant who sees just what is shared."""

import csv
import io
import re
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import PHONE
from tests.browser.walking import shot, sign_in, window, zh
from tests.world import OWN

pytestmark = pytest.mark.needs_browser

TENANT = "15400009977"


def test_a_customer_reads_understands_and_shares_the_bill(site: Any, browser: Any) -> None:
    tab = window(browser, PHONE, site.url)
    sign_in(tab, site, site.world.people["owner"].phone)

    _home(tab)
    _bill(tab)
    _usage(tab)
    _download(tab)
    _share(tab)
    assert not tab.problems

    tenant = window(browser, PHONE, site.url)
    sign_in(tenant, site, TENANT)
    _tenant_sees_just_that(tenant, site)
    assert not tenant.problems

    _signing_out_leaves_nothing_to_go_back_to(tab)


def _home(tab: Any) -> None:
    """What is owed, what is being used, and how fresh that is, without scrolling far."""
    shot(tab, "hall-home")
    assert OWN in tab.inner_text("main")
    assert re.search(r"¥\s?\d", tab.locator(".owe").inner_text())
    assert "kWh" in tab.locator(".use").inner_text()
    assert tab.locator(".use .as-of").first.is_visible()


def _bill(tab: Any) -> None:
    """One bill, and each of its lines is its quantity times its price."""
    tab.get_by_role("link", name=zh("See the bill")).first.click()
    tab.wait_for_url("**/bills/**")
    shot(tab, "hall-bill")
    assert zh("What it is made of") in tab.inner_text("main")
    lines = tab.locator(".bill-line")
    assert lines.count() > 0
    for at in range(lines.count()):
        lines.nth(at).locator("summary").click()
        arithmetic = lines.nth(at).locator(".bill-arithmetic")
        assert arithmetic.is_visible()
        assert "×" in arithmetic.inner_text()
    tab.locator(".bill-lines").first.scroll_into_view_if_needed()
    shot(tab, "hall-bill-line")
    tab.wait_for_selector("#comparison .bill-reasons, #comparison .bill-table")

    with tab.expect_download() as waiting:
        tab.get_by_role("link", name=zh("Download PDF")).click()
    assert waiting.value.path().read_bytes().startswith(b"%PDF-")

    tab.get_by_role("button", name=zh("Compute again and compare")).click()
    tab.wait_for_selector("#recomputed .callout-good")


def _usage(tab: Any) -> None:
    """From the year to a month to a day, to its 96 quarter-hours."""
    tab.get_by_role("navigation", name=zh("Main")).get_by_role("link", name=zh("Usage")).click()
    tab.get_by_role("link", name=zh("Year", "level"), exact=True).click()
    tab.wait_for_selector(".chart canvas")
    shot(tab, "hall-usage-year")
    _open_row(tab, -1)
    tab.wait_for_url(re.compile(r"/usage/\d{4}-\d{2}/$"))
    tab.wait_for_selector(".chart canvas")
    _open_row(tab, 1)
    tab.wait_for_url(re.compile(r"/usage/\d{4}-\d{2}-\d{2}/$"))
    tab.wait_for_selector(".chart canvas")
    shot(tab, "hall-usage-day")
    tab.locator(".chart-table").first.locator("summary").click()
    expect(tab.locator(".chart-table").first.locator("tbody tr")).to_have_count(96)


def _open_row(tab: Any, at: int) -> None:
    """Follow a row of the table behind the first chart: what a finger on the chart does, for readers of the screen."""
    tab.locator(".chart-table").first.locator("summary").click()
    links = tab.locator(".chart-table").first.locator("tbody a")
    links.nth(at if at >= 0 else links.count() + at).click()


def _download(tab: Any) -> None:
    """The month as a file with every reading in it."""
    tab.get_by_role("link", name=zh("Download readings")).click()
    tab.locator("[name=first]").fill("2026-02-01")
    tab.locator("[name=last]").fill("2026-02-28")
    tab.locator("[name=form], [name=format]").first.wait_for(state="attached")
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name=zh("Download"), exact=True).click()
    assert OWN in waiting.value.suggested_filename or waiting.value.suggested_filename.endswith(".csv")
    rows = list(csv.reader(io.StringIO(waiting.value.path().read_text(encoding="utf-8-sig"))))
    assert len(rows) > 28 * 96


def _share(tab: Any) -> None:
    """With a tenant: bills since the new year, nothing else, and the page says just that before it is done."""
    tab.get_by_role("navigation", name=zh("Main")).get_by_role("link", name=zh("Me")).click()
    tab.goto("/me/shares/")
    tab.get_by_role("link", name=OWN).click()
    tab.get_by_label(zh("Their mobile number")).fill(TENANT)
    tab.get_by_label(zh("Tenant"), exact=True).check()
    tab.get_by_label(zh("Bills"), exact=True).check()
    tab.get_by_label(zh("Usage"), exact=True).uncheck()
    tab.get_by_label(zh("Download the data"), exact=True).uncheck()
    tab.get_by_label(zh("Data from")).fill("2026-01-01")
    tab.get_by_label(zh("Until, this day included")).fill("2026-12-31")
    tab.get_by_role("button", name=zh("Go on")).click()
    assert zh("each bill: amount, lines, how it was worked out") in tab.inner_text("main")
    shot(tab, "hall-share")
    tab.get_by_role("button", name=zh("Share"), exact=True).click()
    tab.wait_for_url(lambda url: not url.endswith("/share/"))


def _tenant_sees_just_that(tenant: Any, site: Any) -> None:
    """The bills of this year, no usage, no download, no other home."""
    from gridhall.contexts.billing.models import Bill

    key = tenant.url.rstrip("/").split("/")[-1]
    assert zh("shared with me") in tenant.inner_text("main")
    main = tenant.get_by_role("navigation", name=zh("Main"))
    assert main.get_by_role("link", name=zh("Usage")).count() == 0
    main.get_by_role("link", name=zh("Bills")).click()
    tenant.wait_for_url("**/bills/")
    expect(tenant.locator(".row-list > li")).to_have_count(2)  # January and February
    tenant.locator(".row-list > li a").first.click()
    assert "¥" in tenant.locator(".bill-head").inner_text()
    shot(tenant, "hall-tenant")

    earlier = Bill.objects.get(usage_point__number=OWN, start_date="2025-11-01", status="issued")
    owners = site.world.homes["owner"]
    for where in (f"/homes/{key}/usage/", f"/homes/{key}/usage/download/", f"/homes/{key}/bills/{earlier.number}/",
                  f"/homes/{owners}/", f"/homes/{owners}/bills/"):  # fmt: skip
        assert tenant.goto(where).status == 404, where


def _signing_out_leaves_nothing_to_go_back_to(tab: Any) -> None:
    tab.goto("/")
    tab.goto("/account/logout/")
    tab.locator("main form button[type=submit]").first.click()
    tab.wait_for_url("**/login/**")
    tab.go_back()
    tab.reload()
    assert OWN not in tab.inner_text("body")
