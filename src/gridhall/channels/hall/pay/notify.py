"""Where gateways tell what happened: no session, no form, only what their signature proves."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from gridhall.contexts.payments import operations
from gridhall.contexts.payments.ports import RawNotice
from gridhall.contexts.payments.ports import gateway as gateway_of
from gridhall.contexts.payments.types import Taken
from gridhall.kernel import clock

#: No message of a gateway is larger.
_LARGEST: Final = 64 * 1024


@csrf_exempt
@require_http_methods(["GET", "POST"])
def notify(request: HttpRequest, gateway: str) -> HttpResponse:
    """Take a gateway's message, and answer what it wants to hear."""
    known = gateway_of(gateway)
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = _LARGEST + 1
    if length > _LARGEST:
        return HttpResponse(status=413)
    raw = RawNotice(
        body=request.body,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.META.get("QUERY_STRING", ""),
    )
    outcome = operations.take_notice(gateway, raw, now=clock.now())
    answer = known.answer(accepted=outcome is not Taken.REFUSED)
    return HttpResponse(answer.body, content_type=answer.content_type, status=answer.status)
