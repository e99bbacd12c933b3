"""Drafts of tariffs: written by one person, decided on by another, published by approval."""

import difflib
from datetime import date
from typing import Final

from django.db import transaction

from gridhall.contexts.tariffs.document import InvalidDocument, parse
from gridhall.contexts.tariffs.document.checking import Problem
from gridhall.contexts.tariffs.document.reading import Source, UnreadableDocument, read_yaml
from gridhall.contexts.tariffs.models import TariffDocument, TariffDraft, TariffVersion
from gridhall.contexts.tariffs.plan import compile_tariff
from gridhall.contexts.tariffs.publishing import PublishedVersionChanged, digest_of, publish
from gridhall.contexts.tariffs.types import CheckedDraft, Draft, DraftProblem, DraftState, PublishedVersion, Tariff
from gridhall.kernel.errors import NotFound, Refused
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act, record

#: A document of this house's largest tariffs has 60 kB.
_LONGEST: Final = 400_000
_NAME: Final = "draft"


class DraftChanged(Refused):
    """Somebody else saved or decided meanwhile; the path names who and when."""

    code = "draft_changed"


class DraftClosed(Refused):
    """The draft is submitted, decided or withdrawn, so this cannot be done to it any more."""

    code = "draft_closed"


class DraftNotPublishable(Refused):
    """The document has problems; the path is the line of the first."""

    code = "draft_not_publishable"


class SecondPersonNeeded(Refused):
    """Who wrote or submitted a draft does not decide on it."""

    code = "second_person_needed"


class DraftReasonMissing(Refused):
    """A draft is not sent back without saying why."""

    code = "reason_missing"


class DraftTooLong(Refused):
    """The text is longer than any tariff."""

    code = "draft_too_long"


def check_draft(text: str, today: date) -> CheckedDraft:
    """See `operations.check_draft`."""
    if len(text) > _LONGEST:
        problem = DraftProblem("draft_too_long", f"A draft has at most {_LONGEST:,} characters.", 1, "")
        return CheckedDraft((problem,), None, (), None)
    if not text.strip():
        return CheckedDraft((DraftProblem("empty_file", "The document is empty.", 1, ""),), None, (), None)
    try:
        source = read_yaml(text, name=_NAME)
        tariff = compile_tariff(parse(source), text=text, origin=_NAME)
    except UnreadableDocument as error:
        problem = _problem(Problem(error.code, error.message, error.path, error.remedy))
        return CheckedDraft((problem,), None, (), None)
    except InvalidDocument as error:
        return CheckedDraft(tuple(map(_problem, error.problems)), None, (), None)
    return _against_published(tariff, source, today)


def _against_published(tariff: Tariff, source: Source, today: date) -> CheckedDraft:
    """What the published versions and the calendar have against a document that is right in itself."""
    known = {each.version: each for each in TariffVersion.objects.filter(tariff__code=tariff.code).order_by("span")}
    written = [version["version"] for version in source.content["versions"]]
    problems = []

    def found(
        code: str, message: str, version: str | None, remedy: str, *, key: str = "", warning: bool = False
    ) -> None:
        place = ("versions", *((written.index(version),) if version in written else ()), *((key,) if key else ()))
        problems.append(_problem(Problem(code, message, source.where(place), remedy), warning=warning))

    for version, published in known.items():
        plan = next((plan for plan in tariff.plans if plan.version == version), None)
        keep = "Keep it as it was and add a version that starts when the change takes effect."
        if plan is None:
            found("published_version_missing", f"The published version {version!r} is missing.", None, keep)
        elif digest_of(plan.text) != published.digest:
            found("published_version_changed", f"The published version {version!r} says something else.", version, keep)
        elif published.span.upper is not None and plan.span != DateSpan(published.span.lower, published.span.upper):
            message = f"The published version {version!r} ends on {published.span.upper}, here on {plan.span.end}."
            found("published_version_changed", message, version, "Keep its end as it was.", key="end")
    fresh = [plan for plan in tariff.plans if plan.version not in known]
    if not fresh and not problems:
        found("nothing_new", "There is no new version in the document.", None, "Add a version with the new prices.")
    for plan in fresh:
        if plan.span.start < today:
            message = f"The version {plan.version!r} starts on {plan.span.start}, which is in the past."
            remedy = "Bills of those days stay as they are until they are corrected."
            found("starts_in_the_past", message, plan.version, remedy, key="start", warning=True)
    first = min((plan.span.start for plan in fresh), default=None)
    problems.sort(key=lambda problem: problem.line)
    return CheckedDraft(tuple(problems), tariff, tuple(plan.version for plan in fresh), first)


