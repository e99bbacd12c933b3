"""Guards the promise of smart fee control as people live it: a customer runs dry over simulated days, is warned, cut
off, pays, and has light again, on one timeline in hall and console; a life-support customer in the same state keeps it.
"""

import sqlite3
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import DESK, PHONE, Site
from tests.browser.walking import shot, window, zh
from tests.world import OWN, STRANGE

pytestmark = [pytest.mark.needs_browser, pytest.mark.takes(120)]
ZONE = ZoneInfo("Asia/Shanghai")
#: The demo's newest readings are of 4 March; the stock of the next days is as old as the rules allow.
THURSDAY = datetime(2026, 3, 5, 9, 40, tzinfo=ZONE)
MONDAY = datetime(2026, 3, 9, 10, 0, tzinfo=ZONE)


def play(site: Site, at: datetime, *, newest: date | None = None) -> None:
    """A day's morning: stock is taken of the true readings, later days count as read."""
    from gridhall.contexts.payments.models import FeeState
    from gridhall.contexts.payments.operations.fee_control_cases import advance
    from gridhall.contexts.payments.operations.fee_control_daily import take_stock
    from gridhall.runtime.audit import Act

    act = Act("job:fee_control", at)
    take_stock(at.date(), act=act)
    if newest:
        FeeState.objects.update(as_of_date=newest)
    advance(act=act)


def drive(at: datetime, seconds: int = 12) -> None:
    """The worker's part of some seconds."""
    from gridhall.contexts.payments.models import SwitchCommand
    from gridhall.contexts.payments.operations.fee_control_switching import drive as step

    for half in range(seconds * 2):
        now = at + timedelta(seconds=half / 2)
        for command in SwitchCommand.objects.filter(ended_at=None, due_at__lte=now).order_by("id"):
            step(command.pk, now=now)


def under_control(number: str, balance: int) -> Any:
    """An agreement, and money on the account for exactly this balance."""
    from gridhall.contexts.accounts.models import CustomerAgreement
    from gridhall.contexts.payments.models import FeeState, Receipt
    from gridhall.contexts.payments.operations import go_back
    from gridhall.contexts.payments.operations.fee_control import agree
    from gridhall.contexts.payments.operations.fee_control_daily import take_stock
    from gridhall.contexts.payments.types import Mode
    from gridhall.runtime.audit import Act

    held = CustomerAgreement.objects.filter(usage_point__number=number).latest("span")
    act = Act("staff:test", THURSDAY - timedelta(days=1))
    agree(held.usage_point_id, held.customer_id, Mode.PREPAID, act=act)
    take_stock(THURSDAY.date() - timedelta(days=1), usage_points=[held.usage_point_id], act=act)
    state = FeeState.objects.get(usage_point_id=held.usage_point_id)
    missing = balance - state.balance_fen
    if missing > 0:
        pay(state.account_id, missing, "past", THURSDAY - timedelta(days=2))
    elif missing < 0:
        paid = Receipt.objects.filter(lines__account_id=state.account_id, kind="receipt").order_by("-amount_fen")[0]
        go_back(paid.pk, -missing, kind="refund", reference=f"past-{paid.pk}", at=act.at, reason="多收退还", act=act)
    return state


def pay(account: int, fen: int, reference: str, at: datetime) -> int:
    from django.db import transaction

    from gridhall.contexts.accounts.models import CustomerAccount
    from gridhall.contexts.payments.operations import receiving
    from gridhall.contexts.payments.types import Part

    assert fen > 0, fen
    unit = CustomerAccount.objects.get(pk=account).organisation_id
    with transaction.atomic():
        found = receiving.take(
            [Part(account, fen)], gateway="counter", method="counter.cash", reference=f"{reference}-{account}",
            organisation=unit, paid_at=at, now=at, actor="staff:test",
        )  # fmt: skip
    assert found
    return found


