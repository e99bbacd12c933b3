"""Words of places and articles on the pages of staff."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from gridhall.contexts.payments.queries.point_plans import CoordinateSystem, Fault, PointKind, RowFault

_Said = str | Promise

KINDS: Final[dict[str, _Said]] = {
    PointKind.HALL.value: _("Hall of the utility"),
    PointKind.AGENT.value: pgettext_lazy("place to pay", "Agent"),
    PointKind.MACHINE.value: _("Machine"),
    PointKind.BANK.value: _("Bank"),
}
SERVICES: Final[dict[str, _Said]] = {
    "cash": _("Cash"),
    "card": _("Bank card"),
    "code": _("QR code"),
    "invoice": _("Invoices"),
    "contract": _("Contracts and connections"),
    "charging_card": _("Charging prepayment cards"),
    "step_free": _("Step-free access"),
}
#: System → its name, and how to know it.
COORDINATES: Final[dict[str, tuple[_Said, _Said]]] = {
    CoordinateSystem.GCJ_02.value: (_("GCJ-02"), _("Amap, Tencent and most maps of mainland China")),
    CoordinateSystem.WGS_84.value: (_("WGS-84"), _("GPS, OpenStreetMap, and what this page exports")),
    CoordinateSystem.BD_09.value: (_("BD-09"), _("Baidu maps")),
}
FIELDS: Final = {
    "code": pgettext_lazy("place to pay", "Code"),
    "kind": _("Kind of place"),
    "name": pgettext_lazy("place to pay", "Name"),
    "name_en": _("English name"),
    "address": pgettext_lazy("place to pay", "Address"),
    "address_en": _("English address"),
    "phone": _("Phone"),
    "longitude": _("Longitude"),
    "latitude": _("Latitude"),
    "hours": _("Opening hours"),
    "exceptions": _("Days that are otherwise"),
    "services": pgettext_lazy("place to pay", "Services"),
    "active": pgettext_lazy("place to pay", "In use"),
    "": _("the whole row"),
}
#: Column → what may stand in it.
SAMPLES: Final[dict[str, _Said]] = {
    "code": "YX-01",
    "kind": _("hall, agent, machine, bank"),
    "longitude": "121.473701",
    "latitude": "31.230416",
    "hours": _("Mo-Fr 08:30-17:00; Sa 09:00-12:00"),
    "exceptions": _("2026-10-01/2026-10-03 off"),
    "services": _("cash; card; code; invoice; contract; charging_card; step_free"),
    "active": _("yes, no"),
}
#: Fault → what is wrong, what to do.
FAULTS: Final[dict[RowFault, tuple[_Said, _Said]]] = {
    RowFault.MISSING: (_("It is empty."), _("Fill it in.")),
    RowFault.TOO_LONG: (_("It is too long."), _("Shorten it.")),
    RowFault.CODE: (_("A code has no spaces."), _("Write it as YX-01.")),
    RowFault.KIND: (_("There is no such kind of place."), _("One of hall, agent, machine, bank.")),
    RowFault.SERVICE: (
        _("There is no such service."),
        _("Some of cash, card, code, invoice, contract, charging_card, step_free, separated by ;."),
    ),
    RowFault.HOURS: (_("The hours cannot be understood."), _("Write Mo-Fr 08:30-17:00; Sa 09:00-12:00.")),
    RowFault.EXCEPTIONS: (
        _("The days cannot be understood."),
        _("Write 2026-10-01 off; 2026-10-05 09:00-12:00."),
    ),
    RowFault.NUMBER: (_("It is no number."), _("Write degrees as 121.473701.")),
    RowFault.OFF_EARTH: (_("No place lies there."), _("Look at longitude and latitude again.")),
    RowFault.SWAPPED: (
        _("Longitude and latitude look swapped."),
        _("Put longitude, the larger one in China, first."),
    ),
    RowFault.ACTIVE: (_("It is neither yes nor no."), _("Write yes or no, or leave it empty.")),
    RowFault.REPEATED: (_("This code is taken."), _("Give each place a code of its own.")),
    RowFault.CELLS: (_("The row has more or fewer cells than the head."), _("Put cells with commas in quotes.")),
    RowFault.NOT_A_POINT: (_("The feature is no point with two coordinates."), _("Draw it as a point.")),
}
LANGUAGES: Final[dict[str, _Said]] = {"zh-hans": _("Chinese"), "en": _("English")}
#: Icons that an article may have, with what they show.
ICONS: Final[dict[str, _Said]] = {
    "device-mobile": pgettext_lazy("icon", "Phone"),
    "qrcode": _("QR code"),
    "building-store": pgettext_lazy("icon", "Shop"),
    "building-bank": _("Bank"),
    "credit-card": _("Bank card"),
    "cash-banknote": _("Cash"),
    "repeat": pgettext_lazy("icon", "Again and again"),
    "clock-exclamation": pgettext_lazy("icon", "Late"),
    "bolt": pgettext_lazy("icon", "Power"),
    "receipt": pgettext_lazy("icon", "Receipt"),
    "wallet": pgettext_lazy("icon", "Wallet"),
    "users": pgettext_lazy("icon", "People"),
    "help-circle": pgettext_lazy("icon", "Question"),
    "book": pgettext_lazy("icon", "Book"),
}


def of_fault(fault: Fault) -> tuple[str, str]:
    """What is wrong with a cell, and what to do about it."""
    what, remedy = FAULTS[fault.code]
    return str(what), str(remedy)


def field(name: str) -> str:
    """What a column is called."""
    return str(FIELDS.get(name, name))
