"""The editor of drafts: written with completion and a live check, compared, handed in, decided on."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.console.tariffs.access import may_approve, may_write, only_for_drafts
from gridhall.channels.console.tariffs.problem_words import of_problem
from gridhall.channels.web import words
from gridhall.channels.web.asked import whole
from gridhall.channels.web.formats import full_day, in_language
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.tariffs import operations, queries
from gridhall.contexts.tariffs.operations import drafts as drafting
from gridhall.contexts.tariffs.types import CheckedDraft, Draft, DraftState
from gridhall.kernel.errors import NotFound, Refused
from gridhall.kernel.spans import DateSpan

_SKELETON = """tariff: new-tariff
name: {zh-Hans: 新电价, en: new tariff}
currency: CNY
versions:
  - version: "1"
    start: %s
    source: {zh-Hans: 文件名称与文号, en: name and number of the ruling}
    components:
      - code: energy
        type: energy
        label: {zh-Hans: 电量电费, en: energy}
        price: 0.50
"""


@require_http_methods(["GET", "POST"])
@console_page(Permission.TARIFFS_DRAFT)
def new(request: ConsoleRequest) -> HttpResponse:
    """Begin a draft: from a published tariff, from an earlier draft, or from nothing."""
    asked = request.POST if request.method == "POST" else request.GET
    known = {document.tariff: document for document in queries.newest_documents()}
    origin = asked.get("from", "")
    earlier = _earlier(asked.get("draft", ""))
    if request.method == "POST":
        base = known.get(origin)
        text = earlier.text if earlier else base.text if base else _SKELETON % _next_month(request.today)
        title = asked.get("title", "").strip() or (earlier.title if earlier else origin) or _("New tariff")
        digest = earlier.based_on if earlier else base.digest if base else ""
        made = drafting.create_draft(title, text, based_on=digest, act=act(request))
        return redirect("console.tariff-draft", draft=made.id)
    names = [(code, in_language(queries.compiled(document).name)) for code, document in known.items()]
    return rendered(request, "console/tariffs/new.html", names=names, origin=origin, earlier=earlier)


@require_http_methods(["GET", "POST"])
@console_page(Permission.TARIFFS_VIEW)
def draft(request: ConsoleRequest, draft: int) -> HttpResponse:
    """One draft: the editor while it is open, what it changes and the decision afterwards."""
    only_for_drafts(request)
    found = _found(draft)
    if request.method == "POST":
        return _saved(request, found)
    return _page(request, found, found.title, found.text)


@require_POST
@console_page(Permission.TARIFFS_DRAFT)
def check(request: ConsoleRequest) -> HttpResponse:
    """What is wrong with the text as it stands in the editor; nothing is kept."""
    checked = drafting.check_draft(request.POST.get("text", ""), request.today)
    return rendered(request, "console/tariffs/parts/problems.html", **_said(checked))


@require_POST
@console_page(Permission.TARIFFS_APPROVE)
def decide(request: ConsoleRequest, draft: int) -> HttpResponse:
    """Approve, which publishes, or send back."""
    found = _found(draft)
    note, revision = request.POST.get("note", "").replace("\x00", ""), _revision(request)
    try:
        if request.POST.get("decision") == "approve":
            done, _fresh = drafting.approve_draft(
                found.id, revision=revision, note=note, act=act(request), today=request.today
            )
            first = done.effective_date
            messages.success(
                request,
                _("Published. The new prices hold from %(day)s.") % {"day": full_day(first) if first else ""},
            )
            return redirect("console.tariff", code=done.code)
        drafting.reject_draft(found.id, revision=revision, note=note, act=act(request))
    except Refused as error:
        return _page(request, queries.draft(draft), found.title, found.text, refusal=words.of_error(error), status=409)
    messages.success(request, _("Sent back to its author with your note."))
    return redirect("console.tariff-draft", draft=draft)


@require_POST
@console_page(Permission.TARIFFS_DRAFT)
def withdraw(request: ConsoleRequest, draft: int) -> HttpResponse:
    """End a draft that nobody has decided on."""
    found = _found(draft)
    try:
        drafting.withdraw_draft(found.id, revision=_revision(request), act=act(request))
    except Refused as error:
        return _page(request, queries.draft(draft), found.title, found.text, refusal=words.of_error(error), status=409)
    messages.success(request, _("The draft is withdrawn."))
    return redirect("console.tariffs")


@require_GET
@cache_control(private=True, max_age=3600)
@console_page(Permission.TARIFFS_DRAFT)
def schema(request: ConsoleRequest) -> JsonResponse:
    """The JSON Schema of documents, by which the editor completes."""
    return JsonResponse(operations.document_schema())


def _saved(request: ConsoleRequest, found: Draft) -> HttpResponse:
    """Keep what was written, and hand it in where that was asked for."""
    if not may_write(request):
        raise PermissionDenied
    # Browsers send lines with \\r\\n; a document has \\n, so that its digest does not depend on the browser.
    text = request.POST.get("text", "").replace("\r\n", "\n")
    title = request.POST.get("title", "")
    try:
        kept = found
        revision = _revision(request)
        if (text, " ".join(title.split())) != (found.text, found.title) or revision != found.revision:
            kept = drafting.save_draft(found.id, title, text, revision=revision, act=act(request))
        if request.POST.get("do") == "submit":
            drafting.submit_draft(kept.id, revision=kept.revision, act=act(request), today=request.today)
            messages.success(request, _("Handed in. A second person decides on it now."))
        else:
            messages.success(request, _("Saved."))
    except drafting.DraftNotPublishable:
        again = queries.draft(found.id)
        refusal = words.Words(_("Saved, but not handed in: the document still has problems."), _("Mend them first."))
        return _page(request, again, again.title, again.text, refusal=refusal, status=422)
    except Refused as error:
        return _page(request, queries.draft(found.id), title, text, refusal=words.of_error(error), status=409)
    return redirect("console.tariff-draft", draft=found.id)


def _page(
    request: ConsoleRequest,
    found: Draft,
    title: str,
    text: str,
    *,
    refusal: words.Words | None = None,
    status: int = 200,
) -> HttpResponse:
    editing = found.state is DraftState.DRAFT and may_write(request)
    me = f"staff:{request.user.get_username()}"
    decidable = found.state is DraftState.SUBMITTED and may_approve(request)
    checked = drafting.check_draft(text, request.today) if found.state in _OPEN else None
    before = _published_text(found, checked)
    response = rendered(
        request,
        "console/tariffs/draft.html",
        draft=found,
        title=title,
        text=text,
        editing=editing,
        decides=decidable and me not in (found.submitted_by, found.updated_by),
        own=decidable and me in (found.submitted_by, found.updated_by),
        withdrawable=found.state in _OPEN and may_write(request),
        may_write=may_write(request),
        refusal=refusal,
        theirs=found.revision if refusal and status == 409 else None,
        difference=queries.compare_texts(before, text) if before else [],
        compared=bool(before),
        lines=list(enumerate(text.splitlines(), start=1)),
        **(_said(checked) if checked else {}),
    )
    response.status_code = status
    return response


def _published_text(found: Draft, checked: CheckedDraft | None) -> str:
    """What the draft is compared with: the document it began as, or the newest of its tariff."""
    try:
        documents = queries.documents(checked.tariff.code if checked and checked.tariff else found.code)
    except NotFound:
        return ""
    return next((each.text for each in documents if each.digest == found.based_on), documents[0].text)


def _said(checked: CheckedDraft) -> dict[str, object]:
    return {
        "problems": [(problem, of_problem(problem)) for problem in checked.problems],
        "checked": checked,
        "wrong": sum(not problem.warning for problem in checked.problems),
    }


def _found(draft: int) -> Draft:
    if draft >= 2**63:
        raise NotFound("There is no such draft.", path="draft")
    return queries.draft(draft)


def _earlier(text: str) -> Draft | None:
    number = whole(text)
    return None if number is None else _found(number)


def _revision(request: HttpRequest) -> int:
    return whole(request.POST.get("revision", "")) or 0


def _next_month(today: date) -> str:
    return (DateSpan.month(today.year, today.month).end or today).isoformat()


_OPEN = (DraftState.DRAFT, DraftState.SUBMITTED)
