"""Direct debit: announce, make a file for the bank, take its answer in. For who works for the whole utility."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.console.payments import till_words
from gridhall.channels.console.units import everywhere
from gridhall.channels.web.formats import money
from gridhall.channels.web.rendering import rendered
from gridhall.channels.web.words import Words
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments import operations
from gridhall.contexts.payments import queries as payments
from gridhall.kernel.errors import GridhallError

P = ParamSpec("P")
#: A bank's answer of a hundred thousand debits has some thirty megabytes.
_LARGEST = 50_000_000


def _bank_page(
    view: Callable[Concatenate[ConsoleRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Files for the bank hold accounts of all units: only who reconciles for all of them works on these pages."""

    @wraps(view)
    def guarded(request: ConsoleRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not everywhere(request, Permission.PAYMENTS_RECONCILE):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return console_page(Permission.PAYMENTS_RECONCILE)(guarded)  # type: ignore[arg-type]


@require_GET
@_bank_page
def batches(request: ConsoleRequest) -> HttpResponse:
    """What was announced, the files for the bank, and its answers."""
    return _overview(request)


@require_POST
@_bank_page
def announced(request: ConsoleRequest) -> HttpResponse:
    """Announce the debits of a day to payers."""
    day = _day(request)
    if day is None:
        return _overview(request, Words(_("That is no day."), _("Choose the day of collection.")))
    try:
        told = operations.announce_debits(day, act=act(request))
    except GridhallError as error:
        return _overview(request, till_words.of_error(error))
    said = ngettext("%(count)s debit is announced, %(sum)s.", "%(count)s debits are announced, %(sum)s.", told.count)
    messages.success(request, said % {"count": told.count, "sum": money(told.total_fen)})
    if told.above_limit:
        messages.warning(
            request,
            _("More is owed than may be collected at once: %s.") % ", ".join(told.above_limit[:20]),
        )
    return redirect("console.debit")


@require_POST
@_bank_page
def made(request: ConsoleRequest) -> HttpResponse:
    """Make the file of a day's announced debits."""
    day = _day(request)
    if day is None:
        return _overview(request, Words(_("That is no day."), _("Choose the day of collection.")))
    try:
        batch = operations.make_batch(day, format=request.POST.get("format", ""), act=act(request))
    except GridhallError as error:
        return _overview(request, till_words.of_error(error))
    if batch is None:
        messages.info(request, _("Nothing is left to collect on that day."))
        return redirect("console.debit")
    return redirect("console.debit-batch", batch=batch)


@require_GET
@_bank_page
def batch(request: ConsoleRequest, batch: int) -> HttpResponse:
    """A file: its debits, those that went wrong first."""
    found = payments.debit_batch(batch)
    debits = [(each, *till_words.STATES[each.status]) for each in payments.bank_debits_of(batch)]
    states = [(words, colour, found.states[code]) for code, (words, colour) in till_words.STATES.items()]
    return rendered(
        request, "console/payments/debit/batch.html", found=found, debits=debits, states=states,
        format=till_words.FORMATS[found.format],
    )  # fmt: skip


@require_GET
@_bank_page
def file(request: ConsoleRequest, batch: int) -> HttpResponse:
    """The file as it was made; who took it stands on the trail."""
    name, content = operations.take_batch_file(batch, act=act(request))
    kind = "application/xml" if name.endswith(".xml") else "text/plain; charset=gb18030"
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )  # fmt: skip


@require_POST
@_bank_page
def imported(request: ConsoleRequest) -> HttpResponse:
    """Take a bank's answer in."""
    upload = request.FILES.get("file")
    if upload is None or isinstance(upload, list):
        return _overview(request, Words(_("No file was chosen."), _("Choose the file of the bank.")))
    if (upload.size or 0) > _LARGEST:
        return _overview(request, Words(_("The file is too large."), _("Ask the bank for one file for each day.")))
    try:
        found = operations.import_answer(upload.read(), act=act(request))
    except GridhallError as error:
        return _overview(request, till_words.of_error(error))
    return redirect("console.debit-answer", answer=found)


@require_GET
@_bank_page
def answer(request: ConsoleRequest, answer: int) -> HttpResponse:
    """A bank's answer: what a clerk has to look into first."""
    found = payments.debit_answer(answer)
    lines = sorted(found.lines, key=lambda line: (line.outcome not in operations.UNSETTLED, line.line))
    counts = [
        (words, colour, sum(line.outcome == code for line in lines))
        for code, (words, colour, _remedy) in till_words.OUTCOMES.items()
    ]
    return rendered(
        request, "console/payments/debit/answer.html", found=found, more=len(lines) > 500,
        lines=[(line, *till_words.OUTCOMES[line.outcome]) for line in lines[:500]],
        counts=[each for each in counts if each[2]],
        unsettled=sum(line.outcome in operations.UNSETTLED for line in lines),
    )  # fmt: skip


def _overview(request: ConsoleRequest, refused: Words | None = None) -> HttpResponse:
    files = [
        (each, till_words.FORMATS[each.format], each.states["failed"] + each.states["returned"])
        for each in payments.debit_batches()
    ]
    answers = [
        (each, sum(line.outcome in operations.UNSETTLED for line in each.lines)) for each in payments.debit_answers()
    ]
    page = rendered(
        request, "console/payments/debit/batches.html", refused=refused, waiting=payments.debits_waiting(),
        mandates=payments.mandates_active(), files=files, answers=answers, formats=till_words.FORMATS.items(),
        first=request.today + timedelta(days=operations.notice_days()), day=request.POST.get("day", ""),
    )  # fmt: skip
    page.status_code = 422 if refused else 200
    return page


def _day(request: HttpRequest) -> date | None:
    try:
        return date.fromisoformat(request.POST.get("day", ""))
    except ValueError:
        return None
