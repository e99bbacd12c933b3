"""Days of gateways against the books: the board, a day with its cases, a case with both sides, closing.

A statement holds movements of many units, so reconciling is of the whole utility: whoever may do it anywhere sees every
day and case. They show numbers and amounts, never names or addresses.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.console.payments import wording
from gridhall.channels.console.payments.asked import day_of, known_day, known_gateway, line_of
from gridhall.channels.web import words
from gridhall.channels.web.asked import page_of
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments import ports
from gridhall.contexts.payments.operations import closing
from gridhall.contexts.payments.operations import reconciling as matching
from gridhall.contexts.payments.queries import ledger_summary as summaries
from gridhall.contexts.payments.queries import reconciling
from gridhall.kernel.errors import GridhallError, NotFound

_PAGE: Final = 50
_SHOWN: Final = 14
_MOST_DAYS: Final = 92
#: The largest statement that is taken in by hand, in bytes; the daily job has no such bound.
_LARGEST: Final = 64 * 1024 * 1024


@require_GET
@console_page(Permission.PAYMENTS_RECONCILE)
def board(request: ConsoleRequest) -> HttpResponse:
    """Gateways × days: what agrees, what waits, what is closed."""
    last = min(day_of(request.GET.get("last", "")) or request.today, request.today)
    first = last - timedelta(days=_SHOWN - 1)
    codes = list(ports.gateways())
    found = reconciling.board(codes, first, last)
    days = sorted({each.day for each in found}, reverse=True)
    return rendered(
        request,
        "console/payments/reconciliation.html",
        codes=codes,
        rows=[(day, [each for each in found if each.day == day]) for day in days],
        waiting=reconciling.cases(waiting=True, limit=20),
        earlier=first - timedelta(days=1),
        later=last + timedelta(days=_SHOWN) if last < request.today else None,
        today=request.today,
    )


@require_GET
@console_page(Permission.PAYMENTS_RECONCILE)
def cases(request: ConsoleRequest) -> HttpResponse:
    """Differences by the filters of the address, those that wait first."""
    asked = request.GET
    page = page_of(request)
    gateway, kind = asked.get("gateway", ""), asked.get("kind", "")
    found = reconciling.cases(
        gateway=gateway or None,
        day=day_of(asked.get("day", "")),
        kind=kind if kind in wording.CASES else None,
        waiting={"waiting": True, "explained": False}.get(asked.get("state", "")),
        offset=(page - 1) * _PAGE,
        limit=_PAGE + 1,
    )
    return rendered(
        request,
        "console/payments/cases.html",
        cases=found[:_PAGE],
        more=len(found) > _PAGE,
        page=page,
        gateways=[(code, wording.gateway(code)) for code in ports.gateways()],
        kinds=[(code, said) for code, (said, _advice) in wording.CASES.items()],
    )


@require_GET
@console_page(Permission.PAYMENTS_RECONCILE)
def day(request: ConsoleRequest, gateway: str, when: str) -> HttpResponse:
    """A gateway's day: both sums, its cases, what can be done."""
    return _day(request, known_gateway(gateway), known_day(when))


@require_POST
@console_page(Permission.PAYMENTS_RECONCILE)
def statement(request: ConsoleRequest, gateway: str, when: str) -> HttpResponse:
    """A statement taken in by hand: an uploaded file, or asked of the gateway."""
    code, of = known_gateway(gateway), known_day(when)

    def taken() -> None:
        file = request.FILES.get("file")
        if file is not None and (file.size or 0) > _LARGEST:
            raise ports.StatementInvalid("The file is larger than any statement.", path="statement")
        content = file.read() if file is not None else ports.gateway(code).statement(of)
        found = matching.take_statement(code, of, content, act=act(request))
        if found.repeated:
            messages.info(request, _("This file was taken in before. Nothing changed."))
        else:
            text = _("%(lines)s lines taken in: %(matched)s as in the books, %(posted)s posted, %(opened)s to explain.")
            told = {"lines": found.lines, "matched": found.matched, "posted": found.posted, "opened": found.opened}
            messages.success(request, text % told)

    return _done(request, code, of, taken)


@require_POST
@console_page(Permission.PAYMENTS_RECONCILE)
def close(request: ConsoleRequest, gateway: str, when: str) -> HttpResponse:
    """A day that agrees, or whose every difference is explained, is closed."""
    code, of = known_gateway(gateway), known_day(when)

    def closed() -> None:
        closing.close_day(code, of, act=act(request))
        messages.success(request, _("The day is closed."))

    return _done(request, code, of, closed)


