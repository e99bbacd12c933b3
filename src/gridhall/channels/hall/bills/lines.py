"""The lines of a bill in plain words, each with its arithmetic and where its price comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from gridhall.channels.web import formats
from gridhall.channels.web.formats import in_language, number
from gridhall.contexts.billing.types import BillView
from gridhall.contexts.tariffs.types import ExplainedLine, Plan, in_both_languages


@dataclass(frozen=True)
class ShownLine:
    """One line as a customer reads it.

    Attributes:
        what: what is paid for, in a sentence.
        arithmetic: quantity × price = amount, in the units that people use.
        separate: settled outside this bill.
        role: of its colour: a period of the day, a tier, or nothing.
    """

    name: str
    amount_fen: int
    what: str
    arithmetic: str
    source: str
    version: str
    separate: bool
    role: str


def shown(bill: BillView) -> Iterator[ShownLine]:
    """The lines of a bill, in its order."""
    for line in bill.lines:
        plan = bill.tariff.plan(line.version)
        part = component_of(plan, line)
        yield ShownLine(
            name=_beginning(in_language(line.label)),
            amount_fen=int(line.amount * 100),
            what=_what(line, part, plan),
            arithmetic=_arithmetic(line, part, bill.tariff.currency),
            source=in_language(line.source_label),
            version=line.version,
            separate=line.settlement == "separate",
            role=period_role(line.period) if line.period else f"tier{min(line.tier, 3)}" if line.tier else "",
        )


def _beginning(name: str) -> str:
    """A name as it stands at the beginning of a row."""
    return name[:1].upper() + name[1:]


def component_of(plan: Plan, line: ExplainedLine) -> Any:
    """The part of the tariff's text that a line comes from."""
    code = next(each.component for each in plan.lines if each.code == line.code)
    return next(part for part in plan.text.components if part.code == code)


def source_name(source: str) -> str:
    """A source that may be in both languages, in that of the page."""
    return in_language(in_both_languages(source))


def period_name(plan: Plan, part: Any, period: str) -> str:
    """A period of the day in the language of the page."""
    division = plan.text.time_of_use.get(part.time_of_use) if part.time_of_use else None
    return in_language(division.periods[period]) if division and period in division.periods else period


def period_role(period: str) -> str:
    """The colour of a period of the day, fixed everywhere, from what tariffs call it."""
    for word, role in (("critical", "critical"), ("deep", "valley"), ("valley", "valley"), ("peak", "peak")):
        if word in period:
            return role
    return "flat"


def _what(line: ExplainedLine, part: Any, plan: Plan) -> str:
    match part.type:
        case "energy" if part.channel == "export":
            return _("What your own system fed into the grid; it is paid to you.")
        case "energy" | "demand" if line.tier and line.period:
            return _("The part in tier %(tier)s that was used in the “%(period)s” hours.") % {
                "tier": formats.tier(line.tier), "period": period_name(plan, part, line.period)
            }  # fmt: skip
        case "energy" if line.tier:
            return _("The part of your electricity that falls into tier %(tier)s.") % {"tier": formats.tier(line.tier)}
        case "energy" if line.period:
            return _("What was used in the “%(period)s” hours.") % {"period": period_name(plan, part, line.period)}
        case "energy":
            return _("All electricity of the period at one price.")
        case "surcharge":
            return _("Government funds, paid with every kWh; the power company passes them on.")
        case "dynamic":
            return _("Each interval has a price of its own; the price shown is their mean.")
        case "capacity":
            return _("For the capacity that is kept ready for you, however much you use.")
        case "demand":
            return _("For the highest power that you took, or contracted, in the period.")
        case "power_factor":
            return _("A share of the charges, by how well your equipment uses the power it draws.")
        case "fixed":
            return _("The same every time, however much you use.")
        case "credit" | "free_quota":
            return _("A reduction that you are entitled to.")
        case "rounding":
            return _("Makes the total the exact sum, rounded once.")
        case "minimum":
            return _("Tops the charges up to the least amount of your tariff.")
        case "tax":
            return _("A tax on the charges above.")
    return ""


def _arithmetic(line: ExplainedLine, part: Any, currency: str) -> str:
    yuan = unit_name(currency)
    amount = f"{number(line.amount, 2)} {yuan}"
    if part.type in ("power_factor", "tax"):
        return f"{number(line.quantity, 2)} {yuan} × {number(line.price * 100)} % = {amount}"
    if part.type == "rounding":
        return _("exact sum − sum of the rounded lines = %(amount)s") % {"amount": amount}
    if part.type == "minimum":
        return _("least amount − charges = %(amount)s") % {"amount": amount}
    unit = unit_name(line.unit)
    about = _("mean ") if part.type == "dynamic" else ""
    quantity = number(line.quantity, 3) if line.unit in ("kWh", "kW", "kVA") else number(line.quantity)
    return f"{quantity} {unit} × {about}{_price(line.price)} {yuan}/{unit} = {amount}"


def _price(price: Decimal) -> str:
    """A price with the places that it has, at least two."""
    shown = f"{price.normalize():f}"
    return number(price, 2) if "." not in shown or len(shown.partition(".")[2]) < 2 else shown


def unit_name(unit: str) -> str:
    """A unit as people call it."""
    names = {
        "kWh": pgettext("unit", "kWh"),
        "kW": pgettext("unit", "kW"),
        "kVA": pgettext("unit", "kVA"),
        "month": pgettext("unit", "month"),
        "day": pgettext("unit", "day"),
        "year": pgettext("unit", "year"),
        "CNY": pgettext("unit", "yuan"),
    }
    return names.get(unit, unit)
