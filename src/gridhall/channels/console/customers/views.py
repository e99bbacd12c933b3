"""Customers found and shown."""

from typing import Any, Literal

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from gridhall.channels.console.access import ConsoleRequest, act, console_page, in_scope
from gridhall.channels.console.customers import topology
from gridhall.channels.console.customers.forms import UnmaskForm
from gridhall.channels.console.customers.scope import Seen, may_accept, seen, within
from gridhall.channels.console.customers.wording import deed, matched_as
from gridhall.channels.web import words
from gridhall.channels.web.asked import page_of
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.accounts.queries import Found, Matched, Results
from gridhall.contexts.billing import queries as billing
from gridhall.contexts.billing.types import ParkedItem
from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity.types import Permission, PersonalField
from gridhall.contexts.metering import queries as metering
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.runtime import audit

_RESULTS, _CONTRACTS, _BILLS, _ENTRIES, _TRAIL = 20, 20, 12, 10, 50
#: Readings older than this wait for somebody.
_STALE_DAYS = 2


@require_GET
@console_page(Permission.CUSTOMERS_VIEW)
def search(request: ConsoleRequest) -> HttpResponse:
    """The one search box; a whole number that means one customer or bill leads straight there."""
    text = request.GET.get("q", "").strip()
    page = page_of(request)
    if not text:
        return rendered(request, "console/customers/search.html", text="", results=None)
    if bill := _bill_of(request, text):
        return redirect("console.bill", bill)
    paths = request.staff.paths(Permission.CUSTOMERS_VIEW)
    results = accounts.search(
        text,
        paths,
        request.today,
        meters=metering.usage_points_of_meters("".join(text.split())),
        everywhere=may_accept(request.staff),
        page=page,
        size=_RESULTS,
    )
    if page == 1 and (only := _only(results)) and "list" not in request.GET:
        return redirect("console.customer", only)
    return rendered(
        request,
        "console/customers/search.html",
        text=text,
        results=results,
        found=[(each, _reasons(each)) for each in results.found],
        page=page,
        pages=-(-results.count // _RESULTS),
    )


@require_GET
@console_page(Permission.CUSTOMERS_VIEW)
def customer(request: ConsoleRequest, number: str) -> HttpResponse:
    """What is open, then the facts: contracts, who pays, bills, what is owed."""
    found = seen(request, number)
    page = page_of(request)
    own, own_count = accounts.contracts(found.customer.id, found.paths, request.today, page=page, size=_CONTRACTS)
    for_others, for_others_count = accounts.contracts(
        found.customer.id, found.paths, request.today, for_others=True, size=_CONTRACTS
    )
    return rendered(
        request,
        "console/customers/customer.html",
        seen=found,
        customer=found.customer,
        contracts=own,
        contracts_count=own_count,
        page=page,
        pages=-(-own_count // _CONTRACTS),
        for_others=for_others,
        for_others_count=for_others_count,
        topology=topology.drawn(found.customer, own, own_count, for_others, for_others_count, request.today),
        may_unmask=not found.guest and _may(request, Permission.CUSTOMERS_UNMASK, found),
        may_audit=not found.guest and _may(request, Permission.AUDIT_VIEW, found),
        **({} if found.guest else _money(request, found)),
    )


@require_GET
@console_page(Permission.READINGS_VIEW)
def readings(request: ConsoleRequest, number: str) -> HttpResponse:
    """A part of the customer's page: meters and how fresh their readings are; takes a pass over the readings."""
    found = _own(request, number)
    page = page_of(request)
    contracts, _ = accounts.contracts(found.customer.id, found.paths, request.today, page=page, size=_CONTRACTS)
    points = {each.point: each.number for each in contracts}
    fresh = metering.freshness(request.today, usage_points=sorted(points)).to_pylist() if points else []
    meters = metering.current_meters(sorted(points))
    rows = [
        {
            "number": points[each["usage_point"]],
            "meters": meters.get(each["usage_point"], ()),
            "stale": each["as_of"] is None or (request.today - each["as_of"]).days > _STALE_DAYS,
            **each,
        }
        for each in fresh
    ]
    rows.sort(key=lambda row: (not row["stale"], row["number"]))
    return rendered(
        request,
        "console/customers/parts/readings.html",
        rows=rows,
        stale=sum(row["stale"] for row in rows),
        zone=settings.TIME_ZONE,
    )


@require_GET
@console_page(Permission.CUSTOMERS_VIEW)
def past(request: ConsoleRequest, number: str) -> HttpResponse:
    """A part of the customer's page: contracts that have ended."""
    found = seen(request, number)
    contracts, count = accounts.contracts(found.customer.id, found.paths, request.today, past=True, size=100)
    template = "parts/contracts.html" if getattr(request, "htmx", False) else "past.html"
    return rendered(
        request,
        f"console/customers/{template}",
        customer=found.customer,
        contracts=contracts,
        contracts_count=count,
        past=True,
    )


@require_GET
@console_page(Permission.AUDIT_VIEW)
def trail(request: ConsoleRequest, number: str) -> HttpResponse:
    """A part of the customer's page: who did what to this customer, its usage points, accounts and bills."""
    found = _own(request, number)
    paths = request.staff.paths(Permission.AUDIT_VIEW)
    if not within(found.customer.paths, paths):
        raise NotFound("There is no such customer here.", path="customer")
    contracts, _ = accounts.contracts(found.customer.id, paths, request.today, size=200)
    bills, _ = billing.bills_of_customer(found.customer.id, paths, size=200)
    subjects = [
        f"customer:{number}",
        *(f"account:{each.number}" for each in found.customer.accounts if within([each.path], paths)),
        *(f"usage_point:{each.number}" for each in contracts),
        *(f"bill:{each.number}" for each in bills),
    ]
    entries = audit.trails(subjects, limit=_TRAIL)
    return rendered(request, "console/customers/parts/trail.html", entries=[deed(entry) for entry in entries])


@console_page(Permission.CUSTOMERS_UNMASK)
def unmask(request: ConsoleRequest, number: str) -> HttpResponse:
    """Personal data as they are, once, for a reason; who looked is on the trail, where the customer sees it."""
    found = _own(request, number)
    form = UnmaskForm(request.POST or None, person=found.customer.person)
    clear = refused = None
    if request.method == "POST" and form.is_valid():
        fields = [PersonalField(each) for each in form.cleaned_data["fields"]]
        try:
            clear = identity.unmask(number, fields, form.cleaned_data["reason"], act=act(request), staff=request.staff)
        except NotFound:
            raise
        except GridhallError as error:
            refused = words.of_error(error)
    context: dict[str, Any] = {"customer": found.customer, "form": form, "refused": refused, "clear": clear}
    if clear is not None:
        context["shown"] = [(form.offered.get(each.value, ""), text) for each, text in clear.fields.items()]
        context["addresses"] = _visible(request, found, clear.addresses)
    response = rendered(request, "console/customers/unmask.html", **context)
    response["Cache-Control"] = "no-store, private"
    return response


def _money(request: ConsoleRequest, found: Seen) -> dict[str, Any]:
    """Bills, what waits, and what is owed; of the units that may be seen only."""
    paths = request.staff.paths(Permission.BILLS_VIEW)
    bills_page = page_of(request, "bills")
    bills, bills_count = billing.bills_of_customer(found.customer.id, paths, page=bills_page, size=_BILLS)
    parked = billing.parked_of_customer(found.customer.id, paths)
    requests = billing.correction_requests(paths, customer=found.customer.id)
    open_accounts = [each for each in found.customer.accounts if within([each.path], paths)]
    owed = billing.balances_of([each.id for each in open_accounts])
    by: Literal["value", "posting"] = "posting" if request.GET.get("by") == "posting" else "value"
    entries_page = page_of(request, "entries")
    chosen = next((each for each in open_accounts if each.number == request.GET.get("account")), None)
    chosen = chosen or next(iter(open_accounts), None)
    entries, entries_count = (
        billing.statement_page(chosen.id, by=by, page=entries_page, size=_ENTRIES) if chosen else ([], 0)
    )
    return {
        "bills": bills,
        "bills_count": bills_count,
        "bills_page": bills_page,
        "bills_pages": -(-bills_count // _BILLS),
        "parked": [(each, _parked_words(each)) for each in parked],
        "requests": requests,
        "accounts": [(each, owed[each.id]) for each in open_accounts],
        "kept_elsewhere": len(found.customer.accounts) - len(open_accounts),
        "account": chosen,
        "by": by,
        "entries": entries,
        "entries_page": entries_page,
        "entries_pages": -(-entries_count // _ENTRIES),
    }


def _parked_words(item: ParkedItem) -> words.Words:
    return words.of_parked(item.code, item.details)


def _visible(request: ConsoleRequest, found: Seen, addresses: Any) -> list[tuple[str, str]]:
    """The clear addresses of the usage points that may be seen."""
    paths = request.staff.paths(Permission.CUSTOMERS_UNMASK)
    mine = {
        each.number
        for gone in (False, True)
        for each in accounts.contracts(found.customer.id, paths, request.today, past=gone, size=1000)[0]
    }
    return [(number, address) for number, address in addresses.items() if number in mine]


def _own(request: ConsoleRequest, number: str) -> Seen:
    """The customer, where it belongs to the units of who asks."""
    found = seen(request, number)
    if found.guest:
        raise NotFound("There is no such customer here.", path="customer")
    return found


def _may(request: ConsoleRequest, permission: Permission, found: Seen) -> bool:
    return within(found.customer.paths, request.staff.paths(permission))


def _bill_of(request: ConsoleRequest, text: str) -> str | None:
    """The bill whose whole number this is, where it may be seen."""
    try:
        number = billing.read_number(text)
        in_scope(request, Permission.BILLS_VIEW, billing.place_of_bill(number).path)
    except GridhallError:
        return None
    return billing.show_number(number)


def _reasons(found: Found) -> list[tuple[str, str]]:
    """What matched, once each; with the number where the rest of the result does not show it."""
    shown: dict[Matched, str] = {}
    for kind, said in found.matched:
        hidden = kind in (Matched.ACCOUNT, Matched.METER) or (kind is Matched.USAGE_POINT and said != found.point)
        shown.setdefault(kind, said if hidden else "")
    return [(matched_as(kind), said) for kind, said in shown.items()]


def _only(results: Results) -> str | None:
    """The customer whose whole number this is, where it is one."""
    exact = [each.number for each in results.found if each.exact]
    return exact[0] if len(exact) == 1 else None
