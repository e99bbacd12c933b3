"""A published version in words: what each thing costs, where the tiers end, which hours are which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from gridhall.channels.web.formats import in_language, number
from gridhall.contexts.tariffs.types import ExplainedLine, Line, Plan
from gridhall.kernel.spans import DateSpan

_DAYS: Final[dict[str, str | Promise]] = {
    "weekday": gettext_lazy("Monday to Friday"),
    "weekend": gettext_lazy("weekends"),
    "saturday": gettext_lazy("Saturdays"),
    "sunday": gettext_lazy("Sundays"),
    "holiday": gettext_lazy("public holidays"),
    "makeup": gettext_lazy("make-up workdays"),
}
_BASES: Final[dict[str, str | Promise]] = {
    "day": gettext_lazy("a day"),
    "month": gettext_lazy("a month"),
    "season": gettext_lazy("a season"),
    "year": gettext_lazy("a year"),
}
_MARKS: Final = {"CNY": "¥", "GBP": "£", "USD": "$", "EUR": "€", "TWD": "NT$"}


@dataclass(frozen=True)
class PriceRow:
    """One line that a bill can have."""

    code: str
    name: str
    price: str
    unit: str
    source: str


@dataclass(frozen=True)
class Hours:
    """The hours of each period on some days."""

    when: str
    periods: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Version:
    """A version of a tariff."""

    name: str
    span: DateSpan
    note: str
    prices: Sequence[PriceRow]
    tiers: Sequence[tuple[str, Sequence[str]]]
    hours: Sequence[Hours]


def described(plan: Plan, currency: str) -> Version:
    """A version for a page."""
    return Version(
        name=plan.version,
        span=plan.span,
        note=plan.text.note or "",
        prices=[_price(line, currency) for line in plan.lines],
        tiers=list(_tiers(plan)),
        hours=list(_hours(plan)),
    )


def price_text(price: Decimal | None, currency: str) -> str:
    """A price with its sign of currency, all its decimals, at least two."""
    if price is None:
        return "—"
    exponent = price.normalize().as_tuple().exponent
    places = max(2, -exponent if isinstance(exponent, int) else 2)
    mark = _MARKS.get(currency, currency + " ")
    return f"{'-' if price < 0 else ''}{mark}{number(abs(price), places)}"


def unit_text(unit: str, currency: str) -> str:
    """What a price is for."""
    words = {
        "month": pgettext("price per", "month"),
        "day": pgettext("price per", "day"),
        "year": pgettext("price per", "year"),
        "kWh": "kWh",
        "kW": _("kW and month"),
        "kVA": _("kVA and month"),
        currency: pgettext("price per", "of the amounts"),
    }
    return str(words.get(unit, unit))


def quantity_text(line: ExplainedLine) -> str:
    """The quantity of a bill's line."""
    return number(line.quantity)


def _price(line: Line, currency: str) -> PriceRow:
    if line.unit == currency and line.price is not None:
        price = f"{number(line.price * 100)} %"
    else:
        price = price_text(line.price, currency) if line.price is not None else _("worked out for each bill")
    return PriceRow(
        line.code, in_language(line.label), price, unit_text(line.unit, currency), in_language(line.source_label)
    )


def _tiers(plan: Plan) -> Iterator[tuple[str, Sequence[str]]]:
    for part in plan.text.components:
        tiers = getattr(part, "tiers", None)
        if tiers is None:
            continue
        before, rows = Decimal(0), []
        for block in tiers.blocks:
            if block.up_to is None:
                rows.append(_("more than %(limit)s kWh") % {"limit": number(before)})
            else:
                rows.append(_("%(first)s to %(last)s kWh") % {"first": number(before), "last": number(block.up_to)})
                before = block.up_to
        heading = _("%(name)s: tiers of %(basis)s") % {
            "name": in_language(part.label) if part.label else part.code,
            "basis": str(_BASES.get(tiers.basis, tiers.basis)),
        }
        yield heading, rows


def _hours(plan: Plan) -> Iterator[Hours]:
    for division in plan.text.time_of_use.values():
        for schedule in division.schedules:
            periods = [
                (in_language(division.periods[code]) if code in division.periods else code, " · ".join(ranges))
                for code, ranges in schedule.hours.items()
            ]
            yield Hours(_when(schedule), periods)


def _when(schedule: Any) -> str:
    parts = []
    if schedule.months:
        parts.append(_("months %(list)s") % {"list": ", ".join(map(str, schedule.months))})
    if schedule.season:
        parts.append(", ".join(schedule.season))
    if schedule.days:
        parts.append(", ".join(str(_DAYS.get(day, day)) for day in schedule.days))
    return " · ".join(parts) or _("every day")