def test_a_customer_runs_dry_is_cut_off_pays_and_has_light(site: Site, browser: Any) -> None:
    from gridhall.contexts.accounts import operations as accounts
    from gridhall.contexts.accounts.types import ProtectionKind
    from gridhall.contexts.payments.models import FeeCase, FeeStep
    from gridhall.contexts.payments.operations.fee_control_money import money_moved
    from gridhall.integrations.simulated_headend.headend import SimulatedHeadEnd
    from gridhall.kernel.spans import DateSpan
    from gridhall.runtime.audit import Act

    dry, frail = under_control(OWN, 200), under_control(STRANGE, 200)
    span = DateSpan(date(2026, 1, 1), None)
    accounts.protect(STRANGE, ProtectionKind.LIFE_SUPPORT, span, "呼吸机，医院证明", act=Act("staff:test", THURSDAY))

    # Another day of readings is taken off: a warning or already the notice.
    play(site, THURSDAY)
    own = window(browser, PHONE, site.url)
    own.context.add_cookies(site.cookies("owner"))
    own.goto(f"/homes/{site.world.homes['owner']}/prepay/")
    own.get_by_role("heading", name=zh("Fee control"), exact=True).wait_for()
    assert FeeCase.objects.filter(usage_point_id=dry.usage_point_id, stage="noticed").exists()
    assert not FeeCase.objects.filter(usage_point_id=frail.usage_point_id).exists()
    own.get_by_text(zh("Notice: supply will be cut off")).first.wait_for()
    shot(own, "fee-control-balance")

    # A manager lets it go on.
    boss = window(browser, DESK, site.url)
    boss.context.add_cookies(site.cookies("manager"))
    boss.goto("/console/supply/")
    shot(boss, "fee-control-board")
    boss.get_by_role("link", name=OWN).click()
    boss.get_by_label(zh("Reason"), exact=True).fill("多次联系未缴")
    boss.get_by_role("button", name=zh("Approve the cut-off")).click()
    boss.get_by_text(zh("The cut-off was approved")).wait_for()

    # Monday: the final notice, half an hour, the meter.
    play(site, MONDAY, newest=date(2026, 3, 8))
    play(site, MONDAY + timedelta(minutes=31), newest=date(2026, 3, 8))
    drive(MONDAY + timedelta(minutes=31))
    own.goto(f"/homes/{site.world.homes['owner']}/prepay/")
    own.wait_for_url("**/prepay/off/")
    own.get_by_text(zh("What to pay")).wait_for()
    expect(own.locator(".fee-pictures img")).to_have_count(3)
    shot(own, "fee-control-off")
    assert not FeeCase.objects.filter(usage_point_id=frail.usage_point_id).exists()

    # Money comes in; the page that is open says the rest by itself.
    paid = MONDAY + timedelta(hours=14)
    pay(dry.account_id, 100_000, "midnight", paid)
    money_moved([dry.account_id], act=Act("job:reconnect", paid), amounts={dry.account_id: 100_000})
    drive(paid, 6)
    own.get_by_text(zh("Press the button on your meter now")).wait_for(timeout=20_000)
    with sqlite3.connect(SimulatedHeadEnd()._folder or _folder()) as state:
        assert state.execute("SELECT count(*) FROM meters WHERE relay = 'allowed'").fetchone() == (1,)
    drive(paid + timedelta(seconds=25), 6)  # the simulated customer presses after 20 seconds
    own.get_by_text(zh("Supply is on"), exact=True).first.wait_for(timeout=20_000)
    kinds = list(
        FeeStep.objects.filter(usage_point_id=dry.usage_point_id).order_by("id").values_list("kind", flat=True)
    )
    assert kinds[0] == "agreed"
    assert {"warning", "second_warning"} & set(kinds)
    # The world itself pays before: what counts is what follows the notice.
    kinds = kinds[kinds.index("notice") :]
    wanted = [
        "notice", "approved", "final_notice", "cut_off_ordered", "cut_off", "paid", "reconnect_ordered",
        "allowed", "reconnected",
    ]  # fmt: skip
    assert [kind for kind in kinds if kind in wanted] == wanted
    boss.goto(f"/console/supply/points/{OWN}/")
    for english in ("Supply is off", "Payment received", "Supply is on again"):
        boss.get_by_text(zh(english), exact=True).first.wait_for()
    boss.goto(f"/console/supply/points/{STRANGE}/")
    assert boss.get_by_text(zh("Supply is off"), exact=True).count() == 0
    shot(boss, "fee-control-life-support")
    assert not own.problems
    assert not boss.problems


def _folder() -> Any:
    from django.conf import settings

    return settings.HOME / "simulated_headend" / "state.sqlite"
