"""What templates of the customers' pages can say."""

from datetime import datetime
from decimal import Decimal

from django import template

from gridhall.channels.web import formats

register = template.Library()


@register.filter
def thousandth(value: int | None, unit: str) -> str:
    """W as kW, VA as kVA: ``{{ demand_w|thousandth:"kW" }}``."""
    return "—" if value is None else f"{formats.number(Decimal(value) / 1000)} {unit}"


@register.filter
def line_name(label: object) -> str:
    """A label of a tariff in the page's language."""
    return formats.in_language(label)


@register.filter
def exact_moment(at: datetime) -> str:
    """A moment to the microsecond, for forms that answer to a state of a page."""
    return at.isoformat()
