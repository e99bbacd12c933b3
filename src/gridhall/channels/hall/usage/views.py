"""Usage of a home: a year, a month, a day, what feeds it, and its readings to take away."""

from datetime import date, timedelta
from decimal import Decimal
from http import HTTPStatus

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from gridhall.channels.hall.access import HallRequest, home_page
from gridhall.channels.hall.usage import downloads, peers, words
from gridhall.channels.hall.usage import year as years
from gridhall.channels.hall.usage.day import BACK, of_day
from gridhall.channels.hall.usage.month import before, day_link, of_month, remarks
from gridhall.channels.hall.usage.shown import Shown, bounds, shown, yesterday
from gridhall.channels.hall.usage.strips import strips
from gridhall.channels.web import formats
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.identity.types import Right
from gridhall.contexts.metering import operations as metering_operations
from gridhall.contexts.metering import queries as metering
from gridhall.contexts.metering.types import NoReadings
from gridhall.kernel import clock
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act

#: Days with gaps or estimates that are named; the rest is counted.
_NAMED = 6


@require_GET
@home_page(Right.USAGE)
def usage(request: HallRequest) -> HttpResponse:
    """The newest year that may be seen."""
    edges = bounds(request)
    if edges is None:
        return rendered(request, "hall/usage/nothing.html", home=request.home, homes=request.homes)
    return _year_page(request, edges[1].year, edges)


@require_GET
@home_page(Right.USAGE)
def year(request: HallRequest, when: str) -> HttpResponse:
    """One year, by month."""
    return _year_page(request, int(when), _edges(request))


def _year_page(request: HallRequest, number: int, edges: tuple[date, date]) -> HttpResponse:
    if not edges[0].year <= number <= edges[1].year:
        raise NotFound("Nothing of this year may be seen.", path="usage")
    span = DateSpan(date(number, 1, 1), date(number + 1, 1, 1))
    home = shown(request, span, [DateSpan(date(number - 1, 1, 1), span.start)] if number > 1 else [], edges)
    newest = years.newest_compared(home, number)
    found = peers.compared(home, newest) if newest else None
    told = years.of_year(home, number)
    return _page(
        request, "hall/usage/year.html", home, span,
        year=told, shares=strips(told.shares), peers=found,
        reactive=years.reactive(home, span),
        earlier=_link("year", request, f"{number - 1}") if number > edges[0].year else "",
        later=_link("year", request, f"{number + 1}") if number < edges[1].year else "",
        name=_("%(year)s") % {"year": number},
        level="year",
    )  # fmt: skip


@require_GET
@home_page(Right.USAGE)
def month(request: HallRequest, when: str) -> HttpResponse:
    """One month, by day."""
    edges = _edges(request)
    try:
        span = DateSpan.parse_month(when)
        prior, year_ago = before(span), DateSpan.month(span.start.year - 1, span.start.month)
    except (ValueError, OverflowError) as error:
        raise NotFound("There is no such month.", path=when) from error
    home = shown(request, span, [prior, year_ago], edges)
    assert span.end is not None
    found = peers.compared(home, span) if home.month_total(span) is not None else None
    following = DateSpan.month(span.end.year, span.end.month)
    told = of_month(home, span)
    return _page(
        request, "hall/usage/month.html", home, span,
        month=told, shares=strips(told.shares), peers=found, reactive=years.reactive(home, span),
        earlier=years.month_link(home, prior), later=years.month_link(home, following),
        name=formats.month(span.start), level="month",
    )  # fmt: skip


@require_GET
@home_page(Right.USAGE)
def day(request: HallRequest, when: str) -> HttpResponse:
    """One day, by quarter-hour."""
    edges = _edges(request)
    try:
        wanted = date.fromisoformat(when)
        span = DateSpan(wanted, wanted + timedelta(days=1))
        weeks = DateSpan(wanted - BACK, wanted)
    except (ValueError, OverflowError) as error:
        raise NotFound("There is no such day.", path=when) from error
    home = shown(request, span, [weeks], edges)
    told = of_day(home, wanted)
    return _page(
        request, "hall/usage/day.html", home, span,
        day=told, shares=strips(told.shares) if told else [], weekday=words.weekday_name(wanted), wanted=wanted,
        earlier=day_link(home, wanted - timedelta(days=1)), later=day_link(home, wanted + timedelta(days=1)),
        name=formats.full_day(wanted), level="day",
    )  # fmt: skip


