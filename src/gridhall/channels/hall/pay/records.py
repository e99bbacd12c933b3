"""What was paid: the list of a home, and receipts to read and print."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from gridhall.channels.hall.access import HallRequest, home_page, person_page
from gridhall.channels.hall.pay.method_words import FORMER
from gridhall.channels.hall.pay.offers import method_name
from gridhall.channels.web.asked import whole
from gridhall.channels.web.formats import in_english
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.ports import points
from gridhall.contexts.payments.queries import PaidState, Payment
from gridhall.contexts.payments.queries.homes import settling
from gridhall.contexts.payments.types import Part, TakenReceipt
from gridhall.kernel import clock
from gridhall.kernel.errors import NotFound

_PAGE: Final = 20
#: State → its word, and the tone of its badge.
STATES: Final[dict[PaidState, tuple[Promise, str]]] = {
    PaidState.PAID: (pgettext_lazy("payment", "paid"), "good"),
    PaidState.REFUNDING: (_("refund under way"), "info"),
    PaidState.PARTLY_REFUNDED: (_("partly refunded"), "warn"),
    PaidState.REFUNDED: (_("refunded"), "warn"),
    PaidState.CHARGED_BACK: (_("taken back by the bank"), "bad"),
}


@dataclass(frozen=True)
class Row:
    """A payment as the list shows it."""

    payment: Payment
    method: str
    state: str
    tone: str


@require_GET
@home_page(owner=True)
def records(request: HallRequest) -> HttpResponse:
    """What was paid for the accounts of a home, by year and by who took it; the newest first."""
    own = _accounts(request)
    years, codes = queries.years_and_gateways(own)
    wanted = whole(request.GET.get("year", ""), 9999)
    year = wanted if wanted in years else None
    code = request.GET.get("by", "") if request.GET.get("by", "") in codes else None
    found = queries.payments_of(
        own, year=year, gateway=code, before=whole(request.GET.get("before", "")) or None, limit=_PAGE + 1
    )
    rows = [
        Row(each, method_name(each.gateway, each.method), str(STATES[each.state][0]), STATES[each.state][1])
        for each in found[:_PAGE]
    ]
    return rendered(
        request, "hall/pay/records.html", rows=rows, years=years, year=year, by=code,
        gateways=[(each, FORMER.get(each) or each) for each in codes],
        next=rows[-1].payment.receipt if len(found) > _PAGE else None, first="before" not in request.GET,
    )  # fmt: skip


@require_GET
@home_page(owner=True)
def record(request: HallRequest, receipt: int) -> HttpResponse:
    """The receipt of a payment for a home: the part that is for its accounts, whoever paid."""
    own = set(_accounts(request))
    found = queries.receipt(receipt)
    parts = [part for part in found.parts if part.account in own]
    if not parts:
        raise NotFound("There is no such receipt.", path="receipt")
    whole_of_it = len(parts) == len(found.parts)
    pdf = reverse("hall.pay-record-pdf", kwargs={"home": request.home.key, "receipt": receipt}) if whole_of_it else ""
    return rendered(request, "hall/pay/receipt.html", pdf_url=pdf, **_shown(request, found, parts))


@require_GET
@person_page
def of_order(request: HallRequest, number: str) -> HttpResponse:
    """The receipt of an order, for its payer."""
    found = _of_payer(request, number)
    pdf = reverse("hall.pay-receipt-pdf", kwargs={"number": number})
    return rendered(request, "hall/pay/receipt.html", pdf_url=pdf, **_shown(request, found, list(found.parts)))


@require_GET
@home_page(owner=True)
def record_pdf(request: HallRequest, receipt: int) -> HttpResponse:
    """The receipt on paper; only where all of it was for the accounts of this home."""
    own = set(_accounts(request))
    found = queries.receipt(receipt)
    if not {part.account for part in found.parts} <= own:
        raise NotFound("There is no such receipt.", path="receipt")
    return _on_paper(request, found)


@require_GET
@person_page
def of_order_pdf(request: HallRequest, number: str) -> HttpResponse:
    """The receipt of an order on paper, for its payer."""
    found = _of_payer(request, number)
    return _on_paper(request, found)


def _of_payer(request: HallRequest, number: str) -> TakenReceipt:
    """The receipt of an order of the person who asks."""
    assert request.user.pk is not None
    queries.order(number, payer=request.user.pk)
    found = queries.receipts_of_order(number)
    if not found:
        raise NotFound("There is no such receipt.", path="receipt")
    return found[0]


def _on_paper(request: HallRequest, receipt: TakenReceipt) -> HttpResponse:
    at = reverse("hall.verify")
    page = f"{settings.PUBLIC_URL}{at}" if settings.PUBLIC_URL else request.build_absolute_uri(at)
    language = "en" if in_english() else "zh-Hans"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "receipt.pdf"
        operations.write_receipt(receipt.id, file, now=clock.now(), language=language, check_url=page)
        response = HttpResponse(file.read_bytes(), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="receipt-{receipt.value_date:%Y%m%d}-{receipt.id}.pdf"'
    return response


def _accounts(request: HallRequest) -> list[int]:
    home = request.home
    return [each.account for each in settling([(home.usage_point, home.customer)], request.today) if each.own]


def _shown(request: HallRequest, receipt: TakenReceipt, parts: list[Part]) -> dict[str, Any]:
    """What the page of a receipt says of the parts that this reader may see."""
    paid_from = sorted({part.usage_point for part in parts if part.usage_point})
    numbers = (
        dict(zip(paid_from, accounts.usage_point_numbers(paid_from).to_pylist(), strict=True)) if paid_from else {}
    )
    named = accounts.account_numbers([part.account for part in parts if not part.usage_point])
    homes = {home.usage_point: home for home in request.homes}
    mine = next((homes[point] for point in paid_from if point in homes), None)
    whole_of_it = len(parts) == len(receipt.parts)
    if mine is not None and not hasattr(request, "home"):
        request.home = mine
    return {
        "receipt": receipt,
        "method": method_name(receipt.gateway, receipt.method),
        "number": queries.receipt_number(receipt.id, receipt.value_date),
        "check_code": queries.receipt_code(receipt) if len(parts) == len(receipt.parts) else "",
        "amount_fen": sum(part.amount_fen for part in parts),
        "parts": [
            (
                numbers.get(part.usage_point) if part.usage_point else named.get(part.account, ""),
                homes[part.usage_point].name if part.usage_point in homes else "",
                part.amount_fen,
            )
            for part in parts
        ],
        "whole": whole_of_it,
        "points": points().earned([receipt.id]).get(receipt.id) if whole_of_it else None,
    }
