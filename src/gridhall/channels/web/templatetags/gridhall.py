"""What templates of the house can say; these tags and filters are there without loading."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gridhall.channels.web import assets, formats, people
from gridhall.channels.web.charts import Chart
from gridhall.channels.web.signin import devices
from gridhall.contexts.identity import ports
from gridhall.kernel.spans import DateSpan

register = template.Library()


@register.simple_tag
def icon(name: str, filled: bool = False) -> SafeString:
    """An icon of Tabler's set by its name: ``{% icon "bolt" %}``. Words must stand beside it."""
    return assets.icon(name, filled=filled)


@register.filter
def money(fen: int | None) -> SafeString | str:
    """Fen as an amount with a small sign of currency: ``{{ bill.total_fen|money }}``."""
    if fen is None:
        return "—"
    sign = "-" if fen < 0 else ""
    return format_html('<span class="money">{}<span class="currency">¥</span>{}</span>', sign, formats.amount(abs(fen)))


@register.filter
def money_text(fen: int | None) -> str:
    """Fen as plain text, for attributes and sentences."""
    return "—" if fen is None else formats.money(fen)


@register.filter
def person(actor: str | None) -> str:
    """Who acted, by name: ``{{ asked.decided_by|person }}``."""
    return people.person(actor) if actor else "—"


@register.filter
def kwh(wh: int | None, places: int | None = None) -> SafeString | str:
    """Wh as a figure with its unit: ``{{ home.energy_wh|kwh }}``, ``{{ wh|kwh:3 }}``."""
    if wh is None:
        return "—"
    return format_html('<span class="figure">{}<span class="unit">kWh</span></span>', formats.energy(wh, places))


@register.filter
def kwh_text(wh: int | None, places: int | None = None) -> str:
    """Wh as plain text with its unit."""
    return "—" if wh is None else f"{formats.energy(wh, places)} kWh"


@register.filter
def energy(wh: int | None, places: int | None = None) -> str:
    """Wh as a figure in kWh without its unit, for sentences that name it in words of their own."""
    return "—" if wh is None else formats.energy(wh, places)


@register.filter
def number(value: Any, places: int | None = None) -> str:
    """A number with separators."""
    return "—" if value is None else formats.number(value, places)


@register.filter
def tier(value: int) -> str:
    """The number of a tier as people say it."""
    return formats.tier(value)


@register.filter
def versions(names: str | list[str]) -> str:
    """The name of a tariff's version, or of several."""
    return " + ".join(formats.version(name) for name in ([names] if isinstance(names, str) else names))


@register.filter
def day(value: date | None) -> str:
    """A day without its year."""
    return "—" if value is None else formats.short_day(value)


@register.filter
def full_day(value: date | None) -> str:
    """A day with its year."""
    return "—" if value is None else formats.full_day(value)


@register.filter
def month(value: date | None) -> str:
    """The month of a day."""
    return "—" if value is None else formats.month(value)


@register.filter
def moment(value: datetime | None) -> str:
    """A moment in the utility's zone."""
    return "—" if value is None else formats.moment(value)


@register.filter
def masked(address: str | None) -> str:
    """A phone number or e-mail address with its middle hidden."""
    return ports.masked(address) if address else ""


@register.filter
def device(user_agent: str) -> str:
    """A browser and system in words: ``{{ session.user_agent|device }}``."""
    return devices.device(user_agent)


@register.filter
def period(value: DateSpan | None) -> str:
    """A span of days."""
    return "—" if value is None else formats.period(value)


@register.inclusion_tag("web/parts/chart.html")
def chart(drawn: Chart) -> dict[str, Any]:
    """A chart with its sentence and its table: ``{% chart usage_chart %}``."""
    return {"chart": drawn, "drawing": drawn.drawing(), "drawing_id": f"chart-{drawn.name}-data"}


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], *names: str) -> str:
    """``aria-current`` for a link of a navigation whose page (or one of whose pages) this is."""
    match = getattr(context.get("request"), "resolver_match", None)
    view = getattr(match, "view_name", "") or ""
    found = any(view == name or view.startswith((name + ".", name + "-")) for name in names)
    return SafeString('aria-current="page"') if found else SafeString("")


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The address of this page with some of its parameters changed; None takes one away: ``{% query page=2 %}``."""
    parameters = context["request"].GET.copy()
    for key, value in changes.items():
        if value in (None, ""):
            parameters.pop(key, None)
        else:
            parameters[key] = str(value)
    return f"?{parameters.urlencode()}" if parameters else "?"
