"""Guards: the counter and direct debit in the browser: one's own drawer, a second person, only one's units."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.contexts.payments.conftest import NOW, Till, till_of
from tests.standins.debit_bank import Bank

from gridhall.contexts.accounts.models import Organisation
from gridhall.contexts.identity.models import StaffPosition, User
from gridhall.contexts.identity.types import Role
from gridhall.contexts.payments import operations
from gridhall.contexts.payments import queries as payments
from gridhall.contexts.payments.models import CashDrawer, CounterPayment, DebitItem
from gridhall.runtime.audit import Act, trail

POINT = "3100000000"
DAY = date(2026, 3, 9)


@pytest.fixture
def till(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Till:
    monkeypatch.setattr("gridhall.kernel.clock.now", lambda: NOW)
    found = till_of()
    found.bill(0, 1, 12_850)
    found.bill(1, 1, 4_000)
    far = Organisation.objects.create(code="FAR", name="远方供电所", level=2, parent=found.organisation)
    near = Organisation.objects.create(code="NEAR", name="近处供电所", level=2, parent=found.organisation)
    for name, role, unit in (
        ("clerk", Role.CLERK, near), ("manager", Role.MANAGER, near), ("elsewhere", Role.MANAGER, far),
        ("head", Role.CLERK, found.organisation), ("auditor", Role.AUDITOR, near),
    ):  # fmt: skip
        user = User.objects.create(username=name, display_name=name)
        StaffPosition.objects.create(user=user, organisation=unit, role=role, start_date=date(2010, 1, 1))
    return found


def browser(name: str) -> Client:
    client = Client()
    user = User.objects.get(username=name)
    client.force_login(user, backend="gridhall.channels.web.signin.backend.IdentifierBackend")
    return client


@pytest.fixture
def clerk(till: Till) -> Client:
    client = browser("clerk")
    client.post(reverse("console.counter-open"), {"unit": "NEAR", "opening": "200"})
    return client


def take(client: Client, **changes: str) -> Any:
    values = {"number": POINT, "amount": "128.50", "method": "cash", "tendered": "200", "request_key": "k1"}
    return client.post(reverse("console.counter-take"), values | changes)


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return answer.content.decode()


# -- the counter ----------------------------------------------------------------------------------------------------


def test_a_drawer_is_opened_at_a_unit_of_ones_own(till: Till) -> None:
    client = browser("clerk")
    assert "开启钱箱" in text(client.get(reverse("console.counter")))
    assert client.post(reverse("console.counter-open"), {"unit": "FAR", "opening": "0"}).status_code == 404
    for wrong in ("", "-1", "1.005", "many"):
        answer = client.post(reverse("console.counter-open"), {"unit": "NEAR", "opening": wrong})
        assert answer.status_code == 422
    client.post(reverse("console.counter-open"), {"unit": "NEAR", "opening": "0.00"})
    assert "我的钱箱" in text(client.get(reverse("console.counter")))


def test_cash_is_taken_in_three_steps_and_the_receipt_says_the_change(clerk: Client, till: Till) -> None:
    page = text(clerk.get(reverse("console.counter-take"), {"number": POINT}))
    assert 'value="128.50"' in page
    assert "王*" in page
    assert "王0" not in page
    answer = take(clerk)
    assert answer.status_code == 302
    receipt = text(clerk.get(answer["Location"]))
    assert "71.50" in receipt
    assert "K" in receipt
    assert till.balance(0) == 0
    assert "没有未交账单" in text(clerk.get(reverse("console.counter-take"), {"number": POINT}))


def test_a_double_click_takes_once(clerk: Client, till: Till) -> None:
    assert take(clerk)["Location"] == take(clerk)["Location"]
    assert CounterPayment.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": ""}, {"amount": "-5"}, {"amount": "1.005"}, {"amount": "9" * 20}, {"tendered": "1"},
        {"method": "pos"}, {"method": "iou"}, {"tendered": "x"},
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_and_kept_on_the_form(clerk: Client, till: Till, changes: dict[str, str]) -> None:
    page = text(take(clerk, **changes), 422)
    assert 'role="alert"' in page
    assert 'value="k1"' in page
    assert till.balance(0) == 12_850


def test_an_unknown_number_leads_back_to_the_counter(clerk: Client) -> None:
    assert "没有这个户号" in text(clerk.get(reverse("console.counter-take"), {"number": "<b>"}), 422)


def test_without_a_drawer_nothing_is_taken(till: Till) -> None:
    client = browser("clerk")
    assert take(client).status_code == 302
    assert not CounterPayment.objects.exists()


def test_only_a_second_person_of_the_unit_voids(clerk: Client, till: Till) -> None:
    take(clerk)
    payment = CounterPayment.objects.get().pk
    void = reverse("console.counter-void", args=[payment])
    assert clerk.post(void, {"reason": "x"}).status_code == 403
    assert browser("elsewhere").post(void, {"reason": "x"}).status_code == 404
    manager = browser("manager")
    assert "冲正…" in text(manager.get(reverse("console.counter-receipt", args=[payment])))
    text(manager.post(void, {"reason": " "}), 422)
    assert manager.post(void, {"reason": "typed wrongly"}).status_code == 302
    assert till.balance(0) == 12_850
    assert "已冲正" in text(clerk.get(reverse("console.counter-receipt", args=[payment])))
    assert "不能冲正" in text(manager.post(void, {"reason": "again"}), 422)


def test_a_manager_who_took_the_money_cannot_void_it(till: Till) -> None:
    manager = browser("manager")
    manager.post(reverse("console.counter-open"), {"unit": "NEAR", "opening": "0"})
    take(manager)
    payment = CounterPayment.objects.get().pk
    assert "冲正…" not in text(manager.get(reverse("console.counter-receipt", args=[payment])))
    text(manager.post(reverse("console.counter-void", args=[payment]), {"reason": "mine"}), 422)
    assert till.balance(0) == 0


def test_a_difference_is_explained_before_the_drawer_closes(clerk: Client, till: Till) -> None:
    take(clerk)
    close = reverse("console.counter-close")
    assert "328.50" not in text(clerk.get(close)), "what should lie in it is not said before it is counted"
    page = text(clerk.post(close, {"count_10000": "3"}), 422)
    assert "28.50" in page
    assert 'name="explanation"' in page
    text(clerk.post(close, {"count_10000": "x"}), 422)
    text(clerk.post(close, {"count_10000": "-1"}), 422)
    answer = clerk.post(close, {"count_10000": "3", "explanation": "change was given twice"})
    assert "change was given twice" in text(clerk.get(answer["Location"]))
    assert CashDrawer.objects.get().closed_at == NOW


def test_drawers_are_seen_at_ones_own_units(clerk: Client) -> None:
    drawer = CashDrawer.objects.get().pk
    shown = reverse("console.counter-drawer", args=[drawer])
    for name, status in (("manager", 200), ("auditor", 200), ("head", 200), ("elsewhere", 404)):
        assert browser(name).get(shown).status_code == status
    assert shown in text(browser("manager").get(reverse("console.counter-drawers")))
    assert shown not in text(browser("elsewhere").get(reverse("console.counter-drawers")))
    assert browser("auditor").get(reverse("console.counter")).status_code == 403


# -- direct debit ---------------------------------------------------------------------------------------------------


@pytest.fixture
def head(till: Till) -> Client:
    for at in range(2):
        operations.record_mandate(
            f"A{at}", reference=f"M-{at}", debtor_name="王小明", bank_account="GB82WEST12345698765432",
            bank_code="COBADEFF", limit_fen=50_000, signed_date=date(2026, 1, 5), act=Act("cli:test", NOW),
        )  # fmt: skip
    return browser("head")


def upload(client: Client, content: bytes) -> Any:
    return client.post(reverse("console.debit-import"), {"file": SimpleUploadedFile("answer.xml", content)})


def test_debits_go_to_the_bank_and_its_answer_comes_back(head: Client, till: Till, monkeypatch: Any) -> None:
    assert head.post(reverse("console.debit-announce"), {"day": "2026-03-09"}).status_code == 302
    overview = text(head.get(reverse("console.debit")))
    assert "168.50" in overview
    made = head.post(reverse("console.debit-make"), {"day": "2026-03-09", "format": "pain"})
    batch = payments.debit_batches()[0]
    assert "M-0" in text(head.get(made["Location"]))
    file = head.get(reverse("console.debit-file", args=[batch.id]))
    assert file["Content-Disposition"] == f'attachment; filename="{batch.message_id}.xml"'
    assert [entry.actor for entry in trail(f"debit_batch:{batch.message_id}")][-1] == "staff:head"
    monkeypatch.setattr("gridhall.kernel.clock.now", lambda: NOW + timedelta(days=9))
    bank = Bank()
    bank.returns[DebitItem.objects.order_by("id")[1].end_to_end] = "AM04"
    answer = upload(head, bank.collect(file.content))
    page = text(head.get(answer["Location"]))
    assert "已扣款" in page
    assert "AM04" in page
    assert [till.balance(at) for at in range(2)] == [0, 4_000]
    assert "已导入过" in text(upload(head, bank.camt([("X", "1.00", None)], "ANS1")), 422)


def test_lines_that_cannot_be_matched_stand_first(head: Client) -> None:
    answer = upload(head, Bank().camt([("NOBODY", "1.00", None)], "ANS1"))
    page = text(head.get(answer["Location"]))
    assert "未知扣款" in page
    assert "1 行无法匹配" in page
    assert reverse("console.debit-answer", args=[payments.debit_answers()[0].id]) in text(
        head.get(reverse("console.debit"))
    )


def test_wrong_files_and_days_are_said(head: Client) -> None:
    assert "line 1" in text(upload(head, b"<Document"), 422)
    text(upload(head, b"\x00\xff"), 422)
    text(head.post(reverse("console.debit-import")), 422)
    for name in ("console.debit-announce", "console.debit-make"):
        for day in ("", "2026-02-30", "2026-03-03" if name.endswith("announce") else "2026-03-01"):
            text(head.post(reverse(name), {"day": day, "format": "pain"}), 422)
    assert head.post(reverse("console.debit-make"), {"day": "2026-03-20", "format": "pain"}).status_code == 302


def test_bank_accounts_of_all_are_for_who_works_for_all(till: Till) -> None:
    for name in ("clerk", "manager", "auditor"):
        assert browser(name).get(reverse("console.debit")).status_code == 403


# -- both -----------------------------------------------------------------------------------------------------------


def test_a_page_needs_few_queries(clerk: Client, head: Client, django_assert_max_num_queries: Any) -> None:
    taken = take(clerk)["Location"]
    upload(head, Bank().camt([("NOBODY", "1.00", None)], "ANS1"))
    for client, where in (
        (clerk, reverse("console.counter")), (clerk, reverse("console.counter-take") + f"?number={POINT}"),
        (clerk, taken), (clerk, reverse("console.counter-close")), (clerk, reverse("console.counter-drawers")),
        (clerk, reverse("console.counter-drawer", args=[CashDrawer.objects.get().pk])),
        (head, reverse("console.debit")),
        (head, reverse("console.debit-answer", args=[payments.debit_answers()[0].id])),
    ):  # fmt: skip
        with django_assert_max_num_queries(12):
            text(client.get(where))
