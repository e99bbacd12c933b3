"""How fresh readings are, by transformer area; the usage points of one area, and the gaps of one of them.

Everything is cut to the units where the reader may see readings, and says as of which day it holds.
"""

from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from gridhall.channels.console.access import ConsoleRequest, console_page
from gridhall.channels.web.asked import page_of
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.accounts.types import OrganisationRecord
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.metering import queries as metering
from gridhall.kernel.errors import NotFound

#: What the board can be sorted by, and whether the largest comes first.
_ORDERS: Final = {
    "behind": True,
    "never": True,
    "missing": True,
    "estimated": True,
    "complete_to": False,
    "name": False,
}
#: Rows on a page of the board, and of an area.
_PAGE: Final = 50
#: A new import makes a new version and so a new key; this only bounds what is kept.
_KEPT_SECONDS: Final = 3600


@console_page(Permission.READINGS_VIEW)
@require_GET
def freshness(request: ConsoleRequest) -> HttpResponse:
    """The board; what has to be computed first comes as a part of its own."""
    units = _units(request)
    unit = _chosen(request, units)
    known = cache.get(_key(unit, request.today))
    context = _board(request, known, unit) if known is not None else {"waiting": True}
    return rendered(request, "console/readings/freshness.html", units=units, unit=unit, today=request.today, **context)


@console_page(Permission.READINGS_VIEW)
@require_GET
def areas(request: ConsoleRequest) -> HttpResponse:
    """The rows of the board, for the page that waits for them; in brief, how many areas are behind."""
    unit = _chosen(request, _units(request))
    key = _key(unit, request.today)
    rows = cache.get(key)
    if rows is None:
        rows = metering.freshness_by_area(request.today, organisation=unit).to_pylist()
        cache.set(key, rows, _KEPT_SECONDS)
    if request.GET.get("brief") == "yes":
        late = [row for row in rows if row["behind"]]
        behind = sum(row["behind"] for row in late)
        return rendered(
            request, "console/readings/parts/late.html", unit=unit, areas=len(late), behind=behind,
            yesterday=request.today - timedelta(days=1),
        )  # fmt: skip
    if not getattr(request, "htmx", False):
        return redirect(f"{reverse('console.freshness')}?{request.GET.urlencode()}")
    return rendered(request, "console/readings/parts/areas.html", unit=unit, **_board(request, rows, unit))


@console_page(Permission.READINGS_VIEW)
@require_GET
def area(request: ConsoleRequest, code: str) -> HttpResponse:
    """The usage points of one transformer area, the furthest behind first; the gaps of the one that is asked for."""
    unit = _chosen(request, _units(request))
    rows = metering.freshness_in_area(code.replace("\0", ""), request.today, organisation=unit)
    if not rows.num_rows:
        raise NotFound("There is no such transformer area here.", path=code)
    yesterday = request.today - timedelta(days=1)
    page = page_of(request)
    start = (page - 1) * _PAGE
    shown = rows.slice(start, _PAGE).to_pylist()
    board = cache.get(_key(unit, request.today)) or []
    name = next((each["name"] for each in board if each["area"] == code), "")
    return rendered(
        request,
        "console/readings/area.html",
        code=code,
        name=name,
        unit=unit,
        yesterday=yesterday,
        rows=[each | {"complete": each["as_of"] == yesterday} for each in shown],
        total=rows.num_rows,
        behind=sum(each is None or each < yesterday for each in rows["as_of"].to_pylist()),
        point=_gaps(request, rows),
        before=page - 1 if page > 1 else None,
        after=page + 1 if start + _PAGE < rows.num_rows else None,
    )


def _gaps(request: ConsoleRequest, rows: pa.Table) -> dict[str, Any] | None:
    """The gaps of a usage point of these rows."""
    number = request.GET.get("point", "")
    numbers = rows["number"].to_pylist()
    if number not in numbers:
        return None
    id = rows["usage_point"][numbers.index(number)].as_py()
    return {"number": number, "found": metering.freshness_of(id, request.today)}


def _board(request: ConsoleRequest, rows: list[dict[str, Any]], unit: str) -> dict[str, Any]:
    asked = request.GET
    feeder = asked.get("feeder", "")
    order = asked.get("sort", "") if asked.get("sort", "") in _ORDERS else "behind"
    feeders = sorted({row["feeder"] for row in rows if row["feeder"]})
    found = [row for row in rows if not feeder or row["feeder"] == feeder]
    found.sort(key=lambda row: _rank(row, order))
    total = {name: sum(row[name] for row in found) for name in ("usage_points", "up_to_date", "behind", "never")}
    page = page_of(request)
    start = (page - 1) * _PAGE
    return {
        "rows": [row | {"parts": _parts(row)} for row in found[start : start + _PAGE]],
        "count": len(found),
        "total": total,
        "total_parts": _parts(total),
        "feeders": feeders,
        "feeder": feeder,
        "order": order,
        "yesterday": request.today - timedelta(days=1),
        "before": page - 1 if page > 1 else None,
        "after": page + 1 if start + _PAGE < len(found) else None,
    }


def _rank(row: dict[str, Any], order: str) -> tuple[Any, ...]:
    value = row[order]
    if order == "complete_to":
        value = value or date.min
    return (-value if _ORDERS[order] else value, -row["never"], row["area"])


def _parts(row: dict[str, Any]) -> list[tuple[str, int, int, int]]:
    """Stretches of a bar of width 100: kind, where it begins, how wide it is, how many; nothing vanishes."""
    whole = row["usage_points"] or 1
    parts, at = [], 0
    counts = [(kind, row[kind]) for kind in ("up_to_date", "behind", "never") if row[kind]]
    for index, (kind, count) in enumerate(counts):
        rest = len(counts) - index - 1
        width = 100 - at if not rest else min(max(2, round(100 * count / whole)), 100 - at - 2 * rest)
        parts.append((kind, at, width, count))
        at += width
    return parts


def _units(request: ConsoleRequest) -> list[OrganisationRecord]:
    """The units that the reader may look at, each top followed by what is below it."""
    found: dict[str, OrganisationRecord] = {}
    for code in request.staff.units(Permission.READINGS_VIEW):
        for unit in accounts.organisations(code):
            found.setdefault(unit.code, unit)
    return sorted(found.values(), key=lambda unit: unit.path)


def _chosen(request: ConsoleRequest, units: list[OrganisationRecord]) -> str:
    """The code of the unit that is asked for; the first of the reader's own when none is.

    Raises:
        NotFound: when it is not among the reader's.
    """
    wanted = request.GET.get("unit", "")
    if not wanted and units:
        return units[0].code
    if wanted not in {unit.code for unit in units}:
        raise NotFound("There is no such unit here.", path="unit")
    return wanted


def _key(unit: str, today: date) -> str:
    return f"freshness:{unit}:{today}:{metering.latest_version()}"
