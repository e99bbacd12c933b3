"""Why a bill differs from another, in sentences."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gridhall.channels.web.formats import number
from gridhall.contexts.billing.queries import Comparison, Effect
from gridhall.kernel.energy import kwh


@dataclass(frozen=True)
class Reason:
    """One reason: what it is called, why in a sentence, how many fen; a bar from ``x``, ``width`` wide, in per cent."""

    name: str
    icon: str
    why: str
    fen: int
    x: str
    width: str


def reasons(found: Comparison) -> list[Reason]:
    """The reasons in the order in which they were found; they sum to the difference."""
    largest = max((abs(fen) for _, fen in found.effects), default=1)
    listed = []
    for effect, fen in found.effects:
        half = abs(fen) * 50 / largest
        x = 50.0 if fen > 0 else 50 - half
        name, symbol = _names()[effect]
        listed.append(Reason(name, symbol, _why(found, effect, fen), fen, f"{x:.2f}%", f"{max(half, 0.6):.2f}%"))
    return listed


def caveat(found: Comparison) -> str:
    """What is not known about the weather; empty where it is told apart, or plays no part."""
    if found.weather is None:
        return _("No temperatures are known for these days, so the weather is not told apart from your own use.")
    if found.weather.sensitivity is None:
        return _(
            "Your use follows the temperature too little, or for too short a time, to say what the weather did; "
            "it is within “use”."
        )
    return ""


def degrees(centi: int) -> str:
    """A temperature with one decimal."""
    return f"{number(centi / 100, 1)} °C"


def _names() -> dict[Effect, tuple[str, str]]:
    return {
        Effect.DAYS: (_("Number of days"), "calendar"),
        Effect.WEATHER: (_("Weather"), "temperature"),
        Effect.USE: (_("Your use"), "bolt"),
        Effect.TIER: (_("Tiers"), "stairs-up"),
        Effect.SHIFT: (_("Time of day"), "clock"),
        Effect.PRICE: (_("Prices"), "tag"),
        Effect.OTHER: (_("Other charges"), "receipt"),
    }


def _why(found: Comparison, effect: Effect, fen: int) -> str:
    more = number(abs(kwh(found.changed_wh.get(effect, 0))), 1)
    match effect:
        case Effect.DAYS:
            return _days(found.days_more)
        case Effect.WEATHER:
            assert found.weather is not None
            return _weather(found, more)
        case Effect.USE:
            return _use(found, more)
        case Effect.TIER:
            if fen > 0:
                return _("A larger part of the electricity fell into the dearer tiers.")
            return _("A larger part of the electricity fell into the cheaper tiers.")
        case Effect.SHIFT:
            if fen > 0:
                return _("A larger part was used at dearer times of the day.")
            return _("A larger part was used at cheaper times of the day.")
        case Effect.PRICE:
            if not found.same_prices:
                return _("The tariff is another one; tiers and times of the day are within this.")
            return _("The prices went up.") if fen > 0 else _("The prices went down.")
        case Effect.OTHER:
            return _("Charges that do not depend on each kWh: fixed amounts, reductions, taxes.")


def _days(more: int) -> str:
    if more > 0:
        return ngettext("%(days)s more day.", "%(days)s more days.", more) % {"days": more}
    return ngettext("%(days)s day fewer.", "%(days)s days fewer.", -more) % {"days": -more}


def _weather(found: Comparison, more: str) -> str:
    weather = found.weather
    assert weather is not None
    values = {"now": degrees(weather.after_centi), "then": degrees(weather.before_centi), "kwh": more}
    if found.changed_wh[Effect.WEATHER] > 0:
        return _("%(now)s on average, then %(then)s: about %(kwh)s kWh more for heating or cooling.") % values
    return _("%(now)s on average, then %(then)s: about %(kwh)s kWh less for heating or cooling.") % values


def _use(found: Comparison, more: str) -> str:
    told_apart = found.weather is not None and found.weather.sensitivity is not None
    if found.changed_wh[Effect.USE] > 0:
        if told_apart:
            return _("Days and weather aside, %(kwh)s kWh more.") % {"kwh": more}
        return _("Per day more than then, %(kwh)s kWh in all.") % {"kwh": more}
    if told_apart:
        return _("Days and weather aside, %(kwh)s kWh less.") % {"kwh": more}
    return _("Per day less than then, %(kwh)s kWh in all.") % {"kwh": more}
