"""The business calendar as a file that a utility edits: ``rules/calendar.yaml`` of the content folder."""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gridhall.contexts.accounts.rules.calendar import BusinessCalendar
from gridhall.kernel.errors import GridhallError
from gridhall.runtime.content import content


class CalendarInvalid(GridhallError):
    """The calendar file cannot be understood; the path names the place."""

    code = "calendar_invalid"


def read() -> BusinessCalendar:
    """The calendar of the content folder, read again when the file has changed.

    Raises:
        NotFound: when the content folder has no calendar.
        CalendarInvalid: when the file is malformed or contradicts itself.
    """
    path = content("rules", "calendar.yaml")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> BusinessCalendar:
    try:
        # Not the safe loader: this one keeps line numbers.
        document = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise CalendarInvalid(
            f"The calendar is no YAML: {error}".splitlines()[0],
            path=f"{path.name}:{mark.line + 1}" if mark else path.name,
        ) from error
    return parse(document, path.name)


def parse(document: Any, name: str = "calendar.yaml") -> BusinessCalendar:
    """The calendar that a document describes.

    Args:
        document: ``years: {2026: {holidays: {day: name}, bridge_days: [day], makeup_workdays: [day],
            provisional: bool}}`` and optionally ``utility: {days_off: {day: name}, workdays: [day]}``, the utility's
            own, which wins over the years.

    Raises:
        CalendarInvalid: when it is malformed or contradicts itself.
    """
    place = _Place(name, "")
    years = place.mapping(document, {"source", "years", "utility"}).get("years")
    if not isinstance(years, dict) or not years:
        raise place.wrong("it has no years")
    statutory: dict[date, str] = {}
    holidays: set[date] = set()
    makeup: set[date] = set()
    provisional = set()
    for year, entry in years.items():
        at = place.below(f"years.{year}", years, year)
        if not isinstance(year, int):
            raise at.wrong(f"{year!r} is no year")
        fields = at.mapping(entry, {"holidays", "bridge_days", "makeup_workdays", "provisional"})
        named = at.named_days(fields, "holidays", year)
        statutory |= named
        holidays |= named.keys() | set(at.days(fields, "bridge_days", year))
        makeup |= set(at.days(fields, "makeup_workdays", year))
        if fields.get("provisional"):
            provisional.add(year)
    names = dict(statutory)
    own = place.below("utility", document, "utility")
    fields = own.mapping(document.get("utility") or {}, {"days_off", "workdays"})
    days_off = own.named_days(fields, "days_off")
    workdays = set(own.days(fields, "workdays"))
    if both := workdays & days_off.keys():
        raise own.wrong(f"{min(both)} is both a day off and a workday")
    names |= days_off
    holidays = (holidays | days_off.keys()) - workdays
    makeup = (makeup - days_off.keys()) | {day for day in workdays if day.weekday() >= 5}
    if both := holidays & makeup:
        raise place.wrong(f"{min(both)} is both a holiday and a make-up workday")
    if midweek := sorted(day for day in makeup if day.weekday() < 5):
        raise place.wrong(f"{midweek[0]} is no Saturday or Sunday, so it cannot be worked in exchange")
    return BusinessCalendar(
        years=frozenset(years),
        holidays=frozenset(holidays),
        statutory=frozenset(statutory.keys() & holidays),
        makeup_workdays=frozenset(makeup),
        provisional=frozenset(provisional),
        names={day: names[day] for day in sorted(names) if day in holidays},
    )


class _Place:
    """Where in the file we are, for messages with place and remedy."""

    def __init__(self, name: str, key: str, line: int | None = None) -> None:
        self._name, self._key, self._line = name, key, line

    def below(self, key: str, parent: Any, child: Any) -> "_Place":
        try:
            line = parent.lc.key(child)[0] + 1
        except (AttributeError, KeyError, TypeError):
            line = None
        return _Place(self._name, key, line)

    def wrong(self, what: str) -> CalendarInvalid:
        path = ":".join(str(part) for part in (self._name, self._line, self._key) if part)
        return CalendarInvalid(f"The business calendar is wrong: {what}.", path=path, remedy="Mend the calendar file.")

    def mapping(self, value: Any, known: set[str]) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise self.wrong("a mapping is expected here")
        if unknown := [key for key in value if key not in known]:
            raise self.wrong(f"{unknown[0]!r} is not known here; known are {', '.join(sorted(known))}")
        return value

    def named_days(self, fields: dict[Any, Any], key: str, year: int | None = None) -> dict[date, str]:
        value = fields.get(key) or {}
        at = self.below(f"{self._key}.{key}", fields, key)
        if not isinstance(value, dict):
            raise at.wrong("days with names are expected: `2026-01-01: 元旦`")
        return {at.day(day, year): str(name) for day, name in value.items()}

    def days(self, fields: dict[Any, Any], key: str, year: int | None = None) -> list[date]:
        value = fields.get(key) or []
        at = self.below(f"{self._key}.{key}", fields, key)
        if not isinstance(value, list):
            raise at.wrong("a list of days is expected: `[2026-01-04]`")
        return [at.day(day, year) for day in value]

    def day(self, value: Any, year: int | None) -> date:
        if type(value) is not date:
            raise self.wrong(f"{value!r} is no day; write YYYY-MM-DD without quotes")
        if year is not None and value.year != year:
            raise self.wrong(f"{value} does not lie in {year}")
        return value
