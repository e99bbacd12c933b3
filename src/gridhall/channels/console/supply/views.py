"""Smart fee control at work: the board, one usage point, what waits for a decision, commands, red alerts."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gridhall.channels.console.access import ConsoleRequest, act, console_page, in_scope
from gridhall.channels.console.units import below, indented, unit_of, units_for
from gridhall.channels.hall.prepay.words import STATES, said, waits
from gridhall.channels.web import words
from gridhall.channels.web.asked import page_of
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.accounts.types import UsagePointRecord
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments.operations.fee_control import begin_alert, end_alert
from gridhall.contexts.payments.operations.fee_control_cases import approve, reject
from gridhall.contexts.payments.queries import fee_control as queries
from gridhall.contexts.payments.queries.fee_control import Watched
from gridhall.kernel.errors import NotFound, Refused

_PAGE = 50


@dataclass(frozen=True)
class Line:
    """A usage point with its state in words."""

    point: Watched
    tone: str
    state: str
    waits: list[str]


@require_GET
@console_page(Permission.SUPPLY_VIEW)
def board(request: ConsoleRequest) -> HttpResponse:
    """Usage points under fee control in the reader's units, by state, the worst first."""
    units, asked = units_for(request, Permission.SUPPLY_VIEW), request.GET
    chosen = asked.get("unit", "")
    within = below(units, unit_of(units, chosen)) if chosen else units
    state, page = asked.get("state", ""), page_of(request)
    state = state if state in queries.STATES else ""
    found = queries.board(
        [unit.id for unit in within], request.today, state=state, number=asked.get("number", "").strip()[:40],
        offset=(page - 1) * _PAGE, limit=_PAGE,
    )  # fmt: skip
    return rendered(
        request, "console/supply/board.html", lines=[_line(each) for each in found.rows], total=found.total,
        everything=sum(found.by_state.values()),
        states=[(each, STATES[each][1], count) for each, count in found.by_state.items()],
        state=state, units=indented(units), unit=chosen, page=page, more=page * _PAGE < found.total,
        alerts=_alerts(request),
    )  # fmt: skip


@require_GET
@console_page(Permission.SUPPLY_VIEW)
def point(request: ConsoleRequest, number: str) -> HttpResponse:
    """One usage point: its balance, its timeline, its commands, and the decision where one is due."""
    record = _usage_point(request, number, Permission.SUPPLY_VIEW)
    return _point(request, record)


@require_POST
@console_page(Permission.SUPPLY_APPROVE)
def decide(request: ConsoleRequest, number: str) -> HttpResponse:
    """Approve or stop a cut-off, with a reason."""
    record = _usage_point(request, number, Permission.SUPPLY_APPROVE)
    found = queries.watched(record.id, None, request.today)
    if found is None or found.case is None:
        raise NotFound("There is no cut-off under way here.", path="case")
    try:
        if request.POST.get("decision") == "approve":
            approve(found.case, request.POST.get("reason", ""), act=act(request))
            messages.success(request, _("Approved. It goes on by the rules."))
        else:
            reject(found.case, request.POST.get("reason", ""), act=act(request))
            messages.success(request, _("Stopped. It is not begun again for some days."))
    except Refused as error:
        return _point(request, record, wrong=words.of_error(error).what)
    return redirect("console.supply-point", number=number)


@require_GET
@console_page(Permission.SUPPLY_VIEW)
def approvals(request: ConsoleRequest) -> HttpResponse:
    """Cut-offs that wait for a person, the oldest notice first."""
    units = [unit.id for unit in units_for(request, Permission.SUPPLY_VIEW)]
    found = queries.waiting_for_approval(units, request.today)
    return rendered(request, "console/supply/approvals.html", lines=[_line(each) for each in found])


@require_GET
@console_page(Permission.SUPPLY_VIEW)
def commands(request: ConsoleRequest) -> HttpResponse:
    """Commands to meters with their tries and answers."""
    units = [unit.id for unit in units_for(request, Permission.SUPPLY_VIEW)]
    trouble = request.GET.get("trouble") == "yes"
    return rendered(
        request, "console/supply/commands.html", commands=queries.commands(units, trouble=trouble), trouble=trouble
    )


@require_http_methods(["GET", "POST"])
@console_page(Permission.SUPPLY_CONTROL)
def alert(request: ConsoleRequest) -> HttpResponse:
    """The switch of red weather alerts: while one is on, nobody below its unit is cut off."""
    units = units_for(request, Permission.SUPPLY_CONTROL)
    wrong = ""
    if request.method == "POST":
        unit = unit_of(units, request.POST.get("unit", ""))
        try:
            if request.POST.get("switch") == "off":
                end_alert(unit.id, act=act(request))
                messages.success(request, _("The alert has ended."))
            else:
                begin_alert(unit.id, request.POST.get("reason", ""), act=act(request))
                messages.success(request, _("The alert is on: nobody is cut off here."))
            return redirect("console.supply-alert")
        except NotFound:
            return redirect("console.supply-alert")
        except Refused as error:
            wrong = words.of_error(error).what
    codes = {unit.id: unit.code for unit in units}
    return rendered(
        request, "console/supply/alert.html", units=indented(units), wrong=wrong,
        alerts=[(each, codes.get(each.organisation, "")) for each in _alerts(request)],
    )  # fmt: skip


def _point(request: ConsoleRequest, record: UsagePointRecord, wrong: str = "") -> HttpResponse:
    found = queries.watched(record.id, None, request.today)
    unit = accounts.organisation_by_code(record.organisation)
    response = rendered(
        request, "console/supply/point.html", number=record.number,
        line=_line(found) if found else None, steps=said(queries.timeline(record.id), staff=True), wrong=wrong,
        commands=queries.commands([unit.id], usage_point=record.id, limit=20),
        may_decide=request.staff.may(Permission.SUPPLY_APPROVE, unit.path),
    )  # fmt: skip
    response.status_code = 422 if wrong else 200
    return response


def _usage_point(request: ConsoleRequest, number: str, permission: Permission) -> UsagePointRecord:
    record = accounts.usage_point_by_number(number)
    in_scope(request, permission, accounts.organisation_by_code(record.organisation).path)
    return record


def _line(found: Watched) -> Line:
    tone, state = STATES[found.state]
    return Line(found, tone, str(state), waits(found.waits))


def _alerts(request: ConsoleRequest) -> list[queries.Alert]:
    """Alerts that concern the reader's units: of these, of units above, of units below."""
    tops = request.staff.paths(Permission.SUPPLY_VIEW)
    return [
        each for each in queries.alerts() if any(each.path.startswith(top) or top.startswith(each.path) for top in tops)
    ]
