"""Places to pay at: a list by distance with what is open now, and a map beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_http_methods

from gridhall.channels.hall.access import HallRequest
from gridhall.channels.hall.pay.open_page import open_page
from gridhall.channels.web import formats
from gridhall.channels.web.formats import in_english
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.payments.queries.payment_points import PointKind, PointService, PointView, payment_points
from gridhall.kernel import clock
from gridhall.runtime import localtime

KINDS: Final[dict[PointKind, tuple[Promise, str]]] = {
    PointKind.HALL: (gettext_lazy("Hall of the utility"), "building"),
    PointKind.AGENT: (pgettext_lazy("place to pay", "Agent"), "building-store"),
    PointKind.MACHINE: (gettext_lazy("Machine"), "device-desktop"),
    PointKind.BANK: (gettext_lazy("Bank"), "building-bank"),
}
SERVICES: Final[dict[PointService, Promise]] = {
    PointService.CASH: gettext_lazy("Cash"),
    PointService.CARD: gettext_lazy("Bank card"),
    PointService.CODE: gettext_lazy("QR code"),
    PointService.INVOICE: gettext_lazy("Invoices"),
    PointService.CONTRACT: gettext_lazy("Contracts and connections"),
    PointService.CHARGING_CARD: gettext_lazy("Charging prepayment cards"),
    PointService.STEP_FREE: gettext_lazy("Step-free access"),
}
_WEEKDAYS: Final = (
    gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"), gettext_lazy("Thursday"),
    gettext_lazy("Friday"), gettext_lazy("Saturday"), gettext_lazy("Sunday"),
)  # fmt: skip
_MOST: Final = 60
_DAY: Final = 24 * 60
#: Days that are otherwise are told so long before.
_SOON: Final = timedelta(days=60)


@dataclass(frozen=True)
class Place:
    """A place as the list shows it."""

    view: PointView
    name: str
    address: str
    kind: str
    icon: str
    services: tuple[str, ...]
    away: str
    standing: str
    week: tuple[tuple[str, str, bool], ...]
    today: str
    coming: tuple[tuple[str, str], ...]


@require_http_methods(["GET", "HEAD", "POST"])
@open_page
def places(request: HallRequest) -> HttpResponse:
    """The list; where somebody is comes by POST only, so that it is in no address and no log."""
    here = localtime.local(clock.now())
    asked = request.POST if request.method == "POST" else request.GET
    services = [each for each in asked.getlist("service") if each in PointService.values]
    text, kind = asked.get("q", "")[:60], asked.get("kind", "")
    near = _position(request)
    found = payment_points(here, text=text, kind=kind, services=services, open_now=asked.get("open") == "1", near=near)
    shown = [_place(each, here) for each in found[:_MOST]]
    response = rendered(
        request, "hall/pay/places.html", places=shown, left=len(found) - len(shown), text=text, kind=kind,
        services=services, open_now=asked.get("open") == "1", near=near,
        kinds=[(each.value, KINDS[each][0]) for each in PointKind],
        offered=[(each.value, SERVICES[each], each.value in services) for each in PointService],
        map={
            "style": settings.MAP_STYLE, "worker": static("npm/maplibre-worker.js"),
            "script": static("npm/maplibre.js"), "sheet": static("npm/maplibre.css"), "near": near,
            "words": {
                "NavigationControl.ZoomIn": _("Zoom in"), "NavigationControl.ZoomOut": _("Zoom out"),
                "Map.Title": _("Map"), "Popup.Close": _("Close"),
                "CooperativeGesturesHandler.WindowsHelpText": _("Hold Ctrl and scroll to zoom the map"),
                "CooperativeGesturesHandler.MacHelpText": _("Hold ⌘ and scroll to zoom the map"),
                "CooperativeGesturesHandler.MobileHelpText": _("Use two fingers to move the map"),
            },
            "points": [
                {"code": each.view.code, "name": each.name, "at": [each.view.longitude, each.view.latitude],
                 "open": each.view.opening.open}
                for each in shown
            ],
        },
    )  # fmt: skip
    hosts = [_origin(settings.MAP_STYLE), *settings.MAP_HOSTS] if settings.MAP_STYLE else []
    if hosts := [each for each in hosts if each]:
        # Only this page fetches from elsewhere, and only the map.
        response._csp_update = {"connect-src": hosts, "img-src": hosts}  # type: ignore[attr-defined]
    return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _position(request: HallRequest) -> tuple[float, float] | None:
    if request.method != "POST":
        return None
    try:
        east, north = float(request.POST.get("longitude", "")[:20]), float(request.POST.get("latitude", "")[:20])
    except ValueError:
        return None
    return (east, north) if abs(east) <= 180 and abs(north) <= 90 else None


def _place(view: PointView, now: datetime) -> Place:
    kind, icon = KINDS[view.kind]
    english = in_english()
    return Place(
        view=view, name=(view.name_en if english else "") or view.name,
        address=(view.address_en if english else "") or view.address, kind=str(kind), icon=icon,
        services=tuple(str(SERVICES[each]) for each in view.services), away=_away(view.metres),
        standing=_standing(view, now),
        week=tuple(
            (str(_WEEKDAYS[at]), _spells(spells), at + 1 == now.isoweekday()) for at, spells in enumerate(view.week)
        ),
        today=_spells(view.today) if view.exceptional else "",
        coming=tuple(
            (formats.short_day(day), _spells(spells))
            for day, spells in view.coming.items()
            if day - now.date() <= _SOON
        ),
    )  # fmt: skip


def _standing(view: PointView, now: datetime) -> str:
    opening = view.opening
    if opening.open:
        if opening.until is None:
            return _("Open day and night")
        return _("Open until %(time)s") % {"time": _clock(opening.until, now)}
    if opening.opens is None:
        return _("Closed")
    return _("Closed; opens %(time)s") % {"time": _clock(opening.opens, now)}


def _clock(at: datetime, now: datetime) -> str:
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{formats.short_day(at.date())} {at:%H:%M}"


def _spells(spells: tuple[tuple[int, int], ...]) -> str:
    if not spells:
        return pgettext("opening hours", "closed")
    if spells == ((0, _DAY),):
        return _("day and night")
    return ", ".join(f"{start // 60:02}:{start % 60:02}–{end // 60:02}:{end % 60:02}" for start, end in spells)


def _away(metres: int | None) -> str:
    if metres is None:
        return ""
    if metres < 1000:
        return _("%(metres)s m away") % {"metres": round(metres, -1)}
    return _("%(kilometres)s km away") % {"kilometres": formats.number(metres / 1000, 1)}
