"""Guards: a month is run once however often the button is pressed, and a clerk works on what is parked at home only."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse
from tests.channels.console.customers.conftest import Desk

from gridhall.contexts.accounts.models import Organisation
from gridhall.contexts.billing.exclusive import exclusive
from gridhall.contexts.billing.models import Bill, BillRun, ParkedBill
from gridhall.contexts.billing.queries import overview
from gridhall.contexts.identity.models import StaffPosition
from gridhall.contexts.identity.types import Role
from gridhall.runtime import jobs
from gridhall.runtime.audit import trail
from gridhall.runtime.models import JobRecord

NOW = datetime(2013, 2, 3, 3, 0, tzinfo=UTC)
STARTED = {"month": "2013-01", "unit": "SH"}


def page(client: Client, name: str, **kwargs: object) -> str:
    answer = client.get(reverse(name, kwargs=kwargs))
    assert answer.status_code == 200
    return answer.content.decode()


def item(number: str) -> ParkedBill:
    return ParkedBill.objects.get(usage_point__number=number)


def test_a_run_is_confirmed_started_once_and_done(desk: Desk) -> None:
    desk.utility.read(date(2013, 1, 1), 31, {"U1001": 100, "U1002": 100, "U1003": 100})
    clerk = desk("clerk")
    shown = clerk.get(reverse("console.run-start"), STARTED)
    assert shown.context["outlook"].to_bill == 3
    first = clerk.post(reverse("console.run-start"), STARTED)
    again = clerk.post(reverse("console.run-start"), STARTED)
    assert first.status_code == again.status_code == 302
    assert first["Location"] == again["Location"]
    job = JobRecord.objects.get()
    assert "任务" not in page(clerk, "console.run-job", job=job.pk)
    jobs.run_now(job.pk, now=lambda: NOW)
    done = clerk.get(first["Location"])
    run = BillRun.objects.get()
    assert done["Location"] == reverse("console.run", kwargs={"run": run.pk})
    moved = clerk.get(first["Location"], headers={"HX-Request": "true"})
    assert moved["HX-Redirect"] == done["Location"]
    assert (run.bills, run.parked) == (3, 0)
    assert "U1002" in page(clerk, "console.run-bills", run=run.pk)
    jobs.run_now(job.pk, now=lambda: NOW)
    assert BillRun.objects.count() == 1


def test_a_failed_run_says_why(desk: Desk) -> None:
    clerk = desk("clerk")
    started = clerk.post(reverse("console.run-start"), STARTED)
    jobs.run_now(JobRecord.objects.get().pk, now=lambda: NOW)
    said = clerk.get(started["Location"]).content.decode()
    assert "没有可用于出账的" in said or "请先导入" in said


@pytest.mark.parametrize("month", ["2013-13", "x" * 200, "<script>", "9999-12", ""])
def test_a_month_that_cannot_be_run_is_not(desk: Desk, month: str) -> None:
    answer = desk("clerk").post(reverse("console.run-start"), {"month": month, "unit": "SH"})
    assert (answer.status_code, JobRecord.objects.count()) == (302, 0)


def test_another_units_month_is_not_there(desk: Desk) -> None:
    assert desk("far").post(reverse("console.run-start"), STARTED).status_code == 404
    assert desk("auditor").post(reverse("console.run-start"), STARTED).status_code == 403
    assert JobRecord.objects.count() == 0


def test_runs_and_bills_of_others_do_not_show(parked: Desk) -> None:
    run = BillRun.objects.get()
    run.organisation_id = parked.utility and run.organisation_id
    far, clerk = parked("far"), parked("clerk")
    assert page(clerk, "console.run", run=run.pk)
    assert "U1001" not in page(far, "console.runs")
    assert "U1001" not in page(far, "console.run-bills", run=run.pk)
    assert "U1002" not in page(far, "console.parked")


def test_sums_of_the_whole_utility_are_for_who_sees_all_of_it(parked: Desk) -> None:
    run = BillRun.objects.get()
    parked.staff("county", Role.MANAGER, "SH")
    for seen in (False, True):
        shown = parked("county").get(reverse("console.run", kwargs={"run": run.pk})).context
        (row,) = parked("county").get(reverse("console.runs")).context["rows"]
        assert (shown["whole"], row[1]) == (seen, seen)
        StaffPosition.objects.get_or_create(
            user=parked.people["county"], organisation=Organisation.objects.get(code="FAR"), role=Role.MANAGER,
            start_date=date(2010, 1, 1),
        )  # fmt: skip


def killed(desk: Desk, **asked: str) -> BillRun:
    """A run of January that was killed with its bills made."""

    class Killed(BaseException):
        pass

    def kill(done: int, _all: int) -> None:
        if done:
            raise Killed

    desk.utility.read(date(2013, 1, 1), 31, {"U1001": 100, "U1002": 100, "U1003": 100})
    with pytest.raises(Killed):
        desk.utility.run("2013-01", progress=kill, **asked)
    return BillRun.objects.get()


def test_a_killed_run_is_continued_from_its_page(desk: Desk) -> None:
    run = killed(desk, organisation="SH")
    address = reverse("console.run", kwargs={"run": run.pk})
    assert (run.status, Bill.objects.count()) == ("running", 3)
    assert not desk("auditor").get(address).context["resumable"]
    assert desk("far").get(address).status_code == 404
    clerk = desk("clerk")
    shown = clerk.get(address)
    assert (shown.context["resumable"], shown.context["run"].bills) == (True, 3)
    text = shown.content.decode()
    assert 'name="month" value="2013-01"' in text
    assert 'name="unit" value="SH"' in text
    clerk.post(reverse("console.run-start"), STARTED)
    job = JobRecord.objects.get()
    under_way = clerk.get(address).context
    assert (under_way["resumable"], under_way["job"]) == (False, job.pk)
    jobs.run_now(job.pk, now=lambda: NOW)
    done = clerk.get(address).context
    assert (done["run"].running, done["run"].bills, done["resumable"]) == (False, 3, False)
    assert (BillRun.objects.count(), Bill.objects.count()) == (1, 3)


def test_a_killed_run_of_the_whole_utility_is_continued_by_who_may_run_all_of_it(desk: Desk) -> None:
    run = killed(desk)
    assert (run.organisation_id, run.status) == (None, "running")
    address, whole = reverse("console.run", kwargs={"run": run.pk}), {"month": "2013-01", "unit": ""}
    desk.staff("county", Role.MANAGER, "SH")
    assert not desk("county").get(address).context["resumable"]
    assert desk("county").post(reverse("console.run-start"), whole).status_code == 404
    for unit in Organisation.objects.exclude(code="SH"):
        StaffPosition.objects.create(
            user=desk.people["county"], organisation=unit, role=Role.MANAGER, start_date=date(2010, 1, 1)
        )
    assert desk("county").get(address).context["resumable"]
    desk("county").post(reverse("console.run-start"), whole)
    jobs.run_now(JobRecord.objects.get().pk, now=lambda: NOW)
    done = desk("county").get(address).context
    assert (done["run"].running, done["resumable"], BillRun.objects.count()) == (False, False, 1)
    # What is over is not begun anew by the same press.
    assert desk("county").post(reverse("console.run-start"), whole).status_code == 404


def test_the_work_list_is_filtered_by_its_address(parked: Desk) -> None:
    clerk = parked("clerk")
    address = reverse("console.parked")

    def numbers(**filters: str) -> list[str]:
        return [line.item.number for line in clerk.get(address, filters).context["lines"]]

    assert numbers() == ["U1002", "U1003"]
    assert numbers(reason="no_readings") == ["U1003"]
    assert numbers(month="2013-02") == []
    assert numbers(unit="SH", sort="-number") == ["U1003", "U1002"]
    assert numbers(released="yes") == []
    assert clerk.get(address, {"unit": "FAR"}).status_code == 404


@pytest.mark.parametrize(
    "filters",
    [
        {"page": "-1"}, {"page": "9" * 30}, {"sort": "'; drop table"}, {"month": "2013-99"}, {"reason": "<script>"},
        {"run": "9" * 19}, {"released": "\u202e"}, {"run": "٣"},
    ],
)  # fmt: skip
def test_hostile_filters_show_a_page(parked: Desk, filters: dict[str, str]) -> None:
    answer = parked("clerk").get(reverse("console.parked"), filters)
    assert answer.status_code == 200
    assert b"<script>" not in answer.content.replace(b"<script src", b"")


def test_the_work_list_costs_few_queries(parked: Desk, django_assert_max_num_queries: object) -> None:
    clerk = parked("clerk")
    clerk.get(reverse("console.parked"))
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        clerk.get(reverse("console.parked"))
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        clerk.get(reverse("console.runs"))


def test_the_reason_is_said_with_its_figures(parked: Desk) -> None:
    shown = page(parked("clerk"), "console.parked-item", item=item("U1002").pk)
    assert "2,688" in shown
    assert "There is" not in shown


def test_a_release_has_a_reason_and_is_on_the_trail(parked: Desk) -> None:
    clerk, wanted = parked("clerk"), item("U1002")
    address = reverse("console.parked-release")
    assert "原因" in clerk.get(address, {"item": wanted.pk}).content.decode()
    assert clerk.post(address, {"item": wanted.pk, "reason": "  "}).status_code == 200
    assert item("U1002").released_at is None
    assert clerk.post(address, {"item": wanted.pk, "reason": "已与用户核对"}).status_code == 302
    wanted.refresh_from_db()
    assert (wanted.released_by, wanted.release_reason) == ("staff:clerk", "已与用户核对")
    assert [entry.actor for entry in trail(f"parked:{wanted.pk}")] == ["staff:clerk"]


def test_many_are_released_at_once_and_what_cannot_be_is_told(parked: Desk) -> None:
    clerk = parked("clerk")
    both = [item("U1002").pk, item("U1003").pk]
    shown = clerk.get(reverse("console.parked-release"), {"item": both})
    assert [line.item.number for line in shown.context["can"]] == ["U1002"]
    assert [line.item.number for line in shown.context["cannot"]] == ["U1003"]
    clerk.post(reverse("console.parked-release"), {"item": both, "reason": "核对"})
    assert item("U1002").released_at is not None
    assert item("U1003").released_at is None


def test_nobody_releases_what_is_not_theirs(parked: Desk) -> None:
    wanted = item("U1002")
    data = {"item": wanted.pk, "reason": "x"}
    assert parked("far").post(reverse("console.parked-release"), data).status_code == 404
    assert parked("auditor").post(reverse("console.parked-release"), data).status_code == 403
    assert parked("far").get(reverse("console.parked-item", kwargs={"item": wanted.pk})).status_code == 404
    wanted.refresh_from_db()
    assert wanted.released_at is None


def test_the_work_page_counts_what_waits_for_somebody_and_leads_to_it(parked: Desk) -> None:
    clerk = parked("clerk")
    before = {task.url: task.badge for task in clerk.get(reverse("console.work")).context["mend"]}
    (waiting,) = [url for url in before if "missing_reading" in url]
    shown = clerk.get(waiting)
    assert (shown.context["reason"], shown.context["total"]) == ("missing_readings", int(before[waiting].split()[0]))
    for line in shown.context["lines"]:
        clerk.post(reverse("console.parked-release"), {"item": line.item.id, "reason": "电话核实"})
    assert waiting not in {task.url for task in clerk.get(reverse("console.work")).context["mend"]}


def test_the_work_page_tells_of_ones_own_failures_of_late_only(desk: Desk) -> None:
    clerk, far = desk("clerk"), desk("far")
    clerk.post(reverse("console.run-start"), STARTED)
    for month in range(1, 10):
        far.post(reverse("console.run-start"), {"month": f"2013-0{month}", "unit": "FAR"})
    for job in JobRecord.objects.all():
        jobs.run_now(job.pk, now=lambda: NOW)
    own = [task.badge for task in clerk.get(reverse("console.work")).context["mend"]]
    assert len(own) == 1
    JobRecord.objects.update(requested_at=NOW)
    assert clerk.get(reverse("console.work")).context["mend"] == []


def test_what_a_run_left_is_counted_alike_everywhere(parked: Desk) -> None:
    run = BillRun.objects.get()
    ParkedBill.objects.filter(usage_point__number="U1002").update(
        code="no_agreement", released_at=NOW, released_by="staff:clerk", release_reason="空置"
    )
    shown = parked("clerk").get(reverse("console.run", kwargs={"run": run.pk})).context
    listed = parked("clerk").get(reverse("console.parked"), {"run": run.pk}).context
    assert shown["parked_total"] == listed["total"] == 1
    # The run went over another unit's usage point, too.
    assert shown["run"].parked == 2


def test_writing_is_seen_while_it_lasts(parked: Desk) -> None:
    with exclusive():
        assert overview.writing_now()
    assert not overview.writing_now()


@pytest.mark.parametrize("page", ["²", "9" * 5000, "-1", "0", "99999999"])
def test_a_page_that_is_none_is_the_first_or_empty(parked: Desk, page: str) -> None:
    clerk = parked("clerk")
    for address in (reverse("console.runs"), reverse("console.parked"), "/console/customers/CU1001/"):
        assert clerk.get(address, {"page": page, "run": page, "bills": page}).status_code == 200


def test_going_back_never_leaves_the_house(parked: Desk) -> None:
    data = {"item": item("U1002").pk, "reason": "x", "back": "https://elsewhere.example/"}
    answer = parked("clerk").post(reverse("console.parked-release"), data)
    assert answer["Location"] == reverse("console.parked")
