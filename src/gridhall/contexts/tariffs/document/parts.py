"""The small parts that tariff documents are made of: exact numbers, prices with source, labels, clock ranges."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

#: Prices have at most this many decimal places, so that integer arithmetic stays far from its limits.
PRICE_PLACES: Final = 9
_LARGEST: Final = Decimal(1_000_000_000)
_CODE: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"
_CLOCK: Final = re.compile(r"^([01]?\d|2[0-4]):([0-5]\d)$")
_MONTH_DAY: Final = re.compile(r"^(\d{2})-(\d{2})$")
_DAYS_IN_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Part(BaseModel):
    """A part of a document: closed (unknown keys are errors) and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _exact(value: Any) -> Any:
    """Let only exact numbers through: the reader gives int or Decimal, never float, and a text is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PydanticCustomError("not_a_number", "expected a number, found {found}", {"found": repr(value)})
    number = Decimal(value)
    if not number.is_finite() or abs(number) > _LARGEST:
        raise PydanticCustomError("number_out_of_range", "the number {found} is out of range", {"found": str(value)})
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PRICE_PLACES:
        raise PydanticCustomError(
            "too_many_decimals",
            "at most {places} decimal places are allowed, found {found}",
            {"places": PRICE_PLACES, "found": str(value)},
        )
    return number


#: An exact number: a Decimal of what the document's text says.
Number = Annotated[Decimal, BeforeValidator(_exact), WithJsonSchema({"type": "number"})]
Positive = Annotated[Number, Field(gt=0), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
NotNegative = Annotated[Number, Field(ge=0), WithJsonSchema({"type": "number", "minimum": 0})]
#: A share of an amount: 0.13 is 13 %.
Share = Annotated[Number, Field(ge=0, le=1), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
Code = Annotated[str, Field(pattern=_CODE)]
Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


#: Between the two languages of a text that serves both.
_BETWEEN: Final = " · "
_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")


def _one_text(value: Any) -> Any:
    """A source in two languages becomes one text, which is what lines, bills and programs are given."""
    if not isinstance(value, dict):
        return value
    texts = [value.get("zh-Hans"), value.get("en")]
    if value.keys() != {"zh-Hans", "en"} or not all(isinstance(text, str) and text.strip() for text in texts):
        raise PydanticCustomError("bad_source", "a source is a text, or one text each for zh-Hans and en", {})
    return _BETWEEN.join(str(text).strip() for text in texts)


def in_both_languages(source: str) -> "Label":
    """A source as Chinese and English readers are shown it; a text in one language serves both.

    >>> in_both_languages("国家发展改革委 · NDRC").en, in_both_languages("OpenEI · 5f1a").en
    ('NDRC', 'OpenEI · 5f1a')
    """
    texts: tuple[list[str], list[str]] = [], []
    for named in source.split("; "):
        chinese, between, english = named.partition(_BETWEEN)
        told_apart = between and _CHINESE.search(chinese) and not _CHINESE.search(english)
        texts[0].append(chinese if told_apart else named)
        texts[1].append(english if told_apart else named)
    return Label.model_construct(zh_hans="; ".join(texts[0]), en="; ".join(texts[1]))


#: Where prices come from: a text, or ``{zh-Hans: …, en: …}``.
Source = Annotated[
    Text,
    BeforeValidator(_one_text),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": 500, "pattern": r"\S"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["zh-Hans", "en"],
                    "properties": {name: {"type": "string", "pattern": r"\S"} for name in ("zh-Hans", "en")},
                },
            ]
        }
    ),
]


class Label(Part):
    """A name in Chinese and English; a plain text serves both."""

    zh_hans: Text = Field(alias="zh-Hans")
    en: Text

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"zh-Hans": value, "en": value} if isinstance(value, str) else value

    @classmethod
    def of(cls, zh_hans: str, en: str) -> "Label":
        """A label from its two texts."""
        return cls.model_validate({"zh-Hans": zh_hans, "en": en})


class Price(Part):
    """A price per unit, and where it comes from unless the component or version already says so.

    Written ``0.617`` or ``{value: 0.617, source: …}``.
    """

    value: Number
    source: Source | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("missing_price", "the price is missing", {})
        return value if isinstance(value, dict | Price) else {"value": value}


def minute_of(clock: str) -> int:
    """Minutes after midnight of ``HH:MM``, up to ``24:00``.

    Raises:
        ValueError: when the text is no clock time.
    """
    found = _CLOCK.match(clock.strip())
    minute = int(found[1]) * 60 + int(found[2]) if found else 1441
    if minute > 1440:
        raise ValueError(f"{clock!r} is not a clock time from 00:00 to 24:00")
    return minute


def clock_ranges(text: str) -> list[tuple[int, int]]:
    """The minutes ``[start, end)`` of ``HH:MM-HH:MM``; past midnight it becomes two ranges.

    >>> clock_ranges("22:00-06:00")
    [(1320, 1440), (0, 360)]
    """
    first, dash, second = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is not a range of clock times such as 06:00-22:00")
    start, end = minute_of(first), minute_of(second)
    if start == end or start == 1440:
        raise ValueError(f"{text!r} is an empty range of clock times")
    if end > start:
        return [(start, end)]
    return [piece for piece in ((start, 1440), (0, end)) if piece[0] < piece[1]]


def month_day(text: str) -> tuple[int, int]:
    """Month and day of ``MM-DD``.

    Raises:
        ValueError: when there is no such day in any year.
    """
    found = _MONTH_DAY.match(text)
    month, day = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= month <= 12 and 1 <= day <= _DAYS_IN_MONTH[month - 1]):
        raise ValueError(f"{text!r} is not a day of the year written MM-DD")
    return month, day


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _iso(value: Any) -> Any:
    """Only YYYY-MM-DD is a date; a number is not."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else _fail_date(value)
    except ValueError:
        return _fail_date(value)


