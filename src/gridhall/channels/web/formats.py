"""Money, energy and dates as people read them, in the language of the page."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from django.utils.translation import get_language, pgettext

from gridhall.kernel import clock
from gridhall.kernel.energy import kwh as as_kwh
from gridhall.kernel.money import yuan
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import localtime


def in_english() -> bool:
    """Whether the page speaks English; otherwise it speaks Chinese."""
    return (get_language() or "").startswith("en")


def locale() -> str:
    """The locale of the page, as Babel names it."""
    return "en_GB" if in_english() else "zh_Hans_CN"


def number(value: Decimal | int | float, places: int | None = None) -> str:
    """A number with separators; ``places`` fixes the decimals, None leaves as many as it has (at most 6).

    >>> number(Decimal("1234.50"), 1)
    '1,234.5'
    """
    if places is None:
        return str(format_decimal(value, format="#,##0.######", locale=locale()))
    # Both languages group by three and write a point; Babel's pattern for it takes fifty times as long.
    return f"{Decimal(str(value)):,.{places}f}"


def amount(fen: int) -> str:
    """An amount without its sign of currency.

    >>> amount(123456), amount(-5)
    ('1,234.56', '-0.05')
    """
    return number(yuan(fen), 2).replace("−", "-")


def money(fen: int, currency: str = "CNY") -> str:
    """An amount of money.

    >>> money(123456), money(-100)
    ('¥1,234.56', '-¥1.00')
    """
    sign = "-" if fen < 0 else ""
    mark = {"CNY": "¥", "GBP": "£", "USD": "$", "EUR": "€", "TWD": "NT$"}.get(currency, currency + " ")
    return f"{sign}{mark}{amount(abs(fen))}"


def energy(wh: int, places: int | None = None) -> str:
    """Energy in kWh without its unit: one decimal below 1,000 kWh, none above, unless ``places`` says otherwise."""
    value = as_kwh(wh)
    return number(value, places if places is not None else (1 if abs(value) < 1000 else 0))


def tier(number: int) -> str:
    """The number of a tier of a price as people say it: 一, 二, 三; in English 1, 2, 3."""
    return str(number) if in_english() or not 0 < number < 10 else "一二三四五六七八九"[number - 1]


def version(name: str) -> str:
    """The name of a tariff's version; those of shipped examples say so in the page's language."""
    told = {"example": pgettext("version of a tariff", "example"), "demo": pgettext("version of a tariff", "demo")}
    return told.get(name, name)


def full_day(day: date) -> str:
    """A day with its year: 2026年11月21日, 21 November 2026."""
    return str(format_date(local(day), format="long", locale=locale()))


def short_day(day: date) -> str:
    """A day without its year: 11月21日, 21 Nov."""
    pattern = "d MMM" if in_english() else "M月d日"
    return str(format_date(local(day), format=pattern, locale=locale()))


def month(day: date) -> str:
    """The month of a day: 2026年10月, October 2026."""
    pattern = "MMMM y" if in_english() else "y年M月"
    return str(format_date(day, format=pattern, locale=locale()))


def moment(at: datetime) -> str:
    """A moment in the utility's zone: 11月21日 08:15, 21 Nov 08:15; with the year when it is not this one's."""
    here = localtime.local(at)
    this_year = today().year == here.year
    if in_english():
        pattern = "d MMM HH:mm" if this_year else "d MMM y HH:mm"
    else:
        pattern = "M月d日 HH:mm" if this_year else "y年M月d日 HH:mm"
    return str(format_datetime(here.replace(tzinfo=None), format=pattern, locale=locale()))


def period(span: DateSpan) -> str:
    """A span of days, named by its month where it is one, otherwise by its first and last day."""
    if span.end is None:
        return pgettext("a span without end", "from %s") % full_day(span.start)
    if span == DateSpan.month(span.start.year, span.start.month):
        return month(span.start)
    last = date.fromordinal(span.end.toordinal() - 1)
    if last == span.start:
        return full_day(last)
    return f"{full_day(span.start)} – {full_day(last) if last.year != span.start.year else short_day(last)}"


def in_language(label: Any) -> str:
    """A text that a tariff has in both languages (``zh_hans``, ``en``), or a kept copy of it, in that of the page."""
    name = "en" if in_english() else "zh_hans"
    return str(label[name] if isinstance(label, dict) else getattr(label, name))


def today() -> date:
    """The utility's day."""
    return local(clock.now())


def local(day: date | datetime) -> date:
    """The utility's day of a moment; a day is itself."""
    if isinstance(day, datetime):
        return localtime.local_day(day)
    return day
