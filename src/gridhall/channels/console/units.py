"""The units of the organisation that somebody works for: what lists are cut to and what forms offer."""

from datetime import date, timedelta

from gridhall.channels.console.access import ConsoleRequest
from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.accounts.types import OrganisationRecord
from gridhall.contexts.identity.types import Permission
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan


def units_for(request: ConsoleRequest, permission: Permission) -> list[OrganisationRecord]:
    """The units where somebody may do something, from the top down. One query."""
    tops = request.staff.paths(permission)
    return [unit for unit in accounts.organisations() if any(unit.path.startswith(top) for top in tops)]


def everywhere(request: ConsoleRequest, permission: Permission) -> bool:
    """Whether somebody may do something in every unit of the utility. One query."""
    return all(request.staff.may(permission, unit.path) for unit in accounts.organisations())


def unit_of(units: list[OrganisationRecord], code: str) -> OrganisationRecord:
    """The unit of this code among those that somebody may see.

    Raises:
        NotFound: when it is not among them, or does not exist.
    """
    found = next((unit for unit in units if unit.code == code), None)
    if found is None:
        raise NotFound("There is no such unit.", path="unit")
    return found


def below(units: list[OrganisationRecord], top: OrganisationRecord) -> list[OrganisationRecord]:
    """A unit and those of ``units`` that stand below it."""
    return [unit for unit in units if unit.path.startswith(top.path)]


def indented(units: list[OrganisationRecord]) -> list[tuple[str, str]]:
    """Codes with names for a choice, set in by their depth below the top of the list."""
    top = min((unit.path.count("/") for unit in units), default=0)
    return [(unit.code, "\u3000" * (unit.path.count("/") - top) + unit.name) for unit in units]


def months_over(today: date, count: int = 24) -> list[DateSpan]:
    """The newest whole months before a day, the newest first."""
    found = []
    first = today.replace(day=1)
    for _ in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(DateSpan.month(first.year, first.month))
    return found


def month_of(text: str) -> DateSpan | None:
    """The month written YYYY-MM in an address; None where it is none."""
    try:
        return DateSpan.parse_month(text) if len(text) == 7 and text.isascii() else None
    except ValueError:
        return None
