"""Arrears: the list by age and urgency, one account with what was done, what to do next, promises and plans."""

import csv
import io
from itertools import zip_longest
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from gridhall.channels.console.access import ConsoleRequest, act, console_page, in_scope
from gridhall.channels.console.collection import wording
from gridhall.channels.console.payments.asked import day_of, line_of
from gridhall.channels.console.units import indented, unit_of, units_for
from gridhall.channels.web import words
from gridhall.channels.web.asked import page_of, whole
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments.operations import collection
from gridhall.contexts.payments.queries import arrears as lists
from gridhall.contexts.payments.types import fen_of
from gridhall.kernel.errors import NotFound, Refused
from gridhall.kernel.money import yuan

_PAGE: Final = 50
#: Lines of the form for a plan.
_PARTS: Final = 6


@require_GET
@console_page(Permission.COLLECTION_WORK)
def arrears(request: ConsoleRequest) -> HttpResponse:
    """Open cases of one's units by the filters of the address, the most urgent first; as a file with ``file=csv``."""
    asked = request.GET
    units = units_for(request, Permission.COLLECTION_WORK)
    chosen = asked.get("unit", "")
    paths = [unit_of(units, chosen).path] if chosen else list(request.staff.paths(Permission.COLLECTION_WORK))
    page = page_of(request)
    as_file = asked.get("file") == "csv"
    kind = asked.get("next", "")
    found = lists.arrears(
        paths,
        today=request.today,
        band=asked.get("band", ""),
        kind=kind if kind in wording.STEPS else "",
        due=asked.get("due") == "yes",
        least_risk=whole(asked.get("risk", ""), 100) or 0,
        offset=0 if as_file else (page - 1) * _PAGE,
        limit=None if as_file else _PAGE,
    )
    if as_file:
        return _file(found, request.today.isoformat())
    most = max((each.fen for each in found.bands), default=0) or 1
    return rendered(
        request,
        "console/collection/arrears.html",
        found=found,
        bands=[(each, round(100 * each.fen / most)) for each in found.bands],
        units=indented(units),
        steps=wording.STEPS.items(),
        page=page,
        more=page * _PAGE < found.total,
    )


@console_page(Permission.COLLECTION_WORK)
def arrear(request: ConsoleRequest, id: int) -> HttpResponse:
    """One case: what is owed, why it is urgent, all that was done; a step, promise or plan is recorded."""
    found, events = lists.arrear(id, today=request.today)
    in_scope(request, Permission.COLLECTION_WORK, found.path)
    refused = ""
    if request.method == "POST":
        try:
            _recorded(request, id)
            return redirect("console.arrear", id)
        except NotFound:
            raise
        except Refused as error:
            refused = words.of_error(error).what
    form = request.POST
    response = rendered(
        request,
        "console/collection/arrear.html",
        case=found,
        events=events,
        steps=wording.STEPS.items(),
        results=wording.RESULTS.items(),
        refused=refused,
        typed=form,
        parts=list(zip_longest(range(1, _PARTS + 1), form.getlist("day"), form.getlist("part"), fillvalue="")),
    )
    response.status_code = 422 if refused else 200
    return response


def _recorded(request: ConsoleRequest, id: int) -> None:
    form, by, today = request.POST, act(request), request.today
    if form.get("deed") == "promise":
        until = day_of(form.get("until", ""))
        if until is None:
            raise collection.PromiseUnfit("Say until which day.")
        collection.record_promise(id, fen_of(form.get("amount", "")), until, today=today, act=by)
        messages.success(request, _("The promise is recorded. Until then nothing is due."))
    elif form.get("deed") == "plan":
        pairs = zip(form.getlist("day"), form.getlist("part"), strict=False)
        parts = [(day_of(day), fen_of(part)) for day, part in pairs if day or part]
        dated = [(day, fen) for day, fen in parts if day is not None]
        if len(dated) != len(parts):
            raise collection.InstalmentsUnfit("Each part needs a day.")
        collection.agree_plan(id, dated, today=today, act=by)
        messages.success(request, _("The plan is agreed."))
    else:
        note = line_of(form, "note")
        collection.record_step(id, form.get("kind", ""), form.get("result", ""), note=note, today=today, act=by)
        messages.success(request, _("It is recorded."))


def _file(found: lists.Arrears, day: str) -> HttpResponse:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        ["account", "customer", "unit", "oldest_due", "days", "overdue", "usual_bill", "risk", "risk_age",
         "risk_amount", "risk_broken", "next", "next_day"]
    )  # fmt: skip
    for each in found.rows:
        writer.writerow(
            [
                each.account, each.customer, each.unit_name.lstrip("=+-@\t\r"), each.oldest, each.days,
                yuan(each.overdue_fen), yuan(each.usual_fen), each.risk, each.risk_age, each.risk_amount,
                each.risk_broken, each.next_kind, each.next_date or "",
            ]
        )  # fmt: skip
    response = HttpResponse(b"\xef\xbb\xbf" + out.getvalue().encode(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="arrears-{day}.csv"'
    return response
