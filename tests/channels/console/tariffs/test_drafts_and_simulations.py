"""Guards: the editor says what is wrong and where, two people publish, and a draft is tried on own customers only."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from tests.channels.console.customers.conftest import Desk

from gridhall.contexts.billing.models import Bill, BillRun
from gridhall.contexts.tariffs import queries
from gridhall.contexts.tariffs.models import TariffDraft
from gridhall.runtime import jobs
from gridhall.runtime.models import JobRecord

NOW = datetime(2013, 2, 3, 3, 0, tzinfo=UTC)
CODE = "shanghai-residential-tou"


def with_new_version(text: str, price: str = "0.7") -> str:
    return (
        text.rstrip()
        + f"""
  - version: dearer
    start: 2099-01-01
    source: a ruling of the test
    components:
      - {{code: energy, type: energy, price: {price}}}
"""
    )


def begin(client: Client) -> TariffDraft:
    answer = client.post(reverse("console.tariff-new"), {"title": "调价", "from": CODE})
    assert answer.status_code == 302
    return TariffDraft.objects.latest("pk")


def save(client: Client, draft: TariffDraft, text: str, do: str = "save", revision: int | None = None) -> int:
    data = {"title": draft.title, "text": text, "revision": revision or draft.revision, "do": do}
    status = client.post(reverse("console.tariff-draft", kwargs={"draft": draft.pk}), data).status_code
    draft.refresh_from_db()
    return status


def test_a_draft_becomes_a_published_version_by_two_people(office: Desk) -> None:
    officer, manager = office("officer"), office("manager")
    draft = begin(officer)
    assert draft.text == queries.document_as_of(CODE)
    assert save(officer, draft, with_new_version(draft.text).replace("\n", "\r\n"), "submit") == 302
    assert (draft.state, "\r" in draft.text) == ("submitted", False)
    assert "2099" in manager.get(reverse("console.tariff-draft", kwargs={"draft": draft.pk})).content.decode()
    decision = reverse("console.tariff-decision", kwargs={"draft": draft.pk})
    assert officer.post(decision, {"decision": "approve", "revision": draft.revision}).status_code == 403
    assert manager.post(decision, {"decision": "approve", "revision": draft.revision}).status_code == 302
    assert [version.version for version in queries.versions(CODE)] == ["example", "dearer"]
    assert "dearer" in office("clerk").get(reverse("console.tariff", kwargs={"code": CODE})).content.decode()
    assert manager.post(decision, {"decision": "approve", "revision": draft.revision}).status_code == 409


def test_who_wrote_it_cannot_approve_it(office: Desk) -> None:
    from datetime import date

    from gridhall.contexts.accounts.models import Organisation
    from gridhall.contexts.identity.models import StaffPosition

    unit = Organisation.objects.get(code="SH")
    StaffPosition.objects.create(
        user=office.people["officer"], organisation=unit, role="manager", start_date=date(2010, 1, 1)
    )
    officer = office("officer")
    draft = begin(officer)
    save(officer, draft, with_new_version(draft.text), "submit")
    decision = reverse("console.tariff-decision", kwargs={"draft": draft.pk})
    answer = officer.post(decision, {"decision": "approve", "revision": draft.revision})
    assert answer.status_code == 409
    assert [version.version for version in queries.versions(CODE)] == ["example"]


def test_a_rejection_needs_a_note_and_is_read_by_the_author(office: Desk) -> None:
    officer, manager = office("officer"), office("manager")
    draft = begin(officer)
    save(officer, draft, with_new_version(draft.text), "submit")
    decision = reverse("console.tariff-decision", kwargs={"draft": draft.pk})
    assert manager.post(decision, {"decision": "reject", "revision": draft.revision}).status_code == 409
    empty = {"decision": "reject", "revision": draft.revision, "note": "\0"}
    assert manager.post(decision, empty).status_code == 409
    data = {"decision": "reject", "revision": draft.revision, "note": "<script>价格\0偏高</script>"}
    assert manager.post(decision, data).status_code == 302
    shown = officer.get(reverse("console.tariff-draft", kwargs={"draft": draft.pk})).content.decode()
    assert "&lt;script&gt;价格偏高" in shown
    again = officer.post(reverse("console.tariff-new"), {"title": "再来", "draft": draft.pk})
    assert again.status_code == 302
    assert TariffDraft.objects.latest("pk").text == draft.text


def test_the_check_names_line_and_remedy(office: Desk) -> None:
    text = with_new_version(queries.document_as_of(CODE)).replace("price: 0.7", "prise: 0.7")
    answer = office("officer").post(reverse("console.tariff-check"), {"text": text})
    said = answer.content.decode()
    line = text.splitlines().index("      - {code: energy, type: energy, prise: 0.7}") + 1
    assert f'data-line="{line}"' in said
    assert "是否应为 price" in said
    assert TariffDraft.objects.count() == 0


@pytest.mark.parametrize("text", ["", "a: [", "\x00", "x" * 500_000, "<script>alert(1)</script>", "\u202e🙂: &a [*a]"])
def test_hostile_text_is_told_and_not_run(office: Desk, text: str) -> None:
    officer = office("officer")
    answer = officer.post(reverse("console.tariff-check"), {"text": text})
    assert answer.status_code == 200
    assert b"data-problem" in answer.content
    assert b"<script>" not in answer.content
    draft = begin(officer)
    assert save(officer, draft, text) in {302, 409}
    assert officer.get(reverse("console.tariff-draft", kwargs={"draft": draft.pk})).status_code == 200


def test_a_draft_with_problems_is_kept_and_not_handed_in(office: Desk) -> None:
    officer = office("officer")
    draft = begin(officer)
    assert save(officer, draft, "tariff: [", "submit") == 422
    assert (draft.state, draft.text) == ("draft", "tariff: [")


def test_what_somebody_wrote_is_not_lost_to_another(office: Desk) -> None:
    officer = office("officer")
    draft = begin(officer)
    first = draft.revision
    save(officer, draft, "tariff: one")
    answer = officer.post(
        reverse("console.tariff-draft", kwargs={"draft": draft.pk}),
        {"title": "x", "text": "tariff: mine", "revision": first, "do": "save"},
    )
    assert answer.status_code == 409
    assert "tariff: mine" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.text == "tariff: one"


def test_drafts_are_for_those_who_write_decide_or_audit(office: Desk) -> None:
    draft = begin(office("officer"))
    address = reverse("console.tariff-draft", kwargs={"draft": draft.pk})
    seen = {name: office(name).get(address).status_code for name in ("clerk", "manager", "auditor", "administrator")}
    assert seen == {"clerk": 403, "manager": 200, "auditor": 200, "administrator": 403}
    assert save(office("auditor"), draft, "x") == 403
    assert office("manager").get(reverse("console.tariff-new")).status_code == 403
    assert office("officer").get(reverse("console.tariff-draft", kwargs={"draft": 2**63})).status_code == 404


def test_the_schema_for_completion_is_there(office: Desk) -> None:
    assert "VersionText" in office("officer").get(reverse("console.tariff-schema")).json()["$defs"]


def simulated(office: Desk, price: str) -> BillRun:
    officer = office("officer")
    draft = begin(officer)
    save(officer, draft, with_new_version(draft.text, price))
    data = {"draft": draft.pk, "month": "2013-01", "unit": "SH", "instead_of": CODE}
    asked = officer.post(reverse("console.what-if"), data)
    job = JobRecord.objects.get(kind="what_if")
    assert asked["Location"] == reverse("console.what-if-job", kwargs={"job": job.pk})
    jobs.run_now(job.pk, now=lambda: NOW)
    jobs.run_now(job.pk, now=lambda: NOW)
    return BillRun.objects.get(kind="what_if")


def test_a_simulation_is_kept_with_its_spread_and_bills_nobody(office: Desk) -> None:
    run = simulated(office, "0.9")
    # The version starts in 2099 and is tried on 2013 all the same.
    assert (run.summary["bills"], run.summary["higher"], run.summary["version"]) == (3, 3, "dearer")
    answer = office("officer").get(reverse("console.what-if-result", kwargs={"run": run.pk}))
    assert answer.status_code == 200
    assert sum(answer.context["spread"].series[0].values) == 3
    assert Bill.objects.count() == 0
    assert office("clerk").get(reverse("console.what-if-result", kwargs={"run": run.pk})).status_code == 403
    assert office("officer").get(reverse("console.run", kwargs={"run": run.pk})).status_code == 404


def test_a_draft_is_shown_line_by_line_on_own_customers(office: Desk) -> None:
    simulated(office, "0.9")
    draft = TariffDraft.objects.get()
    data = {"draft": draft.pk, "month": "2013-01", "q": "U1001 U1002 U9001 '; drop"}
    answer = office("officer").get(reverse("console.what-if-preview"), data)
    assert [each["bill"].number for each in answer.context["bills"]] == ["U1001", "U1002"]
    first = answer.context["bills"][0]["bill"]
    assert first.after.total_fen == 26784
    assert first.change_fen > 0
    # What guards forms is random letters and digits.
    assert "502" not in re.sub(r"\b[A-Za-z0-9]{64}\b", "", answer.content.decode())
