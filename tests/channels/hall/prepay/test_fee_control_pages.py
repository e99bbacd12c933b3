"""Guards the pages of fee control: one page says everything to who sits in the dark, staff decide with a reason, and
neither costs more than a dozen queries."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.contexts.payments.fee_control_town import MONDAY, WEDNESDAY, Street, street_of

from gridhall.contexts.identity.models import Link, StaffPosition, User
from gridhall.contexts.identity.types import Role
from gridhall.contexts.payments.models import FeeControl
from gridhall.contexts.payments.ports import Relay

pytestmark = pytest.mark.django_db
_BACKEND = "gridhall.channels.web.signin.backend.IdentifierBackend"


@pytest.fixture
def street(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Street:
    found = street_of(tmp_path / "headend", monkeypatch)
    monkeypatch.setattr("gridhall.kernel.clock.now", lambda: found.now)
    return found


@pytest.fixture
def customer(street: Street) -> tuple[Client, str]:
    """A browser of the first customer, and the key of the home."""
    user = User.objects.create(username="p-1", display_name="王女士")
    held = street.till.agreements[0]
    link = Link.objects.create(
        user=user, customer=held.customer, usage_point_id=held.usage_point_id, proof="demo", linked_at=street.now
    )
    client = Client()
    client.force_login(user, backend=_BACKEND)
    return client, link.key


@pytest.fixture
def staff(street: Street) -> Callable[[Role], Client]:
    def of(role: Role) -> Client:
        user = User.objects.create(username=f"S-{role}", display_name="小禾")
        StaffPosition.objects.create(
            user=user, organisation=street.till.organisation, role=role, start_date=date(2020, 1, 1)
        )
        client = Client()
        client.force_login(user, backend=_BACKEND)
        return client

    return of


def text(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_who_sits_in_the_dark_has_one_page(street: Street, customer: tuple[Client, str]) -> None:
    client, key = customer
    street.cut()
    where = reverse("hall.prepay-off", kwargs={"home": key})
    assert client.get(reverse("hall.prepay", kwargs={"home": key})).headers["Location"] == where
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = client.get(where)
    said = text(page)
    assert len(asked) <= 12
    assert "5.00" in said
    assert "立即交费" in said
    assert "按住电表按键" in said
    assert "已停电" in said
    assert reverse("hall.pay", kwargs={"home": key}) in page.content.decode()
    # The live part asks again while it is dark, and only then.
    state = reverse("hall.prepay-state", kwargs={"home": key})
    assert b"hx-get" in client.get(state).content
    street.pay(0, 500)
    street.wait(8)
    assert "请现在按电表上的按键" in text(client.get(state))
    street.head_end.true.press("M0", now=street.now)
    client.post(reverse("hall.prepay-pressed", kwargs={"home": key}))
    street.wait(1)
    assert street.relay() is Relay.ON
    last = client.get(state)
    assert "供电正常" in text(last)
    assert b"hx-get" not in last.content
    assert "已恢复供电" in text(client.get(reverse("hall.prepay", kwargs={"home": key})))


def test_agreeing_and_ending(street: Street, customer: tuple[Client, str]) -> None:
    client, key = customer
    FeeControl.objects.filter(usage_point_id=street.point(0)).update(ended_at=street.now)
    where = reverse("hall.prepay-agree", kwargs={"home": key})
    assert client.get(reverse("hall.prepay", kwargs={"home": key})).headers["Location"] == where
    assert "请勾选" in text(client.post(where, {"mode": "prepaid"}))
    for wrong in ("-1", "abc", "1.234", "99999999999"):
        page = client.post(where, {"agreed": "yes", "warn": wrong})
        assert b'role="alert"' in page.content, wrong
    assert client.post(where, {"agreed": "yes", "mode": "prepaid", "warn": "50"}).status_code == 302
    assert FeeControl.objects.get(usage_point_id=street.point(0), ended_at=None).warn_fen == 5000
    assert client.post(where, {"warn": ""}).status_code == 302
    assert FeeControl.objects.get(usage_point_id=street.point(0), ended_at=None).warn_fen is None
    text(client.get(reverse("hall.prepay-end", kwargs={"home": key})))
    client.post(reverse("hall.prepay-end", kwargs={"home": key}))
    assert not FeeControl.objects.filter(usage_point_id=street.point(0), ended_at=None).exists()


def test_a_spent_balance_and_a_protected_one_are_told_apart(street: Street, customer: tuple[Client, str]) -> None:
    client, key = customer
    street.stock(0, -500)
    where = reverse("hall.prepay", kwargs={"home": key})
    street.go(WEDNESDAY)
    assert "起可能停电" in text(client.get(where))
    from gridhall.contexts.accounts import operations as accounts
    from gridhall.contexts.accounts.types import ProtectionKind
    from gridhall.kernel.spans import DateSpan

    accounts.protect(
        "3100000000", ProtectionKind.LIFE_SUPPORT, DateSpan(date(2026, 3, 1), None), "医院证明", act=street.act
    )
    street.go(WEDNESDAY + timedelta(hours=1))
    assert "不会停电" in text(client.get(where))


def test_a_manager_decides_with_a_reason(street: Street, staff: Callable[[Role], Client]) -> None:
    manager, clerk = staff(Role.MANAGER), staff(Role.CLERK)
    street.stock(0, -500)
    street.stock(1, 9000)
    street.go(WEDNESDAY)
    manager.get(reverse("console.supply-commands"))
    with CaptureQueriesContext(connection) as asked:
        board = text(manager.get(reverse("console.supply")))
    assert len(asked) <= 12
    assert "3100000000" in board
    assert "已通知" in board
    assert "3100000001" in board
    assert "3100000001" not in text(manager.get(reverse("console.supply"), {"state": "noticed"}))
    assert "3100000000" in text(manager.get(reverse("console.supply-approvals")))
    decide = reverse("console.supply-decide", kwargs={"number": "3100000000"})
    assert clerk.post(decide, {"decision": "approve", "reason": "x"}).status_code == 403
    assert manager.post(decide, {"decision": "approve", "reason": " "}).status_code == 422
    assert manager.post(decide, {"decision": "approve", "reason": "多次联系未缴"}).status_code == 302
    assert street.stage() == "approved"
    point = reverse("console.supply-point", kwargs={"number": "3100000000"})
    assert "多次联系未缴" in text(manager.get(point))
    street.go(MONDAY)
    street.go(MONDAY + timedelta(minutes=31))
    street.wait(10)
    assert "已读表核实" in text(manager.get(reverse("console.supply-commands")))
    assert manager.post(decide, {"decision": "approve", "reason": "again"}).status_code == 422


def test_alerts_and_protections_are_switched_by_staff(street: Street, staff: Callable[[Role], Client]) -> None:
    clerk = staff(Role.CLERK)
    alert = reverse("console.supply-alert")
    assert clerk.post(alert, {"unit": "LC", "reason": "暴雨红色预警", "switch": "on"}).status_code == 302
    assert "暴雨红色预警" in text(clerk.get(reverse("console.supply")))
    assert clerk.post(alert, {"unit": "LC", "switch": "off"}).status_code == 302
    register = reverse("console.protections")
    wish = {"usage_point": "3100000000", "kind": "life_support", "from": "2026-03-01", "evidence": "呼吸机，医院证明"}
    for wrong in ({"from": "x"}, {"evidence": " "}, {"usage_point": "9"}, {"until": "2026-02-01"}):
        assert clerk.post(register, wish | wrong).status_code == 422, wrong
    assert clerk.post(register, wish).status_code == 302
    page = clerk.get(register)
    assert "呼吸机" in text(page)
    assert "生命支持设备" in text(page)
    found = re.search(r"protections/(\d+)/end/", page.content.decode())
    assert found
    assert clerk.post(f"/console/supply/protections/{found.group(1)}/end/", {"reason": "设备已归还"}).status_code == 302
    assert "呼吸机" not in text(clerk.get(register))
    assert "设备已归还" in text(clerk.get(register, {"ended": "yes"}))


def test_who_sits_in_the_dark_is_asked_for_what_brings_power_back(street: Street, customer: tuple[Client, str]) -> None:
    client, key = customer
    street.cut()
    where = {"home": key}
    assert "恢复供电需交" in text(client.get(reverse("hall.home-of", kwargs=where)))
    page = client.get(reverse("hall.pay", kwargs=where))
    assert "恢复供电需交" in text(page)
    assert re.search(r'value="power"[^>]*data-fen="¥5.00"[^>]*checked', page.content.decode())
    # The page around the live part asks for money: once it is paid, by whomever, it is made anew.
    state = reverse("hall.prepay-state", kwargs=where)
    asked = {"headers": {"HX-Request": "true"}}
    assert "HX-Refresh" not in client.get(state, {"shown": "due"}, **asked).headers  # type: ignore[arg-type]
    street.pay(0, 500)
    street.wait(1)
    assert client.get(state, {"shown": "due"}, **asked).headers["HX-Refresh"] == "true"  # type: ignore[arg-type]
    assert "恢复供电需交" not in text(client.get(reverse("hall.pay", kwargs=where)))


def test_the_timeline_names_people(street: Street, staff: Callable[[Role], Client]) -> None:
    from gridhall.channels.web.people import forget_names, person

    staff(Role.MANAGER)
    forget_names()
    assert person(f"staff:S-{Role.MANAGER}") == "小禾"
    assert person("staff:GONE") == "GONE"
    assert person("job:fee_control") == "系统自动"
    forget_names()
