"""Guards: the person's pages show what is theirs and nothing else, say hostile names safely, and need few queries."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.channels.hall.me.conftest import act, link, signed_in
from tests.contexts.identity.conftest import person, staff

from gridhall.channels.web.formats import today
from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity import queries
from gridhall.contexts.identity.types import PersonalField, Relation, Right, Role
from gridhall.contexts.metering.operations import note_download
from gridhall.contexts.metering.types.readings import DownloadFormat
from gridhall.kernel import clock
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act

HOSTILE = ["<script>alert(1)</script>", "😀" * 40, "‮gnol", "a" * 200, '"><img src=x onerror=alert(1)>']
PAGES = ["", "homes/", "shares/", "identifiers/", "security/", "privacy/", "homes/link/"]


def share(owner: Any, home: str, phone: str = "15400000050", **more: Any) -> str:
    plain: dict[str, Any] = {"relation": Relation.TENANT, "rights": [Right.BILLS]}
    return identity.share(owner.pk, home, identity.NewShare(phone, **(plain | more)), act=act(), today=today())


@pytest.mark.parametrize("page", PAGES)
def test_every_page_with_and_without_a_home(owner, home: str, page: str, django_assert_max_num_queries) -> None:
    for user in (owner, person(60)):
        browser = signed_in(user)
        browser.get("/me/")
        with django_assert_max_num_queries(12):
            answer = browser.get(f"/me/{page}")
        assert answer.status_code == 200
        assert "154****00" in answer.content.decode() or page not in {"", "security/"}
        assert user.phone not in answer.content.decode()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(owner, home: str, name: str) -> None:
    browser = signed_in(owner)
    browser.post(f"/me/homes/{home}/", {"name": name[:40]})
    browser.post("/me/identifiers/", {"form": "preferences", "called": name[:60], "door": ""})
    for page in ("/me/", "/me/homes/", f"/me/homes/{home}/", "/me/identifiers/"):
        text = browser.get(page).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_names_that_are_too_long_are_said_to_be(owner, home: str) -> None:
    assert signed_in(owner).post(f"/me/homes/{home}/", {"name": "a" * 41}).status_code == 200
    assert not queries.homes_of(owner.pk, today())[0].named


def test_sharing_says_what_will_be_seen_before_it_is_done(owner, home: str) -> None:
    browser, tenant = signed_in(owner), person(50)
    wish = {"phone": "154 0000 0050", "relation": "tenant", "rights": ["usage"], "data_from": "", "last_day": ""}
    asked = browser.post(f"/me/homes/{home}/share/", wish)
    assert asked.status_code == 200
    assert "154****0050" in asked.content.decode()
    assert not queries.given(owner.pk, today())
    changed = browser.post(f"/me/homes/{home}/share/", wish | {"step": "change"})
    assert 'name="phone" value="154 0000 0050"' in changed.content.decode()
    done = browser.post(f"/me/homes/{home}/share/", wish | {"step": "confirmed"})
    assert done["Location"] == f"/me/homes/{home}/"
    (seen,) = queries.homes_of(tenant.pk, today())
    assert seen.rights == {Right.USAGE}
    assert "154****0050" in browser.get("/me/shares/").content.decode()
    again = browser.post(f"/me/homes/{home}/share/", wish | {"step": "confirmed"})
    assert again.status_code == 200
    assert len(queries.given(owner.pk, today())) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone": "12"}, {"phone": "<script>"}, {"rights": []}, {"rights": ["download"]}, {"rights": ["everything"]},
        {"relation": "boss"}, {"last_day": "2020-01-01"}, {"data_from": "soon"}, {"phone": "15400000001"},
    ],
)  # fmt: skip
def test_shares_that_make_no_sense(owner, home: str, wrong: dict[str, Any]) -> None:
    wish = {"phone": "15400000050", "relation": "tenant", "rights": ["bills"], "step": "confirmed"} | wrong
    assert signed_in(owner).post(f"/me/homes/{home}/share/", wish).status_code == 200
    assert not queries.given(owner.pk, today())


def test_a_share_to_the_end_of_the_calendar_is_one_without_end(owner, home: str) -> None:
    wish = {"phone": "15400000050", "relation": "tenant", "rights": ["bills"], "last_day": "9999-12-31"}
    for step in ("", "confirmed"):
        assert signed_in(owner).post(f"/me/homes/{home}/share/", wish | {"step": step}).status_code in {200, 302}
    assert [each.end for each in queries.given(owner.pk, today())] == [None]


def test_what_is_over_is_not_there(owner, home: str) -> None:
    tenant = person(50)
    key = share(owner, home)
    browser = signed_in(tenant)
    assert browser.get(f"/me/homes/{key}/").status_code == 200
    assert browser.get(f"/homes/{key}/").status_code == 200
    assert browser.get(f"/me/homes/{key}/share/").status_code == 404
    assert browser.get(f"/me/homes/{home}/").status_code == 404
    identity.revoke(owner.pk, key, act=act())
    for page in (f"/me/homes/{key}/", f"/homes/{key}/", f"/homes/{key}/bills/", f"/me/homes/{key}/unlink/"):
        assert browser.get(page).status_code == 404
    key = share(owner, home, end=today() + timedelta(days=1))
    assert browser.get(f"/homes/{key}/").status_code == 200
    tenant.received.update(start_date=today() - timedelta(days=9), end_date=today() - timedelta(days=1))
    assert browser.get(f"/homes/{key}/").status_code == 404
    assert browser.get("/me/shares/").status_code == 200


def test_revoking_and_unlinking_ask_first(owner, home: str) -> None:
    key = share(owner, home)
    browser, stranger = signed_in(owner), signed_in(person(70))
    for page in (f"/me/shares/{key}/revoke/", f"/me/homes/{home}/unlink/"):
        assert browser.get(page).status_code == 200
        assert stranger.get(page).status_code == 404
        assert stranger.post(page).status_code == 404
    assert browser.post(f"/me/shares/{key}/revoke/").status_code == 302
    assert not queries.given(owner.pk, today())
    assert browser.post(f"/me/homes/{home}/unlink/")["Location"] == "/me/homes/"
    assert not queries.homes_of(owner.pk, today())


def test_a_landlord_and_the_tenant_in_the_picture(owner, home: str) -> None:
    tenant = person(2)
    link(tenant, "T", "1001")
    text = signed_in(tenant).get("/me/homes/").content.decode()
    assert "王*明" in text
    assert "王小明" not in text
    assert "box-payer" in text


def test_who_looked_is_shown_to_the_customer_alone(owner, home: str) -> None:
    identity.unmask(
        "L", {PersonalField.PHONE}, "回访<b>核对</b>", act=Act("staff:E2017", clock.now()),
        staff=staff((Role.CLERK, "/44/4401/")),
    )  # fmt: skip
    text = signed_in(owner).get("/me/privacy/").content.decode()
    assert "回访&lt;b&gt;核对" in text
    assert "017" in text
    assert "E2017" not in text
    other = person(2)
    link(other, "T", "1001")
    assert "回访" not in signed_in(other).get("/me/privacy/").content.decode()


def test_what_a_tenant_downloads_is_shown_to_who_shared_and_to_nobody_else(owner, home: str) -> None:
    tenant, other = person(50), person(2)
    link(other, "T", "1001")
    share(owner, home, rights=[Right.USAGE, Right.DOWNLOAD])
    days = [DateSpan(date(2026, 2, 1), date(2026, 3, 1))]
    for actor in (tenant.pk, person(51).pk):
        note_download("1002", days, DownloadFormat.CSV, act=Act(f"person:{actor}", clock.now()))
    text = signed_in(owner).get("/me/privacy/").content.decode()
    assert text.count("2026年2月") == 1
    assert "154****0050" in text
    for stranger in (tenant, other):
        assert "2026年2月" not in signed_in(stranger).get("/me/privacy/").content.decode()
    (key,) = [each.key for each in queries.given(owner.pk, today())]
    identity.revoke(owner.pk, key, act=act())
    note_download("1002", days, DownloadFormat.CSV, act=Act(f"person:{tenant.pk}", clock.now()))
    assert len(queries.taken(owner.pk)) == 1


def test_identifiers_are_switched(owner, home: str) -> None:
    browser = signed_in(owner)
    browser.post("/me/identifiers/change/", {"kind": "usage_point", "value": home, "to": "on"})
    assert queries.recognised("1002") == owner.pk
    browser.post("/me/identifiers/change/", {"kind": "usage_point", "value": "1002", "to": "off"})
    assert queries.recognised("1002") is None
    browser.post("/me/identifiers/", {"form": "username", "username": "old.wang"})
    assert queries.recognised("old.wang") == owner.pk
    refused = browser.post("/me/identifiers/", {"form": "username", "username": "<b>"})
    assert refused.status_code == 200
    for tampered in ({"kind": "soul", "to": "off"}, {"kind": "usage_point", "value": "xyz", "to": "on"}):
        assert browser.post("/me/identifiers/change/", tampered).status_code == 404


def test_an_address_is_confirmed_by_its_code(owner, home: str, outbox, django_capture_on_commit_callbacks) -> None:
    browser = signed_in(owner)
    assert browser.get("/me/identifiers/email/")["Location"] == "/me/identifiers/"
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/me/identifiers/", {"form": "email", "email": "Wang@Example.com"})
    assert "w***@example.com" in browser.get("/me/identifiers/email/").content.decode()
    assert browser.post("/me/identifiers/email/", {"code": "0"}).status_code == 200
    assert browser.post("/me/identifiers/email/", {"code": outbox[0].code}).status_code == 302
    assert queries.recognised("wang@example.com") == owner.pk


@pytest.mark.parametrize("page", [*PAGES, "identifiers/email/", "homes/link/code/", "homes/x/", "shares/x/revoke/"])
def test_nobody_sees_them_without_signing_in(client, db: None, page: str) -> None:
    assert client.get(f"/me/{page}")["Location"].startswith("/account/login/")
