"""Published tariffs, and the list of drafts."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from gridhall.channels.console.access import ConsoleRequest, console_page
from gridhall.channels.console.tariffs.access import may_approve, may_see_drafts, may_write
from gridhall.channels.console.tariffs.describing import described
from gridhall.channels.web.formats import in_language
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.tariffs import queries
from gridhall.contexts.tariffs.types import Draft, DraftState


@require_GET
@console_page(Permission.TARIFFS_VIEW)
def tariffs(request: ConsoleRequest) -> HttpResponse:
    """The published tariffs with what is in force and what comes, and the drafts."""
    rows = []
    for document in queries.newest_documents():
        tariff = queries.compiled(document)
        coming = [plan for plan in tariff.plans if plan.span.start > request.today]
        rows.append((tariff, in_language(tariff.name), tariff.plan_on(request.today), coming, document.published_at))
    open_drafts: list[Draft] = []
    closed: list[Draft] = []
    if may_see_drafts(request):
        for draft in queries.drafts():
            (open_drafts if draft.state in (DraftState.DRAFT, DraftState.SUBMITTED) else closed).append(draft)
    return rendered(
        request,
        "console/tariffs/tariffs.html",
        rows=rows,
        drafts=open_drafts,
        closed=closed,
        sees_drafts=may_see_drafts(request),
        may_write=may_write(request),
        may_approve=may_approve(request),
    )


@require_GET
@console_page(Permission.TARIFFS_VIEW)
def tariff(request: ConsoleRequest, code: str) -> HttpResponse:
    """One published tariff: every version in words, and its documents."""
    documents = queries.documents(code)
    found = queries.compiled(documents[0])
    versions = [described(plan, found.currency) for plan in reversed(found.plans)]
    in_force = found.plan_on(request.today)
    return rendered(
        request,
        "console/tariffs/tariff.html",
        tariff=found,
        name=in_language(found.name),
        versions=versions,
        in_force=in_force.version if in_force else None,
        today=request.today,
        documents=documents,
        text=documents[0].text,
        begin=f"{reverse('console.tariff-new')}?from={code}" if may_write(request) else "",
    )
