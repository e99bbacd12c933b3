"""Guards: the home page says what is owed and used to whom it may, in few queries, from stored rows only."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.world import NOW, World

from gridhall.channels.web import formats
from gridhall.contexts.accounts.models import Settlement
from gridhall.contexts.billing.models import Bill, LedgerEntry, ParkedBill, RunningMonth
from gridhall.contexts.billing.operations import estimate_running
from gridhall.contexts.identity.models import Link, Share
from gridhall.contexts.identity.types import Relation, Right
from gridhall.contexts.payments.queries import open_bills
from gridhall.runtime.audit import Act

TODAY = date(2026, 3, 5)


@pytest.fixture(scope="module", autouse=True)
def estimated(world: World) -> None:
    estimate_running(today=TODAY, act=Act("test", NOW))


@pytest.fixture
def page(world: World):
    """The home page of somebody in a language."""

    def opened(who: str, language: str = "zh-hans", home: str | None = None) -> str:
        client = world.client(who)
        client.cookies["language"] = language
        key = home or world.homes["reader" if who == "reader" else "owner"]
        answer = client.get(f"/homes/{key}/")
        assert answer.status_code == 200
        return main(answer.content.decode())

    return opened


@pytest.fixture
def link(world: World) -> Link:
    return Link.objects.get(key=world.homes["owner"])


def main(text: str) -> str:
    return text[text.index("<main") : text.index("</main>")]


def shared(link: Link, world: World, *rights: Right, **more: Any) -> str:
    """The key of what the stranger is given of the owner's home, until the test ends."""
    made = Share.objects.create(
        link=link, phone="19900000000", grantee=world.people["stranger"], relation=Relation.OTHER, rights=list(rights),
        start_date=date(2026, 1, 1), shared_at=NOW, **more,
    )  # fmt: skip
    return made.key


@pytest.fixture
def share(link: Link, world: World):
    made: list[str] = []

    def give(*rights: Right, **more: Any) -> str:
        made.append(shared(link, world, *rights, **more))
        return made[-1]

    yield give
    Share.objects.filter(key__in=made).delete()


def test_the_amount_owed_is_the_ledgers(page, link):
    settling = Settlement.objects.filter(
        agreement__usage_point_id=link.usage_point_id, agreement__customer_id=link.customer_id
    )
    entries = LedgerEntry.objects.filter(account_id__in=settling.values("account_id"))
    owed = sum(entries.values_list("amount_fen", flat=True))
    assert owed > 0
    assert formats.amount(owed) in page("owner")


def test_the_newest_bill_is_one_press_away_and_kept_for_reading_offline(page, link):
    newest = Bill.objects.filter(usage_point_id=link.usage_point_id, status="issued").latest("start_date")
    text = page("owner")
    assert f"{link.key}/pay/" in text[text.index("btn-primary") :][:200]
    button = text[text.index("owe-second") :]
    assert str(newest.number)[:8] in button[:200]
    assert "data-keep-offline" in button[:400]


def test_the_running_month_is_the_stored_estimate_as_of_the_last_day_read(page, link):
    row = RunningMonth.objects.get(usage_point_id=link.usage_point_id)
    text = page("owner")
    assert formats.energy(row.energy_wh) in text
    assert formats.amount(row.charges_fen) in text
    assert "截至昨天 24:00" in text
    assert 'role="img"' in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ["应交电费", "按现在的用法", "供电已接通", "通知"]),
        ("en", ["To pay", "At this pace", "Supply connected", "Notices"]),
    ],
)
def test_it_speaks_both_languages(page, language, words):
    text = page("owner", language)
    assert [word for word in words if word not in text] == []


def test_it_takes_at_most_twelve_queries(world):
    client = world.client("owner")
    address = f"/homes/{world.homes['owner']}/"
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    assert len(queries) <= 12, [query["sql"][:90] for query in queries]


