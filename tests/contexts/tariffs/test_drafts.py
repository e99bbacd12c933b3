"""Guards: two people publish a tariff, nobody overwrites another's draft, and every mistake has its line and remedy."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from gridhall.contexts.tariffs import operations, queries
from gridhall.contexts.tariffs.models import TariffDocument, TariffDraft
from gridhall.contexts.tariffs.operations import drafts
from gridhall.contexts.tariffs.types import Draft, DraftState
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, trail

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
TODAY = date(2026, 1, 5)
WANG, LI, ZHAO = (Act(f"staff:{name}", NOW) for name in ("wang", "li", "zhao"))
FIRST = """tariff: village
name: {zh-Hans: 村庄, en: village}
versions:
  - version: "2025"
    start: 2025-01-01
    source: a ruling of the test
    components:
      - {code: energy, type: energy, price: 0.5}
"""
SECOND = (
    FIRST
    + """  - version: "2026"
    start: 2026-07-01
    source: a ruling of the test
    components:
      - {code: energy, type: energy, price: 0.6}
"""
)


@pytest.fixture
def published() -> None:
    operations.publish(FIRST, name="village.yaml", at=NOW - timedelta(days=200))


def submitted(text: str = SECOND, writer: Act = WANG) -> Draft:
    draft = drafts.create_draft("村庄调价", text, act=writer)
    return drafts.submit_draft(draft.id, revision=draft.revision, act=writer, today=TODAY)


def test_a_second_person_publishes(published: None):
    draft = submitted()
    assert (draft.state, draft.code, draft.effective_date) == (DraftState.SUBMITTED, "village", date(2026, 7, 1))
    done, fresh = drafts.approve_draft(draft.id, revision=draft.revision, note="同意", act=LI, today=TODAY)
    assert [version.version for version in fresh] == ["2026"]
    assert (done.state, done.decided_by) == (DraftState.APPROVED, "staff:li")
    assert [each.version for each in queries.versions("village")] == ["2025", "2026"]
    assert queries.document_as_of("village") == SECOND
    assert [entry.action for entry in trail(f"tariff_draft:{draft.id}")] == [
        "tariffs.draft.created", "tariffs.draft.submitted", "tariffs.draft.approved",
    ]  # fmt: skip
    assert [entry.actor for entry in trail("tariff:village")] == ["staff:li"]


def test_a_new_tariff_is_published_the_same_way():
    draft = submitted(FIRST)
    drafts.approve_draft(draft.id, revision=draft.revision, act=LI, today=TODAY)
    assert queries.codes() == ["village"]


def test_nobody_decides_on_their_own_draft(published: None):
    draft = submitted()
    with pytest.raises(drafts.SecondPersonNeeded):
        drafts.approve_draft(draft.id, revision=draft.revision, act=WANG, today=TODAY)
    with pytest.raises(drafts.SecondPersonNeeded):
        drafts.reject_draft(draft.id, revision=draft.revision, note="不行", act=WANG)


def test_who_wrote_last_does_not_approve_what_another_submitted(published: None):
    draft = drafts.create_draft("村庄调价", SECOND, act=WANG)
    draft = drafts.submit_draft(draft.id, revision=draft.revision, act=LI, today=TODAY)
    with pytest.raises(drafts.SecondPersonNeeded):
        drafts.approve_draft(draft.id, revision=draft.revision, act=WANG, today=TODAY)
    drafts.approve_draft(draft.id, revision=draft.revision, act=ZHAO, today=TODAY)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        (
            "state = 'approved', decided_by = submitted_by, decided_at = now(), published_id = {document}",
            "not_by_its_writer",
        ),
        ("state = 'rejected', decided_by = submitted_by, decided_at = now()", "second_person"),
        ("state = 'approved', decided_by = 'x', decided_at = now()", "draft_published"),
        ("state = 'approved', published_id = {document}", "draft_decided"),
        ("text = 'another'", "is decided on as it is"),
        ("updated_by = 'another'", "is decided on as it is"),
        ("state = 'draft', submitted_by = NULL, submitted_at = NULL", "is decided on as it is"),
    ],
)
def test_the_database_holds_it_too(published: None, changes: str, constraint: str):
    draft = submitted()
    document = TariffDocument.objects.get().pk
    statement = f"UPDATE tariffs_tariffdraft SET {changes.format(document=document)} WHERE id = %s"
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [draft.id])


def test_what_is_decided_never_changes_and_is_never_deleted(published: None):
    draft = submitted()
    drafts.reject_draft(draft.id, revision=draft.revision, note="价格有误", act=LI)
    for statement in ("UPDATE tariffs_tariffdraft SET note = 'x'", "DELETE FROM tariffs_tariffdraft"):
        with pytest.raises(IntegrityError, match="draft_kept"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(drafts.DraftClosed):
        drafts.approve_draft(draft.id, revision=draft.revision + 1, act=LI, today=TODAY)


def test_it_is_published_exactly_once(published: None):
    draft = submitted()
    drafts.approve_draft(draft.id, revision=draft.revision, act=LI, today=TODAY)
    with pytest.raises(drafts.DraftClosed):
        drafts.approve_draft(draft.id, revision=draft.revision, act=ZHAO, today=TODAY)
    assert TariffDocument.objects.count() == 2


def test_two_writers_do_not_overwrite_each_other():
    draft = drafts.create_draft("村庄", FIRST, act=WANG)
    drafts.save_draft(draft.id, "村庄", FIRST + "# li\n", revision=1, act=LI)
    with pytest.raises(drafts.DraftChanged) as caught:
        drafts.save_draft(draft.id, "村庄", FIRST + "# wang\n", revision=1, act=WANG)
    assert "staff:li" in caught.value.message
    assert queries.draft(draft.id).text.endswith("# li\n")


def test_a_decision_is_about_what_the_decider_saw():
    draft = drafts.create_draft("村庄", FIRST, act=WANG)
    drafts.submit_draft(draft.id, revision=1, act=WANG, today=TODAY)
    with pytest.raises(drafts.DraftChanged):
        drafts.approve_draft(draft.id, revision=1, act=LI, today=TODAY)


def test_what_was_published_meanwhile_stands_against_a_draft(published: None):
    first, second = submitted(), submitted(SECOND.replace("0.6", "0.7"), ZHAO)
    drafts.approve_draft(first.id, revision=first.revision, act=LI, today=TODAY)
    with pytest.raises(drafts.DraftNotPublishable, match="says something else"):
        drafts.approve_draft(second.id, revision=second.revision, act=LI, today=TODAY)
    assert TariffDraft.objects.get(pk=second.id).state == "submitted"


def test_a_rejection_says_why():
    draft = submitted(FIRST)
    with pytest.raises(drafts.DraftReasonMissing):
        drafts.reject_draft(draft.id, revision=draft.revision, note="  ", act=LI)


def test_a_withdrawn_draft_is_closed():
    draft = submitted(FIRST)
    drafts.withdraw_draft(draft.id, revision=draft.revision, act=WANG)
    with pytest.raises(drafts.DraftClosed):
        drafts.approve_draft(draft.id, revision=draft.revision + 1, act=LI, today=TODAY)


def test_there_is_nothing_at_a_guessed_number():
    with pytest.raises(NotFound):
        drafts.withdraw_draft(2**40, revision=1, act=WANG)


def codes(text: str) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in drafts.check_draft(text, TODAY).problems]


def test_every_problem_has_its_line(published: None):
    text = SECOND.replace("price: 0.6", "prise: 0.6").replace("start: 2026-07-01", "start: 2026-7-1")
    assert codes(text) == [("bad_date", 10), ("unknown_key", 13)]
    problem = drafts.check_draft(text, TODAY).problems[1]
    assert (problem.remedy, problem.place) == ("Did you mean 'price'?", "versions[1].components[0].prise")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_file"),
        ("a: [", "bad_yaml"),
        ("- 1", "not_a_tariff"),
        ("a: &x 1\nb: *x", "yaml_alias"),
        ("a: " + "[" * 60, "yaml_too_large"),
        ("x" * 400_001, "draft_too_long"),
        ("<script>alert(1)</script>", "not_a_tariff"),
        ("\u202etariff: 🙂\n", "unknown_key"),
    ],
)
def test_hostile_text_is_a_problem_and_not_a_crash(text: str, code: str):
    checked = drafts.check_draft(text, TODAY)
    assert code in {problem.code for problem in checked.problems}
    assert not checked.publishable


def test_a_published_version_may_not_change_or_go_missing(published: None):
    assert codes(SECOND.replace("price: 0.5", "price: 0.4")) == [("published_version_changed", 4)]
    text = SECOND.replace('"2025"', '"2024"')
    assert {code for code, _ in codes(text)} == {"published_version_missing", "starts_in_the_past"}
    assert codes(FIRST) == [("nothing_new", 3)]


def test_a_start_in_the_past_is_a_warning(published: None):
    checked = drafts.check_draft(SECOND.replace("2026-07-01", "2025-12-01"), TODAY)
    assert checked.publishable
    assert [problem.code for problem in checked.problems if problem.warning] == ["starts_in_the_past"]


def test_a_broken_draft_is_kept_and_cannot_be_submitted():
    draft = drafts.create_draft("  <script>\n" + "x" * 200, "a: [", act=WANG)
    assert len(draft.title) == 120
    assert draft.code == ""
    with pytest.raises(drafts.DraftNotPublishable):
        drafts.submit_draft(draft.id, revision=1, act=WANG, today=TODAY)
    with pytest.raises(drafts.DraftTooLong):
        drafts.save_draft(draft.id, "x", "a\x00b", revision=1, act=WANG)


def test_the_difference_keeps_three_lines_around_a_change():
    before = "\n".join(str(n) for n in range(20))
    rows = queries.compare_texts(before, before.replace("\n10\n", "\nten\n"))
    assert [(kind, text) for kind, _, _, text in rows if kind in {"gone", "new"}] == [("gone", "10"), ("new", "ten")]
    assert [kind for kind, *_ in rows].count("same") == 6
    assert queries.compare_texts(before, before) == []
