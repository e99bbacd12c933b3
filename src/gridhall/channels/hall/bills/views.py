"""Bills of a home: by year, one explained, as PDF, beside others, computed again."""

import tempfile
from datetime import date
from pathlib import Path

from babel.dates import format_date
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from gridhall.channels.hall.access import HallRequest, home_page
from gridhall.channels.hall.bills import lines, pictures
from gridhall.channels.hall.bills.reasons import caveat, degrees, reasons
from gridhall.channels.web import formats
from gridhall.channels.web.asked import whole
from gridhall.channels.web.charts import Chart, Series
from gridhall.channels.web.formats import in_english, in_language
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.billing import operations, queries
from gridhall.contexts.billing.queries import OwnBill, OwnBillInFull
from gridhall.contexts.identity.types import Right
from gridhall.contexts.payments import queries as payments
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.kernel.money import yuan


@require_GET
@home_page(Right.BILLS)
def bills(request: HallRequest) -> HttpResponse:
    """The bills of a year, the newest with bills unless another is asked for."""
    home = request.home
    every = queries.own_bills(home.usage_point, home.customer, home.spans)
    years = sorted({bill.span.start.year for bill in every}, reverse=True)
    wanted = whole(request.GET.get("year", ""))
    year = wanted if wanted in years else next(iter(years), request.today.year)
    shown = [bill for bill in every if bill.span.start.year == year]
    live = [bill for bill in shown if bill.live]
    settling = queries.owing(home.usage_point, home.customer, home.spans, request.today)
    open_fen = payments.open_bills([each.id for each in settling if each.own], today=request.today)
    known = {bill.number for bill in every}
    return rendered(
        request,
        "hall/bills/bills.html",
        years=years,
        year=year,
        listed=[
            (
                bill,
                bill.replaced_by if bill.replaced_by in known else None,
                bill.live and open_fen.get(queries.read_number(bill.number), 0),
            )
            for bill in shown
        ],
        all_own=all(each.own for each in settling),
        today=request.today,
        total_fen=sum(bill.total_fen for bill in live),
        energy_wh=sum(bill.energy_wh for bill in live),
        chart=_by_month(home.key, year, live) if len(live) > 1 else None,
    )


@require_GET
@home_page(Right.BILLS)
def bill(request: HallRequest, number: str) -> HttpResponse:
    """One bill explained; nothing is computed again for it."""
    return rendered(request, "hall/bills/bill.html", **_of(request, number))


