"""The work list of what was not billed: found, understood, released with a reason, one by one or many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from gridhall.channels.console.access import ConsoleRequest, act, console_page, in_scope
from gridhall.channels.console.units import below, indented, month_of, unit_of, units_for
from gridhall.channels.web import words
from gridhall.channels.web.asked import page_of, whole
from gridhall.channels.web.formats import number
from gridhall.channels.web.rendering import rendered
from gridhall.channels.web.words import Words
from gridhall.contexts.billing.operations import release as release_item
from gridhall.contexts.billing.queries import worklist as lists
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.metering import queries as metering
from gridhall.contexts.metering.types import Freshness
from gridhall.kernel.errors import NotFound, Refused

_PAGE = 50
#: So many items can be released in one go.
_MOST = 500


@dataclass(frozen=True)
class _Line:
    """An item with its words, and whether the reader may release it."""

    item: lists.WorkItem
    said: Words
    may: bool


@require_GET
@console_page(Permission.BILLS_VIEW)
def parked(request: ConsoleRequest) -> HttpResponse:
    """What waits in the reader's units, by the filters of the address."""
    units = units_for(request, Permission.BILLS_VIEW)
    asked = request.GET
    chosen = asked.get("unit", "")
    within = below(units, unit_of(units, chosen)) if chosen else units
    order = asked.get("sort", "month")
    order = order if order.removeprefix("-") in lists.ORDERS else "month"
    page = page_of(request)
    reason = asked.get("reason", "")
    run = whole(asked.get("run", ""))
    released = {"yes": True, "no": False}.get(asked.get("released", ""))
    found = lists.worklist(
        [unit.id for unit in within],
        month=month_of(asked.get("month", "")),
        code=reason if reason in lists.REASONS else None,
        released=released,
        run=run,
        order=order,
        offset=(page - 1) * _PAGE,
        limit=_PAGE,
    )
    lines = _lines(request, found.items)
    return rendered(
        request,
        "console/billing/parked.html",
        lines=lines,
        total=found.total,
        everything=sum(found.by_code.values()),
        reasons=[(code, words.of_parked(code, {}).what, count) for code, count in found.by_code.items()],
        reason=reason,
        months=found.months,
        month=asked.get("month", ""),
        units=indented(units),
        unit=chosen,
        released=asked.get("released", ""),
        run=run,
        heads=_heads(order),
        page=page,
        more=page * _PAGE < found.total,
        may_release=any(line.may for line in lines),
    )


@require_GET
@console_page(Permission.BILLS_VIEW)
def item(request: ConsoleRequest, item: int) -> HttpResponse:
    """One item: what is wrong, its figures, what can be done about it; the gaps of its days are a part of their own."""
    found = lists.work_item(item)
    in_scope(request, Permission.BILLS_VIEW, found.path)
    gaps = None
    if request.GET.get("readings") == "yes" and request.staff.may(Permission.READINGS_VIEW, found.path):
        gaps = _gaps(found, request.today)
        if getattr(request, "htmx", False):
            return rendered(request, "console/billing/parts/gaps.html", item=found, gaps=gaps)
    line = _lines(request, [found])[0]
    return rendered(
        request,
        "console/billing/parked_item.html",
        line=line,
        gaps=gaps,
        item=found,
        figures=_figures(found),
        rerun=f"{reverse('console.run-start')}?month={found.span.start:%Y-%m}&unit={found.organisation}"
        if request.staff.may(Permission.RUNS_START, found.path)
        else "",
    )


def _gaps(found: lists.WorkItem, today: date) -> Freshness:
    """How complete the readings of an item's days are; takes a pass over the readings of the usage point."""
    end = min(found.span.end or today, today)
    return metering.freshness_of(found.usage_point, end, days=max((end - found.span.start).days, 1))


@require_http_methods(["GET", "POST"])
@console_page(Permission.PARKED_RELEASE)
def release(request: ConsoleRequest) -> HttpResponse:
    """What a release would do to the chosen items; confirmed with a reason, it is done to those that can be."""
    asked = request.POST if request.method == "POST" else request.GET
    ids = sorted({each for text in asked.getlist("item") if (each := whole(text)) is not None})
    found = lists.work_items(ids[:_MOST])
    lines = _lines(request, [each for each in found if request.staff.may(Permission.PARKED_RELEASE, each.path)])
    if not lines:
        if ids:
            raise NotFound("There is nothing of these numbers here.", path="item")
        messages.warning(request, _("Choose what is to be released first."))
        return redirect("console.parked")
    can = [line for line in lines if line.may]
    reason = " ".join(asked.get("reason", "").replace("\x00", "").split())[:500]
    if request.method == "POST" and reason and can:
        done = _released(request, [line.item.id for line in can], reason)
        text = ngettext(
            "%(count)s period released. The next run of its month bills it.",
            "%(count)s periods released. The next run of their month bills them.",
            done,
        )
        messages.success(request, text % {"count": number(done)})
        return redirect(_back(asked.get("back", "")))
    return rendered(
        request,
        "console/billing/release.html",
        can=can,
        cannot=[line for line in lines if not line.may],
        wrong=request.method == "POST" and not reason,
        back=_back(asked.get("back", "")),
        months=sorted({line.item.span.start.replace(day=1) for line in can}),
    )


def _released(request: ConsoleRequest, ids: Sequence[int], reason: str) -> int:
    """Release what still can be; what a run billed meanwhile is left out."""
    done, by = 0, act(request)
    for each in ids:
        try:
            with transaction.atomic():
                release_item(each, reason=reason, act=by)
        except (NotFound, Refused):
            continue
        done += 1
    return done


def _lines(request: ConsoleRequest, items: Sequence[lists.WorkItem]) -> list[_Line]:
    return [
        _Line(
            item,
            words.of_parked(item.code, item.details),
            item.releasable
            and item.released_at is None
            and item.resolved_at is None
            and request.staff.may(Permission.PARKED_RELEASE, item.path),
        )
        for item in items
    ]


def _figures(item: lists.WorkItem) -> list[tuple[str, str, int]]:
    """Label, kind and value of each figure that the run noted."""
    labels = {
        "slots": (_("Readings expected"), "count"),
        "missing": (_("Missing"), "count"),
        "estimated": (_("Estimated"), "count"),
        "energy_wh": (_("Energy of the period"), "energy"),
        "usual_wh_per_day": (_("Usual energy a day"), "energy"),
    }
    return [
        (label, kind, item.details[name])
        for name, (label, kind) in labels.items()
        if isinstance(item.details.get(name), int)
    ]


def _heads(order: str) -> list[tuple[str, str, str, str]]:
    """Of each column that can be sorted: its key, its name, the order that a press asks for, and ``aria-sort``."""
    names = {
        "number": _("Account number"),
        "month": _("Billing period"),
        "reason": _("What is wrong"),
        "parked": _("Parked"),
    }
    heads = []
    for key, name in names.items():
        now = "ascending" if order == key else "descending" if order == f"-{key}" else ""
        heads.append((key, name, f"-{key}" if order == key else key, now))
    return heads


def _back(text: str) -> str:
    """Where to go after a release: the list with its filters, never another site."""
    base = reverse("console.parked")
    return f"{base}{text}" if text.startswith("?") and "\\" not in text and "\n" not in text else base