def _fail_date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    raise PydanticCustomError("bad_date", "{found} is not a day written YYYY-MM-DD", {"found": repr(value)})


#: A day, written YYYY-MM-DD.
Day = Annotated[date, BeforeValidator(_iso)]
#: Clock ranges, one as a text or several as a list.
ClockRanges = Annotated[
    list[str],
    Field(min_length=1),
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
#: Names of seasons, one as a text or several as a list.
SeasonNames = Annotated[
    list[Code],
    Field(min_length=1),
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
Month = Annotated[int, Field(ge=1, le=12, strict=True)]
Months = Annotated[list[Month], Field(min_length=1, max_length=12)]


class Season(Part):
    """Part of every year: whole ``months``, or from day ``first`` to day ``last``, both included (MM-DD).

    A season may run over the turn of the year.
    """

    months: Months | None = None
    first: str | None = None
    last: str | None = None
    label: Label | None = None

    @field_validator("first", "last")
    @classmethod
    def _day(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                month_day(value)
            except ValueError as error:
                raise PydanticCustomError("bad_date", "{problem}", {"problem": str(error)}) from error
        return value

    @model_validator(mode="after")
    def _one_form(self) -> "Season":
        whole, ends = self.months is not None, (self.first is not None, self.last is not None)
        if (whole and not any(ends)) or (not whole and all(ends)):
            return self
        raise PydanticCustomError("bad_season", "a season has either months or first and last", {})

    def contains(self, month: int, day: int) -> bool:
        """Whether a day of the year belongs to the season."""
        if self.months is not None:
            return month in self.months
        assert self.first is not None
        assert self.last is not None
        first, last = month_day(self.first), month_day(self.last)
        here = (month, day)
        return first <= here <= last if first <= last else here >= first or here <= last


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


DayName = Literal["weekday", "weekend", "saturday", "sunday", "holiday", "makeup"]
#: The kinds of day that a calendar tells apart; ``weekend`` in a document means saturday and sunday.
DAY_TYPES: Final = ("weekday", "saturday", "sunday", "holiday", "makeup")


class Schedule(Part):
    """The hours of each period, on some days (all by default) of some months or seasons (all by default)."""

    months: Months | None = None
    season: SeasonNames | None = None
    days: Annotated[list[DayName], Field(min_length=1)] | None = None
    hours: dict[Code, ClockRanges]

    @model_validator(mode="after")
    def _tiles_the_day(self) -> "Schedule":
        owner: list[str | None] = [None] * 1440
        for period, ranges in self.hours.items():
            for text in ranges:
                try:
                    pieces = clock_ranges(text)
                except ValueError as error:
                    raise PydanticCustomError(
                        "bad_clock_time", "{problem}", {"problem": str(error), "place": ("hours", period)}
                    ) from error
                for start, end in pieces:
                    for minute in range(start, end):
                        if owner[minute] is not None:
                            raise PydanticCustomError(
                                "overlapping_periods",
                                "{first} and {second} both claim {clock}",
                                {
                                    "first": owner[minute],
                                    "second": period,
                                    "clock": _clock(minute),
                                    "place": ("hours", period),
                                },
                            )
                        owner[minute] = period
        if None in owner:
            minute = owner.index(None)
            rest = owner[minute:]
            end = minute + next((i for i, name in enumerate(rest) if name is not None), len(rest))
            raise PydanticCustomError(
                "gap_in_day",
                "no period covers {start} to {end}",
                {"start": _clock(minute), "end": _clock(end), "place": ("hours",)},
            )
        return self

    def slices(self) -> list[tuple[int, int, str]]:
        """``(start, end, period)`` in minutes, ascending, covering the day."""
        pieces = sorted(
            (start, end, period)
            for period, ranges in self.hours.items()
            for text in ranges
            for start, end in clock_ranges(text)
        )
        return pieces


class TimeOfUse(Part):
    """A named division of the week into periods (尖峰平谷).

    Each day of the year must be met by exactly one schedule. ``holiday`` and ``makeup`` count as their day of the
    week in a division that never mentions them.
    """

    periods: dict[Code, Label]
    schedules: Annotated[list[Schedule], Field(min_length=1)]