@require_GET
@home_page(Right.BILLS)
def pdf(request: HallRequest, number: str) -> HttpResponse:
    """The bill on paper, in the language of the page, with its check code."""
    own = _own(request, number)
    language = "en" if in_english() else "zh-Hans"
    page = f"{settings.PUBLIC_URL}{reverse('hall.verify')}" if settings.PUBLIC_URL else None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bill.pdf"
        printable = queries.printable(queries.read_number(own.bill.number))
        operations.write_pdf(
            printable, file, language=language, check_url=page or request.build_absolute_uri(reverse("hall.verify"))
        )
        response = HttpResponse(file.read_bytes(), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="bill-{own.bill.number}.pdf"'
    return response


@require_GET
@home_page(Right.BILLS)
def compare(request: HallRequest, number: str) -> HttpResponse:
    """Why a bill differs from the one before, or from that of a year ago: a piece of the page, or a page of its own."""
    own = _own(request, number)
    others = _others(request)
    found = queries.comparands(own, others)
    if not found or own.bill.status != "issued":
        raise NotFound("There is no bill to compare this one with.", path="number")
    asked = request.GET.get("with", "")
    name = asked if asked in found else next(iter(sorted(found)))
    before = _own(request, found[name].number)
    comparison = queries.compare(own, before, request.home.spans)
    return rendered(
        request,
        "hall/bills/parts/comparison.html" if request.headers.get("HX-Request") else "hall/bills/compare.html",
        own=own,
        bill=own.bill,
        before=before.bill,
        choices=[(key, found[key]) for key in ("before", "year_ago") if key in found],
        chosen=name,
        difference_fen=comparison.difference_fen,
        difference_text=formats.money(abs(comparison.difference_fen)),
        reasons=reasons(comparison),
        caveat=caveat(comparison),
        weather=comparison.weather,
        weather_source="" if comparison.weather is None else lines.source_name(comparison.weather.source),
        temperatures=None
        if comparison.weather is None
        else (degrees(comparison.weather.after_centi), degrees(comparison.weather.before_centi)),
    )


@require_POST
@home_page(Right.BILLS)
def recompute(request: HallRequest, number: str) -> HttpResponse:
    """The bill computed again from its own readings, tariff and terms: a piece of the page, or the page with it."""
    own = _own(request, number)
    try:
        explained = queries.explain(queries.read_number(own.bill.number))
        result = "same" if explained.equal else "different" if explained.recomputed_total_fen is not None else "failed"
        again = explained.recomputed_total_fen
    except GridhallError:
        result, again = "failed", None
    if request.headers.get("HX-Request"):
        return rendered(request, "hall/bills/parts/recomputed.html", result=result, again=again, bill=own.bill)
    return rendered(request, "hall/bills/bill.html", result=result, again=again, **_of(request, number))


def _of(request: HallRequest, number: str) -> dict[str, object]:
    """What the page of a bill shows."""
    others = _others(request)
    own = queries.without_hidden(_own(request, number), others)
    view = own.bill
    shown = list(lines.shown(view))
    known = {other.number: other for other in others}
    open_fen = _open(own, request.today)
    tiers = pictures.tiers(own)
    return {
        "own": own,
        "bill": view,
        "open_fen": open_fen,
        "paid_fen": None if open_fen is None else view.total_fen - open_fen,
        "days_left": (own.due - request.today).days,
        "mean_wh": view.energy_wh // view.span.days,
        "mean_fen": view.total_fen // view.span.days,
        "lines": [line for line in shown if not line.separate],
        "separate": [line for line in shown if line.separate],
        "days_missing": view.span.days - view.days_read,
        "measured": not (view.estimated or view.missing or view.span.days - view.days_read),
        "tiers": tiers,
        "day": pictures.day(view),
        "replaced": known.get(view.replaces or ""),
        "replacement": known.get(view.replaced_by or ""),
        "comparable": view.status == "issued" and bool(queries.comparands(own, others)),
        "tariff": in_language(view.tariff.name),
        "usage_url": usage_url(request, view.span.start) if request.home.may(Right.USAGE) else "",
        "check_code": queries.check_code(queries.read_number(view.number), view.total_fen, view.issued_at, view.status),
        "unit": lines.unit_name("kWh"),
    }


def _open(own: OwnBillInFull, today: date) -> int | None:
    """What is open of a bill, by the ledger; None where this customer need not pay it. Two queries."""
    view = own.bill
    if view.status != "issued" or view.total_fen <= 0 or own.settled_by:
        return None
    accounts = [queries.account_id(view.account)]
    return payments.open_bills(accounts, today=today).get(queries.read_number(view.number), 0)


def usage_url(request: HallRequest, day: date) -> str:
    """Where the readings of a month are shown day by day."""
    return reverse("hall.usage-month", kwargs={"home": request.home.key, "when": f"{day:%Y-%m}"})


def _own(request: HallRequest, number: str) -> OwnBillInFull:
    try:
        wanted = queries.read_number(number)
    except GridhallError as error:
        raise NotFound("There is no such bill.", path="number") from error
    home = request.home
    return queries.own_bill(wanted, home.usage_point, home.customer, home.spans)


def _others(request: HallRequest) -> list[OwnBill]:
    home = request.home
    return queries.own_bills(home.usage_point, home.customer, home.spans)


def _by_month(home: str, year: int, live: list[OwnBill]) -> Chart:
    """The amounts of a year's bills; each bar leads to its bill."""
    ordered = sorted(live, key=lambda each: each.span.start)
    dearest = max(ordered, key=lambda each: each.total_fen)
    return Chart(
        name="bills-by-month",
        kind="bars",
        says=_("%(year)s by month: the highest is %(month)s with %(amount)s.")
        % {
            "year": year,
            "month": _month(dearest.span.start),
            "amount": formats.money(dearest.total_fen),
        },
        x_name=_("Month"),
        x=[_month(each.span.start) for each in ordered],
        unit=lines.unit_name("CNY"),
        series=[Series(_("Amount"), [float(yuan(each.total_fen)) for each in ordered])],
        links=[reverse("hall.bill", kwargs={"home": home, "number": each.number}) for each in ordered],
        places=2,
        height=220,
    )


def _month(day: date) -> str:
    """A month without its year: 10月, Oct."""
    return str(format_date(day, format="MMM", locale=formats.locale()))
