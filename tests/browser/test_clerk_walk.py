"""Guards the clerk's month: faults taken in and mended, the month run, what was parked, a bill corrected by two people.

The month is February: one meter sent nothing for sixteen days, so its period is parked. The file that arrives now
brings those days, another value for one day of a customer who has a bill, and two rows that cannot be read.
"""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import DESK, PHONE
from tests.browser.walking import shot, window, zh
from tests.world import OWN

pytestmark = pytest.mark.needs_browser

SILENT = "3100000093"
SLOTS = [f"p{slot}" for slot in range(1, 97)]


def test_a_clerk_runs_the_month(site: Any, browser: Any, tmp_path: Path) -> None:
    clerk = _at_work(browser, site, "clerk")
    clerk.goto("/console/")
    shot(clerk, "console-work")

    _takes_in(clerk, _file(tmp_path))
    _mends(clerk)
    _runs(clerk)
    _sees_what_is_parked(clerk)
    bill = _asks_for_a_correction(clerk)
    manager = _at_work(browser, site, "manager")
    _approves(manager)
    customer = window(browser, PHONE, site.url)
    customer.context.add_cookies(site.cookies("owner"))
    _customer_sees_it(customer, site, bill)

    assert not [*clerk.problems, *manager.problems, *customer.problems]


def _at_work(browser: Any, site: Any, who: str) -> Any:
    tab = window(browser, DESK, site.url)
    tab.context.add_cookies(site.cookies(who))
    return tab


def _file(folder: Path) -> Path:
    days = [f"2026-02-{day:02}" for day in range(6, 22)]
    rows = [[SILENT, day, *["0.06"] * 96] for day in days]
    rows.append([OWN, "2026-02-10", *["0.25"] * 96])
    rows.append([OWN, "2026-02-11", *["0.1"] * 7, "O,1", *["0.1"] * 88])
    rows.append(["9999999999", "2026-02-12", *["0.1"] * 96])
    file = folder / "补采-2026-02.csv"
    lines = [["usage_point", "day", *SLOTS], *rows]
    file.write_text("\n".join(";".join(line) for line in lines) + "\n", encoding="utf-8")
    return file


def _takes_in(tab: Any, file: Path) -> None:
    tab.get_by_role("link", name=zh("Imports")).click()
    tab.get_by_text(zh("Upload a file of readings")).click()
    tab.set_input_files("input[type=file]", file)
    tab.get_by_role("button", name=zh("Upload and take in")).click()
    tab.wait_for_url("**/imports/jobs/*/")
    tab.get_by_text(zh("The file has been taken in; its good rows count from now on.")).wait_for(timeout=60_000)
    shot(tab, "console-import")


def _mends(tab: Any) -> None:
    """The two rows in place: the cells that are wrong are marked, and what is right again counts."""
    tab.get_by_role("link", name=zh("Mend the quarantine")).click()
    wrong = tab.locator("[aria-invalid=true]")
    expect(wrong).to_have_count(2)
    shot(tab, "console-quarantine")
    for at in range(2):
        cell = wrong.nth(at)
        cell.fill("0.1" if cell.input_value() == "O,1" else OWN)
    tab.locator(".bar button[type=submit]").click()
    tab.wait_for_url("**/imports/jobs/*/")
    tab.locator("#job .callout-good, #job .callout-warn, #job .callout-bad").first.wait_for(timeout=60_000)
    assert tab.locator("#job .callout-good").count(), tab.inner_text("#job")
    tab.get_by_role("link", name=zh("Back to the quarantine")).click()
    tab.get_by_text(zh("The quarantine is empty")).wait_for()


def _runs(tab: Any) -> None:
    """The month again: what was billed stays, the parked period is looked at again."""
    tab.get_by_role("link", name=zh("Bill runs")).click()
    tab.locator("#month").select_option("2026-02")
    tab.get_by_role("button", name=zh("Begin a run")).click()
    assert zh("What will happen") in tab.inner_text("main")
    tab.get_by_role("button", name=zh("Begin the run")).click()
    tab.wait_for_url("**/runs/*/", timeout=60_000)
    tab.wait_for_function("!location.pathname.includes('/jobs/')", timeout=60_000)
    shot(tab, "console-run")


def _sees_what_is_parked(tab: Any) -> None:
    """The meter that came back is billed; the others wait, each with its reason and the next step."""
    tab.get_by_role("link", name=zh("Parked"), exact=True).first.click()
    tab.wait_for_url("**/parked/**")
    numbers = tab.locator("tbody th a").all_inner_texts()
    shot(tab, "console-parked")
    assert SILENT not in numbers
    assert "3100000030" in numbers  # implausible: the readings have not changed
    tab.get_by_role("link", name="3100000030").click()
    tab.get_by_text(zh("Bill it as it is")).wait_for()


def _asks_for_a_correction(tab: Any) -> str:
    """Search by 户号, open the customer, the bill, and see what would change before asking."""
    tab.keyboard.press("/")
    tab.keyboard.type(OWN)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    if "/customers/?" in tab.url:
        shot(tab, "console-search")
        with tab.expect_navigation():
            tab.locator("main a", has_text=OWN).first.click()
    shot(tab, "console-customer")
    tab.locator("main a[href*='/bills/']").first.click()
    tab.wait_for_url("**/bills/*/")
    before = str(tab.locator(".hero-amount").inner_text())
    shot(tab, "console-bill")
    tab.get_by_role("link", name=zh("Correct this bill")).click()
    tab.locator("textarea, input[type=text]").locator("visible=true").last.fill("补采读数到达")
    tab.get_by_role("button", name=zh("Show what would change")).click()
    tab.get_by_text(zh("What would change")).first.wait_for()
    with tab.expect_navigation():
        tab.get_by_role("button", name=zh("Ask for approval")).click()
    return before


def _approves(tab: Any) -> None:
    tab.goto("/console/")
    tab.get_by_role("link", name=zh("Approvals")).first.click()
    tab.wait_for_url("**/approvals/")
    tab.locator("main a[href*='/approvals/']", has_text=OWN).first.click()
    tab.wait_for_url("**/approvals/*/")
    shot(tab, "console-approval")
    tab.get_by_role("button", name=zh("Approve and correct")).click()
    tab.get_by_text(zh("The bill is corrected. The customer sees the new one.")).wait_for()


def _customer_sees_it(tab: Any, site: Any, before: str) -> None:
    """The new bill stands in the place of the old, which says so and does not count."""
    tab.goto(f"/homes/{site.world.homes['owner']}/bills/")
    shown = tab.locator(".row-list").inner_text()
    assert zh("corrected", "bill") in shown
    tab.locator(".row-list > li a").first.click()
    tab.get_by_text(zh("This bill takes the place of an earlier one.")).wait_for()
    assert tab.locator(".bill-head .hero").inner_text() != before
    shot(tab, "hall-bill-corrected")
