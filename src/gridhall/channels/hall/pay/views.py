"""Paying: for a home, for several at once, for somebody else."""

from dataclasses import replace
from typing import Any, Final

from allauth.core import ratelimit
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gridhall.channels.hall.access import HallRequest, current_home, home_page, person_page
from gridhall.channels.hall.pay import ordering
from gridhall.channels.hall.pay.offers import chosen, offers
from gridhall.channels.hall.pay.ordering import Wish
from gridhall.channels.hall.pay.standing import Standing, standing
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Home, Right
from gridhall.contexts.payments import queries
from gridhall.contexts.payments.queries import fee_control
from gridhall.contexts.payments.queries.bounds import charges_with_bill
from gridhall.contexts.payments.queries.fee_control import Watched
from gridhall.contexts.payments.queries.homes import settling
from gridhall.contexts.payments.types import Part
from gridhall.kernel.errors import NotFound

#: Offered where nothing is owed, in fen.
_ROUND: Final = (5_000, 10_000, 20_000, 50_000)
_WRONG: Final = 422


@require_http_methods(["GET", "HEAD", "POST"])
@home_page(Right.BILLS)
def pay(request: HallRequest) -> HttpResponse:
    """Pay for a home: what is owed stands there, a tap leads on to the gateway."""
    found = standing(request)
    if not found.accounts:
        return rendered(request, "hall/pay/pay.html", standing=found, elsewhere=True)
    short = _short(request, found)
    suggested = _suggested(found, short)
    if request.method != "POST":
        return _page(request, found, _opened(request, suggested), short)
    wish = ordering.read(request, suggested)
    if not wish.wrong and (order := ordering.placed(request, wish, _parts(request.home, found, wish))):
        return redirect("hall.pay-go", number=order.number)
    if "changed" in wish.wrong:
        found = standing(request)
        short = _short(request, found)
        wish = replace(_opened(request, _suggested(found, short)), wrong=wish.wrong)
    return _page(request, found, wish, short)


def _opened(request: HallRequest, suggested: dict[str, int]) -> Wish:
    return ordering.fresh(next(iter(suggested), "other"), chosen(request, offers(request)))


def _short(request: HallRequest, found: Standing) -> Watched | None:
    """The fee control of a home whose money paid ahead does not last; None where that is not the matter. One query."""
    if not found.whole:
        return None
    watched = fee_control.watched(request.home.usage_point, request.home.customer, request.today)
    return watched if watched is not None and watched.short else None


def _suggested(found: Standing, short: Watched | None) -> dict[str, int]:
    if short is not None:
        return {"power": short.to_pay} | {f"round-{fen}": fen for fen in _ROUND if fen > short.to_pay}
    if found.several:
        amounts = {"all": found.whole_fen, "home": found.home_fen}
    else:
        amounts = {"all": found.whole_fen if found.whole else found.home_fen}
    amounts = {choice: fen for choice, fen in amounts.items() if fen > 0}
    return amounts or {f"round-{fen}": fen for fen in _ROUND}


def _parts(home: Home, found: Standing, wish: Wish) -> list[Part]:
    current = next((each for each in found.accounts if each.now), found.accounts[0])
    owed = [(each.account, each.owed_fen, home.usage_point) for each in found.owed]
    return ordering.parts_of(wish.amount_fen, owed, rest=current.id)