@require_POST
@console_page(Permission.PAYMENTS_RECONCILE)
def reopen(request: ConsoleRequest, gateway: str, when: str) -> HttpResponse:
    """A closed day is opened again, with the reason."""
    code, of = known_gateway(gateway), known_day(when)

    def reopened() -> None:
        closing.reopen_day(code, of, reason=line_of(request.POST, "reason"), act=act(request))
        messages.success(request, _("The day is open again. That it was closed stays on record."))

    return _done(request, code, of, reopened)


@console_page(Permission.PAYMENTS_RECONCILE)
def case(request: ConsoleRequest, id: int) -> HttpResponse:
    """A difference with both sides, and how it is or can be explained."""
    found = reconciling.case(id)
    refused = ""
    if request.method == "POST":
        try:
            _explained(request, id)
            return redirect("console.reconciliation-case", id)
        except GridhallError as error:
            refused = words.of_error(error).what
    fits = closing.fitting(
        found.kind, refund=found.refund, theirs=found.theirs.amount_fen, ours=found.ours.amount_fen,
        receipt=found.ours.receipt,
    )  # fmt: skip
    response = rendered(
        request,
        "console/payments/case.html",
        case=found,
        fits=[each.value for each in fits] if found.state == "open" else [],
        names_account=not found.order_accounts and not found.ours.accounts,
        mine=found.proposed_by == act(request).actor,
        may_decide=request.staff.may(Permission.PAYMENTS_REFUND),
        refused=refused,
        typed=request.POST,
    )
    response.status_code = 409 if refused else 200
    return response


@require_GET
@console_page(Permission.PAYMENTS_VIEW)
def ledger(request: ConsoleRequest) -> HttpResponse:
    """What the general ledger is told of some days, in the reader's units."""
    first, last = _span(request)
    found = summaries.ledger_summary(first, last, paths=request.staff.paths(Permission.PAYMENTS_VIEW))
    return rendered(
        request,
        "console/payments/ledger.html",
        bookings=found,
        first=first,
        last=last,
        sum_fen=sum(each.ledger_fen for each in found),
    )


@require_GET
@console_page(Permission.PAYMENTS_VIEW)
def ledger_file(request: ConsoleRequest) -> HttpResponse:
    """The same as the file that the general ledger takes."""
    first, last = _span(request)
    found = summaries.ledger_summary(first, last, paths=request.staff.paths(Permission.PAYMENTS_VIEW))
    response = HttpResponse(summaries.ledger_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="ledger-{first}-{last}.csv"'
    return response


def _span(request: ConsoleRequest) -> tuple[date, date]:
    """The days that are asked for, yesterday without; never more than a quarter of a year."""
    yesterday = request.today - timedelta(days=1)
    first = day_of(request.GET.get("first", "")) or yesterday
    last = max(day_of(request.GET.get("last", "")) or first, first)
    return first, min(last, date.fromordinal(min(first.toordinal() + _MOST_DAYS, date.max.toordinal() - 2)))


def _explained(request: ConsoleRequest, id: int) -> None:
    form, by = request.POST, act(request)
    decision = form.get("decision", "")
    if decision in ("accept", "back"):
        if decision == "accept" and not request.staff.may(Permission.PAYMENTS_REFUND):
            raise NotFound("There is nothing of this number here.", path="console")
        closing.decide_case(id, accept=decision == "accept", act=by)
        messages.success(request, _("It is booked.") if decision == "accept" else _("It is to be explained anew."))
        return
    resolution = closing.explanation_of(form.get("resolution", ""))
    closing.explain_case(id, resolution, reason=line_of(form, "reason"), account=line_of(form, "account", 40), act=by)
    done = resolution.value == "noted"
    messages.success(request, _("The difference is explained.") if done else _("A second person decides on it now."))


def _done(request: ConsoleRequest, code: str, of: date, deed: Callable[[], None]) -> HttpResponse:
    """This will do something to a day and show it; refused, with the reason."""
    try:
        deed()
    except GridhallError as error:
        return _day(request, code, of, refused=words.of_error(error), status=409)
    return redirect("console.reconciliation-day", code, of.isoformat())


def _day(
    request: ConsoleRequest, code: str, of: date, *, refused: words.Words | None = None, status: int = 200
) -> HttpResponse:
    (found,) = reconciling.board([code], of, of)
    response = rendered(
        request,
        "console/payments/day.html",
        day=found,
        cases=reconciling.cases(gateway=code, day=of, limit=200),
        closings=reconciling.closings(code, of),
        over=of < request.today,
        refused=refused,
    )
    response.status_code = status
    return response