def _problem(problem: Problem, *, warning: bool = False) -> DraftProblem:
    rest = problem.path.removeprefix(f"{_NAME}:")
    line, _, place = rest.partition(":")
    return DraftProblem(
        problem.code, problem.message, int(line) if line.isdigit() else 1, place, problem.remedy, warning
    )


def create(title: str, text: str, *, based_on: str, act: Act) -> Draft:
    """See `operations.create_draft`."""
    checked = _bounded(text, act)
    with transaction.atomic():
        row = TariffDraft.objects.create(
            code=_code(checked), title=_titled(title), text=text, based_on=based_on,
            effective_date=checked.effective_date, created_by=act.actor, created_at=act.at, updated_by=act.actor,
            updated_at=act.at,
        )  # fmt: skip
        record(act, "tariffs.draft.created", _subject(row), {"code": row.code, "title": row.title})
    return draft_of(row)


def save(draft: int, title: str, text: str, *, revision: int, act: Act) -> Draft:
    """See `operations.save_draft`."""
    checked = _bounded(text, act)
    with transaction.atomic():
        row = _locked(draft, revision, DraftState.DRAFT)
        row.title, row.text, row.code, row.effective_date = _titled(title), text, _code(checked), checked.effective_date
        _touch(row, act)
        row.save()
        record(act, "tariffs.draft.saved", _subject(row), {"revision": row.revision})
    return draft_of(row)


def submit(draft: int, *, revision: int, act: Act, today: date) -> Draft:
    """See `operations.submit_draft`."""
    with transaction.atomic():
        row = _locked(draft, revision, DraftState.DRAFT)
        checked = _publishable(row.text, today)
        row.code, row.effective_date = _code(checked), checked.effective_date
        row.state, row.submitted_by, row.submitted_at = DraftState.SUBMITTED.value, act.actor, act.at
        row.revision += 1
        row.save()
        record(act, "tariffs.draft.submitted", _subject(row), {"code": row.code, "versions": checked.fresh})
    return draft_of(row)


def approve(draft: int, *, revision: int, note: str, act: Act, today: date) -> tuple[Draft, list[PublishedVersion]]:
    """See `operations.approve_draft`."""
    with transaction.atomic():
        row = _locked(draft, revision, DraftState.SUBMITTED)
        _second_person(row, act, writer=True)
        _publishable(row.text, today)
        try:
            fresh = list(publish(row.text, name=_NAME, at=act.at))
        except PublishedVersionChanged as error:
            raise DraftNotPublishable(error.message, path=error.path, remedy=error.remedy) from error
        _decide(row, DraftState.APPROVED, note, act)
        row.published = TariffDocument.objects.get(tariff__code=row.code, text=row.text)
        row.save()
        versions = [version.version for version in fresh]
        record(act, "tariffs.draft.approved", _subject(row), {"code": row.code, "versions": versions})
        record(act, "tariffs.version.published", f"tariff:{row.code}", {"versions": versions, "draft": row.pk})
    return draft_of(row), fresh


def reject(draft: int, *, revision: int, note: str, act: Act) -> Draft:
    """See `operations.reject_draft`."""
    if not _plain(note):
        raise DraftReasonMissing("Say what is to be changed.", path="note", remedy="Write a sentence for the author.")
    with transaction.atomic():
        row = _locked(draft, revision, DraftState.SUBMITTED)
        _second_person(row, act, writer=False)
        _decide(row, DraftState.REJECTED, note, act)
        row.save()
        record(act, "tariffs.draft.rejected", _subject(row), {"code": row.code, "note": row.note})
    return draft_of(row)


