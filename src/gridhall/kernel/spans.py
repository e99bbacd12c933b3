"""Half-open spans of days, ``[start, end)``: what an agreement, a tariff version or a billing period lasts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, order=True)
class DateSpan:
    """The days from ``start`` up to but not including ``end``; ``end=None`` means "until further notice".

    Half-open spans tile: the end of one is the start of the next, nothing counts twice and nothing is lost.

    >>> march = DateSpan.month(2026, 3)
    >>> march.days, date(2026, 4, 1) in march
    (31, False)
    >>> DateSpan(date(2026, 3, 17), None) & march
    DateSpan(start=datetime.date(2026, 3, 17), end=datetime.date(2026, 4, 1))

    Raises:
        ValueError: when ``end`` is not after ``start``; an empty span is never meant.
    """

    start: date
    end: date | None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"a span must end after it starts: [{self.start}, {self.end})")

    @classmethod
    def month(cls, year: int, month: int) -> "DateSpan":
        """The calendar month."""
        following = date(year + month // 12, month % 12 + 1, 1)
        return cls(date(year, month, 1), following)

    @classmethod
    def parse_month(cls, text: str) -> "DateSpan":
        """The calendar month written ``YYYY-MM``.

        >>> DateSpan.parse_month("2026-12").end
        datetime.date(2027, 1, 1)
        """
        year, _, month = text.partition("-")
        if not (len(year) == 4 and year.isdigit() and month.isdigit() and len(month) == 2 and 1 <= int(month) <= 12):
            raise ValueError(f"a month is written YYYY-MM, not {text!r}")
        return cls.month(int(year), int(month))

    @property
    def days(self) -> int:
        """The number of days; an open span has none."""
        if self.end is None:
            raise ValueError(f"a span without end has no number of days: [{self.start}, …)")
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def __and__(self, other: "DateSpan") -> "DateSpan | None":
        """The days in both, or None where there are none."""
        start = max(self.start, other.start)
        ends = [end for end in (self.end, other.end) if end is not None]
        end = min(ends) if ends else None
        return None if end is not None and end <= start else DateSpan(start, end)

    def __iter__(self) -> Iterator[date]:
        """Each day in turn; an open span cannot be walked."""
        for offset in range(self.days):
            yield self.start + timedelta(days=offset)

    def months(self) -> Iterator["DateSpan"]:
        """This span cut at the first of each month.

        >>> [str(part) for part in DateSpan(date(2026, 1, 20), date(2026, 3, 1)).months()]
        ['[2026-01-20, 2026-02-01)', '[2026-02-01, 2026-03-01)']
        """
        if self.end is None:
            raise ValueError(f"a span without end has no last month: [{self.start}, …)")
        start = self.start
        while start < self.end:
            stop = min(DateSpan.month(start.year, start.month).end or self.end, self.end)
            yield DateSpan(start, stop)
            start = stop

    def __str__(self) -> str:
        return f"[{self.start}, {self.end or '…'})"
