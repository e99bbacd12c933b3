"""Opening hours as people write them in one cell: ``Mo-Fr 08:30-17:00; Sa 09:00-12:00``. Pure.

The form is the plain part of OpenStreetMap's ``opening_hours``, in English or Chinese: parts separated by ``;``, each
some weekdays and then spells of the day, ``off`` for none. Later parts replace earlier ones of the same weekday.
``24/7`` is always. Days that are otherwise are ``2026-10-01 off; 2026-10-05 09:00-12:00``, several in a row
``2026-10-01/2026-10-07 off``.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from gridhall.contexts.payments.rules.opening_hours import HoursInvalid, hours_of

#: As hours are stored; see `opening_hours.hours_of`.
Stored = dict[str, list[list[str]]]

_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_CHINESE: Final = tuple(f"周{name}" for name in "一二三四五六日")
_NAMES: Final = {
    **{name.lower(): at for at, name in enumerate(_DAYS)},
    **{f"周{name}": at for at, name in enumerate("一二三四五六日")}, "周天": 6,
    **{f"星期{name}": at for at, name in enumerate("一二三四五六日")}, "星期天": 6,
}  # fmt: skip
_EVERY: Final = {"每天", "每日", "daily"}
_CLOSED: Final = {"off", "closed", "休息", "不营业"}
_ALWAYS: Final = {"24/7", "24小时", "全天", "全天候"}
_NAME: Final = "|".join(sorted(map(re.escape, _NAMES), key=len, reverse=True))
_WEEK: Final = re.compile(rf"(?P<days>(?:(?:{_NAME})\s*(?:-\s*(?:{_NAME})\s*)?,?\s*)+)(?P<spells>.*)", re.IGNORECASE)
_RANGE: Final = re.compile(rf"({_NAME})\s*(?:-\s*({_NAME}))?", re.IGNORECASE)
_SPELL: Final = re.compile(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})")
_DATES: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*/\s*(\d{4}-\d{2}-\d{2}))?\s*(.*)")
_MOST_DAYS: Final = 370
_PLAIN: Final = str.maketrans("；，：－–—～~、　", ";,:-----, ")
_REMEDY: Final = "Write Mo-Fr 08:30-17:00; Sa 09:00-12:00."
_REMEDY_DATES: Final = "Write 2026-10-01 off; 2026-10-05 09:00-12:00."


def week_of(text: str) -> Stored:
    """The hours of weekdays that a text says, in the form in which they are stored; an empty text says none.

    Raises:
        HoursInvalid: names the part that cannot be understood.

    >>> week_of("Mo-Tu 08:30-12:00,13:00-17:30; 周六 9:00-12:00")["2"]
    [['08:30', '12:00'], ['13:00', '17:30']]
    >>> sorted(week_of("每天 24小时")) == sorted(week_of("24/7")) == list("1234567")
    True
    """
    found: Stored = {}
    for part in _parts(text):
        if part.lower() in _ALWAYS:
            days, spells = set(range(7)), part
        elif every := next((word for word in _EVERY if part.lower().startswith(word)), ""):
            days, spells = set(range(7)), part[len(every) :]
        else:
            match = _WEEK.fullmatch(part.replace("至", "-").replace("到", "-"))
            if match is None:
                raise HoursInvalid(f"{part!r} does not begin with weekdays.", path="hours", remedy=_REMEDY)
            days, spells = _weekdays(match["days"]), match["spells"]
        written = _spells(spells.strip(), "hours", _REMEDY)
        found |= {str(day + 1): written for day in days}
    hours_of(found, {})
    return {day: spells for day, spells in sorted(found.items()) if spells}


def exceptions_of(text: str) -> Stored:
    """The days that are otherwise, as a text says them.

    Raises:
        HoursInvalid: names the part that cannot be understood.

    >>> exceptions_of("2026-10-01/2026-10-02 off; 2026-10-03 09:00-12:00")
    {'2026-10-01': [], '2026-10-02': [], '2026-10-03': [['09:00', '12:00']]}
    """
    found: Stored = {}
    for part in _parts(text):
        match = _DATES.fullmatch(part)
        try:
            first = date.fromisoformat(match[1]) if match else None
            last = date.fromisoformat(match[2]) if match and match[2] else first
        except ValueError:
            first = last = None
        if match is None or first is None or last is None or not 0 <= (last - first).days < _MOST_DAYS:
            raise HoursInvalid(f"{part!r} does not begin with a day.", path="exceptions", remedy=_REMEDY_DATES)
        written = _spells(match[3].strip(), "exceptions", _REMEDY_DATES)
        found |= {(first + timedelta(days=at)).isoformat(): written for at in range((last - first).days + 1)}
    hours_of({}, found)
    return dict(sorted(found.items()))


def week_text(stored: Mapping[str, Any], *, chinese: bool = False) -> str:
    """Stored hours as `week_of` reads them; days in a row with the same hours are put together.

    >>> week_text(week_of("Mo-Fr 08:30-17:00; Sa 09:00-12:00"))
    'Mo-Fr 08:30-17:00; Sa 09:00-12:00'
    >>> week_text(week_of("Mo-Fr 08:30-17:00; Sa 09:00-12:00"), chinese=True)
    '周一至周五 08:30-17:00；周六 09:00-12:00'
    """
    runs: list[tuple[int, int, str]] = []
    for at, _name in enumerate(_DAYS):
        said = _said(stored.get(str(at + 1), ()))
        if said and runs and runs[-1][2] == said and runs[-1][1] == at - 1:
            runs[-1] = (runs[-1][0], at, said)
        elif said:
            runs.append((at, at, said))
    if runs == [(0, 6, "00:00-24:00")]:
        return "每天 24小时" if chinese else "24/7"
    names, to = (_CHINESE, "至") if chinese else (_DAYS, "-")
    said_of = (f"{names[a]}{'' if a == b else to + names[b]} {said}" for a, b, said in runs)
    return ("；" if chinese else "; ").join(said_of)


def exceptions_text(stored: Mapping[str, Any], *, chinese: bool = False) -> str:
    """Stored days that are otherwise as `exceptions_of` reads them."""
    runs: list[tuple[date, date, str]] = []
    for day, spells in sorted((date.fromisoformat(key), spells) for key, spells in stored.items()):
        said = _said(spells) or ("休息" if chinese else "off")
        if runs and runs[-1][2] == said and runs[-1][1] == day - timedelta(days=1):
            runs[-1] = (runs[-1][0], day, said)
        else:
            runs.append((day, day, said))
    return ("；" if chinese else "; ").join(f"{a}{'' if a == b else f'/{b}'} {said}" for a, b, said in runs)


def _parts(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"[;\n]", text.translate(_PLAIN)) if part.strip()]


def _weekdays(text: str) -> set[int]:
    found: set[int] = set()
    for first, last in _RANGE.findall(text):
        a, b = _NAMES[first.lower()], _NAMES[(last or first).lower()]
        found |= {at % 7 for at in range(a, b + 1 if a <= b else b + 8)}
    return found


def _spells(text: str, path: str, remedy: str) -> list[list[str]]:
    if text.lower() in _CLOSED:
        return []
    if text.lower() in _ALWAYS:
        return [["00:00", "24:00"]]
    found = [_SPELL.fullmatch(each.strip()) for each in text.split(",")]
    if not all(found):
        raise HoursInvalid(f"{text!r} is no time of the day.", path=path, remedy=remedy)
    return [[each[1].rjust(5, "0"), each[2].rjust(5, "0")] for each in found if each]


def _said(spells: Any) -> str:
    return ",".join(f"{start}-{end}" for start, end in spells)
