"""What every page may show: the brand, the theme, the language, the homes or positions of who is signed in."""

from typing import Any

from django.http import HttpRequest

from gridhall.channels.web.brand import brand
from gridhall.contexts.identity.types import Permission, Staff


def page(request: HttpRequest) -> dict[str, Any]:
    """The variables of the base page."""
    theme = request.COOKIES.get("theme", "auto")
    found = brand()
    return {
        "brand": found,
        "brand_words": found.words(),
        "theme": theme if theme in {"light", "dark"} else "auto",
        "homes": getattr(request, "homes", ()),
        "home": getattr(request, "home", None),
        "staff": getattr(request, "staff", None),
        "permitted": _permitted(getattr(request, "staff", None)),
    }


def _permitted(staff: Staff | None) -> dict[str, bool]:
    """What staff may do anywhere, by names that templates can say: ``permitted.bills_view``; and at the top."""
    if staff is None:
        return {}
    top = {"payments_reconcile_top": staff.at_top(Permission.PAYMENTS_RECONCILE)}
    return {each.name.lower(): staff.may(each) for each in Permission} | top