@require_GET
@home_page(Right.USAGE)
def supply(request: HallRequest) -> HttpResponse:
    """What feeds the home, and whether it is connected."""
    edges = bounds(request)
    newest = None
    if edges is not None:
        span = DateSpan(edges[1], edges[1] + timedelta(days=1))
        newest = shown(request, span, [], edges).as_of
    fed = accounts.supply_of(request.home.usage_point)
    return rendered(
        request, "hall/usage/supply.html", home=request.home, homes=request.homes,
        supply=fed, kva=Decimal(fed.capacity_va) / 1000 if fed.capacity_va else None,
        as_of=words.as_of(newest, request.today) if newest else "",
        current=any(request.today in span for span in request.home.spans),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@home_page(Right.DOWNLOAD)
def download(request: HallRequest) -> HttpResponseBase:
    """Choose days and form of a file; a right choice is answered with the file."""
    home, today = request.home, request.today
    if request.method == "POST":
        form = downloads.DownloadForm(request.POST, home=home, today=today)
        if form.is_valid():
            try:
                return _file(request, form)
            except NoReadings:
                form.add_error("first", _("There are no readings on these days."))
        return _download_page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    last = yesterday(today)
    started = max(last.replace(day=1), home.spans[0].start)
    first = started if started <= last else last
    given = {
        "first": request.GET.get("first") or first.isoformat(),
        "last": request.GET.get("last") or last.isoformat(),
    }
    form = downloads.DownloadForm(initial=given | {"form": "csv"}, home=home, today=today)
    return _download_page(request, form, HTTPStatus.OK)


def _download_page(request: HallRequest, form: downloads.DownloadForm, status: HTTPStatus) -> HttpResponse:
    response = rendered(request, "hall/usage/download.html", home=request.home, homes=request.homes, form=form)
    response.status_code = status
    return response


def _file(request: HallRequest, form: downloads.DownloadForm) -> StreamingHttpResponse:
    home, now, chosen = request.home, clock.now(), form.chosen()
    pieces = metering.download_of(home.usage_point, home.number, form.spans(), form=chosen, now=now)
    if not home.owner:
        act = Act(actor=f"person:{request.user.pk}", at=now)
        metering_operations.note_download(home.number, form.spans(), chosen, act=act)
    response = StreamingHttpResponse(pieces, content_type=downloads.FILES[chosen][1])
    response["Content-Disposition"] = f'attachment; filename="{form.file_name()}"'
    return response


def _edges(request: HallRequest) -> tuple[date, date]:
    found = bounds(request)
    if found is None:
        raise NotFound("There is nothing to see yet.", path="usage")
    return found


def _link(level: str, request: HallRequest, when: str) -> str:
    return reverse(f"hall.usage-{level}", kwargs={"home": request.home.key, "when": when})


def _part(home: Shown, span: DateSpan) -> str:
    """Which part of a span may be seen, where it is not all of it."""
    cuts = home.visible(span)
    first, last = cuts[0].start, (cuts[-1].end or home.today) - timedelta(days=1)
    if first > span.start:
        return _("Shown from %(day)s on, when your contract or what was shared begins.") % {
            "day": formats.full_day(first)
        }
    if span.end is not None and last < min(span.end, home.today) - timedelta(days=1):
        return _("Shown up to %(day)s, when your contract ended.") % {"day": formats.full_day(last)}
    return ""


def _page(request: HallRequest, template: str, home: Shown, span: DateSpan, **context: object) -> HttpResponse:
    """A page of usage, with what all of them have: levels, freshness, remarks, downloads."""
    odd = remarks(home, span)
    nearest = min(max(home.as_of or home.newest, span.start), (span.end or home.today) - timedelta(days=1))
    levels = {
        "year": _link("year", request, f"{span.start.year:04}"),
        "month": _link("month", request, f"{nearest:%Y-%m}"),
        "day": _link("day", request, nearest.isoformat()),
    }
    return rendered(
        request, template, home=request.home, homes=request.homes, span=span, levels=levels,
        as_of=words.as_of(home.as_of, request.today) if home.as_of else "", late=home.late,
        part=_part(home, span),
        odd=odd[:_NAMED], more_odd=len(odd) - len(odd[:_NAMED]),
        gaps=sum(1 for each in odd if each.missing is None or each.missing),
        estimates=sum(1 for each in odd if each.estimated),
        last=min((span.end or home.today), request.today) - timedelta(days=1),
        **context,
    )  # fmt: skip