def _page(request: HallRequest, found: Standing, wish: Wish, short: Watched | None) -> HttpResponse:
    suggested = _suggested(found, short)
    listed = offers(request)
    response = rendered(
        request, "hall/pay/pay.html", standing=found, suggested=suggested, wish=wish, short=short,
        offers=[each for each in listed if each.suited], others=[each for each in listed if not each.suited],
        round=not any(choice in suggested for choice in ("all", "home")), bounds=ordering.amount_words(),
        shown_fen=wish.amount_fen or suggested.get(wish.choice, 0),
        charges_with_bill=charges_with_bill(), several_homes=sum(each.owner for each in request.homes) > 1,
        days_late=(request.today - found.oldest_due).days if found.oldest_due else 0,
    )  # fmt: skip
    if wish.wrong:
        response.status_code = _WRONG
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def several(request: HallRequest) -> HttpResponse:
    """Pay what several homes of the same person owe, in one payment."""
    _at_home(request)
    rows = _of_person(request)
    listed = offers(request)
    wish = ordering.fresh("other", chosen(request, listed))
    ticked = {str(row["account"]) for row in rows if row["owed_fen"] > 0}
    if request.method == "POST":
        ticked = set(request.POST.getlist("account"))
        picked = [row for row in rows if str(row["account"]) in ticked and row["owed_fen"] > 0]
        total = sum(row["owed_fen"] for row in picked)
        wish = ordering.read(request, {"sum": total})
        if not picked:
            wish.wrong["amount"] = _("Choose at least one that has something to pay.")
        parts = [Part(row["account"], row["owed_fen"], row["usage_point"]) for row in picked]
        if not wish.wrong and (order := ordering.placed(request, wish, parts)):
            return redirect("hall.pay-go", number=order.number)
        if "changed" in wish.wrong:
            rows = _of_person(request)
    for row in rows:
        row["ticked"] = str(row["account"]) in ticked
    response = rendered(
        request, "hall/pay/several.html", rows=rows, wish=wish,
        offers=[each for each in listed if each.suited], others=[each for each in listed if not each.suited],
        shown_fen=sum(row["owed_fen"] for row in rows if row["ticked"]),
    )  # fmt: skip
    if wish.wrong:
        response.status_code = _WRONG
    return response


def _of_person(request: HallRequest) -> list[dict[str, Any]]:
    """The accounts of the homes that this person owns, with what they owe, the oldest debt first. Two queries."""
    own = [home for home in request.homes if home.owner]
    found = [each for each in settling([(home.usage_point, home.customer) for home in own], request.today) if each.own]
    owed = queries.owed_of({each.account for each in found}, today=request.today)
    rows: dict[int, dict[str, Any]] = {}
    for each in found:
        row = rows.setdefault(
            each.account,
            {
                "account": each.account, "number": each.number, "owed_fen": owed[each.account].owed_fen,
                "prepaid_fen": owed[each.account].prepaid_fen, "due": owed[each.account].oldest_due, "homes": [],
                "usage_point": each.usage_point, "late": False,
            },
        )  # fmt: skip
        row["homes"] += [home.name for home in own if home.usage_point == each.usage_point]
        row["late"] = row["due"] is not None and row["due"] < request.today
    return sorted(rows.values(), key=lambda row: (row["due"] is None, row["due"] or request.today, row["account"]))


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def for_others(request: HallRequest) -> HttpResponse:
    """Pay somebody else's bill by its account number: a masked name and an amount are all that is shown."""
    _at_home(request)
    listed = offers(request)
    page: dict[str, Any] = {
        "offers": [each for each in listed if each.suited], "others": [each for each in listed if not each.suited],
    }  # fmt: skip
    if request.method != "POST":
        return rendered(request, "hall/pay/for_others.html", number="", **page)
    number = "".join(request.POST.get("number", "").split())[:40]
    if not ratelimit.consume(request, action="pay_for_others"):
        response = rendered(request, "hall/pay/for_others.html", number=number, busy=True, **page)
        response.status_code = 429
        return response
    try:
        found = queries.owed_by_number(number, today=request.today)
    except NotFound:
        said = _("There is nothing to pay under this number. Check it against the bill.")
        response = rendered(request, "hall/pay/for_others.html", number=number, wrong=said, **page)
        response.status_code = _WRONG
        return response
    suggested = {"all": found.owed_fen} if found.owed_fen > 0 else {}
    wish = ordering.fresh(next(iter(suggested), "other"), chosen(request, listed))
    if request.POST.get("step") == "pay":
        wish = ordering.read(request, suggested)
        part = Part(found.account, wish.amount_fen, found.usage_point)
        if not wish.wrong and (order := ordering.placed(request, wish, [part])):
            return redirect("hall.pay-go", number=order.number)
        if "changed" in wish.wrong:
            found = queries.owed_by_number(number, today=request.today)
            suggested = {"all": found.owed_fen} if found.owed_fen > 0 else {}
            wish = replace(ordering.fresh(next(iter(suggested), "other"), wish.method), wrong=wish.wrong)
    response = rendered(
        request, "hall/pay/for_others.html", number=found.number, found=found, wish=wish, suggested=suggested,
        shown_fen=wish.amount_fen or found.owed_fen, bounds=ordering.amount_words(), **page,
    )  # fmt: skip
    if wish.wrong:
        response.status_code = _WRONG
    return response


def _at_home(request: HallRequest) -> None:
    """The page stands beside the home last looked at, whose parts its navigation offers."""
    if (home := current_home(request)) is not None:
        request.home = home
