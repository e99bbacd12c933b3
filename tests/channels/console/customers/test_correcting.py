"""Guards the way of a correction through the console: asked for with a preview, decided by a second person who sees
today's figures, refused to everybody else, and seen on everybody's work page."""

from datetime import date

from gridhall.contexts.billing.models import Bill, CorrectionRequest
from gridhall.contexts.billing.queries import show_number

from .conftest import Desk

REASON = "一月读数迟到"


def text(response) -> str:
    return response.content.decode()


def ask(desk: Desk, who: str = "clerk") -> str:
    """Ask for the correction; the address of the request."""
    address = f"/console/customers/bills/{show_number(desk.bill.number)}/correct/"
    response = desk(who).post(address, {"reason": REASON, "step": "ask"})
    assert response.status_code == 302, text(response)
    return response["Location"]


def decide(desk: Desk, who: str, address: str, decision: str, **more: str):
    browser = desk(who)
    page = browser.get(address)
    computed = page.context["asked"].computed_at.isoformat() if page.status_code == 200 else ""
    return browser.post(address, {"decision": decision, "computed": computed} | more, follow=True)


def test_looking_shows_before_and_after_and_keeps_nothing(wrong: Desk):
    address = f"/console/customers/bills/{show_number(wrong.bill.number)}/correct/"
    response = wrong("clerk").post(address, {"reason": REASON, "step": "look"})
    outcome = response.context["outcome"]
    assert outcome.difference_fen > 0
    assert REASON in text(response)
    assert not CorrectionRequest.objects.exists()
    assert wrong.bill.replaced_by is None


def test_a_second_person_approves_and_the_bill_is_corrected(wrong: Desk):
    old = wrong.bill.number
    address = ask(wrong)
    page = text(wrong("manager").get(address))
    assert REASON in page
    assert "clerk" in page
    after = decide(wrong, "manager", address, "approve")
    assert after.status_code == 200
    assert Bill.objects.get(pk=old).status == "cancelled"
    assert CorrectionRequest.objects.get().decided_by == "staff:manager"
    assert show_number(wrong.bill.number) in text(after)


def test_who_asks_cannot_decide_even_with_the_permission(wrong: Desk):
    address = ask(wrong, "manager")
    page = wrong("manager").get(address)
    assert not page.context["may_decide"]
    for decision in ("approve", "reject"):
        assert decide(wrong, "manager", address, decision, note="ok").status_code == 409
    assert CorrectionRequest.objects.get().decision == "waiting"
    assert decide(wrong, "manager", address, "withdraw").status_code == 200
    assert CorrectionRequest.objects.get().decision == "withdrawn"


def test_others_can_neither_see_nor_decide(wrong: Desk):
    address = ask(wrong)
    assert wrong("farmanager").get(address).status_code == 404
    assert wrong("farmanager").post(address, {"decision": "approve"}).status_code == 404
    assert wrong("auditor").get(address).status_code == 200
    assert wrong("auditor").post(address, {"decision": "approve"}).status_code == 404
    assert address not in text(wrong("farmanager").get("/console/billing/approvals/"))
    assert wrong("auditor").get(address.replace("approvals", "runs")).status_code in (200, 404)
    assert CorrectionRequest.objects.get().decision == "waiting"


def test_figures_that_have_moved_are_decided_anew(wrong: Desk):
    address = ask(wrong)
    before = CorrectionRequest.objects.get().difference_fen
    wrong.utility.read(date(2013, 1, 12), 2, {"U1001": 500}, revision=True)
    stale = wrong("manager").get(address).context["asked"].computed_at.isoformat()
    decide(wrong, "manager", address, "approve")
    now = CorrectionRequest.objects.get()
    assert (now.decision, now.difference_fen != before) == ("waiting", True)
    # A page that was open all the time does not approve figures that it has not shown.
    wrong("manager").post(address, {"decision": "approve", "computed": stale})
    assert CorrectionRequest.objects.get().decision == "waiting"
    decide(wrong, "manager", address, "approve")
    assert CorrectionRequest.objects.get().decision == "approved"


def test_a_rejection_says_why_and_the_asker_reads_it(wrong: Desk):
    address = ask(wrong)
    assert decide(wrong, "manager", address, "reject").status_code == 409
    decide(wrong, "manager", address, "reject", note="读数还要核对")
    assert wrong.bill.status == "issued"
    assert "读数还要核对" in text(wrong("clerk").get("/console/"))


def test_a_note_with_a_character_that_no_text_has_is_kept_without_it(wrong: Desk):
    assert decide(wrong, "manager", ask(wrong), "reject", note="读\0数").status_code == 200
    assert CorrectionRequest.objects.get().note == "读数"


def test_what_cannot_be_corrected_is_said_on_the_page(wrong: Desk):
    other = Bill.objects.filter(usage_point_id=wrong.utility.points["U1002"]).earliest("start_date")
    address = f"/console/customers/bills/{show_number(other.number)}/correct/"
    assert wrong("clerk").post(address, {"reason": REASON, "step": "ask"}).status_code == 409
    assert wrong("clerk").post(address, {"reason": " ", "step": "ask"}).status_code == 200
    assert wrong("auditor").get(address).status_code == 403
    ask(wrong)
    twice = f"/console/customers/bills/{show_number(wrong.bill.number)}/correct/"
    assert wrong("clerk").post(twice, {"reason": REASON, "step": "ask"}).status_code == 409


def test_the_work_page_shows_what_waits_to_whom_it_concerns(wrong: Desk):
    assert "没有待办" in text(wrong("clerk").get("/console/"))
    address = ask(wrong)
    manager, clerk = wrong("manager").get("/console/"), wrong("clerk").get("/console/")
    assert [task.url for task in manager.context["decide"]] == [address]
    assert clerk.context["decide"] == []
    assert [task.url for task in clerk.context["own"]] == [address]
    assert wrong("farmanager").get("/console/").context["decide"] == []
    page = text(wrong("clerk").get("/console/customers/CU1001/"))
    assert address in page


def test_the_bill_shows_its_sources(wrong: Desk):
    response = wrong("clerk").get(f"/console/customers/bills/{show_number(wrong.bill.number)}/sources/")
    assert response.context["found"].equal
    assert len(response.context["days"]) == 31