def test_it_never_opens_the_lake(page, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the home page opened the lake")

    monkeypatch.setattr("gridhall.lake.engine.DuckDB.__init__", refuse)
    assert "kWh" in page("owner")


def test_who_may_not_see_bills_sees_no_amount_and_no_bill(page, share):
    text = page("stranger", home=share(Right.USAGE))
    assert "kWh" in text
    assert ("¥" in text, "/bills/" in text, "应交电费" in text) == (False, False, False)


def test_who_may_not_see_usage_sees_none(page):
    text = page("reader")
    assert "应交电费" in text
    assert ("kWh" in text, "/usage/" in text, "按现在的用法" in text) == (False, False, False)


def test_days_before_a_share_begins_do_not_show(page, share):
    text = page("stranger", home=share(Right.USAGE, Right.BILLS, data_from=date(2026, 3, 3)))
    assert "本月还没有数据" in text
    assert "还没有账单" in text


def test_a_shared_part_of_the_year_shows_no_position_in_the_tiers(page, share):
    text = page("stranger", home=share(Right.USAGE, data_from=date(2026, 3, 1)))
    assert "kWh" in text
    assert ("scale-bar" in text, "累计" in text, "同期" in text) == (False, False, False)


def test_nobody_elses_home_is_there(world):
    assert world.client("stranger").get(f"/homes/{world.homes['owner']}/").status_code == 404
    assert world.client("nobody").get(f"/homes/{world.homes['owner']}/").status_code == 302


def test_a_hostile_name_is_only_text(page, link):
    name = "<script>x</script>\u202eيمين🏠'\"&"
    Link.objects.filter(pk=link.pk).update(name=name)
    try:
        text = page("owner")
    finally:
        Link.objects.filter(pk=link.pk).update(name="")
    assert "<script>" not in text
    assert "<bdi>&lt;script&gt;x" in text


def test_without_an_estimate_it_says_so(page, link):
    kept = RunningMonth.objects.get(usage_point_id=link.usage_point_id)
    RunningMonth.objects.filter(pk=kept.pk).delete()
    try:
        assert "本月还没有数据" in page("owner")
    finally:
        kept.save(force_insert=True)


def test_old_readings_are_called_old(page, link):
    rows = RunningMonth.objects.filter(usage_point_id=link.usage_point_id)
    kept = rows.get().as_of_date
    rows.update(as_of_date=TODAY - timedelta(days=4))
    try:
        text = page("owner")
    finally:
        rows.update(as_of_date=kept)
    assert "读数晚到 3 天" in text
    assert "截至 3月1日 24:00" in text
    assert "dot-warn" in text


def test_a_landlords_balance_is_not_the_tenants_to_see(world):
    settled = Settlement.objects.exclude(account__customer_id=F("agreement__customer_id")).filter(span__contains=TODAY)
    found = settled.select_related("agreement").order_by("pk").first()
    assert found is not None
    balance = sum(LedgerEntry.objects.filter(account_id=found.account_id).values_list("amount_fen", flat=True))
    tenant = Link.objects.create(
        user=world.people["reader"], customer_id=found.agreement.customer_id,
        usage_point_id=found.agreement.usage_point_id, proof="demo", linked_at=NOW,
    )  # fmt: skip
    text = main(world.client("reader").get(f"/homes/{tenant.key}/").content.decode())
    tenant.delete()
    assert "您不用在这里交费" in text
    assert formats.amount(balance) not in text


def test_a_shop_of_a_chain_shows_its_own_and_what_the_account_owes(world):
    chain = (
        Settlement.objects.filter(span__contains=TODAY, account__customer_id=F("agreement__customer_id"))
        .values("account_id").annotate(homes=Count("agreement__usage_point", distinct=True)).latest("homes")
    )  # fmt: skip
    entries = LedgerEntry.objects.filter(account_id=chain["account_id"])
    # What is open follows from the payments of the whole account: the newest bill is the last to be settled.
    unpaid = open_bills([chain["account_id"]], today=NOW.date())
    newest = Bill.objects.get(number=max(unpaid, key=lambda number: (number // 10**11, number)))
    shop = newest.agreement
    own = sum(
        unpaid.get(number, 0)
        for number in Bill.objects.filter(usage_point_id=shop.usage_point_id).values_list("number", flat=True)
    )
    assert own > 0
    held = Link.objects.create(
        user=world.people["reader"], customer_id=shop.customer_id, usage_point_id=shop.usage_point_id, proof="demo",
        linked_at=NOW,
    )  # fmt: skip
    text = main(world.client("reader").get(f"/homes/{held.key}/").content.decode())
    held.delete()
    assert formats.amount(own) in text
    assert formats.amount(sum(entries.values_list("amount_fen", flat=True))) in text
    assert "比上月同期" in text or "与上月同期" in text


def test_what_waits_for_a_clerk_is_said_without_figures(world):
    waits = ParkedBill.objects.filter(resolved_at=None, agreement__span__contains=TODAY).first()
    assert waits is not None
    held = Link.objects.create(
        user=world.people["reader"], customer_id=waits.agreement.customer_id, usage_point_id=waits.usage_point_id,
        proof="demo", linked_at=NOW,
    )  # fmt: skip
    text = main(world.client("reader").get(f"/homes/{held.key}/").content.decode())
    held.delete()
    assert "正在核对" in text


def test_the_start_leads_to_the_home_and_a_clerk_to_the_work(world):
    assert world.client("owner").get("/").headers["Location"] == f"/homes/{world.homes['owner']}/"
    assert world.client("clerk").get("/").headers["Location"] == "/console/"
    assert Client().get("/").status_code == 302
