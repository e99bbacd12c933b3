"""Guards: arrears are listed, worked on and downloaded by clerks of the unit, and of no other."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from tests.channels.console.customers.conftest import Desk, desk

from gridhall.contexts.accounts.models import CustomerAccount
from gridhall.contexts.billing import queries as billing
from gridhall.contexts.billing.models import Bill
from gridhall.contexts.payments.models import CollectionCase, InstalmentPlan, PromiseToPay
from gridhall.contexts.payments.operations.collection import collect
from gridhall.kernel import clock
from gridhall.runtime.audit import Act

__all__ = ["desk"]


@pytest.fixture
def late(desk: Desk) -> CollectionCase:
    """Homes of SH have bills of years ago that nobody has paid."""
    desk.utility.read(date(2013, 1, 1), 31, {"U1001": 100, "U1002": 100, "U1003": 100})
    desk.utility.run("2013-01")
    collect(clock.now().date(), act=Act("schedule", clock.now()))
    return CollectionCase.objects.earliest("pk")


def test_arrears_are_worked_on_at_home_only(desk: Desk, late: CollectionCase) -> None:
    assert Bill.objects.count() == CollectionCase.objects.count() == 3
    clerk, where = desk("clerk"), reverse("console.arrear", args=[late.pk])
    listed = clerk.get(reverse("console.arrears")).context["found"]
    assert (listed.total, listed.fen) == (3, sum(each.total_fen for each in Bill.objects.all()))
    assert not desk("far").get(reverse("console.arrears")).context["found"].rows
    assert desk("far").get(where).status_code == 404
    assert desk("auditor").get(where).status_code == 403
    assert clerk.post(where, {"deed": "step", "kind": "call", "result": "reached", "note": "下周缴"}).status_code == 302
    assert "下周缴" in clerk.get(where).content.decode()
    assert clerk.post(where, {"deed": "step", "kind": "shout"}).status_code == 422


def test_promises_and_plans_are_recorded_and_nonsense_is_refused(desk: Desk, late: CollectionCase) -> None:
    clerk, where = desk("clerk"), reverse("console.arrear", args=[late.pk])
    soon = [(clock.now().date() + timedelta(days=days)).isoformat() for days in (5, 10)]
    for wrong in (
        {"amount": "0", "until": soon[0]},
        {"amount": "1", "until": "x"},
        {"amount": "1", "until": "2013-01-01"},
    ):
        assert clerk.post(where, {"deed": "promise"} | wrong).status_code == 422
    assert clerk.post(where, {"deed": "promise", "amount": "1", "until": soon[0]}).status_code == 302
    assert PromiseToPay.objects.get().amount_fen == 100
    refused = clerk.post(where, {"deed": "plan", "day": soon, "part": ["1.23", "1"]})
    assert refused.status_code == 422
    # What was typed stays.
    assert f'value="{soon[1]}"' in refused.content.decode()
    assert 'value="1.23"' in refused.content.decode()
    rest = f"{(late.overdue_fen - 100) / 100:.2f}"
    assert clerk.post(where, {"deed": "plan", "day": [*soon, ""], "part": ["1", rest, ""]}).status_code == 302
    assert InstalmentPlan.objects.get().instalments.count() == 2
    plan = next(each for each in clerk.get(where).context["events"] if each.kind == "plan")
    assert plan.parts == tuple(zip(map(date.fromisoformat, soon), (100, late.overdue_fen - 100), strict=True))


@pytest.mark.parametrize("query", [{"band": "x"}, {"risk": "9" * 40}, {"next": "'"}, {"page": "0"}, {"due": "yes"}])
def test_a_list_survives_whatever_is_asked(desk: Desk, late: CollectionCase, query: dict[str, str]) -> None:
    assert desk("clerk").get(reverse("console.arrears"), query).status_code == 200


def test_the_list_can_be_taken_away(desk: Desk, late: CollectionCase) -> None:
    file = desk("clerk").get(reverse("console.arrears"), {"file": "csv"})
    lines = file.content.decode("utf-8-sig").strip().split("\r\n")
    assert len(lines) == 1 + 3
    assert CustomerAccount.objects.get(pk=late.account_id).number in file.content.decode()
    assert billing.due_on(Bill.objects.earliest("pk").issued_at).isoformat() in lines[1]