def withdraw(draft: int, *, revision: int, act: Act) -> Draft:
    """See `operations.withdraw_draft`."""
    with transaction.atomic():
        row = _locked(draft, revision, DraftState.DRAFT, DraftState.SUBMITTED)
        row.state = DraftState.WITHDRAWN.value
        row.revision += 1
        row.save()
        record(act, "tariffs.draft.withdrawn", _subject(row), {"code": row.code})
    return draft_of(row)


def difference(before: str, after: str) -> list[tuple[str, int | None, int | None, str]]:
    """The lines of two texts side by side: kind (``same``, ``gone``, ``new``, ``skip``), line before, after, text.

    Of what is the same, three lines around each change are kept; ``skip`` stands for the rest.
    """
    old, new = before.splitlines(), after.splitlines()
    rows: list[tuple[str, int | None, int | None, str]] = []
    at = (0, 0)
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(3):
        if group[0][1] > at[0] or group[0][3] > at[1]:
            rows.append(("skip", None, None, ""))
        for kind, a, b, c, d in group:
            if kind == "equal":
                rows += [("same", a + n + 1, c + n + 1, line) for n, line in enumerate(old[a:b])]
                continue
            rows += [("gone", a + n + 1, None, line) for n, line in enumerate(old[a:b])]
            rows += [("new", None, c + n + 1, line) for n, line in enumerate(new[c:d])]
        at = (group[-1][2], group[-1][4])
    if rows and (at[0] < len(old) or at[1] < len(new)):
        rows.append(("skip", None, None, ""))
    return rows


def draft_of(row: TariffDraft) -> Draft:
    """The frozen value of a draft's row."""
    return Draft(
        row.pk, row.code, row.title, row.text, row.based_on, row.effective_date, DraftState(row.state), row.revision,
        row.created_by, row.created_at, row.updated_by, row.updated_at, row.submitted_by, row.submitted_at,
        row.decided_by, row.decided_at, row.note,
    )  # fmt: skip


def _subject(row: TariffDraft) -> str:
    return f"tariff_draft:{row.pk}"


def _bounded(text: str, act: Act) -> CheckedDraft:
    if len(text) > _LONGEST:
        raise DraftTooLong(f"A draft has at most {_LONGEST:,} characters.", path="text")
    if "\x00" in text:
        raise DraftTooLong("The text holds a character that no text has.", path="text", remedy="Write it anew.")
    return check_draft(text, act.at.date())


def _titled(title: str) -> str:
    plain = " ".join(title.replace("\x00", "").split())[:120]
    return plain or "—"


def _plain(note: str) -> str:
    return note.replace("\x00", "").strip()[:2000]


def _code(checked: CheckedDraft) -> str:
    return checked.tariff.code if checked.tariff else ""


def _touch(row: TariffDraft, act: Act) -> None:
    row.revision += 1
    row.updated_by, row.updated_at = act.actor, act.at


def _locked(draft: int, revision: int, *states: DraftState) -> TariffDraft:
    row = TariffDraft.objects.select_for_update().filter(pk=draft).first()
    if row is None:
        raise NotFound(f"There is no draft {draft}.", path="draft")
    if DraftState(row.state) not in states:
        raise DraftClosed(f"The draft is {row.state}.", path="draft", remedy="Open it again to see where it stands.")
    if row.revision != revision:
        raise DraftChanged(
            f"{row.updated_by} changed the draft at {row.updated_at:%Y-%m-%d %H:%M} UTC.",
            path="draft",
            remedy="Copy what you wrote, open the draft again and put it in.",
        )
    return row


def _publishable(text: str, today: date) -> CheckedDraft:
    checked = check_draft(text, today)
    if not checked.publishable:
        first = next(problem for problem in checked.problems if not problem.warning)
        raise DraftNotPublishable(first.message, path=f"line {first.line}", remedy=first.remedy)
    return checked


def _second_person(row: TariffDraft, act: Act, *, writer: bool) -> None:
    if act.actor == row.submitted_by or (writer and act.actor == row.updated_by):
        raise SecondPersonNeeded(
            "Who wrote or submitted a draft does not decide on it.", path="draft", remedy="Ask a colleague to decide."
        )


def _decide(row: TariffDraft, state: DraftState, note: str, act: Act) -> None:
    row.state, row.decided_by, row.decided_at = state.value, act.actor, act.at
    row.note = _plain(note)
    row.revision += 1
